"""Files: send one, look at it, delete it."""

from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import File, Form, Router, Status
from ninja.files import UploadedFile

from apps.api.schemas import AssetOut, AttestationIn
from apps.api.throttles import AccountThrottle
from apps.core.visitors import client_address
from apps.projects.presentation import asset_facts
from apps.trust.attestations import attest
from apps.uploads import services

router = Router(tags=["assets"])


@router.post(
    "", response={201: AssetOut}, throttle=AccountThrottle("upload"), summary="Send a portrait, a voice or a clip"
)
def send_asset(
    request: HttpRequest,
    kind: Form[Literal["portrait", "voice", "clip", "track", "music", "picture"]],
    file: File[UploadedFile],
    basis: Form[Literal["own", "consent", "licensed", "public_domain"] | None] = None,
) -> Status[Any]:
    """The file is stored and looked at; ask for it again until its state is “ready” or “refused”.

    With `basis` you state at once whose face or voice it is; see “State whose face or voice it is”.
    """
    asset = services.receive_upload(request.user, kind, file, file.name or "")
    if basis is not None:
        attest(asset, basis, address=client_address(request))
    return Status(201, asset_facts(asset))


@router.get("/{asset_id}", response=AssetOut, throttle=AccountThrottle("read"), summary="Look at a file")
def get_asset(request: HttpRequest, asset_id: UUID) -> dict[str, Any]:
    return asset_facts(services.get_asset_for(request.user, asset_id))


@router.post(
    "/{asset_id}/attestation",
    response={201: AssetOut},
    throttle=AccountThrottle("write"),
    summary="State whose face or voice it is",
)
def attest_asset(request: HttpRequest, asset_id: UUID, payload: AttestationIn) -> Status[Any]:
    """Needed once per portrait, clip and voice before a video is made of it. Kept with time, address and words."""
    asset = services.get_asset_for(request.user, asset_id)
    attest(asset, payload.basis, address=client_address(request))
    return Status(201, asset_facts(asset))


@router.delete("/{asset_id}", response={204: None}, throttle=AccountThrottle("write"), summary="Delete a file")
def delete_asset(request: HttpRequest, asset_id: UUID) -> Status[None]:
    """The file, and everything derived from it, are gone for good."""
    services.delete_asset(services.get_asset_for(request.user, asset_id))
    return Status(204, None)
