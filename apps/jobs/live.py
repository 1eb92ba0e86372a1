"""The video while it is made: pieces of a running render, kept in Redis for a short while, for its owner to play.

A courtesy like progress: whatever goes wrong here, the finished file follows. Each attempt at a job is a stream of its
own, numbered from 0 (how to decode it) on. Only renders with marks in their pixels may be streamed; see the worker.
"""

import logging
import uuid
from typing import TypedDict

import redis

from apps.jobs.redis_client import get_redis

logger = logging.getLogger(__name__)

MAX_PIECE_BYTES = 4 * 2**20
MAX_STREAM_BYTES = 48 * 2**20
MAX_ANSWER_BYTES = 8 * 2**20
KEEP_S = 600  # after the latest piece
KEEP_AFTER_END_S = 120  # pages that still play; the finished file is there by then


class Live(TypedDict):
    """What can be played by now: pieces 0 to `count` - 1 of `stream`, which needs these codecs (RFC 6381)."""

    stream: str
    count: int
    codecs: str


class LiveStream:
    """Takes the pieces of one attempt in order. A gap, too much, or Redis being away ends the stream, not the job."""

    def __init__(self, job_id: uuid.UUID | str, stream: str) -> None:
        self._key = _key(job_id, stream)
        self._stream = stream
        self._count = 0
        self._bytes = 0
        self._codecs = ""
        self._is_over = False

    @property
    def state(self) -> Live | None:
        """None until something can be played."""
        if self._count < 2:
            return None
        return {"stream": self._stream, "count": self._count, "codecs": self._codecs}

    def keep(self, number: int, data: bytes) -> bool:
        """Keep the next piece. False: the stream has ended before."""
        if self._is_over:
            return False
        self._bytes += len(data)
        if number != self._count or len(data) > MAX_PIECE_BYTES or self._bytes > MAX_STREAM_BYTES:
            logger.info("the live video ends at piece %d, after %d bytes", self._count, self._bytes)
            self._is_over = True
            return False
        try:
            with get_redis().pipeline(transaction=True) as pipe:
                pipe.rpush(self._key, data)
                pipe.expire(self._key, KEEP_S)
                length, _ = pipe.execute()
        except (redis.RedisError, OSError) as error:
            logger.warning("a piece of the live video could not be kept: %s", error)
            length = None
        if length != number + 1:  # Redis was away, or has lost what came before
            self._is_over = True
            return False
        if number == 0:
            self._codecs = codecs_of(data)
        self._count += 1
        return True

    def let_go(self) -> None:
        """The render is over: what is kept is soon forgotten."""
        try:
            get_redis().expire(self._key, KEEP_AFTER_END_S)
        except (redis.RedisError, OSError) as error:
            logger.warning("the live video could not be let go, it will expire: %s", error)


def pieces(job_id: uuid.UUID | str, stream: str, first: int, last: int) -> list[bytes]:
    """The kept pieces from `first` to `last`, as many as fit into one answer; at least one, if it is there."""
    try:
        found = get_redis().lrange(_key(job_id, stream), first, last)
    except (redis.RedisError, OSError):
        return []
    size, taken = 0, []
    for piece in found:
        size += len(piece)
        if taken and size > MAX_ANSWER_BYTES:
            break
        taken.append(bytes(piece))
    return taken


def codecs_of(beginning: bytes) -> str:
    """How browsers name the codecs that this beginning of an MP4 announces."""
    names = []
    at = beginning.find(b"avcC")
    if at >= 0:
        names.append("avc1." + beginning[at + 5 : at + 8].hex())  # after the version: profile, constraints, level
    if b"mp4a" in beginning:
        names.append("mp4a.40.2")
    return ",".join(names)


def _key(job_id: uuid.UUID | str, stream: str) -> str:
    return f"live:{job_id}:{stream}"
