"""What can be done with jobs: order, look at, stop, order again. Every end of a job passes through `after_settling`."""

import datetime
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.core.failures import SiteFailure, failure_dict
from apps.core.ids import new_id
from apps.core.turns import writing_turn
from apps.credits.ledger import Wallet
from apps.credits.services import hold_in, locked
from apps.jobs import progress, queue
from apps.jobs.kinds import FREE_RENDERS, KINDS
from apps.jobs.letters import tell_owner
from apps.jobs.live import Live
from apps.jobs.models import Job, Quote
from apps.jobs.pricing import QUOTE_VALID
from apps.jobs.signals import job_settled
from apps.projects.models import Project
from apps.projects.presentation import display_title
from apps.trust.attestations import check_order
from apps.uploads.models import Asset
from apps.uploads.services import refuse, signed_media_url

_ENDINGS = {"video/mp4": ".mp4", "video/quicktime": ".mov", "audio/wav": ".wav", "audio/x-wav": ".wav"}
ACTIVE_STATES = (Job.State.QUEUED, Job.State.RUNNING)


def submit(
    user: User,
    kind: str,
    *,
    project: Project | None = None,
    asset: Asset | None = None,
    request: dict[str, Any] | None = None,
    quote: Quote | None = None,
    idempotency_key: str | None = None,
    is_one_of_many: bool = False,
) -> Job:
    """Order one piece of work. The same key with the same order gives the same job again, as does the same quote.

    With a `quote` its credits are reserved in the transaction that makes the job. `is_one_of_many`: part of a batch,
    which waits in the queue as a whole, so that it is not counted how many of it are there at once.
    Raises SiteFailure: daily_limit, too_many_jobs, idempotency_conflict, attestation_missing, media_blocked,
    credits_short, quote_expired.
    """
    order = request or {}
    check_order(user, order)
    key = idempotency_key or None
    earlier = _earlier_job(user, key, None)  # whether a quote was ordered already, the database tells when we try
    if earlier is not None:
        return _same_order(earlier, kind, order)
    try:
        with writing_turn(), transaction.atomic(), _in_turn(user, quote) as wallet:
            _check_limits(user, kind, is_one_of_many=is_one_of_many)
            job = Job(owner=user, kind=kind, project=project, asset=asset, request=order, idempotency_key=key)
            if quote is not None and wallet is not None:
                _reserve(job, quote, wallet)
            job.sent_at = timezone.now()  # should it be lost on the way, the clock sends it again
            job.save(force_insert=True)
    except (IntegrityError, SiteFailure):  # perhaps because the same order came in at this very moment
        earlier = _earlier_job(user, key, quote)
        if earlier is None:
            raise
        return _same_order(earlier, kind, order)
    transaction.on_commit(lambda: queue.send(job, is_noted=True))  # nobody who writes waits for Redis
    return job


def _earlier_job(user: User, key: str | None, quote: Quote | None) -> Job | None:
    earlier = Job.objects.filter(owner=user, idempotency_key=key).first() if key else None
    if earlier is None and quote is not None:
        earlier = Job.objects.filter(owner=user, quote=quote).first()
    return earlier


@contextmanager
def _in_turn(user: User, quote: Quote | None) -> Iterator[Wallet | None]:
    """Two orders at the same moment must not slip past the limits together: paid ones wait for the wallet.

    Limits are counted by kind, and all paid work is of one kind, so others may wait for the account instead
    (on SQLite, the transaction itself lets nobody else write).
    """
    if quote is not None:
        with locked(user, is_savepoint=False) as wallet:
            yield wallet
        return
    if connection.features.has_select_for_update:
        User.objects.select_for_update().only("pk").get(pk=user.pk)
    yield None


def _reserve(job: Job, quote: Quote, wallet: Wallet) -> None:
    """Put the quote's credits aside for the job. Nothing is reserved for what is free of charge."""
    if quote.valid_until <= timezone.now():
        raise SiteFailure("quote_expired")
    job.quote = quote
    if quote.credits:
        title = display_title(job.project) if job.project is not None else ""
        job.hold = hold_in(wallet, quote.credits, key=f"job:{job.pk}", note=f"Export of “{title}”")


