"""Files: send one, look at it, delete it."""

from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import File, Form, Router, Status
from ninja.files import UploadedFile

from apps.api.schemas import AssetOut
from apps.api.throttles import AccountThrottle
from apps.projects.presentation import asset_facts
from apps.uploads import services

router = Router(tags=["assets"])


@router.post("", response={201: AssetOut}, throttle=AccountThrottle("upload"), summary="Send a portrait or a voice")
def send_asset(
    request: HttpRequest,
    kind: Form[Literal["portrait", "voice"]],
    file: File[UploadedFile],
) -> Status[Any]:
    """The file is stored and looked at; ask for it again until its state is “ready” or “refused”."""
    asset = services.receive_upload(request.user, kind, file, file.name or "")
    return Status(201, asset_facts(asset))


@router.get("/{asset_id}", response=AssetOut, throttle=AccountThrottle("read"), summary="Look at a file")
def get_asset(request: HttpRequest, asset_id: UUID) -> dict[str, Any]:
    return asset_facts(services.get_asset_for(request.user, asset_id))


@router.delete("/{asset_id}", response={204: None}, throttle=AccountThrottle("write"), summary="Delete a file")
def delete_asset(request: HttpRequest, asset_id: UUID) -> Status[None]:
    """The file, and everything derived from it, are gone for good."""
    services.delete_asset(services.get_asset_for(request.user, asset_id))
    return Status(204, None)
