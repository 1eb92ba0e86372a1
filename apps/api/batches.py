"""Sets of variants: one project, many hooks, voices, captions and shapes, ordered and followed as one."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Header, Router, Status

from apps.api.batch_schemas import BatchIn, BatchOut, PlanOut, VariantOut, VariantPatch
from apps.api.throttles import AccountThrottle
from apps.batches import services
from apps.batches.facts import batch_facts, plan_facts, variant_facts
from apps.batches.plans import Choices, plan_batch
from apps.jobs.exports import ExportChoice
from apps.projects.services import get_project_for

KEY_MAX_CHARS = 255

project_router = Router(tags=["variants"])
router = Router(tags=["variants"])
variants_router = Router(tags=["variants"])
read, write = AccountThrottle("read"), AccountThrottle("write")


def _wanted(payload: BatchIn) -> tuple[Choices, ExportChoice]:
    lists = Choices(*(tuple(one) for one in (payload.hooks, payload.voices, payload.captions, payload.shapes)))
    return lists, ExportChoice(payload.preset, payload.resolution, None, payload.label_corner)


@project_router.post("/{project_id}/variants/plan", response=PlanOut, throttle=write, summary="Plan a set of variants")
def plan(request: HttpRequest, project_id: UUID, payload: BatchIn) -> dict[str, Any]:
    """How many there are, what they are called, how long they take and what they cost."""
    project = get_project_for(request.user, project_id)
    lists, choice = _wanted(payload)
    return plan_facts(plan_batch(request.user, project, lists, payload.making, choice))


@project_router.post(
    "/{project_id}/variants", response={201: BatchOut}, throttle=AccountThrottle("render"), summary="Make the variants"
)
def start(
    request: HttpRequest,
    project_id: UUID,
    payload: BatchIn,
    idempotency_key: Annotated[str | None, Header(alias="Idempotency-Key", max_length=KEY_MAX_CHARS)] = None,
) -> Status[Any]:
    """Orders every combination of the project as it is saved now, or nothing. The same key gives the same set again."""
    project = get_project_for(request.user, project_id)
    lists, choice = _wanted(payload)
    batch = services.start(request.user, project, lists, payload.making, choice, idempotency_key=idempotency_key)
    return Status(201, batch_facts(batch))


@project_router.get("/{project_id}/variants", response=list[BatchOut], throttle=read, summary="List a project's sets")
def list_batches(request: HttpRequest, project_id: UUID) -> list[dict[str, Any]]:
    return [batch_facts(batch) for batch in services.batches_of(get_project_for(request.user, project_id))]


@router.get("/{batch_id}", response=BatchOut, throttle=read, summary="See where a set is")
def get_batch(request: HttpRequest, batch_id: UUID) -> dict[str, Any]:
    return batch_facts(services.get_batch_for(request.user, batch_id))


@router.post("/{batch_id}/cancel", response=BatchOut, throttle=write, summary="Stop a set")
def cancel_batch(request: HttpRequest, batch_id: UUID) -> dict[str, Any]:
    """What is done already stays."""
    return batch_facts(services.cancel_batch(services.get_batch_for(request.user, batch_id)))


@router.delete("/{batch_id}", response={204: None}, throttle=write, summary="Delete a set and its videos")
def delete_batch(request: HttpRequest, batch_id: UUID) -> Status[None]:
    services.delete_batch(services.get_batch_for(request.user, batch_id))
    return Status(204, None)


@variants_router.patch("/{variant_id}", response=VariantOut, throttle=write, summary="Name or pick a variant")
def change_variant(request: HttpRequest, variant_id: UUID, payload: VariantPatch) -> dict[str, Any]:
    variant = services.get_variant_for(request.user, variant_id)
    variant = services.change_variant(variant, **payload.dict(exclude_unset=True))
    return variant_facts(variant, variant.batch)


@variants_router.post(
    "/{variant_id}/retry", response={201: VariantOut}, throttle=AccountThrottle("render"), summary="Make one again"
)
def retry_variant(request: HttpRequest, variant_id: UUID) -> Status[Any]:
    """A failed or stopped one, with the same settings."""
    variant = services.retry_variant(services.get_variant_for(request.user, variant_id))
    return Status(201, variant_facts(variant, variant.batch))
