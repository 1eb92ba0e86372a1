"""Mouth tracks of projects: found once per voice, and the old ones thrown away."""

from apps.accounts.models import User
from apps.jobs.kept import kept_or_new
from apps.jobs.models import Job
from apps.projects.models import Project
from apps.projects.orders import track_request

KEPT = 3  # of one project: the newest, so that taking a change back finds its track


def track_job(user: User, project: Project) -> Job:
    """The job that finds the track of the project's voice: the one that has or is at it, or a new one.

    Raises SiteFailure, as `track_request` and `submit`.
    """
    return kept_or_new(user, project, Job.Kind.TRACK, track_request(project), kept=KEPT)
