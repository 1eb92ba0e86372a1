"""Things made of a finished render: its picture, and the words of its captions."""

from typing import Any

from apps.core.failures import SiteFailure
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
    """Find when each word of a render's script is heard. Raises render_not_ready, project_incomplete."""
    _finished(render)
    order = render.request
    if not order.get("script"):
        raise SiteFailure("project_incomplete", missing="a typed script")
    wanted: dict[str, Any] = {
        "voice_asset": None,
        "script": order["script"],
        "fps": order.get("fps", "25"),
        "fingerprint": f"render {render.pk}",
        "max_duration_s": order.get("max_duration_s", options.FREE_DURATION_MAX_S),
    }
    known = Job.objects.filter(owner_id=render.owner_id, kind=Job.Kind.TRACK, project=render.project, request=wanted)
    done = known.filter(state=Job.State.SUCCEEDED, output__isnull=False).select_related("output", "thumbnail").first()
    return done or submit(render.owner, Job.Kind.TRACK, project=render.project, request=wanted)


def _finished(render: Job) -> Any:
    if render.output is None or render.output.kind != "output" or render.state != Job.State.SUCCEEDED:
        raise SiteFailure("render_not_ready")
    return render.output
