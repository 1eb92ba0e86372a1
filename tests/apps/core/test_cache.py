import pytest
from django.core.cache import caches

from tests.servers import running_redis


def _cache(settings, url: str):
    settings.CACHES = {"default": {"BACKEND": "apps.core.cache.ForgivingRedisCache", "LOCATION": url}}
    return caches["default"]


def test_it_is_an_ordinary_cache_while_redis_answers(settings, redis_url):
    cache = _cache(settings, redis_url)
    cache.set("key", {"a": 1}, 10)
    assert cache.get("key") == {"a": 1}
    assert cache.add("key", 2) is False
    cache.set("count", 1)
    assert cache.incr("count") == 2
    assert cache.delete("key") is True
    with pytest.raises(ValueError):
        cache.incr("never-set")


def test_without_redis_nothing_is_found_and_nothing_breaks(settings):
    with running_redis() as url:
        cache = _cache(settings, url)
        cache.set("key", 1)
    assert cache.get("key", "default") == "default"
    cache.set("key", 1)
    assert cache.add("key", 1) is True
    assert cache.incr("key") == 1
    assert cache.delete("key") is False
    assert cache.get_many(["key"]) == {}
    assert cache.set_many({"key": 1}) == ["key"]
    assert cache.get_or_set("key", lambda: 5) == 5
    assert "key" not in cache


def test_signing_in_works_while_redis_restarts(settings, client, alice):
    _cache(settings, "redis://127.0.0.1:1/0")
    answer = client.post("/accounts/login/", {"login": alice.email, "password": "a long enough secret"})
    assert answer.status_code == 302
