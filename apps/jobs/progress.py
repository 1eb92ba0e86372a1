"""Where a running job is: kept in Redis for a while, and told to everybody who watches.

Progress is a courtesy, never the truth: a job must not fail because Redis is away, and the row settles what happened.
"""

import json
import logging
import uuid
from typing import Any, NotRequired, TypedDict

import redis
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from apps.jobs.live import Live
from apps.jobs.redis_client import get_redis

logger = logging.getLogger(__name__)

PUBLISH_INTERVAL_S = 0.25  # at most four messages a second
KEEP_S = 3600
MAX_THUMBNAIL_BYTES = 100_000


class ProgressState(TypedDict):
    """What is known about a running job."""

    stage: str
    fraction: float
    eta_s: float | None
    thumbnail: int  # number of the latest thumbnail, 0 = none yet
    live: NotRequired[Live | None]  # what can be played already


NOTHING_YET: ProgressState = {"stage": "", "fraction": 0.0, "eta_s": None, "thumbnail": 0}

# The bar only moves forward, also when a second attempt starts again from nothing, and when two attempts overlap.
_ADVANCE = """
local kept = redis.call('GET', KEYS[1])
local new = cjson.decode(ARGV[1])
if kept then
  local old = cjson.decode(kept)
  if old.fraction > new.fraction then new.fraction = old.fraction end
  if old.thumbnail > new.thumbnail then new.thumbnail = old.thumbnail end
end
local text = cjson.encode(new)
redis.call('SET', KEYS[1], text, 'EX', ARGV[2])
return text
"""


def group_name(job_id: uuid.UUID | str) -> str:
    """The channel group of everybody who watches this job."""
    return f"job.{job_id}"


def _key(job_id: uuid.UUID | str) -> str:
    return f"progress:{job_id}"


def _cancel_key(job_id: uuid.UUID | str) -> str:
    return f"cancel:{job_id}"


def _thumbnail_key(job_id: uuid.UUID | str) -> str:
    return f"thumbnail:{job_id}"


def publish(job_id: uuid.UUID | str, state: ProgressState) -> None:
    """Keep the state and tell the watchers. The caller keeps to `PUBLISH_INTERVAL_S`."""
    try:
        client = get_redis()
        advanced = client.eval(_ADVANCE, 1, _key(job_id), json.dumps(state), KEEP_S)
        _tell(job_id, {"type": "job.progress", "progress": _decode(advanced)})
    except (redis.RedisError, OSError) as error:
        logger.warning("progress could not be told: %s", error)


def publish_change(job_id: uuid.UUID | str) -> None:
    """Tell the watchers that the row has changed: waiting again, about to stop, or over."""
    try:
        _tell(job_id, {"type": "job.changed"})
    except (redis.RedisError, OSError) as error:
        logger.warning("a change could not be told, pages will find it by asking: %s", error)


def latest(job_id: uuid.UUID | str) -> ProgressState:
    """The newest state known, or `NOTHING_YET`."""
    try:
        kept = get_redis().get(_key(job_id))
    except (redis.RedisError, OSError):
        return NOTHING_YET
    return _decode(kept) if kept else NOTHING_YET


def keep_thumbnail(job_id: uuid.UUID | str, jpeg: bytes) -> bool:
    """Keep the latest finished frame (a small JPEG). False: too large, or Redis is away."""
    if len(jpeg) > MAX_THUMBNAIL_BYTES:
        return False
    try:
        return bool(get_redis().set(_thumbnail_key(job_id), jpeg, ex=KEEP_S))
    except (redis.RedisError, OSError) as error:
        logger.warning("thumbnail could not be kept: %s", error)
        return False


def latest_thumbnail(job_id: uuid.UUID | str) -> bytes | None:
    try:
        return get_redis().get(_thumbnail_key(job_id))
    except (redis.RedisError, OSError):
        return None


def flag_cancel(job_id: uuid.UUID | str) -> None:
    """Let the worker see the wish within half a second; without Redis it sees the row at its next heartbeat."""
    try:
        get_redis().set(_cancel_key(job_id), b"1", ex=KEEP_S)
    except (redis.RedisError, OSError) as error:
        logger.warning("cancel flag could not be set, the worker will see the row: %s", error)


def is_cancel_flagged(job_id: uuid.UUID | str) -> bool:
    try:
        return bool(get_redis().exists(_cancel_key(job_id)))
    except (redis.RedisError, OSError):
        return False


def _tell(job_id: uuid.UUID | str, message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    async_to_sync(layer.group_send)(group_name(job_id), message)


def _decode(text: bytes | str) -> ProgressState:
    state = json.loads(text)
    # Lua drops null values and writes whole floats as integers
    live = state.get("live")
    playable: dict[str, Live] = {}
    if live:
        playable["live"] = {"stream": live["stream"], "count": int(live["count"]), "codecs": live["codecs"]}
    return {
        "stage": state.get("stage", ""),
        "fraction": float(state.get("fraction", 0.0)),
        "eta_s": state.get("eta_s"),
        "thumbnail": int(state.get("thumbnail", 0)),
        **playable,
    }
