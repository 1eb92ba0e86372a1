"""Prices and exports as pages and the API see them."""

from fractions import Fraction
from typing import Any

from django.utils import timezone

from apps.billing.stripe_client import is_configured
from apps.credits.services import TOP_UP_URL, balance_of
from apps.jobs.exports import is_in_making
from apps.jobs.history import render_facts
from apps.jobs.models import Job, Quote
from apps.jobs.presets import Preset, estimated_bytes, presets_for, rate_for, size_for
from apps.jobs.pricing import PaidWork
from apps.uploads.services import signed_media_url

CREDENTIALS_TYPE = "application/c2pa"


def quote_facts(quote: Quote) -> dict[str, Any]:
    """A price with all its parts, and whether the owner can pay it now."""
    balance = balance_of(quote.owner)
    return {
        "id": str(quote.pk),
        "credits": quote.credits,
        "seconds": quote.seconds,
        "credits_per_s": quote.credits_per_s,
        "neural_factor": quote.neural_factor,
        "size_factor": quote.size_factor,
        "duration_s": round(quote.duration_s, 3),
        "is_exact": quote.is_exact,
        "is_paid_before": quote.credits == 0,
        "is_in_making": is_in_making(quote),
        "width_px": quote.width_px,
        "height_px": quote.height_px,
        "frames_per_second": quote.request["fps"],
        "preset": quote.request["preset"],
        "size_bytes": quote.size_bytes,
        "presets": [
            _preset_facts(preset, quote, keeps_rate=quote.work != PaidWork.TALKING_PHOTO)
            for preset in presets_for(quote.request)
        ],
        "balance_credits": balance.available_credits,
        "missing_credits": max(0, quote.credits - balance.available_credits),
        "top_up_url": TOP_UP_URL,
        "can_buy": is_configured(),
        "valid_until": quote.valid_until,
        "is_valid": quote.valid_until > timezone.now(),
    }


def _preset_facts(preset: Preset, quote: Quote, *, keeps_rate: bool) -> dict[str, Any]:
    """What the export would be in that format."""
    width_px, height_px = size_for(preset, *quote.request.get("largest_px", (quote.width_px, quote.height_px)))
    rate = (
        quote.request["fps"] if keeps_rate else rate_for(preset, quote.request.get("wanted_fps", quote.request["fps"]))
    )
    size_bytes = estimated_bytes(
        preset, width_px=width_px, height_px=height_px, duration_s=quote.duration_s, frame_rate=Fraction(rate)
    )
    return {
        "name": preset.name,
        "label": preset.label,
        "hint": preset.hint,
        "platform": preset.platform,
        "size_bytes": size_bytes,
        "width_px": width_px,
        "height_px": height_px,
        "frames_per_second": rate,
        "bitrate_max_kbps": preset.bitrate_max_kbps,
        "keyframe_s": preset.keyframe_s,
        "loudness_lufs": preset.loudness_lufs,
    }


def export_facts(job: Job) -> dict[str, Any]:
    """One export: a render, and what became of its credits."""
    settlement = getattr(job.hold, "settlement", None) if job.hold is not None else None
    return render_facts(job) | {
        "quoted_credits": job.quote.credits if job.quote is not None else 0,
        "held_credits": job.hold.amount_credits if job.hold is not None and settlement is None else 0,
        "charged_credits": settlement.spent_credits if settlement is not None else 0,
        "preset": job.request.get("preset", ""),
        "credentials_url": _credentials_url(job),
    }


def _credentials_url(job: Job) -> str | None:
    """Where the content credentials are that lie beside the file, for formats that cannot hold them."""
    if job.state != Job.State.SUCCEEDED or job.output is None or job.output.content_type != "video/webm":
        return None
    beside = job.output.derived.filter(content_type=CREDENTIALS_TYPE).first()
    name = f"{job.project.title if job.project and job.project.title else 'lipsmith'}.c2pa"
    return signed_media_url(beside, download_name=name) if beside is not None else None
