"""New clips are looked at frame by frame while nobody waits for a video: dubs of them begin at once, and what the first
look estimated is measured.
"""

from apps.core.failures import SiteFailure
from apps.jobs.kinds import KINDS
from apps.jobs.models import Job
from apps.jobs.services import ACTIVE_STATES, submit
from apps.trust.attestations import named_assets
from apps.uploads.models import Asset


def follow(asset: Asset) -> Job | None:
    """Order the look, once a clip can be used; None where there is nothing to do, or no room for it now."""
    report = asset.preflight or {}
    if asset.kind != Asset.Kind.CLIP or asset.state != Asset.State.READY or not report.get("estimated"):
        return None
    try:
        return submit(asset.owner, Job.Kind.FOLLOW, asset=asset, idempotency_key=f"follow:{asset.pk}")
    except SiteFailure:  # a dub looks for itself
        return None


def somebody_waits(job: Job) -> bool:
    """Whether another job waits in the queue of this one, that does not itself need what this one finds; or whether a
    preview of the same clip is being made, which looks for itself and keeps what it sees: twice at once helps nobody.
    """
    previews = Job.objects.filter(owner_id=job.owner_id, kind=Job.Kind.PREVIEW, state__in=ACTIVE_STATES)
    if any(job.asset_id in named_assets(request) for request in previews.values_list("request", flat=True)):
        return True
    queue_name = KINDS[job.kind].queue_name
    kinds = [kind for kind, facts in KINDS.items() if facts.queue_name == queue_name and kind != job.kind]
    waiting = Job.objects.filter(kind__in=kinds, state=Job.State.QUEUED, cancel_requested_at=None)
    others = waiting.values_list("request", flat=True).iterator(chunk_size=20)  # nearly always the first one tells
    return any(job.asset_id not in named_assets(request) for request in others)
