"""Thumbnails of finished videos: moments are proposed, and pictures made of one; the newest is the project's own.

Of a free render they carry its marks. Of one that was exported clean they are made of that export, free of charge.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.dispatch import receiver

from apps.core.failures import SiteFailure
from apps.jobs.deletion import delete_job
from apps.jobs.exports import EXPORTABLE, content_key
from apps.jobs.history import render_facts
from apps.jobs.models import Job
from apps.jobs.services import ACTIVE_STATES, submit
from apps.jobs.signals import job_settled
from apps.projects.models import Project
from apps.projects.presentation import display_title
from apps.uploads.models import Asset
from apps.uploads.services import signed_media_url

PROPOSE, MAKE = "propose", "make"  # what a job of this kind does: `request["do"]`
TEXT_MAX_CHARS = 120
FONTS = ("display", "clean")
COLOURS = ("white", "yellow", "coral", "mint", "black")
POSITIONS = ("auto", "top", "middle", "bottom")
SHAPES = ("source", "16:9", "9:16", "1:1", "4:5")
STILL_FORMATS, MOVING_FORMATS = ("jpeg", "png", "webp"), ("moving_webp", "gif")
LENGTH_MIN_S, LENGTH_MAX_S = 0.6, 6.0
WIDTHS_PX = (240, 360, 480)
KEPT = 24  # of one project; the oldest make room
_ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/gif": ".gif"}


@dataclass(frozen=True)
class Wish:
    """A thumbnail as it is wanted. `length_s`, `width_px`: of a moving one."""

    at_s: float
    text: str = ""
    font: str = "display"
    colour: str = "white"
    position: str = "auto"
    shape: str = "source"
    format: str = "jpeg"
    length_s: float = 2.4
    width_px: int = 360

    @property
    def is_moving(self) -> bool:
        return self.format in MOVING_FORMATS


def order_proposals(render: Job) -> Job:
    """The job that looks for a video's best moments: the one that has or is at it, or a new one.

    Raises SiteFailure: render_not_ready, and as `submit`.
    """
    order = {"do": PROPOSE, "video_asset": str(_video(clean_of(render) or render).pk), "render": str(render.pk)}
    earlier = _thumbnail_jobs(render).filter(request=order).order_by("-queued_at")
    for job in earlier.select_related("output", "thumbnail", "project", "hold", "quote"):
        is_good = not job.is_settled or job.output is not None
        if is_good and job.cancel_requested_at is None:
            return job
    return submit(render.owner, Job.Kind.THUMBNAIL, project=render.project, request=order)


def order_thumbnail(render: Job, wish: Wish) -> Job:
    """Have a thumbnail made of a finished video. Raises SiteFailure: render_not_ready, option_invalid, as `submit`."""
    _video(render)
    source = clean_of(render) or render
    video = _video(source)
    _check(wish, video.duration_s)
    order: dict[str, Any] = {
        "do": MAKE,
        "video_asset": str(video.pk),
        "render": str(render.pk),
        "render_id": source.result.get("render_id"),
        "at_s": round(wish.at_s, 3),
        "text": " ".join(wish.text.split()),
        "font": wish.font,
        "colour": wish.colour,
        "position": wish.position,
        "shape": wish.shape,
        "format": wish.format,
        "marked": source.kind != Job.Kind.EXPORT,
        "label_corner": source.request.get("label_corner"),
    }
    if wish.is_moving:
        order |= {"length_s": round(wish.length_s, 2), "width_px": wish.width_px}
    _make_room(render)
    return submit(render.owner, Job.Kind.THUMBNAIL, project=render.project, request=order)


def thumbnails_of(project: Project) -> list[dict[str, Any]]:
    """The thumbnails that were made for a project, newest first, and those in the making."""
    jobs = _made(project).filter(Q(output__isnull=False) | Q(state__in=ACTIVE_STATES))
    jobs = jobs.select_related("output", "thumbnail", "project", "hold", "quote")
    return [thumbnail_facts(job) for job in jobs[:KEPT]]


def thumbnail_facts(job: Job) -> dict[str, Any]:
    """One thumbnail: a job like any other, with a name to save it under. `chosen`: it is its project's picture."""
    facts = render_facts(job) | {"chosen": False}
    if job.output is None or job.project is None:
        return facts
    name = f"{display_title(job.project)}{_ENDINGS.get(job.output.content_type, '')}"
    return facts | {
        "download_url": signed_media_url(job.output, download_name=name),
        "chosen": job.project.thumbnail_id == job.output_id,
    }


