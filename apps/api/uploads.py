"""Uploads in pieces, by the open protocol tus 1.0 (https://tus.io/protocols/resumable-upload): core, creation,
expiration, termination. What `POST /assets` takes in one request, this takes in as many as the connection needs.
"""

import base64
import binascii
from collections.abc import Callable
from datetime import UTC
from functools import wraps
from typing import Any, Literal, cast, get_args
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import http_date
from ninja import Router

from apps.api.problems import problem
from apps.api.throttles import AccountThrottle
from apps.core.failures import SiteFailure
from apps.core.visitors import client_address
from apps.trust.attestations import attest
from apps.trust.statements import NEEDED_FOR
from apps.uploads import resumable
from apps.uploads.limits import max_upload_bytes
from apps.uploads.models import Asset, Upload

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,termination"
CONTENT_TYPE = "application/offset+octet-stream"
METADATA_CHARS_MAX = 4096
Basis = Literal["own", "consent", "licensed", "public_domain"]

router = Router(tags=["uploads"])
Answer = Callable[..., HttpResponse]


def speaks_tus(answer: Answer) -> Answer:
    """Refuses other versions of the protocol, and names ours on every answer, refusals included."""

    @wraps(answer)
    def checked(request: HttpRequest, **parts: Any) -> HttpResponse:
        try:
            if request.method != "OPTIONS" and request.headers.get("Tus-Resumable") != VERSION:
                raise SiteFailure("tus_version_wrong")
            response = answer(request, **parts)
        except SiteFailure as failure:
            response = problem(failure.code, failure.detail)
            if failure.code == "tus_version_wrong":
                response["Tus-Version"] = VERSION
        except Http404:
            response = problem("not_found")
        response["Tus-Resumable"] = VERSION
        response["Cache-Control"] = "no-store"
        return response

    return checked


@router.api_operation(["OPTIONS"], "", throttle=AccountThrottle("read"), summary="Ask what uploads may be")
@speaks_tus
def tus_options(request: HttpRequest) -> HttpResponse:
    """Tus-Max-Size is the account's own limit for one file."""
    response = HttpResponse(status=204)
    response["Tus-Version"] = VERSION
    response["Tus-Extension"] = EXTENSIONS
    response["Tus-Max-Size"] = str(max_upload_bytes(cast(Any, request.user)))
    return response


@router.post("", response={201: None}, throttle=AccountThrottle("upload"), summary="Begin an upload in pieces")
@speaks_tus
def begin_upload(request: HttpRequest) -> HttpResponse:
    """Upload-Length says how many bytes will come. Upload-Metadata has `kind` (as of “Send a portrait, a voice or a
    clip”), `filename`, and perhaps `basis`, their values in Base64. Location is where the pieces go; what is sent there
    is kept for six hours after its last piece.
    """
    told = _metadata(request.headers.get("Upload-Metadata", ""))
    kind, basis = told.get("kind", ""), told.get("basis", "")
    if basis not in ("", *get_args(Basis)):
        raise SiteFailure("option_invalid", option="basis", reason=f"it has to be one of {', '.join(get_args(Basis))}")
    if basis and kind not in NEEDED_FOR:
        raise SiteFailure("option_invalid", option="basis", reason="nothing has to be stated about a file of that kind")
    upload = resumable.begin(
        cast(Any, request.user),
        kind,
        told.get("filename", ""),
        _whole_number(request, "Upload-Length"),
        basis=basis,
    )
    response = HttpResponse(status=201)
    response["Location"] = request.build_absolute_uri(reverse("api-v1:look_at_upload", args=[upload.pk]))
    response["Upload-Expires"] = _expiry(upload)
    return response


@router.api_operation(
    ["HEAD"], "/{upload_id}", throttle=AccountThrottle("write"), summary="Ask how much of an upload has arrived"
)
@speaks_tus
def look_at_upload(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Upload-Offset is where the next piece belongs. Upload-Asset names the file once it is whole."""
    upload = resumable.get_upload_for(cast(Any, request.user), upload_id)
    resumable.take_in_what_is_whole(upload, noted=_statement(request, upload))
    return _state(HttpResponse(status=200), upload, resumable.offset_of(upload))


@router.patch("/{upload_id}", response={204: None}, throttle=AccountThrottle("write"), summary="Send a piece of a file")
@speaks_tus
def continue_upload(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """The piece is the body, of type application/offset+octet-stream; Upload-Offset is where it belongs. Of a piece
    whose connection broke, what had arrived is kept. The last piece is answered with Upload-Asset, the file's id: look
    at it until its state is “ready” or “refused”.
    """
    upload = resumable.get_upload_for(cast(Any, request.user), upload_id)
    if request.headers.get("Content-Type", "").split(";")[0].strip().lower() != CONTENT_TYPE:
        raise SiteFailure("upload_piece_type_wrong")
    declared = request.headers.get("Content-Length", "")
    offset = resumable.append(
        upload,
        _whole_number(request, "Upload-Offset"),
        cast(Any, request),
        declared_bytes=int(declared) if declared.isascii() and declared.isdigit() and len(declared) <= 15 else None,
        noted=_statement(request, upload),
    )
    return _state(HttpResponse(status=204), upload, offset)


@router.delete("/{upload_id}", response={204: None}, throttle=AccountThrottle("write"), summary="Give an upload up")
@speaks_tus
def end_upload(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """What has arrived is dropped at once. A file that is whole stays: delete it as a file."""
    resumable.forget(resumable.get_upload_for(cast(Any, request.user), upload_id))
    return HttpResponse(status=204)


def _statement(request: HttpRequest, upload: Upload) -> Callable[[Asset], None]:
    """Writes down what was stated when the upload began, once there is a file that it is about."""

    def noted(asset: Asset) -> None:
        if upload.basis:
            attest(asset, upload.basis, address=client_address(request))

    return noted


def _state(response: HttpResponse, upload: Upload, offset: int) -> HttpResponse:
    response["Upload-Offset"] = str(offset)
    response["Upload-Length"] = str(upload.length_bytes)
    response["Upload-Expires"] = _expiry(upload)
    if upload.asset_id is not None:
        response["Upload-Asset"] = str(upload.asset_id)
    return response


def _expiry(upload: Upload) -> str:
    return http_date(resumable.expires_at(upload).astimezone(UTC).timestamp())


def _whole_number(request: HttpRequest, header: str) -> int:
    value = request.headers.get(header, "")
    if not (value.isascii() and value.isdigit() and len(value) <= 15):
        raise SiteFailure("option_invalid", option=header, reason="it has to be a whole number of bytes")
    return int(value)


def _metadata(header: str) -> dict[str, str]:
    """The header's pairs of key and Base64.

    Raises:
        SiteFailure: option_invalid.
    """

    def wrong(reason: str) -> SiteFailure:
        return SiteFailure("option_invalid", option="Upload-Metadata", reason=reason)

    if len(header) > METADATA_CHARS_MAX:
        raise wrong("it is too long")
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _, encoded = pair.partition(" ")
        if key in found:
            raise wrong(f"it has two values for {key[:40]}")
        try:
            found[key] = base64.b64decode(encoded.strip(), validate=True).decode()
        except (binascii.Error, ValueError) as error:
            raise wrong(f"the value of {key[:40]} has to be text in Base64") from error
    return found