def _same_order(earlier: Job, kind: str, order: dict[str, Any]) -> Job:
    if (earlier.kind, earlier.request) != (kind, order):
        raise SiteFailure("idempotency_conflict")
    return earlier


def renders_today(user: User) -> int:
    """Free renders that count against today's limit (UTC); failed and cancelled ones cost nothing."""
    midnight = timezone.now().astimezone(datetime.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    counted = [*ACTIVE_STATES, Job.State.SUCCEEDED]
    return Job.objects.filter(owner=user, kind__in=FREE_RENDERS, queued_at__gte=midnight, state__in=counted).count()


def _check_limits(user: User, kind: str, *, is_one_of_many: bool) -> None:
    if not KINDS[kind].is_limited:
        return
    running = Job.objects.filter(owner=user, kind=kind, state__in=ACTIVE_STATES).count()
    if running >= settings.CONCURRENT_JOBS_MAX and not is_one_of_many:
        raise SiteFailure("too_many_jobs", running=running, limit=settings.CONCURRENT_JOBS_MAX)
    if KINDS[kind].is_daily and renders_today(user) >= settings.FREE_RENDERS_PER_DAY:
        raise SiteFailure("daily_limit", limit=settings.FREE_RENDERS_PER_DAY)


def get_job_for(user: User, job_id: object) -> Job:
    """The user's own job; Http404 for everybody else's, and for malformed ids."""
    try:
        wanted = uuid.UUID(str(job_id))
    except ValueError:
        raise Http404("no such job") from None
    job = (
        Job.objects.select_related("output", "thumbnail", "asset", "hold", "quote")
        .filter(pk=wanted, owner_id=user.pk)
        .first()
    )
    if job is None:
        raise Http404("no such job")
    return job


def cancel(job: Job) -> Job:
    """Stop a job: at once while it waits, within a second or two while it runs. Raises job_not_cancellable."""
    if not job.request_cancel():
        raise SiteFailure("job_not_cancellable")
    job.refresh_from_db()
    if job.is_settled:
        after_settling(job)
    else:
        progress.flag_cancel(job.pk)
        progress.publish_change(job.pk)
    return job


def retry(job: Job, *, is_one_of_many: bool = False) -> Job:
    """Order a failed or cancelled job once more, as a new job. Raises job_not_retryable, and what submit raises."""
    if job.state not in (Job.State.FAILED, Job.State.CANCELLED):
        raise SiteFailure("job_not_retryable")
    order: dict[str, Any] = {"project": job.project, "request": job.request, "is_one_of_many": is_one_of_many}
    if job.quote is not None:
        return submit(job.owner, job.kind, quote=renewed(job.quote), **order)
    return submit(job.owner, job.kind, asset=job.asset, **order)


def run_again(job: Job) -> Job:
    """An operator's courtesy: any job that is over, once more as a new one, beyond limits and free of charge.

    Raises job_not_retryable while it is waiting or running, attestation_missing, media_blocked.
    """
    if not job.is_settled:
        raise SiteFailure("job_not_retryable")
    check_order(job.owner, job.request)
    with transaction.atomic():
        again = Job(owner=job.owner, kind=job.kind, project=job.project, asset=job.asset, request=job.request)
        again.quote = renewed(job.quote, is_free=True) if job.quote is not None else None
        again.save(force_insert=True)
        transaction.on_commit(lambda: queue.send(again))
    return again


def renewed(quote: Quote, *, is_free: bool = False) -> Quote:
    """The same price again, for another order of the same; or nothing at all, as an operator's courtesy."""
    again = Quote.objects.get(pk=quote.pk)
    again.pk, again.valid_until = None, timezone.now() + QUOTE_VALID
    again._state.adding = True
    if is_free:
        again.credits = again.seconds = 0
    again.id = new_id()
    again.save(force_insert=True)
    return again


def after_settling(job: Job) -> None:
    """Tell the watchers; a portrait or voice that could not be looked at must not stay "checking" for ever."""
    job.refresh_from_db()
    if (
        job.kind == Job.Kind.PREFLIGHT
        and job.asset is not None
        and job.state in (Job.State.FAILED, Job.State.CANCELLED)
    ):
        refuse(job.asset, job.failure_code or "internal", job.failure_detail)
    if job.kind == Job.Kind.STILL and job.output is not None:
        Job.objects.filter(pk=job.request.get("render"), owner_id=job.owner_id).update(thumbnail=job.output)
    tell_owner(job)
    progress.publish_change(job.pk)
    job_settled.send_robust(Job, job=job)


def jobs_ahead(job: Job) -> int:
    """How many jobs of the same queue were ordered before this one and are not done."""
    kinds = [kind for kind, (name, _) in queue.ACTORS.items() if name == queue.ACTORS[job.kind][0]]
    return Job.objects.filter(kind__in=kinds, state__in=ACTIVE_STATES, queued_at__lt=job.queued_at).count()


def job_message(job: Job) -> dict[str, Any]:
    """The job as pages and the API see it: the same over the websocket and by polling.

    While it lasts: {"type": "progress", state, stage, fraction, eta_s, thumbnail_url, ahead};
    in the end: {"type": "done", state, output_url, download_url, thumbnail_url, output_asset, failure, result}.
    """
    if job.is_settled:
        return _done_message(job)
    return progress_message(job, progress.latest(job.pk))


def progress_message(job: Job, state: progress.ProgressState) -> dict[str, Any]:
    is_queued = job.state == Job.State.QUEUED
    return {
        "type": "progress",
        "job": str(job.pk),
        "kind": job.kind,
        "state": "cancelling" if job.cancel_requested_at else job.state,
        "stage": "queued" if is_queued else state["stage"] or "preparing",
        "fraction": round(max(state["fraction"], 0.0), 4),
        "eta_s": None if is_queued else state["eta_s"],
        "thumbnail_url": thumbnail_url(job.pk, state["thumbnail"]),
        "ahead": jobs_ahead(job) if is_queued else 0,
        "live": None if is_queued else live_video(job.pk, state.get("live")),
    }


def live_video(job_id: uuid.UUID, live: Live | None) -> dict[str, Any] | None:
    """What can be played of a running render: pieces 0 to count - 1, at `url` + "{first}-{last}.mp4"."""
    if live is None:
        return None
    address = reverse("jobs:live", args=[job_id, live["stream"], 0, 0])
    return {**live, "url": address.removesuffix("0-0.mp4")}


def thumbnail_url(job_id: uuid.UUID, number: int) -> str | None:
    """Where the latest finished frame of a running job is; a new number for each new frame."""
    return reverse("jobs:thumbnail", args=[job_id, number]) if number else None


def _done_message(job: Job) -> dict[str, Any]:
    is_done = job.state == Job.State.SUCCEEDED and job.output is not None
    failure = None
    if job.state != Job.State.SUCCEEDED:
        failure = failure_dict(job.failure_code or "internal", job.failure_detail) | {"at_s": job.failure_at_s}
    return {
        "type": "done",
        "job": str(job.pk),
        "kind": job.kind,
        "state": job.state,
        "stage": "",
        "fraction": 1.0 if job.state == Job.State.SUCCEEDED else job.fraction,
        "output_asset": str(job.output_id) if job.output_id else None,
        "output_url": signed_media_url(job.output) if is_done else None,
        "download_url": signed_media_url(job.output, download_name=_download_name(job)) if is_done else None,
        "thumbnail_url": signed_media_url(job.thumbnail) if job.thumbnail is not None else None,
        "failure": failure,
        "result": job.result,
    }


def _download_name(job: Job) -> str:
    title = job.project.title.strip() if job.project is not None else ""
    ending = _ENDINGS.get(job.output.content_type, "")
    return f"{title or 'lipsmith'}{ending}"
