"""Wakes workers: the only place that knows the queue. Actors go by name, so that no worker code is loaded."""

import logging
import uuid

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import BrokerConnectionError
from dramatiq.middleware import Retries, TimeLimit

from apps.jobs.kinds import INTERACTIVE_QUEUE, KINDS, RENDER_QUEUE
from apps.jobs.models import Job

__all__ = ["INTERACTIVE_QUEUE", "RENDER_QUEUE"]  # told on to those who serve them

logger = logging.getLogger(__name__)

VOICES_ACTOR = "refresh_voices"  # no job: looks for voices that the operator has added

# kind of job -> (queue, actor's name)
ACTORS: dict[str, tuple[str, str]] = {kind: (facts.queue_name, facts.actor_name) for kind, facts in KINDS.items()}


def install_broker(url: str) -> None:
    """Make dramatiq use our Redis; must run before any actor is declared. Connects to nothing yet.

    Retries are off: the job's row decides what is run again, and a message is only ever a wake-up call.
    """
    dramatiq.set_broker(RedisBroker(url=url, middleware=[TimeLimit(), Retries(max_retries=0)]))


def enqueue(actor_name: str, job_id: uuid.UUID) -> None:
    """Send the wake-up message for a job to the actor called `actor_name`."""
    queue_name = next(queue for queue, name in ACTORS.values() if name == actor_name)
    broker = dramatiq.get_broker()
    broker.declare_queue(queue_name)
    broker.enqueue(
        dramatiq.Message(queue_name=queue_name, actor_name=actor_name, args=(str(job_id),), kwargs={}, options={})
    )


def ask_for_voices() -> None:
    """Have the interactive worker look for new voices. Raises a connection error when Redis is away."""
    broker = dramatiq.get_broker()
    broker.declare_queue(INTERACTIVE_QUEUE)
    broker.enqueue(
        dramatiq.Message(queue_name=INTERACTIVE_QUEUE, actor_name=VOICES_ACTOR, args=(), kwargs={}, options={})
    )


def send(job: Job, *, is_noted: bool = False) -> bool:
    """Wake a worker for a queued job. False when Redis cannot be reached: the clock sends it again later.

    `is_noted`: the job's row says already that it is sent now.
    """
    if not is_noted:
        job.mark_sent()
    try:
        enqueue(ACTORS[job.kind][1], job.pk)
    except (redis.RedisError, BrokerConnectionError, OSError) as error:
        logger.warning("could not wake a worker for job %s, the clock will: %s", job.pk, error)
        return False
    return True


def waiting_messages(client: "redis.Redis[bytes]", queue_name: str) -> int:
    """How many wake-up messages no worker has taken yet."""
    return int(client.llen(f"dramatiq:{queue_name}"))
