from unittest.mock import patch

import pytest
from django.db import OperationalError
from redis.exceptions import ConnectionError as RedisConnectionError


@pytest.fixture
def redis_cache(settings, redis_url):
    settings.CACHES = {"default": {"BACKEND": "apps.core.cache.ForgivingRedisCache", "LOCATION": redis_url}}


def test_it_is_healthy_when_database_and_redis_answer(client, db, redis_cache):
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"ok": True, "database": True, "redis": True}
    assert response["Cache-Control"] == "no-store"


def test_it_names_a_redis_that_is_gone(client, db, settings):
    settings.CACHES = {
        "default": {"BACKEND": "apps.core.cache.ForgivingRedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    }
    response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json() == {"ok": False, "database": True, "redis": False}


def test_it_names_a_database_that_is_gone(client, db):
    with patch("apps.core.health.connection.cursor", side_effect=OperationalError("gone")):
        response = client.get("/healthz")
    assert (response.status_code, response.json()["database"]) == (503, False)


def test_it_answers_under_any_host_name(client, db):
    assert client.get("/healthz", headers={"host": "10.0.0.7:8000"}).status_code == 200


def test_it_answers_without_a_redirect_to_https(client, db, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz").status_code == 200


async def test_it_answers_asynchronously(async_client, transactional_db):
    assert (await async_client.get("/healthz")).status_code == 200


def test_a_broken_cache_call_is_not_healthy(client, db):
    with patch("apps.core.health.cache.set", side_effect=RedisConnectionError):
        assert client.get("/healthz").status_code == 503
