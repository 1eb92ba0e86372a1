"""What jobs does when files are taken down after a report: whatever was made of them goes with them."""

import uuid
from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.dispatch import receiver

from apps.jobs.deletion import delete_jobs
from apps.jobs.models import Job
from apps.trust.attestations import named_assets
from apps.trust.signals import asset_taking_down, render_sought
from apps.uploads.models import Asset


def render_of(render_id: str) -> Job | None:
    """The job whose hidden mark says `render_id`: the first 12 hex digits of its id, or of the first render of its
    project whose segments it used.
    """
    first, last = (uuid.UUID(render_id + filler * 20) for filler in "0f")
    return Job.objects.filter(pk__gte=first, pk__lte=last).first() or renders_marked(render_id).first()


def renders_marked(render_id: str) -> QuerySet[Job]:
    """All finished renders whose hidden mark says `render_id`."""
    return Job.objects.filter(result__render_id=render_id).select_related("output", "thumbnail")


@receiver(render_sought)
def files_of_render(*, render_id: str, **_: Any) -> list[Asset]:
    """What a render made, and what it was made of."""
    job = render_of(render_id)
    if job is None:
        return []
    renders = {one.pk: one for one in (job, *renders_marked(render_id))}.values()
    made = [asset for one in renders for asset in (one.output, one.thumbnail) if asset is not None]
    return [*made, *Asset.objects.filter(owner_id=job.owner_id, pk__in=set(named_assets(job.request)))]


@receiver(asset_taking_down)
def delete_what_was_made_of(*, asset: Asset, block: Callable[[Asset], None], **_: Any) -> None:
    """Stop and delete every job that uses the file or made it; the videos may not be uploaded again either."""
    concerned = [
        job
        for job in Job.objects.filter(owner_id=asset.owner_id).select_related("output", "thumbnail")
        if asset.pk in (job.output_id, job.asset_id) or asset.pk in named_assets(job.request)
    ]
    for job in concerned:
        if job.output is not None:
            block(job.output)
    delete_jobs(concerned)
