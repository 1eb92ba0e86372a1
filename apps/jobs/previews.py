"""Previews before all of it is rendered: a few seconds of a dub, a frame of a talking photo. The old ones are thrown
away.
"""

from typing import Any

from apps.accounts.models import User
from apps.core.failures import SiteFailure
from apps.jobs.kept import kept_or_new
from apps.jobs.models import Job
from apps.projects.models import Project
from apps.projects.orders import render_request

FRAME_SHORT_SIDE_PX = 540  # large enough to judge a mouth by, and worked out in an instant
KEPT = 4  # of one project: the newest, so that looking at one after the other renders neither again


def preview_request(project: Project, moment: str, at_s: float | None = None) -> dict[str, Any]:
    """What rendering `moment` needs: of a dub three seconds, “first” or “hardest”, in the clip's own shape, beside
    which they are shown; of a talking photo the frame “at” that time, or the “hardest” one.

    Raises SiteFailure as `render_request`, and option_invalid for moments that there are not.
    """
    allowed = {Project.Kind.VIDEO_DUB: ("first", "hardest"), Project.Kind.TALKING_PHOTO: ("at", "hardest")}
    if moment not in allowed.get(Project.Kind(project.kind), ()) or (moment == "at") != (at_s is not None):
        reason = "dubs show “first” and “hardest”, talking photos “hardest”, and “at” with at_s; films have no previews"
        raise SiteFailure("option_invalid", option="moment", reason=reason)
    order = {**render_request(project), "film": project.kind}
    if project.kind == Project.Kind.VIDEO_DUB:
        return order | {"moment": moment, "aspect": "source"}
    return order | {"at_s": None if at_s is None else round(at_s, 2), "max_short_side_px": FRAME_SHORT_SIDE_PX}


def preview_job(user: User, project: Project, moment: str, at_s: float | None = None) -> Job:
    """The job that renders that moment of the project as it is now: the one that has or is at it, or a new one.

    Raises SiteFailure, as `preview_request` and `submit`.
    """
    return kept_or_new(user, project, Job.Kind.PREVIEW, preview_request(project, moment, at_s), kept=KEPT)
