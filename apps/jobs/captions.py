"""Captions of projects and of finished videos: found once per voice and text, and the old ones thrown away."""

from typing import Any

from apps.accounts.models import User
from apps.jobs.deletion import delete_job
from apps.jobs.models import Job
from apps.jobs.services import submit
from apps.projects.models import Project
from apps.projects.orders import captions_request

KEPT = 6  # of one project: the newest, so that taking a change back finds its captions


def captions_job(user: User, project: Project) -> Job:
    """The job that finds the captions of the project's voice: the one that has or is at it, or a new one.

    Raises SiteFailure, as `captions_request` and `submit`.
    """
    return captions_job_for(user, project, captions_request(project))


def captions_job_for(user: User, project: Project | None, order: dict[str, Any]) -> Job:
    """As `captions_job`, for an order that is known already."""
    earlier = Job.objects.filter(owner=user, project=project, kind=Job.Kind.CAPTIONS).order_by("-queued_at")
    for job in earlier.select_related("output", "thumbnail", "project", "hold", "quote")[: KEPT * 2]:
        is_good = job.state in (Job.State.QUEUED, Job.State.RUNNING, Job.State.SUCCEEDED)
        if job.request == order and is_good and job.cancel_requested_at is None:
            return job
    for job in earlier[KEPT - 1 :]:
        if job.is_settled:
            delete_job(job)
    return submit(user, Job.Kind.CAPTIONS, project=project, request=order)
