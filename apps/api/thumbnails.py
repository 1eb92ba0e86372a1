"""Thumbnails of finished videos: ask which moments are worth showing, and have one made into a picture."""

from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status
from pydantic import ConfigDict

from apps.api.schemas import JobOut, RenderOut
from apps.api.throttles import AccountThrottle
from apps.jobs import services, thumbnails
from apps.jobs.history import render_facts
from apps.projects.services import get_project_for

router = Router(tags=["thumbnails"])
projects_router = Router(tags=["thumbnails"])
read, write, work = AccountThrottle("read"), AccountThrottle("write"), AccountThrottle("speech")

Width = Literal[thumbnails.WIDTHS_PX]  # type: ignore[valid-type]


class ThumbnailIn(Schema):
    """One thumbnail. Words are drawn in any script; signs without a letter, like emoji, are left out."""

    model_config = ConfigDict(extra="forbid")
    at_s: float = Field(ge=0, le=3600, allow_inf_nan=False, description="The moment that is shown.")
    text: str = Field("", max_length=1000, description=f"A headline of at most {thumbnails.TEXT_MAX_CHARS} characters.")
    font: Literal[thumbnails.FONTS] = "display"  # type: ignore[valid-type]
    colour: Literal[thumbnails.COLOURS] = "white"  # type: ignore[valid-type]
    position: Literal[thumbnails.POSITIONS] = Field(  # type: ignore[valid-type]
        "auto", description="“auto”: above or below the face, wherever there is more room."
    )
    shape: Literal[thumbnails.SHAPES] = "source"  # type: ignore[valid-type]
    format: Literal[(*thumbnails.STILL_FORMATS, *thumbnails.MOVING_FORMATS)] = "jpeg"  # type: ignore[valid-type]
    length_s: float = Field(
        2.4,
        ge=thumbnails.LENGTH_MIN_S,
        le=thumbnails.LENGTH_MAX_S,
        allow_inf_nan=False,
        description="Of a moving one, around `at_s`; it plays forth and back.",
    )
    width_px: Width = Field(360, description="Of a moving one.")


class ThumbnailOut(RenderOut):
    """`output_url` shows it, `download_url` saves it; `request` says how it was wanted."""

    chosen: bool = Field(description="Whether the library shows it as its project's picture.")


@router.post("/{job_id}/moments", response={201: JobOut}, throttle=work, summary="Find moments for thumbnails")
def find_moments(request: HttpRequest, job_id: UUID) -> Status[Any]:
    """The sharp frames of a finished video with open eyes and a speaking mouth.

    When the job is done, `result.moments` are `at_s` and `score`, best first, and `output_url` shows them side by
    side in that order.
    """
    return Status(201, render_facts(thumbnails.order_proposals(services.get_job_for(request.user, job_id))))


@router.post("/{job_id}/thumbnail", response={201: ThumbnailOut}, throttle=work, summary="Make a thumbnail")
def make_thumbnail(request: HttpRequest, job_id: UUID, payload: ThumbnailIn) -> Status[Any]:
    """Of a free render it carries the render's marks; of a video that was exported clean it is clean, and free.

    A still one becomes the project's picture.
    """
    wish = thumbnails.Wish(**payload.dict())
    job = thumbnails.order_thumbnail(services.get_job_for(request.user, job_id), wish)
    return Status(201, thumbnails.thumbnail_facts(job))


@router.post("/{job_id}/choose", response=ThumbnailOut, throttle=write, summary="Choose a thumbnail")
def choose_thumbnail(request: HttpRequest, job_id: UUID) -> dict[str, Any]:
    """It becomes its project's picture in the library."""
    job = services.get_job_for(request.user, job_id)
    thumbnails.choose(job)
    return thumbnails.thumbnail_facts(job)


@projects_router.get(
    "/{project_id}/thumbnails", response=list[ThumbnailOut], throttle=read, summary="List a project's thumbnails"
)
def list_thumbnails(request: HttpRequest, project_id: UUID) -> list[dict[str, Any]]:
    """Delete one like any job: `DELETE /jobs/{id}`."""
    return thumbnails.thumbnails_of(get_project_for(request.user, project_id))
