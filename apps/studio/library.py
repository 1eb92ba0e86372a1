"""The library's cards: one per project, with its newest render."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from apps.jobs.models import Job
from apps.projects.models import Project
from apps.projects.presentation import display_title
from apps.uploads.pictures import VIEWABLE_PICTURES, preview_of
from apps.uploads.services import signed_media_url

_STATE_WORDS = {
    Job.State.QUEUED: ("Waiting", "badge-info badge-live"),
    Job.State.RUNNING: ("Rendering", "badge-info badge-live"),
    Job.State.SUCCEEDED: ("Ready", "badge-good"),
    Job.State.FAILED: ("Failed", "badge-bad"),
    Job.State.CANCELLED: ("Stopped", ""),
}


@dataclass(frozen=True)
class Card:
    """What the library shows of a project. `job_id` is set while its newest render is in the making."""

    project: Project
    title: str
    picture_url: str | None
    video_url: str | None
    state_words: str
    state_class: str
    duration_s: float | None
    changed_at: datetime
    job_id: str | None
    fraction: float


def library_cards(projects: Iterable[Project], renders: Mapping[object, Job]) -> list[Card]:
    return [_card(project, renders.get(project.pk)) for project in projects]


def _card(project: Project, job: Job | None) -> Card:
    words, css_class = _STATE_WORDS[Job.State(job.state)] if job else ("Draft", "")
    output = job.output if job else None
    return Card(
        project=project,
        title=display_title(project),
        picture_url=_picture_url(project, job),
        video_url=signed_media_url(output) if output else None,
        state_words=words,
        state_class=css_class,
        duration_s=output.duration_s if output else None,
        changed_at=project.updated_at,
        job_id=str(job.pk) if job and not job.is_settled else None,
        fraction=job.fraction if job else 0.0,
    )


def _picture_url(project: Project, job: Job | None) -> str | None:
    """The render's poster where there is one, else the portrait, where browsers can show it."""
    if job is not None and job.thumbnail is not None:
        return signed_media_url(job.thumbnail)
    if project.portrait is None:
        return None
    preview = preview_of(project.portrait)
    if preview is not None:
        return signed_media_url(preview)
    return signed_media_url(project.portrait) if project.portrait.content_type in VIEWABLE_PICTURES else None
