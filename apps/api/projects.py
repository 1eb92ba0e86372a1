"""Projects: make, change, copy and delete them, and have them rendered."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Header, Query, Router, Status

from apps.api.preview_schemas import PreviewIn
from apps.api.schemas import JobOut, ProjectIn, ProjectOut, ProjectPatch, RenderOut, SubtitlesIn
from apps.api.throttles import AccountThrottle
from apps.jobs import trash
from apps.jobs.captions import captions_job
from apps.jobs.deletion import delete_jobs_of
from apps.jobs.history import render_facts, renders_of
from apps.jobs.models import Job
from apps.jobs.previews import preview_job
from apps.jobs.services import submit
from apps.jobs.tracks import track_job
from apps.projects import services
from apps.projects.lines import lines_of
from apps.projects.presentation import project_facts, projects_facts
from apps.projects.saved import use_any_presenter
from apps.projects.subtitles import as_srt, lines_from_subtitles

PAGE_SIZE_MAX = 100
KEY_MAX_CHARS = 255

router = Router(tags=["projects"])
read, write = AccountThrottle("read"), AccountThrottle("write")


@router.get("", response=list[ProjectOut], throttle=read, summary="List your projects, newest first")
def list_projects(
    request: HttpRequest,
    limit: Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> list[dict[str, Any]]:
    return projects_facts(services.projects_of(request.user)[offset : offset + limit])


@router.post("", response={201: ProjectOut}, throttle=write, summary="Make a project")
def create_project(request: HttpRequest, payload: ProjectIn) -> Status[Any]:
    return Status(201, project_facts(services.create_project(request.user, **payload.dict())))


@router.get("/{project_id}", response=ProjectOut, throttle=read, summary="Look at a project")
def get_project(request: HttpRequest, project_id: UUID) -> dict[str, Any]:
    return project_facts(services.get_project_for(request.user, project_id))


@router.patch("/{project_id}", response=ProjectOut, throttle=write, summary="Change a project")
def update_project(request: HttpRequest, project_id: UUID, payload: ProjectPatch) -> dict[str, Any]:
    """All changes are made, or none; none either when `version` is sent and the project has moved on since."""
    project = services.get_project_for(request.user, project_id)
    changes = payload.dict(exclude_unset=True)
    presenter, version = changes.pop("presenter", None), changes.pop("version", None)
    project = services.update_project(project, changes, version=version)
    return project_facts(use_any_presenter(project, presenter) if presenter else project)


@router.delete("/{project_id}", response={204: None}, throttle=write, summary="Delete a project")
def delete_project(request: HttpRequest, project_id: UUID) -> Status[None]:
    """The project, its renders and the files that no other project uses are gone for good."""
    project = services.get_project_for(request.user, project_id, in_trash=None)
    delete_jobs_of(project)
    services.delete_project(project)
    return Status(204, None)


@router.post("/{project_id}/trash", response={204: None}, throttle=write, summary="Put a project into the trash")
def trash_project(request: HttpRequest, project_id: UUID) -> Status[None]:
    """What is being made of it stops, and links to it show nothing. It can be restored for 30 days."""
    trash.put_in_trash(request.user, [services.get_project_for(request.user, project_id).pk])
    return Status(204, None)


@router.post("/{project_id}/restore", response=ProjectOut, throttle=write, summary="Take a project out of the trash")
def restore_project(request: HttpRequest, project_id: UUID) -> dict[str, Any]:
    trash.restore(request.user, [services.get_project_for(request.user, project_id, in_trash=True).pk])
    return project_facts(services.get_project_for(request.user, project_id))


@router.post("/{project_id}/duplicate", response={201: ProjectOut}, throttle=write, summary="Copy a project")
def duplicate_project(request: HttpRequest, project_id: UUID) -> Status[Any]:
    return Status(201, project_facts(services.duplicate(services.get_project_for(request.user, project_id))))


@router.put("/{project_id}/lines/subtitles", response=ProjectOut, throttle=write, summary="Make lines of subtitles")
def read_subtitles(request: HttpRequest, project_id: UUID, payload: SubtitlesIn) -> dict[str, Any]:
    """The subtitles become the dub's lines, instead of those before; the project's voice speaks them."""
    project = services.get_project_for(request.user, project_id)
    rows = lines_from_subtitles(payload.text, script_voice=project.script_voice)
    changes = {"voice_source": "lines", "lines": rows}
    return project_facts(services.update_project(project, changes, version=payload.version))


@router.get("/{project_id}/lines/subtitles", throttle=read, summary="Get the lines as subtitles")
def write_subtitles(request: HttpRequest, project_id: UUID) -> HttpResponse:
    """The lines that have words, as SubRip, to be proof-read before rendering."""
    project = services.get_project_for(request.user, project_id)
    headers = {"Content-Disposition": 'attachment; filename="lines.srt"'}
    return HttpResponse(as_srt(lines_of(project)), content_type="application/x-subrip; charset=utf-8", headers=headers)


@router.get("/{project_id}/renders", response=list[RenderOut], throttle=read, summary="List a project's renders")
def list_renders(request: HttpRequest, project_id: UUID) -> list[dict[str, Any]]:
    return [render_facts(job) for job in renders_of(services.get_project_for(request.user, project_id))]


@router.post(
    "/{project_id}/track", response={201: JobOut}, throttle=AccountThrottle("speech"), summary="Find the mouth track"
)
def find_track(request: HttpRequest, project_id: UUID) -> Status[Any]:
    """What the mouth does for the project's voice, as JSON: when the job is done, its `output_url` gives it.

    `result` has the words of a script with their times, what the voice or the words sound like (`emotion`), and for a
    script the spoken sound (`sound_asset`).
    """
    project = services.get_project_for(request.user, project_id)
    return Status(201, render_facts(track_job(request.user, project)))


@router.post(
    "/{project_id}/captions", response={201: JobOut}, throttle=AccountThrottle("speech"), summary="Find the captions"
)
def find_captions(request: HttpRequest, project_id: UUID) -> Status[Any]:
    """What is said when in the project's voice: when the job is done, `result` has it.

    `cues` as they come by themselves; `fitted`, the project's edited ones on this voice's times; `timing`: “exact” (of
    a script), “aligned” or “estimated” (of a transcript), or “draft”, where the words are guesses too.
    """
    project = services.get_project_for(request.user, project_id)
    return Status(201, render_facts(captions_job(request.user, project)))


@router.post(
    "/{project_id}/preview",
    response={201: RenderOut},
    throttle=AccountThrottle("preview"),
    summary="Preview a dub or a photo",
)
def preview_project(request: HttpRequest, project_id: UUID, payload: PreviewIn) -> Status[Any]:
    """Three seconds of a dub, or a frame of a talking photo, as it is saved now, marked like a free render and not
    counted among them. Of a frame, `output_url` is a JPEG, and `result` has its time (`at_s`), the video's `length_s`,
    and the `reason` of the hardest one: “open” (the mouth) or “turned”.

    Of a dub, when the job is done, `output_url` plays them and `result.excerpt` says which they are: `start_s` and
    `end_s` in the whole dub, `clip_start_s` in the clip, and for the hardest ones the `reason`: “turned”, “covered”,
    “moving”, “unseen” (the clip hardly shows such a mouth), or nothing that stands out.
    """
    project = services.get_project_for(request.user, project_id)
    return Status(201, render_facts(preview_job(request.user, project, payload.moment, payload.at_s)))


@router.post(
    "/{project_id}/render", response={201: RenderOut}, throttle=AccountThrottle("render"), summary="Render a project"
)
def render_project(
    request: HttpRequest,
    project_id: UUID,
    idempotency_key: Annotated[str | None, Header(alias="Idempotency-Key", max_length=KEY_MAX_CHARS)] = None,
) -> Status[Any]:
    """Orders a free render of the project as it is saved now. The same key gives the same render again."""
    project = services.get_project_for(request.user, project_id)
    order = services.render_request(project)
    job = submit(request.user, Job.Kind(project.kind), project=project, request=order, idempotency_key=idempotency_key)
    return Status(201, render_facts(job))
