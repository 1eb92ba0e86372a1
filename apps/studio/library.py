"""The library's cards: one per project, with its newest render.

The page people open most: it reads only the columns it shows, in as many queries for a hundred projects as for one.
"""

import functools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models.functions import Left
from django.urls import reverse

from apps.accounts.models import User
from apps.credits.services import has_ever_bought
from apps.jobs.history import NewestRender, newest_renders
from apps.jobs.models import Job
from apps.jobs.trash import days_left
from apps.projects.models import Project
from apps.projects.presentation import TITLE_SCRIPT_CHARS, title_of
from apps.projects.saved import saved_facts, saved_presenters
from apps.studio.finding import Wanted, projects_wanted
from apps.uploads.limits import used_bytes
from apps.uploads.pictures import VIEWABLE_PICTURES, is_hard_to_show, previews_of

CARDS_PER_PAGE = 24
_PORTRAIT_COLUMNS = ("portrait__content_type", "portrait__width_px", "portrait__height_px", "clip_id", "kind")
_COLUMNS = (
    "pk",
    "title",
    "updated_at",
    "folder",
    "thumbnail_id",
    "trashed_at",
    "script_start",
    "clip__original_name",
    "portrait_id",
    *_PORTRAIT_COLUMNS,
)
_STATE_WORDS = {
    Job.State.QUEUED: ("Waiting", "badge-info badge-live"),
    Job.State.RUNNING: ("Rendering", "badge-info badge-live"),
    Job.State.SUCCEEDED: ("Ready", "badge-good"),
    Job.State.FAILED: ("Failed", "badge-bad"),
    Job.State.CANCELLED: ("Stopped", ""),
}


@dataclass(frozen=True)
class Card:
    """What the library shows of a project. `job_id` is set while its newest render is in the making.

    `days_left`: how long it stays in the trash yet; None while it does not lie there.
    """

    project_id: uuid.UUID
    address: str
    title: str
    picture_url: str | None
    video_url: str | None
    state_words: str
    state_class: str
    duration_s: float | None
    changed_at: datetime
    job_id: uuid.UUID | None
    fraction: float
    is_dub: bool
    is_film: bool
    folder: str
    days_left: int | None
    is_thumbnail: bool  # the picture is a thumbnail: all of it is shown, words and all


@dataclass(frozen=True)
class Storage:
    """How much of what an account may store is in use."""

    used: int
    limit: int

    @property
    def fraction(self) -> float:
        return min(1.0, self.used / self.limit) if self.limit else 1.0

    @property
    def is_nearly_full(self) -> bool:
        return self.fraction > 0.9


def storage_of(user: User) -> Storage:
    most = settings.QUOTA_BYTES
    if most < settings.BUYER_QUOTA_BYTES and has_ever_bought(user):
        most = settings.BUYER_QUOTA_BYTES
    return Storage(used=used_bytes(user), limit=most)


def library_page(user: User, wanted: Wanted, number: str | None) -> tuple[Page, list[Card]]:
    """One page of what is asked for of the user's projects, and its cards."""
    rows = projects_wanted(user, wanted).annotate(script_start=Left("script", TITLE_SCRIPT_CHARS)).values(*_COLUMNS)
    page = Paginator(rows, CARDS_PER_PAGE).get_page(number)
    projects: list[dict[str, Any]] = list(page.object_list)
    renders = newest_renders(user, [project["pk"] for project in projects])
    hard = [_source_id(project) for project in projects if _is_hard_to_show(project)]
    previews = previews_of([source_id for source_id in hard if source_id])
    bare = [one["pk"] for one in projects if one["kind"] == Project.Kind.FILM and one["pk"] not in renders]
    first_scenes = _pictures_of_films(user, bare)
    return page, [_card(project, renders.get(project["pk"]), previews | first_scenes) for project in projects]


