"""What sets of variants do when something happens to jobs."""

from typing import Any

from django.db.models.signals import pre_delete
from django.dispatch import receiver

from apps.batches.models import Batch, Variant
from apps.batches.services import advance
from apps.jobs.models import Job
from apps.jobs.signals import job_settled


@receiver(job_settled)
def order_other_forms(*, job: Job, **_: Any) -> None:
    """An export is done: its other shapes and captions follow."""
    if job.kind != Job.Kind.EXPORT or job.state != Job.State.SUCCEEDED:
        return
    batch = Batch.objects.filter(variants__job=job).select_related("owner", "project").first()
    if batch is not None:
        advance(batch)


@receiver(pre_delete, sender=Job)
def note_deleted_video(*, instance: Job, **_: Any) -> None:
    Variant.objects.filter(job=instance).update(is_removed=True)
