"""Things made of a finished render: its picture, and the words of its captions."""

from collections.abc import Mapping
from typing import Any

from apps.core.failures import SiteFailure
from apps.jobs.captions import captions_job_for
from apps.jobs.models import Job
from apps.jobs.services import submit
from apps.projects import options
from apps.projects.films import scene_starts_s


def order_still(render: Job, at_s: float) -> Job:
    """Have the frame at `at_s` become the render's picture. Raises render_not_ready, option_invalid."""
    video = _finished(render)
    if video.duration_s is not None and at_s > video.duration_s:
        reason = f"the video ends at {video.duration_s:.2f} s"
        raise SiteFailure("option_invalid", option="at_s", reason=reason)
    order = {"video_asset": str(video.pk), "at_s": round(at_s, 3), "render": str(render.pk)}
    order["render_id"] = render.result.get("render_id")
    return submit(render.owner, Job.Kind.STILL, project=render.project, request=order)


def order_words(render: Job) -> Job:
    """Find what is said when in a render: its script's words, its recording's transcript, or its edited captions.

    Raises render_not_ready, project_incomplete.
    """
    _finished(render)
    wanted = words_request(render)
    if wanted is None:
        raise SiteFailure("project_incomplete", missing="a typed script, or what is said in the recording")
    return captions_job_for(render.owner, render.project, wanted)


def words_request(render: Job) -> dict[str, Any] | None:
    """What finding the words of a render needs; None when nobody has said what is spoken."""
    if render.request.get("scenes"):
        return _words_of_scenes(render)
    return _words_of_order(render.request, str(render.request.get("film", render.kind)))


def _words_of_scenes(film: Job) -> dict[str, Any] | None:
    """The words of each scene that has some, and where it lies in the film, not counting the card before it."""
    rows, lengths_s = film.request["scenes"], film.result.get("scene_lengths_s") or []
    if len(rows) != len(lengths_s):
        return None
    starts_s = scene_starts_s(lengths_s, [float(row.get("fade_s") or 0.0) for row in rows])
    scenes = []
    for row, at_s, shown_s in zip(rows, starts_s, lengths_s, strict=True):
        words = _words_of_order(row["order"], str(row["film"])) if row.get("order") else None
        if words is not None:
            place = {"at_s": round(at_s, 3), "from_s": float(row.get("start_s") or 0.0), "shown_s": shown_s}
            scenes.append({**place, "words": words})
    return {"scenes": scenes} if scenes else None


def _words_of_order(order: Mapping[str, Any], film: str) -> dict[str, Any] | None:
    if not order.get("script") and not order.get("caption_text"):
        return None
    return {
        "voice_asset": order.get("voice_asset"),
        **({"voice_care": order["voice_care"]} if order.get("voice_care") else {}),
        "script": order.get("script"),
        "fps": order.get("fps", "25"),
        "film": film,
        "caption_text": order.get("caption_text"),
        "max_duration_s": order.get("max_duration_s", options.FREE_DURATION_MAX_S),
    }


def _finished(render: Job) -> Any:
    if render.output is None or render.output.kind != "output" or render.state != Job.State.SUCCEEDED:
        raise SiteFailure("render_not_ready")
    return render.output
