"""`/media/<id>`: files, streamed in ranges, to their owner or to the holder of a signed link."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from apps.core.errors import failure_response
from apps.core.failures import SiteFailure
from apps.uploads import links, storage
from apps.uploads.models import Asset
from apps.uploads.ranges import ByteRange, RangeNotSatisfiableError, requested_range

_READ_BYTES = 256 * 1024


class _FileBytes:
    """A part of a file as an asynchronous iterator; reads in a thread, holds one chunk, closes with the response."""

    def __init__(self, file: BinaryIO, part: ByteRange) -> None:
        self._file = file
        self._part = part

    async def __aiter__(self) -> AsyncIterator[bytes]:
        position, end = self._part.first, self._part.last + 1
        while position < end:
            chunk = await asyncio.to_thread(os.pread, self._file.fileno(), min(_READ_BYTES, end - position), position)
            if not chunk:
                raise OSError("the file became shorter while it was being sent")
            position += len(chunk)
            yield chunk

    def close(self) -> None:
        self._file.close()


@require_safe
async def media(request: HttpRequest, asset_id: UUID) -> HttpResponseBase:
    """The file, or the part of it that was asked for. 404 to everybody who may not see it."""
    asset = await Asset.objects.exclude(state=Asset.State.RECEIVING).filter(pk=asset_id).afirst()
    if asset is None:
        raise Http404
    download_name = request.GET.get("name", "")[:255]
    try:
        await _check_access(request, asset, download_name)
    except SiteFailure as failure:
        return failure_response(request, failure.code, failure.detail)
    if not storage.is_on_disk():
        url = links.signed_url(asset, download_name=download_name, ttl_s=settings.MEDIA_LINK_TTL_S)
        return _with_safe_headers(HttpResponseRedirect(url))
    try:
        file = storage.disk_path(asset.storage_key).open("rb", buffering=0)
    except FileNotFoundError as error:
        raise Http404 from error
    return _with_safe_headers(_file_response(request, asset, file, download_name))


async def _check_access(request: HttpRequest, asset: Asset, download_name: str) -> None:
    """Pass the owner, or whoever holds a link we signed for exactly this file and name."""
    user = await request.auser()
    if user.pk == asset.owner_id:
        return
    holds = links.signature_holds(
        str(asset.pk),
        expires=request.GET.get("expires", ""),
        signature=request.GET.get("signature", ""),
        download_name=download_name,
    )
    if not holds:
        raise Http404


def _file_response(request: HttpRequest, asset: Asset, file: BinaryIO, download_name: str) -> HttpResponseBase:
    return _ranged_response(request, file, asset.sha256[:40] or str(asset.pk), links.file_headers(asset, download_name))


async def stored_download(request: HttpRequest, key: str, name: str) -> HttpResponseBase:
    """A stored file that is no asset, as a download; who may have it is for the caller to know. 404 when it is gone."""
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=name) or "attachment",
    }
    if not storage.is_on_disk():
        told = {"ResponseContentDisposition": headers["Content-Disposition"]}
        return HttpResponseRedirect(default_storage.url(key, parameters=told, expire=settings.MEDIA_LINK_TTL_S))
    try:
        file = storage.disk_path(key).open("rb", buffering=0)
    except FileNotFoundError as error:
        raise Http404 from error
    return _with_safe_headers(_ranged_response(request, file, key.rpartition("/")[2][:40], headers))


def _ranged_response(request: HttpRequest, file: BinaryIO, tag: str, own: dict[str, str]) -> HttpResponseBase:
    size_bytes = os.fstat(file.fileno()).st_size
    etag = f'"{tag}"'
    headers = {"ETag": etag, "Accept-Ranges": "bytes", **own}
    if _lists_etag(request.headers.get("If-None-Match", ""), etag):
        file.close()
        return HttpResponse(status=304, headers=headers)
    part = None
    # If-Range: the part is only wanted when the file is still the one the client knows.
    if request.headers.get("If-Range", etag).strip() == etag:
        try:
            part = requested_range(request.headers.get("Range", ""), size_bytes)
        except RangeNotSatisfiableError:
            file.close()
            return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{size_bytes}"})
    whole = ByteRange(0, size_bytes - 1)
    sent = part or whole
    headers["Content-Length"] = str(sent.length)
    if part is not None:
        headers["Content-Range"] = f"bytes {part.first}-{part.last}/{size_bytes}"
    status = 200 if part is None else 206
    if request.method == "HEAD":
        file.close()
        return HttpResponse(status=status, headers=headers)
    return StreamingHttpResponse(_FileBytes(file, sent), status=status, headers=headers)


def _lists_etag(header: str, etag: str) -> bool:
    return header.strip() == "*" or etag in (part.strip().removeprefix("W/") for part in header.split(","))


def _with_safe_headers(response: HttpResponseBase) -> HttpResponseBase:
    """Even a file that fools our look at its first bytes must not run anything in the site's name."""
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; media-src 'self'; img-src 'self'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    # Private files: this browser may keep them for a short while, nothing in between may keep them at all.
    response["Cache-Control"] = "private, max-age=300"
    patch_vary_headers(response, ["Cookie"])
    return response