def choose(job: Job) -> None:
    """Let a still thumbnail be its project's picture. Raises render_not_ready, option_invalid for a moving one."""
    is_made = job.kind == Job.Kind.THUMBNAIL and job.request.get("do") == MAKE and job.output is not None
    if not is_made or job.project is None:
        raise SiteFailure("render_not_ready")
    if job.request["format"] not in STILL_FORMATS:
        reason = "the picture of a project does not move; choose a JPEG, PNG or WebP"
        raise SiteFailure("option_invalid", option="thumbnail", reason=reason)
    Project.objects.filter(pk=job.project_id).update(thumbnail=job.output)
    job.project.thumbnail = job.output


def clean_of(render: Job) -> Job | None:
    """The newest clean export of what a free render shows, in its own shape where there is one; None without any."""
    if render.kind == Job.Kind.EXPORT or render.project is None or render.project.kind not in EXPORTABLE:
        return None
    key = content_key(EXPORTABLE[render.project.kind].work, render.request)
    exports = Job.objects.filter(
        owner_id=render.owner_id,
        project_id=render.project_id,
        kind=Job.Kind.EXPORT,
        state=Job.State.SUCCEEDED,
        quote__content_key=key,
        output__isnull=False,
    )
    found = list(exports.select_related("output").order_by("-queued_at"))
    same_shape = [one for one in found if one.request.get("aspect") == render.request.get("aspect")]
    return next(iter(same_shape or found), None)


@receiver(job_settled)
def take_as_picture(*, job: Job, **_: Any) -> None:
    """A new still thumbnail is its project's picture, until another is chosen."""
    if job.kind == Job.Kind.THUMBNAIL and job.output is not None and job.request.get("format") in STILL_FORMATS:
        Project.objects.filter(pk=job.project_id).update(thumbnail=job.output)


def _video(render: Job) -> Asset:
    if render.output is None or render.output.kind != Asset.Kind.OUTPUT or render.state != Job.State.SUCCEEDED:
        raise SiteFailure("render_not_ready")
    return render.output


def _thumbnail_jobs(render: Job) -> QuerySet[Job]:
    return Job.objects.filter(owner_id=render.owner_id, project_id=render.project_id, kind=Job.Kind.THUMBNAIL)


def _made(project: Project) -> QuerySet[Job]:
    return Job.objects.filter(project=project, kind=Job.Kind.THUMBNAIL, request__do=MAKE).order_by("-queued_at")


def _make_room(render: Job) -> None:
    """Delete the oldest thumbnails of a project above the number that is kept, never its picture."""
    if render.project is None:
        return
    for job in _made(render.project).select_related("output", "thumbnail")[KEPT - 1 :]:
        if job.is_settled and (job.output_id is None or job.output_id != render.project.thumbnail_id):
            delete_job(job)


def _check(wish: Wish, duration_s: float | None) -> None:
    choices = {"font": FONTS, "colour": COLOURS, "position": POSITIONS, "shape": SHAPES}
    for option, allowed in (choices | {"format": (*STILL_FORMATS, *MOVING_FORMATS)}).items():
        if getattr(wish, option) not in allowed:
            _refuse(option, f"choose one of {', '.join(allowed)}")
    if len(" ".join(wish.text.split())) > TEXT_MAX_CHARS:
        _refuse("text", f"a thumbnail has room for {TEXT_MAX_CHARS} characters")
    if duration_s is not None and not 0 <= wish.at_s <= duration_s:
        _refuse("at_s", f"the video ends at {duration_s:.2f} s")
    if wish.is_moving and not LENGTH_MIN_S <= wish.length_s <= LENGTH_MAX_S:
        _refuse("length_s", f"choose between {LENGTH_MIN_S} and {LENGTH_MAX_S:g} seconds")
    if wish.is_moving and wish.width_px not in WIDTHS_PX:
        _refuse("width_px", f"choose one of {', '.join(map(str, WIDTHS_PX))}")


def _refuse(option: str, reason: str) -> None:
    raise SiteFailure("option_invalid", option=option, reason=reason)
