"""What jobs does when something happens to files."""

from typing import Any

from django.db.models.signals import pre_delete
from django.dispatch import receiver

from apps.core.failures import SiteFailure
from apps.jobs.followed import follow
from apps.jobs.models import Job
from apps.jobs.services import ACTIVE_STATES, submit
from apps.jobs.signals import job_settled
from apps.trust.attestations import named_assets
from apps.uploads.models import Asset
from apps.uploads.signals import asset_deleting, asset_received


@receiver(asset_received)
def look_at_new_asset(*, asset: Asset, **_: Any) -> None:
    """Every new portrait and voice is looked at once, by the interactive worker."""
    submit(asset.owner, Job.Kind.PREFLIGHT, asset=asset)


@receiver(job_settled)
def look_closer_at_new_clips(*, job: Job, **_: Any) -> None:
    """A clip that can be used is followed frame by frame."""
    if job.kind == Job.Kind.PREFLIGHT and job.state == Job.State.SUCCEEDED and job.asset is not None:
        job.asset.refresh_from_db()
        follow(job.asset)


@receiver(asset_deleting)
def keep_assets_in_use(*, asset: Asset, **_: Any) -> None:
    """A file that a render needs right now stays until the render is over."""
    running = Job.objects.filter(owner_id=asset.owner_id, state__in=ACTIVE_STATES).exclude(
        kind__in=[Job.Kind.PREFLIGHT, Job.Kind.FOLLOW]
    )
    for order in running.values_list("request", flat=True):
        if asset.pk in named_assets(order):
            raise SiteFailure("asset_in_use")


@receiver(pre_delete, sender=Job)
def give_back_what_is_reserved(*, instance: Job, **_: Any) -> None:
    """However a job's row goes (its project, its owner, by itself), its credits come back first."""
    instance.abandon()