def _pictures_of_films(user: User, films: Sequence[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """film → the picture of its first scene's own video; for films that were never rendered."""
    if not films:
        return {}
    rows = Project.objects.filter(pk__in=films, owner_id=user.pk).values_list("pk", "options__scenes__0__project")
    shown = {film: uuid.UUID(scene) for film, scene in rows if scene}
    renders = newest_renders(user, list(shown.values()))
    found = {film: renders[scene].thumbnail_id for film, scene in shown.items() if scene in renders}
    return {film: picture for film, picture in found.items() if picture is not None}


def _card(project: dict[str, Any], render: NewestRender | None, previews: dict[uuid.UUID, uuid.UUID]) -> Card:
    words, css_class = _STATE_WORDS[Job.State(render.state)] if render else ("Draft", "")
    picture = project["thumbnail_id"] or (render and render.thumbnail_id) or _portrait(project, previews)
    return Card(
        project_id=project["pk"],
        address=_address("studio", project["pk"]),
        title=title_of(
            project["title"],
            project["script_start"],
            kind=project["kind"],
            clip_name=(project["kind"] == Project.Kind.VIDEO_DUB and project["clip__original_name"]) or "",
        ),
        picture_url=_address("media", picture) if picture else None,
        video_url=_address("media", render.output_id) if render and render.output_id else None,
        state_words=words,
        state_class=css_class,
        duration_s=render.duration_s if render else None,
        changed_at=project["updated_at"],
        job_id=render.job_id if render and render.state in (Job.State.QUEUED, Job.State.RUNNING) else None,
        fraction=render.fraction if render else 0.0,
        is_dub=project["kind"] == Project.Kind.VIDEO_DUB,
        is_film=project["kind"] == Project.Kind.FILM,
        folder=project["folder"],
        days_left=days_left(project["trashed_at"]) if project["trashed_at"] else None,
        is_thumbnail=project["thumbnail_id"] is not None,
    )


def own_presenters(user: User, kind: str | None = None) -> list[dict[str, Any]]:
    """The user's own presenters with the address of their picture."""
    facts = saved_facts(list(saved_presenters(user, kind)))
    return [one | {"picture_url": one["picture_id"] and _address("media", one["picture_id"])} for one in facts]


def _portrait(project: dict[str, Any], previews: dict[uuid.UUID, uuid.UUID]) -> uuid.UUID | None:
    """What shows the portrait or the clip where browsers can show it: its preview, or the portrait itself; of a film
    its first scene.
    """
    if project["kind"] == Project.Kind.FILM:
        return previews.get(project["pk"])
    if project["kind"] == Project.Kind.VIDEO_DUB:
        return previews.get(project["clip_id"])
    portrait_id = project["portrait_id"]
    shown_itself = portrait_id if project["portrait__content_type"] in VIEWABLE_PICTURES else None
    return previews.get(portrait_id, shown_itself)


def _source_id(project: dict[str, Any]) -> uuid.UUID | None:
    return project["clip_id"] if project["kind"] == Project.Kind.VIDEO_DUB else project["portrait_id"]


def _is_hard_to_show(project: dict[str, Any]) -> bool:
    if project["kind"] == Project.Kind.VIDEO_DUB:
        return project["clip_id"] is not None
    if project["portrait_id"] is None:
        return False
    pixels = (project["portrait__width_px"] or 0) * (project["portrait__height_px"] or 0)
    return is_hard_to_show(project["portrait__content_type"], pixels)


def _address(name: str, key: uuid.UUID) -> str:
    """The address of one thing. To a file it is a plain one: the owner's session opens it, for as long as it lasts."""
    before, after = _around_id(name)
    return f"{before}{key}{after}"


@functools.cache
def _around_id(name: str) -> tuple[str, str]:
    """An address before and after its id; resolving each one anew costs more than all the rest of a card."""
    nothing = uuid.UUID(int=0)
    before, _, after = reverse(name, args=[nothing]).partition(str(nothing))
    return before, after
