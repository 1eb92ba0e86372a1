"""Small jobs of a project that are asked for again and again: the newest few are kept, so that none is done twice."""

from typing import Any

from apps.accounts.models import User
from apps.jobs.deletion import delete_job
from apps.jobs.models import Job
from apps.jobs.services import submit
from apps.projects.models import Project


def kept_or_new(user: User, project: Project, kind: Job.Kind, order: dict[str, Any], *, kept: int) -> Job:
    """The job that has done exactly this or is at it, or a new one; of the earlier ones, `kept` stay.

    Raises SiteFailure, as `submit`.
    """
    earlier = Job.objects.filter(owner=user, project=project, kind=kind).order_by("-queued_at")
    for job in earlier.select_related("output", "thumbnail", "project", "hold", "quote")[: kept * 2]:
        is_good = job.state in (Job.State.QUEUED, Job.State.RUNNING) or job.output is not None
        if job.request == order and is_good and job.cancel_requested_at is None:
            return job
    for job in earlier[kept - 1 :]:
        if job.is_settled:
            delete_job(job)
    return submit(user, kind, project=project, request=order)
