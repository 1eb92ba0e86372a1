"""What can be done with projects: make, change, copy, delete, and write down what a render of one needs."""

import uuid
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404

from apps.accounts.models import User
from apps.brands.services import is_in_a_brand
from apps.core.failures import SiteFailure
from apps.projects import options, orders
from apps.projects.changes import apply_changes, clean_title
from apps.projects.films import shown_in
from apps.projects.lines import voices_of
from apps.projects.models import Project, SavedPresenter
from apps.projects.presenters import available_presenters, get_presenter, presenter_portrait
from apps.projects.voices import default_voice, find_voice
from apps.uploads.models import Asset
from apps.uploads.services import delete_asset

SAMPLE_SCRIPT = (
    "Hello! I am a still picture, and yet I can speak. "
    "Change these words, choose another voice, or record your own. Then press render, and I will say it."
)
_RELATED = ("portrait", "clip", "voice", "track", "music", "backdrop")


def create_project(user: User, *, title: str = "", kind: str = Project.Kind.TALKING_PHOTO) -> Project:
    """An empty project with sensible settings. Raises option_invalid for a kind that cannot be made."""
    if kind not in orders.ORDERS:
        raise SiteFailure("option_invalid", option="kind", reason=f"choose one of {', '.join(orders.ORDERS)}")
    return Project.objects.create(owner=user, kind=kind, title=clean_title(title), script_voice=default_voice())


def create_first_project(user: User) -> Project:
    """A newcomer's project: a presenter and a script are there, so that "Render" works at once."""
    project = Project.objects.create(
        owner=user, title="My first video", script=SAMPLE_SCRIPT, script_voice=default_voice()
    )
    presenters = available_presenters()
    return use_presenter(project, presenters[0].slug) if presenters else project


def get_project_for(user: User, project_id: object, *, in_trash: bool | None = False) -> Project:
    """The user's own project; Http404 for everybody else's, and for malformed ids.

    `in_trash`: whether it has to lie there, which no project does that can be worked on; None takes both.
    """
    try:
        wanted = uuid.UUID(str(project_id))
    except ValueError:
        raise Http404("no such project") from None
    project = Project.objects.select_related(*_RELATED).filter(pk=wanted, owner_id=user.pk).first()
    if project is None or in_trash is (project.trashed_at is None):
        raise Http404("no such project")
    return project


def projects_of(user: User) -> QuerySet[Project]:
    """The user's projects with their files, the one worked on last first; not those in the trash."""
    live = Project.objects.filter(owner_id=user.pk, trashed_at=None)
    return live.select_related(*_RELATED).order_by("-updated_at", "pk")


def duplicate(project: Project) -> Project:
    """A copy that can be changed freely; it shares the files, not the renders."""
    copy = Project.objects.get(pk=project.pk)
    copy.pk = uuid.uuid4()
    copy.version = 1
    copy.thumbnail = None  # it is of a render, and those stay where they are
    copy._state.adding = True
    copy.title = f"{project.title} (copy)"[: options.TITLE_MAX_CHARS] if project.title else ""
    copy.save(force_insert=True)
    return get_project_for(project.owner, copy.pk)


def delete_project(project: Project) -> None:
    """Delete the project, and its files unless another project uses them.

    Jobs are deleted with their files by who knows jobs, before this.
    """
    files = files_of(project)
    with transaction.atomic():
        project.delete()
        delete_unused(files)


def delete_unused(files: Sequence[Asset]) -> None:
    """Delete one owner's files that no project, no saved presenter and no brand uses."""
    projects = Project.objects.filter(owner_id=files[0].owner_id) if files else Project.objects.none()
    in_lines = voices_of(projects)
    in_films = shown_in(projects.filter(kind=Project.Kind.FILM))[1]
    for asset in files:
        in_use = reduce(or_, (Q(**{part: asset}) for part in _RELATED))
        is_kept = str(asset.pk) in {*in_lines, *in_films} or SavedPresenter.objects.filter(source=asset).exists()
        is_kept = is_kept or is_in_a_brand(asset)
        if not is_kept and not Project.objects.filter(in_use).exists():
            delete_asset(asset)


def files_of(project: Project) -> list[Asset]:
    """The files a project is made of."""
    files = [asset for part in _RELATED if (asset := getattr(project, part)) is not None]
    others = [*voices_of([project]).values(), *shown_in([project])[1].values()]
    return [*files, *(asset for asset in others if asset not in files)]


def use_presenter(project: Project, slug: str) -> Project:
    """Make a drawn presenter the project's portrait, with a voice that fits unless the creator has chosen one."""
    presenter = get_presenter(slug)
    changes: dict[str, Any] = {"portrait": str(presenter_portrait(project.owner, presenter).pk)}
    untouched = {"", default_voice(), *(other.voice for other in available_presenters())}
    if project.script_voice in untouched and find_voice(presenter.voice):
        changes["script_voice"] = presenter.voice
    return update_project(project, changes)


def update_project(project: Project, changes: Mapping[str, Any], *, version: int | None = None) -> Project:
    """Change some of a project's settings, all or none. `version`: the one that the changes were made to, if known.

    Raises SiteFailure (project_changed when somebody changed it since that version; what `apply_changes` raises), or
    Http404 for somebody else's file.
    """
    if not changes:
        return project
    with transaction.atomic():
        Project.objects.select_for_update().only("pk").get(pk=project.pk)
        project.refresh_from_db()  # what another tab changed meanwhile stays
        if version is not None and version != project.version:
            raise SiteFailure("project_changed", version=project.version)
        apply_changes(project, changes)
        project.version += 1
        project.save()
    return project


def render_request(project: Project) -> dict[str, Any]:
    """Everything a free render of the project depends on, as it is now. Raises SiteFailure when it cannot be made."""
    return orders.render_request(project)
