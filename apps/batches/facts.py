"""Sets of variants as pages and the API see them."""

import re
from typing import Any

from apps.batches.models import Batch, Variant
from apps.batches.plans import Plan
from apps.core.failures import failure_dict
from apps.jobs.history import TYPICAL_OVERHEAD_S, render_facts, seconds_per_second
from apps.jobs.models import Job
from apps.uploads.services import signed_media_url

ENDINGS = {"video/mp4": ".mp4", "video/quicktime": ".mov", "video/webm": ".webm"}
_OVER = frozenset({"succeeded", "failed", "cancelled", "removed"})
_UNFIT = re.compile(r"[^\w\s.,()&+-]+")


def plan_facts(plan: Plan) -> dict[str, Any]:
    return {
        "count": len(plan.variants),
        "names": [variant.name for variant in plan.variants],
        "made_before": plan.made_before,
        "estimate_s": round(plan.estimate_s, 1),
        "renders_left": plan.renders_left,
        "renders_per_day": plan.renders_per_day,
        "credits": plan.credits,
        "balance_credits": plan.balance_credits,
        "missing_credits": plan.missing_credits,
        "paid_videos": plan.paid_videos,
        "is_exact": plan.is_exact,
    }


def batch_facts(batch: Batch) -> dict[str, Any]:
    """A set with all its variants, where each is, and how far the whole is."""
    variants = [variant_facts(variant, batch) for variant in batch.variants.all()]
    kept = [variant for variant in variants if variant["state"] != "removed"]
    speed = seconds_per_second(batch.project.kind)
    left_s = sum(
        (1 - variant["fraction"]) * (variant["estimate_s"] * speed + TYPICAL_OVERHEAD_S)
        for variant in kept
        if variant["state"] not in _OVER
    )
    return {
        "id": str(batch.pk),
        "project": str(batch.project_id),
        "making": batch.making,
        "choices": batch.choices["lists"],
        "created_at": batch.created_at,
        "is_cancelled": batch.cancelled_at is not None,
        "is_over": all(variant["state"] in _OVER for variant in variants),
        "count": len(kept),
        "done": sum(variant["state"] == "succeeded" for variant in kept),
        "failed": sum(variant["state"] == "failed" for variant in kept),
        "fraction": round(sum(variant["fraction"] for variant in kept) / max(1, len(kept)), 4),
        "eta_s": round(left_s, 1) if left_s else None,
        "variants": variants,
    }


def variant_facts(variant: Variant, batch: Batch) -> dict[str, Any]:
    job = variant.job
    state = _state_of(variant, batch)
    told = render_facts(job) | {"download_url": _download_url(job, variant)} if job is not None else None
    failure = told["failure"] if told is not None and "failure" in told else None
    if job is None and "failure" in variant.facts:
        failure = failure_dict(variant.facts["failure"]["code"], variant.facts["failure"]["detail"])
    is_over = state in _OVER
    return {
        "id": str(variant.pk),
        "name": variant.name,
        "choices": variant.choices,
        "is_favourite": variant.is_favourite,
        "state": state,
        "fraction": 1.0 if is_over else (told or {}).get("fraction", 0.0),
        "estimate_s": variant.facts.get("duration_s", 0.0),
        "failure": failure,
        "render": told,
    }


def _state_of(variant: Variant, batch: Batch) -> str:
    """As the job's; “waiting” for the paid one of its kind, “removed” once its video is deleted."""
    if variant.job is not None:
        return variant.job.state
    if variant.is_removed:
        return "removed"
    if "failure" in variant.facts:
        return "cancelled" if variant.facts["failure"]["code"] == "cancelled" else "failed"
    return "cancelled" if _leader_is_over(variant, batch) else "waiting"


def _leader_is_over(variant: Variant, batch: Batch) -> bool:
    """Whether the paid one it waits for did not come to be."""
    leader = next((one for one in batch.variants.all() if one.group == variant.group and one.is_leader), None)
    return leader is None or leader.job is None or leader.job.state in (Job.State.FAILED, Job.State.CANCELLED)


def _download_url(job: Job, variant: Variant) -> str | None:
    if job.state != Job.State.SUCCEEDED or job.output is None:
        return None
    title = job.project.title.strip() if job.project is not None else ""
    name = _UNFIT.sub("", " - ".join(part for part in (title, variant.name.replace(":", "x")) if part)).strip()
    return signed_media_url(job.output, download_name=f"{name or 'variant'}{ENDINGS.get(job.output.content_type, '')}")
