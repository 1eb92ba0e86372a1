"""Who is at work: each worker and the clock say so every few seconds, for the supervisor, `doctor` and status pages."""

import json
from typing import Any

import redis

from apps.jobs.redis_client import get_redis

ANNOUNCE_INTERVAL_S = 3.0
ABSENT_AFTER_S = 15

_PREFIX = "present:"


def announce(name: str, **facts: Any) -> None:
    """Say that `name` (e.g. "render-1") is alive and ready. Raises redis.RedisError."""
    get_redis().set(f"{_PREFIX}{name}", json.dumps(facts), ex=ABSENT_AFTER_S)


def leave(name: str) -> None:
    """Say that `name` is going. Raises redis.RedisError."""
    get_redis().delete(f"{_PREFIX}{name}")


def present() -> dict[str, dict[str, Any]]:
    """Everybody who is there, with what they say about themselves; nobody when Redis does not answer."""
    found: dict[str, dict[str, Any]] = {}
    try:
        client = get_redis()
        for key in client.scan_iter(match=f"{_PREFIX}*", count=100):
            facts = client.get(key)
            if facts is not None:
                found[key.decode().removeprefix(_PREFIX)] = json.loads(facts)
    except (redis.RedisError, OSError):
        return {}
    return found
