"""Starting, following and ending sets of variants. A set is rows: any process may die at any moment.

`start` makes the set and its jobs in one transaction. Of a set of exports only what is paid is ordered then; other
shapes and captions of the same follow, free, when it is done: told by a signal, and by the clock should that be lost.
"""

import logging
import uuid
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.http import Http404
from django.utils import timezone

from apps.accounts.models import User
from apps.batches.models import NAME_MAX_CHARS, Batch, Variant
from apps.batches.plans import Choices, Plan, PlannedVariant, plan_batch
from apps.core.failures import SiteFailure
from apps.core.ids import new_id
from apps.credits.services import TOP_UP_URL
from apps.jobs import services as jobs
from apps.jobs.deletion import delete_jobs
from apps.jobs.exports import ExportChoice
from apps.jobs.models import Job, Quote
from apps.jobs.pricing import QUOTE_VALID
from apps.projects.models import Project

logger = logging.getLogger(__name__)

BATCHES_SHOWN_MAX = 20


def start(
    user: User,
    project: Project,
    wanted: Choices,
    making: str,
    choice: ExportChoice,
    *,
    idempotency_key: str | None = None,
) -> Batch:
    """Order a set of variants of the project as it is saved now: all of it, or nothing. The same key is the same set.

    Raises SiteFailure: idempotency_conflict, batch_over_daily_limit, credits_short, and what `plan_batch` and
    `jobs.services.submit` raise.
    """
    asked = {"lists": wanted.as_json(), "export": asdict(choice) if making == Batch.Making.EXPORT else None}
    key = idempotency_key or None
    with transaction.atomic():
        User.objects.select_for_update().only("pk").get(pk=user.pk)
        earlier = Batch.objects.filter(owner=user, idempotency_key=key).first() if key else None
        if earlier is not None:
            if (earlier.project_id, earlier.making, earlier.choices) != (project.pk, making, asked):
                raise SiteFailure("idempotency_conflict")
            return get_batch_for(user, earlier.pk)
        plan = plan_batch(user, project, wanted, making, choice)
        _check_means(plan)
        batch = Batch.objects.create(owner=user, project=project, making=making, choices=asked, idempotency_key=key)
        for position, variant in enumerate(plan.variants):
            _start_variant(batch, position, variant)
    return get_batch_for(user, batch.pk)


def _check_means(plan: Plan) -> None:
    """Refused as a whole before anything is ordered."""
    count = plan.renders_needed
    if plan.making == Batch.Making.FREE and count > plan.renders_left:
        raise SiteFailure("batch_over_daily_limit", count=count, left=plan.renders_left, limit=plan.renders_per_day)
    if plan.making == Batch.Making.EXPORT and plan.missing_credits:
        facts = {"needed": plan.credits, "have": plan.balance_credits, "missing": plan.missing_credits}
        raise SiteFailure("credits_short", **facts, top_up_url=TOP_UP_URL)


def _start_variant(batch: Batch, position: int, planned: PlannedVariant) -> None:
    quote, job = planned.quote, None
    facts: dict[str, Any] = {"duration_s": round(planned.duration_s, 3)}
    if planned.made is not None:
        job = planned.made
        facts["was_made"] = True
    elif quote is None:
        kind = Job.Kind(batch.project.kind)
        job = jobs.submit(batch.owner, kind, project=batch.project, request=planned.request, is_one_of_many=True)
    else:
        facts |= {"width_px": quote.width_px, "height_px": quote.height_px, "size_bytes": quote.size_bytes}
        if planned.is_leader:
            quote.save(force_insert=True)
            job = _export(batch, quote)
    Variant.objects.create(
        batch=batch,
        position=position,
        name=planned.name,
        choices=planned.choices,
        job=job,
        group=quote.content_key if quote is not None else "",
        is_leader=planned.is_leader,
        request=planned.request if job is None else {},
        facts=facts,
    )


def _export(batch: Batch, quote: Quote) -> Job:
    project, request = batch.project, quote.request
    return jobs.submit(batch.owner, Job.Kind.EXPORT, project=project, request=request, quote=quote, is_one_of_many=True)


def advance(batch: Batch) -> int:
    """Order the free forms whose paid one is done. Returns how many; safe to call at any time, by anybody, twice."""
    ordered = 0
    for variant in Variant.objects.filter(batch=batch, job=None, is_leader=False, is_removed=False).exclude(group=""):
        ordered += _follow(batch, variant.pk)
    return ordered


def _follow(batch: Batch, variant_id: uuid.UUID) -> int:
    with transaction.atomic():
        User.objects.select_for_update().only("pk").get(pk=batch.owner_id)
        variant = Variant.objects.select_related("batch__project", "batch__owner").get(pk=variant_id)
        paid = _paid(variant)
        if variant.job_id is not None or "failure" in variant.facts or paid is None:
            return 0  # what was tried or stopped, the creator decides about
        try:
            with transaction.atomic():
                variant.job = _export(variant.batch, _free_quote(paid, variant))
        except SiteFailure as failure:
            variant.facts |= {"failure": {"code": failure.code, "detail": failure.detail}}
        variant.save(update_fields=["job", "facts"])
        return int(variant.job is not None)


def _paid(variant: Variant) -> Quote | None:
    """What was paid for this picture and sound, once that is delivered."""
    leader = (
        Variant.objects.filter(batch_id=variant.batch_id, group=variant.group, is_leader=True)
        .select_related("job__quote")
        .first()
    )
    done = leader is not None and leader.job is not None and leader.job.state == Job.State.SUCCEEDED
    return leader.job.quote if leader is not None and leader.job is not None and done else None


