"""The trash: what lies there is out of sight for a while, and then really gone.

Files in the trash count as storage until they are deleted. Nothing is rendered of them, and links to them show nothing.
"""

import datetime
import logging
import uuid
from collections.abc import Collection, Iterable

from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.core.failures import SiteFailure
from apps.jobs.deletion import delete_jobs_of
from apps.jobs.models import Job
from apps.jobs.services import ACTIVE_STATES, cancel
from apps.projects.models import Project
from apps.projects.services import delete_project

logger = logging.getLogger(__name__)

KEPT_DAYS = 30
BATCH = 200


def put_in_trash(user: User, project_ids: Collection[uuid.UUID]) -> int:
    """Put the user's projects into the trash and stop what is being made of them. Returns how many went there."""
    moved = _own(user, project_ids, trashed_at=None).update(trashed_at=timezone.now())
    running = Job.objects.filter(owner=user, project__in=list(project_ids), state__in=ACTIVE_STATES)
    for job in running.filter(project__trashed_at__isnull=False).select_related("asset", "hold", "quote"):
        try:
            cancel(job)
        except SiteFailure as failure:  # it ended by itself in this moment
            logger.info("job %s was over before it could be stopped: %s", job.pk, failure.code)
    return moved


def restore(user: User, project_ids: Collection[uuid.UUID]) -> int:
    """Take projects back out. What was being made of them has to be ordered again."""
    return _own(user, project_ids, trashed_at__isnull=False).update(trashed_at=None)


def delete_for_good(user: User, project_ids: Collection[uuid.UUID] | None = None) -> int:
    """Really delete projects that lie in the trash, or all of them, with what was made and what only they use."""
    lying = Project.objects.filter(owner_id=user.pk, trashed_at__isnull=False)
    return _delete(lying if project_ids is None else lying.filter(pk__in=list(project_ids)))


def empty_old(now: datetime.datetime) -> int:
    """Delete what has been in anybody's trash for as long as it is kept there."""
    return _delete(Project.objects.filter(trashed_at__lt=now - datetime.timedelta(days=KEPT_DAYS))[:BATCH])


def days_left(trashed_at: datetime.datetime) -> int:
    """How many days something stays in the trash yet."""
    return max(0, KEPT_DAYS - (timezone.now() - trashed_at).days)


def _own(user: User, project_ids: Iterable[uuid.UUID], **where: object) -> QuerySet[Project]:
    return Project.objects.filter(owner_id=user.pk, pk__in=list(project_ids), **where)


def _delete(projects: QuerySet[Project]) -> int:
    deleted = 0
    for project in projects.select_related("portrait", "clip", "voice", "track"):
        try:
            delete_jobs_of(project)
            delete_project(project)
        except SiteFailure as failure:  # a file of it is in use elsewhere; the clock comes back
            logger.info("project %s stays in the trash for now: %s", project.pk, failure.code)
            continue
        deleted += 1
    return deleted
