"""Sharing a video by a private link: give one, change how long it lasts, take it back."""

import datetime

from django.utils import timezone

from apps.core.failures import SiteFailure
from apps.jobs.models import Job
from apps.shares.models import Share, new_token

DAYS = (1, 7, 30)


def share(job: Job, days: int) -> Share:
    """The link of a finished video, good for `days` from now; a running one keeps its address.

    Raises SiteFailure: render_not_ready, option_invalid.
    """
    if days not in DAYS:
        reason = f"choose one of {', '.join(map(str, DAYS))}"
        raise SiteFailure("option_invalid", option="days", reason=reason)
    if job.state != Job.State.SUCCEEDED or job.output is None or job.output.kind != "output":
        raise SiteFailure("render_not_ready")
    expires_at = timezone.now() + datetime.timedelta(days=days)
    known = share_of(job)
    if known is None:
        Share.objects.filter(job=job).delete()  # one that ran out stays out: its address is not opened again
        return Share.objects.create(job=job, expires_at=expires_at, token=new_token())
    known.expires_at = expires_at
    known.save(update_fields=["expires_at"])
    return known


def share_of(job: Job) -> Share | None:
    """The link that is good now, or None."""
    return Share.objects.filter(job=job, expires_at__gt=timezone.now()).first()


def stop_sharing(job: Job) -> None:
    Share.objects.filter(job=job).delete()


def shared_video(token: str) -> Share:
    """What a link shows. Raises SiteFailure: share_unknown, share_over."""
    found = Share.objects.select_related("job__output", "job__thumbnail", "job__project").filter(pk=token).first()
    if found is None:
        raise SiteFailure("share_unknown")
    project = found.job.project
    if found.is_over or found.job.output is None or (project is not None and project.trashed_at is not None):
        raise SiteFailure("share_over")
    return found