def _free_quote(paid: Quote, variant: Variant) -> Quote:
    """Another form of what is paid costs nothing."""
    quote = Quote.objects.get(pk=paid.pk)
    quote.pk, quote._state.adding, quote.id = None, True, new_id()
    quote.credits = quote.seconds = 0
    quote.request, quote.valid_until = variant.request, timezone.now() + QUOTE_VALID
    for name in ("width_px", "height_px", "size_bytes"):
        setattr(quote, name, variant.facts[name])
    quote.save(force_insert=True)
    return quote


def advance_all() -> int:
    """What the clock does: whatever a lost signal left waiting."""
    waiting = Variant.objects.filter(job=None, is_leader=False, is_removed=False)
    batches = waiting.exclude(group="").order_by().values_list("batch_id", flat=True).distinct()
    return sum(advance(batch) for batch in Batch.objects.filter(pk__in=list(batches)))


def get_batch_for(user: User, batch_id: object) -> Batch:
    """The user's own set with its variants; Http404 for everybody else's, and for malformed ids."""
    batch = _with_variants(Batch.objects.filter(pk=_uuid(batch_id), owner_id=user.pk)).first()
    if batch is None:
        raise Http404("no such batch")
    return batch


def get_variant_for(user: User, variant_id: object) -> Variant:
    found = Variant.objects.select_related("batch__project", "batch__owner", "job__quote", "job__owner", "job__project")
    variant = found.filter(pk=_uuid(variant_id), batch__owner_id=user.pk).first()
    if variant is None:
        raise Http404("no such variant")
    return variant


def batches_of(project: Project) -> QuerySet[Batch]:
    """The project's sets, newest first."""
    return _with_variants(Batch.objects.filter(project=project)).order_by("-created_at")[:BATCHES_SHOWN_MAX]


def _with_variants(batches: QuerySet[Batch]) -> QuerySet[Batch]:
    jobs_with_files = ("job__output", "job__thumbnail", "job__project", "job__quote", "job__hold")
    variants = Variant.objects.select_related(*jobs_with_files).order_by("position")
    return batches.select_related("project", "owner").prefetch_related(Prefetch("variants", queryset=variants))


def change_variant(variant: Variant, *, name: str | None = None, is_favourite: bool | None = None) -> Variant:
    """Raises option_invalid for a name without letters."""
    if name is not None:
        words = " ".join(name.replace("\x00", "").split())[:NAME_MAX_CHARS]
        if not words:
            raise SiteFailure("option_invalid", option="name", reason="a name needs at least one character")
        variant.name = words
    if is_favourite is not None:
        variant.is_favourite = is_favourite
    variant.save(update_fields=["name", "is_favourite"])
    return variant


def retry_variant(variant: Variant) -> Variant:
    """Order a failed or stopped variant once more; a free form of an export also has its paid one made again.

    Raises SiteFailure: job_not_retryable, and what ordering raises.
    """
    with transaction.atomic():
        User.objects.select_for_update().only("pk").get(pk=variant.batch.owner_id)
        variant.refresh_from_db()
        if variant.job is not None:
            _make_again(variant)
        else:
            _retry_waiting(variant)
    if variant.job_id is None:
        _follow(variant.batch, variant.pk)
    return get_variant_for(variant.batch.owner, variant.pk)


def _make_again(variant: Variant) -> None:
    """A new job instead of the one that did not work; nobody looks for that any more, unless it is about credits."""
    failed = variant.job
    assert failed is not None
    variant.job = jobs.retry(failed, is_one_of_many=True)
    variant.save(update_fields=["job"])
    if failed.quote_id is None:
        failed.delete()


def _retry_waiting(variant: Variant) -> None:
    """A variant that never had a job: its paid one has to be there, or to be made."""
    leader = Variant.objects.filter(batch_id=variant.batch_id, group=variant.group, is_leader=True).first()
    if variant.is_removed or not variant.group or leader is None or leader.job is None:
        raise SiteFailure("job_not_retryable")
    if leader.job.state in (Job.State.FAILED, Job.State.CANCELLED):
        _make_again(leader)
    elif "failure" not in variant.facts:
        raise SiteFailure("job_not_retryable")
    variant.facts.pop("failure", None)
    variant.save(update_fields=["facts"])


def cancel_batch(batch: Batch) -> Batch:
    """Stop everything of it that is not done; what is done stays."""
    with transaction.atomic():
        User.objects.select_for_update().only("pk").get(pk=batch.owner_id)
        Batch.objects.filter(pk=batch.pk, cancelled_at=None).update(cancelled_at=timezone.now())
        for variant in Variant.objects.filter(batch=batch, job=None, is_removed=False):
            variant.facts.setdefault("failure", {"code": "cancelled", "detail": {}})
            variant.save(update_fields=["facts"])
    for job in Job.objects.filter(variant__batch=batch, state__in=jobs.ACTIVE_STATES):
        try:
            jobs.cancel(job)
        except SiteFailure as failure:  # done in this very moment
            if failure.code != "job_not_cancellable":
                raise
    return get_batch_for(batch.owner, batch.pk)


def delete_batch(batch: Batch) -> None:
    """Stop it and delete it with its videos, for good; a render that was there before the set stays."""
    own = Job.objects.filter(variant__batch=batch).exclude(variant__facts__has_key="was_made")
    made = list(own.select_related("output", "thumbnail"))
    delete_jobs(made)
    batch.delete()


def _uuid(value: object) -> uuid.UUID:
    try:
        return uuid.UUID(str(value))
    except ValueError:
        raise Http404("no such thing") from None
