"""What was rendered so far, and how long it takes: reading only."""

import statistics
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import Max, QuerySet

from apps.accounts.models import User
from apps.jobs.kinds import FREE_RENDERS
from apps.jobs.models import Job
from apps.jobs.services import ACTIVE_STATES, job_message
from apps.projects.findings import render_warning_in_words
from apps.projects.models import Project

RENDERS_SHOWN_MAX = 50
# before anything of the kind was rendered here
TYPICAL_SECONDS_PER_SECOND = {Job.Kind.VIDEO_DUB: 1.6, Job.Kind.FILM: 2.0}
TYPICAL_ELSE = 0.7
TYPICAL_OVERHEAD_S = 2.0
_SPEED_KEY, _SPEED_KEEP_S = "render-seconds-per-second", 15
_SPEED_SAMPLES = 7  # few and fresh, so that they follow how busy the machine is


def renders_of(project: Project) -> QuerySet[Job]:
    """The project's renders, newest first."""
    return (
        Job.objects.filter(project=project, kind__in=FREE_RENDERS)
        .select_related("output", "thumbnail", "project")
        .order_by("-queued_at")[:RENDERS_SHOWN_MAX]
    )


def render_facts(job: Job) -> dict[str, Any]:
    """One render as pages and the API see it: where it is now, and with which settings it was ordered."""
    output = job.output
    return job_message(job) | {
        "id": str(job.pk),
        "project": str(job.project_id) if job.project_id else None,
        "request": job.request,
        "queued_at": job.queued_at,
        "finished_at": job.finished_at,
        "duration_s": output.duration_s if output else None,
        "width_px": output.width_px if output else None,
        "height_px": output.height_px if output else None,
        "size_bytes": output.size_bytes if output else None,
        "warnings": _warnings(job),
    }


def _warnings(job: Job) -> list[dict[str, Any]]:
    """What was not as it could be, in sentences, where there are any."""
    told = [render_warning_in_words(str(warning)) for warning in job.result.get("warnings") or []]
    return [warning for warning in told if warning["sentence"]]


@dataclass(frozen=True)
class NewestRender:
    """What an overview shows of a project's newest render."""

    job_id: uuid.UUID
    state: str
    fraction: float
    output_id: uuid.UUID | None
    duration_s: float | None
    thumbnail_id: uuid.UUID | None


def newest_renders(user: User, project_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, NewestRender]:
    """project id → its newest render, in one query however many projects there are."""
    renders = Job.objects.filter(owner=user, kind__in=FREE_RENDERS, project__in=project_ids)
    newest = renders.values("project_id").annotate(newest=Max("queued_at")).values("newest")
    columns = ("project_id", "pk", "state", "fraction", "output_id", "output__duration_s", "thumbnail_id")
    rows = renders.filter(queued_at__in=newest).values_list(*columns)
    return {project_id: NewestRender(*facts) for project_id, *facts in rows}


def active_renders(user: User) -> QuerySet[Job]:
    return Job.objects.filter(owner=user, kind__in=FREE_RENDERS, state__in=ACTIVE_STATES)


def seconds_per_second(kind: str) -> float:
    """How many seconds one second of video of this kind took lately on this site's machines."""
    key = f"{_SPEED_KEY}:{kind}"
    known = cache.get(key)
    if known is not None:
        return float(known)
    done = Job.objects.filter(
        kind=kind,
        state=Job.State.SUCCEEDED,
        started_at__isnull=False,
        finished_at__isnull=False,
        output__duration_s__gt=0.5,
    ).order_by("-finished_at")
    rows = done.values_list("started_at", "finished_at", "output__duration_s")[:_SPEED_SAMPLES]
    speeds = [
        max((finished - started).total_seconds() - TYPICAL_OVERHEAD_S, 0.5) / duration_s
        for started, finished, duration_s in rows
    ]
    speed = statistics.median(speeds) if speeds else TYPICAL_SECONDS_PER_SECOND.get(Job.Kind(kind), TYPICAL_ELSE)
    cache.set(key, speed, _SPEED_KEEP_S)
    return speed
