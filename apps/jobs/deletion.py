"""Deleting renders: rows and files, for good."""

import uuid
from collections.abc import Sequence

from django.db import transaction

from apps.core.failures import SiteFailure
from apps.jobs import progress, segments
from apps.jobs.models import Job
from apps.projects.models import Project
from apps.uploads.services import delete_asset


def delete_job(job: Job) -> None:
    """Delete a job that is over, with what it made. Raises asset_in_use while it is waiting or running."""
    if not job.is_settled:
        raise SiteFailure("asset_in_use")
    with transaction.atomic():
        _delete_with_files(job)


def delete_jobs_of(project: Project) -> None:
    """Stop and delete everything that was ordered for a project.

    A worker that is still at one of them finds its row gone, and throws away what it made. What films have kept of it
    as a scene goes, too.
    """
    segments.forget(project.pk)
    delete_jobs(list(Job.objects.filter(project=project).select_related("output", "thumbnail")))


def delete_jobs(jobs: Sequence[Job]) -> None:
    """Stop and delete jobs, whatever they are at, with what they made."""
    for job in jobs:
        if job.request_cancel():
            progress.flag_cancel(job.pk)
    with transaction.atomic():
        for job in jobs:
            _delete_with_files(job)


def _delete_with_files(job: Job) -> None:
    made = [asset for asset in (job.output, job.thumbnail) if asset is not None]
    scenes = (scene.get("project") for scene in job.request.get("scenes") or ())  # a film's, kept with their projects
    for project_id in {job.project_id, *(uuid.UUID(scene) for scene in scenes if scene)} - {None}:
        segments.forget(project_id)
    job.delete()
    for asset in made:
        delete_asset(asset)
