"""Mouth tracks of projects: found once per voice, and the old ones thrown away."""

from apps.accounts.models import User
from apps.jobs.deletion import delete_job
from apps.jobs.models import Job
from apps.jobs.services import submit
from apps.projects.models import Project
from apps.projects.orders import track_request

KEPT = 3  # of one project: the newest, so that taking a change back finds its track


def track_job(user: User, project: Project) -> Job:
    """The job that finds the track of the project's voice: the one that has or is at it, or a new one.

    Raises SiteFailure, as `track_request` and `submit`.
    """
    order = track_request(project)
    tracks = Job.objects.filter(owner=user, project=project, kind=Job.Kind.TRACK).order_by("-queued_at")
    for job in tracks.select_related("output", "thumbnail", "project", "hold", "quote")[: KEPT * 2]:
        is_good = job.state in (Job.State.QUEUED, Job.State.RUNNING) or job.output is not None
        if job.request == order and is_good and job.cancel_requested_at is None:
            return job
    for job in tracks[KEPT - 1 :]:
        if job.is_settled:
            delete_job(job)
    return submit(user, Job.Kind.TRACK, project=project, request=order)
