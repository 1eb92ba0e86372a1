"""Puts right what crashes leave behind: silent workers, lost wake-up messages, cancels nobody heard."""

import datetime
import logging
from collections.abc import Callable, Iterable

import redis
from django.utils import timezone

from apps.jobs import progress, queue
from apps.jobs.models import Job
from apps.jobs.redis_client import get_redis
from apps.jobs.services import after_settling

logger = logging.getLogger(__name__)

SILENT_AFTER = datetime.timedelta(seconds=30)  # six heartbeats
RESEND_AFTER = datetime.timedelta(seconds=60)  # a waiting message may just be waiting its turn
RESEND_AFTER_WHEN_IDLE = datetime.timedelta(seconds=10)  # ... but not in an empty queue
BATCH = 500
_NEEDED = ("asset", "hold", "quote")


def reap() -> None:
    """One round; cheap when there is nothing to do, and safe to run twice at once."""
    take_from_silent_workers()
    settle_unheard_cancels()
    resend_forgotten()


def take_from_silent_workers() -> int:
    """Jobs whose worker has said nothing for too long are run once more, or fail. Returns how many."""
    silent_since = timezone.now() - SILENT_AFTER
    silent = Job.objects.filter(state=Job.State.RUNNING, heartbeat_at__lt=silent_since).select_related(
        "asset", "hold", "quote"
    )
    return _each(silent, lambda job: job.expire(silent_since=silent_since), "its worker went silent")


def settle_unheard_cancels() -> int:
    """Jobs that were asked to end at the very moment they went back to the queue."""
    unheard = Job.objects.filter(state=Job.State.QUEUED, cancel_requested_at__isnull=False).select_related(
        "asset", "hold", "quote"
    )
    return _each(unheard, lambda job: job.settle_cancelled_in_queue(), "it was cancelled while it waited")


def _each(jobs: Iterable[Job], change: Callable[[Job], bool], why: str) -> int:
    changed = 0
    for job in list(jobs[:BATCH]):  # type: ignore[index]
        if not change(job):
            continue
        changed += 1
        job.refresh_from_db()
        logger.warning("job %s is now %s: %s (attempt %d)", job.pk, job.state, why, job.attempt)
        if job.is_settled:
            after_settling(job)
        else:
            queue.send(job)
            progress.publish_change(job.pk)
    return changed


def resend_forgotten() -> int:
    """Wake workers again for jobs whose message may be lost: a crash between commit and send, or an emptied Redis."""
    now = timezone.now()
    sent = 0
    for queue_name in (queue.INTERACTIVE_QUEUE, queue.RENDER_QUEUE):
        try:
            is_empty = queue.waiting_messages(get_redis(), queue_name) == 0
        except (redis.RedisError, OSError) as error:
            logger.warning("Redis does not answer, so nothing can be sent again: %s", error)
            return sent
        since = now - (RESEND_AFTER_WHEN_IDLE if is_empty else RESEND_AFTER)
        kinds = [kind for kind, (name, _) in queue.ACTORS.items() if name == queue_name]
        forgotten = Job.objects.filter(
            state=Job.State.QUEUED, kind__in=kinds, queued_at__lt=since, cancel_requested_at=None
        )
        for job in forgotten.order_by("queued_at")[:BATCH]:
            if job.mark_sent(unless_since=since) and queue.send(job, is_noted=True):
                sent += 1
    return sent
