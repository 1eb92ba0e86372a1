"""Previews of dubs: a few seconds, rendered by themselves before all of it is. The old ones are thrown away."""

from typing import Any

from apps.accounts.models import User
from apps.core.failures import SiteFailure
from apps.jobs.deletion import delete_job
from apps.jobs.models import Job
from apps.jobs.services import submit
from apps.projects.models import Project
from apps.projects.orders import render_request

KEPT = 4  # of one project: the newest, so that looking at one after the other renders neither again


def preview_request(project: Project, moment: str) -> dict[str, Any]:
    """What rendering `moment` (“first” or “hardest”) needs: in the clip's own shape, beside which it is shown.

    Raises SiteFailure as `render_request`, and option_invalid for what is no dub.
    """
    if project.kind != Project.Kind.VIDEO_DUB:
        raise SiteFailure("option_invalid", option="moment", reason="only dubs have previews")
    return {**render_request(project), "film": project.kind, "moment": moment, "aspect": "source"}


def preview_job(user: User, project: Project, moment: str) -> Job:
    """The job that renders that moment of the dub as it is now: the one that has or is at it, or a new one.

    Raises SiteFailure, as `preview_request` and `submit`.
    """
    order = preview_request(project, moment)
    earlier = Job.objects.filter(owner=user, project=project, kind=Job.Kind.PREVIEW).order_by("-queued_at")
    for job in earlier.select_related("output", "thumbnail", "project", "hold", "quote")[: KEPT * 2]:
        is_good = job.state in (Job.State.QUEUED, Job.State.RUNNING) or job.output is not None
        if job.request == order and is_good and job.cancel_requested_at is None:
            return job
    for job in earlier[KEPT - 1 :]:
        if job.is_settled:
            delete_job(job)
    return submit(user, Job.Kind.PREVIEW, project=project, request=order)
