"""Presenters that creators save: somebody to start videos from again, with the voice and the manner chosen for them.

A saved presenter holds the very file it was made from, so what was stated about that file counts in every new video.
"""

import uuid
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404

from apps.accounts.models import User
from apps.core.failures import SiteFailure
from apps.projects import options
from apps.projects.models import Project, SavedPresenter
from apps.projects.services import delete_unused, update_project, use_presenter
from apps.projects.voices import available_voices, find_voice
from apps.trust.attestations import require_attested
from apps.uploads.models import Asset
from apps.uploads.pictures import VIEWABLE_PICTURES, previews_of

SAVED_MAX = 50
NAME_MAX_CHARS = 60
_MANNER = ("style", "emotion", "intensity", *options.LIFE, "keep_background", "strength", "adapt")


def save_presenter(project: Project, name: str) -> SavedPresenter:
    """Keep who speaks in a project, and how.

    Raises SiteFailure: option_invalid (no name, too many), project_incomplete, asset_not_ready, attestation_missing.
    """
    is_dub = project.kind == Project.Kind.VIDEO_DUB
    source = project.clip if is_dub else project.portrait
    if source is None:
        raise SiteFailure("project_incomplete", missing="a clip" if is_dub else "a portrait")
    if source.state != Asset.State.READY:
        raise SiteFailure("asset_not_ready")
    require_attested([source])
    cleaned = _clean_name(name)
    with transaction.atomic():
        User.objects.select_for_update().only("pk").get(pk=project.owner_id)
        if SavedPresenter.objects.filter(owner_id=project.owner_id).count() >= SAVED_MAX:
            reason = f"you can keep {SAVED_MAX}; remove one first"
            raise SiteFailure("option_invalid", option="presenter", reason=reason)
        return SavedPresenter.objects.create(
            owner_id=project.owner_id,
            kind=project.kind,
            name=cleaned,
            source=source,
            face_index=project.face_index,
            script_voice=project.script_voice,
            script_rate=project.script_rate,
            script_pitch=project.script_pitch,
            options={key: value for key, value in project.options.items() if key in _MANNER},
        )


def saved_presenters(user: User, kind: str | None = None) -> QuerySet[SavedPresenter]:
    """The user's own presenters, the newest first."""
    mine = SavedPresenter.objects.filter(owner_id=user.pk).select_related("source").order_by("-created_at", "pk")
    return mine if kind is None else mine.filter(kind=kind)


def get_saved_for(user: User, presenter_id: object) -> SavedPresenter:
    """The user's own one; Http404 for everybody else's, and for malformed ids."""
    try:
        found = saved_presenters(user).filter(pk=uuid.UUID(str(presenter_id))).first()
    except ValueError:
        found = None
    if found is None:
        raise Http404("no such presenter")
    return found


def use_saved(project: Project, saved: SavedPresenter) -> Project:
    """Let a saved presenter speak in a project: the file, the face, the voice and the manner."""
    if project.kind != saved.kind:
        raise SiteFailure("option_invalid", option="presenter", reason="it was saved from another kind of video")
    known = options.settings_of(project.kind)
    changes: dict[str, Any] = {name: known[name].default for name in _MANNER if name in known}
    changes |= {name: value for name, value in saved.options.items() if name in changes}
    changes |= {"script_rate": saved.script_rate, "script_pitch": saved.script_pitch}
    if saved.script_voice and (not available_voices() or find_voice(saved.script_voice)):
        changes["script_voice"] = saved.script_voice
    source = "clip" if saved.kind == Project.Kind.VIDEO_DUB else "portrait"
    project = update_project(project, {**changes, source: str(saved.source_id)})
    return update_project(project, {"face_index": saved.face_index})


def use_any_presenter(project: Project, name: str) -> Project:
    """Let a drawn presenter speak, told by name, or a saved one, told by id. Http404 when there is neither."""
    try:
        uuid.UUID(name)
    except ValueError:
        return use_presenter(project, name)
    return use_saved(project, get_saved_for(project.owner, name))


def rename_saved(saved: SavedPresenter, name: str) -> SavedPresenter:
    """Raises option_invalid without a name."""
    saved.name = _clean_name(name)
    saved.save(update_fields=["name"])
    return saved


def delete_saved(saved: SavedPresenter) -> None:
    """Forget a presenter, and delete its file unless a video uses it."""
    source = saved.source
    with transaction.atomic():
        saved.delete()
        delete_unused([source])


def saved_facts(presenters: list[SavedPresenter]) -> list[dict[str, Any]]:
    """As pages and the API see them; `picture_id` is the file that shows them, None where there is none yet."""
    previews = previews_of([saved.source_id for saved in presenters])

    def picture_of(saved: SavedPresenter) -> uuid.UUID | None:
        shown_itself = saved.source_id if saved.source.content_type in VIEWABLE_PICTURES else None
        return previews.get(saved.source_id, shown_itself)

    return [
        {
            "id": str(saved.pk),
            "name": saved.name,
            "kind": saved.kind,
            "source": str(saved.source_id),
            "script_voice": saved.script_voice,
            "picture_id": picture_of(saved),
            "created_at": saved.created_at,
        }
        for saved in presenters
    ]


def _clean_name(name: str) -> str:
    cleaned = " ".join("".join(char for char in name if char.isprintable() or char.isspace()).split())
    if not cleaned or len(cleaned) > NAME_MAX_CHARS:
        reason = f"give it a name of at most {NAME_MAX_CHARS} characters"
        raise SiteFailure("option_invalid", option="name", reason=reason)
    return cleaned
