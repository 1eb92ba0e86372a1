"""Private links to finished videos."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from ninja import Field, Router, Schema, Status
from pydantic import ConfigDict, StrictInt

from apps.api.throttles import AccountThrottle
from apps.jobs.services import get_job_for
from apps.shares import services
from apps.shares.models import Share

router = Router(tags=["jobs"])
read, write = AccountThrottle("read"), AccountThrottle("write")


class ShareIn(Schema):
    """How long a link is good for, from now on."""

    model_config = ConfigDict(extra="forbid")
    days: StrictInt = Field(7, description="1, 7 or 30.")


class ShareOut(Schema):
    """Both null while there is no link."""

    url: str | None
    expires_at: datetime | None


def _facts(request: HttpRequest, share: Share | None) -> dict[str, Any]:
    if share is None:
        return {"url": None, "expires_at": None}
    address = request.build_absolute_uri(reverse("shared", args=[share.token]))
    return {"url": address, "expires_at": share.expires_at}


@router.post("/{job_id}/share", response={201: ShareOut}, throttle=write, summary="Share a video by a private link")
def share_video(request: HttpRequest, job_id: UUID, payload: ShareIn) -> Status[Any]:
    """Whoever has the link may watch, without an account. The page says that the video was made with AI."""
    return Status(201, _facts(request, services.share(get_job_for(request.user, job_id), payload.days)))


@router.get("/{job_id}/share", response=ShareOut, throttle=read, summary="Look at a video's link")
def get_share(request: HttpRequest, job_id: UUID) -> dict[str, Any]:
    return _facts(request, services.share_of(get_job_for(request.user, job_id)))


@router.delete("/{job_id}/share", response={204: None}, throttle=write, summary="Take a link back")
def stop_sharing(request: HttpRequest, job_id: UUID) -> Status[None]:
    """The address stops working at once, and for good."""
    services.stop_sharing(get_job_for(request.user, job_id))
    return Status(204, None)
