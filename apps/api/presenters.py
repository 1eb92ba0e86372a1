"""Presenters of one's own: save who speaks in a project, and let them speak in others."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status
from pydantic import ConfigDict

from apps.api.throttles import AccountThrottle
from apps.projects import saved
from apps.projects.services import get_project_for

router = Router(tags=["presenters"])
read, write = AccountThrottle("read"), AccountThrottle("write")


class PresenterIn(Schema):
    """Who speaks in this project, with the voice and the manner it has now."""

    model_config = ConfigDict(extra="forbid")
    project: UUID
    name: str = Field(max_length=saved.NAME_MAX_CHARS)


class PresenterRename(Schema):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=saved.NAME_MAX_CHARS)


class PresenterOut(Schema):
    id: UUID
    name: str
    kind: str = Field(description="The kind of project they can speak in.")
    source: UUID = Field(description="Their portrait or clip.")
    script_voice: str
    created_at: datetime


def _facts(presenter: saved.SavedPresenter) -> dict[str, Any]:
    return saved.saved_facts([presenter])[0]


@router.get("", response=list[PresenterOut], throttle=read, summary="List your presenters")
def list_presenters(request: HttpRequest) -> list[dict[str, Any]]:
    """Set one as a project's `presenter` by its id."""
    return saved.saved_facts(list(saved.saved_presenters(request.user)))


@router.post("", response={201: PresenterOut}, throttle=write, summary="Save a presenter")
def save_presenter(request: HttpRequest, payload: PresenterIn) -> Status[Any]:
    """What was stated about the portrait or clip counts wherever the presenter speaks."""
    project = get_project_for(request.user, payload.project)
    return Status(201, _facts(saved.save_presenter(project, payload.name)))


@router.patch("/{presenter_id}", response=PresenterOut, throttle=write, summary="Rename a presenter")
def rename_presenter(request: HttpRequest, presenter_id: UUID, payload: PresenterRename) -> dict[str, Any]:
    return _facts(saved.rename_saved(saved.get_saved_for(request.user, presenter_id), payload.name))


@router.delete("/{presenter_id}", response={204: None}, throttle=write, summary="Remove a presenter")
def delete_presenter(request: HttpRequest, presenter_id: UUID) -> Status[None]:
    """Videos they speak in stay as they are; the portrait or clip is deleted when nothing else uses it."""
    saved.delete_saved(saved.get_saved_for(request.user, presenter_id))
    return Status(204, None)
