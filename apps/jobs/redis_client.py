"""The one connection to Redis that progress, the queue and the supervisor share."""

from functools import cache

import redis
from django.conf import settings


@cache
def _client_for(url: str) -> "redis.Redis[bytes]":
    # Short time-outs: nobody waits long for a Redis that is just being restarted.
    return redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5)


def get_redis() -> "redis.Redis[bytes]":
    """A thread-safe client with a connection pool of its own per process."""
    return _client_for(settings.REDIS_URL)
