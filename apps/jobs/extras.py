"""Things made of a finished render: its picture, and the words of its captions."""

from typing import Any

from apps.core.failures import SiteFailure
from apps.jobs.captions import captions_job_for
from apps.jobs.models import Job
from apps.jobs.services import submit
from apps.projects import options


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
    order = render.request
    if not order.get("script") and not order.get("caption_text"):
        return None
    return {
        "voice_asset": order.get("voice_asset"),
        **({"voice_care": order["voice_care"]} if order.get("voice_care") else {}),
        "script": order.get("script"),
        "fps": order.get("fps", "25"),
        "film": order.get("film", render.kind),
        "caption_text": order.get("caption_text"),
        "max_duration_s": order.get("max_duration_s", options.FREE_DURATION_MAX_S),
    }


def _finished(render: Job) -> Any:
    if render.output is None or render.output.kind != "output" or render.state != Job.State.SUCCEEDED:
        raise SiteFailure("render_not_ready")
    return render.output
