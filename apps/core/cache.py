"""The cache on Redis, which a page can do without: while Redis restarts, nothing is found and nothing is kept."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

logger = logging.getLogger(__name__)


class ForgivingRedisCache(RedisCache):
    """Like Django's, but an unreachable Redis is a cache miss instead of a broken page.

    Limits on guessing count here too and pause with it; whoever sits outside cannot make Redis go away.
    """

    def _or(self, call: Callable[..., Any], *arguments: Any, fallback: Any, **options: Any) -> Any:
        try:
            return call(*arguments, **options)
        except (RedisConnectionError, RedisTimeoutError) as error:
            logger.warning("The cache does not answer: %s", error.__class__.__name__)
            return fallback

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._or(super().get, key, default, version, fallback=default)

    def set(self, key: str, value: Any, *arguments: Any, **options: Any) -> None:
        self._or(super().set, key, value, *arguments, **options, fallback=None)

    def add(self, key: str, value: Any, *arguments: Any, **options: Any) -> bool:
        return bool(self._or(super().add, key, value, *arguments, **options, fallback=True))

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        return int(self._or(super().incr, key, delta, version, fallback=delta))

    def touch(self, key: str, *arguments: Any, **options: Any) -> bool:
        return bool(self._or(super().touch, key, *arguments, **options, fallback=False))

    def delete(self, key: str, version: int | None = None) -> bool:
        return bool(self._or(super().delete, key, version, fallback=False))

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        return dict(self._or(super().get_many, keys, version, fallback={}))

    def set_many(self, data: dict[str, Any], *arguments: Any, **options: Any) -> list[str]:
        return list(self._or(super().set_many, data, *arguments, **options, fallback=list(data)))

    def has_key(self, key: str, version: int | None = None) -> bool:
        return bool(self._or(super().has_key, key, version, fallback=False))
