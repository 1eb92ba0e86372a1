"""Links to files that work for a while and for one file only."""

import time
from urllib.parse import urlencode

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.signing import Signer
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import content_disposition_header

from apps.core.failures import SiteFailure
from apps.uploads import storage
from apps.uploads.file_types import extension_for, is_media
from apps.uploads.models import Asset

# Links made within the same few minutes are the same link, so that a browser's cache and a playing video survive a
# page that asks for them again.
_ROUND_S = 300
_BINARY = "application/octet-stream"


def signed_url(asset: Asset, *, download_name: str | None, ttl_s: int) -> str:
    """A link valid for at least `ttl_s`: of our own view for files on disk, presigned by S3 otherwise."""
    if not storage.is_on_disk():
        return default_storage.url(asset.storage_key, parameters=_s3_headers(asset, download_name), expire=ttl_s)
    expires = (int(time.time()) + ttl_s) // _ROUND_S * _ROUND_S + _ROUND_S
    query = {"expires": str(expires), "signature": _signature(str(asset.pk), expires, download_name or "")}
    if download_name:
        query["name"] = download_name
    return f"{reverse('media', args=[asset.pk])}?{urlencode(query)}"


def signature_holds(asset_id: str, *, expires: str, signature: str, download_name: str) -> bool:
    """Whether a link's signature is ours; False for a wrong one.

    Raises:
        SiteFailure: link_expired, when it was ours and its time is over.
    """
    if not expires.isascii() or not expires.isdigit() or len(expires) > 12:
        return False
    accepted = any(
        constant_time_compare(signature, _signature(asset_id, int(expires), download_name, key=key))
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    )
    if accepted and int(expires) < time.time():
        raise SiteFailure("link_expired")
    return accepted


def file_headers(asset: Asset, download_name: str) -> dict[str, str]:
    """Headers that let a browser show media, and only ever download everything else."""
    shown = is_media(asset.content_type)
    name = download_name or asset.original_name or f"{asset.kind}{extension_for(asset.content_type)}"
    disposition = content_disposition_header(bool(download_name) or not shown, name)
    return {
        "Content-Type": asset.content_type if shown else _BINARY,
        "Content-Disposition": disposition or "inline",
    }


def _signature(asset_id: str, expires: int, download_name: str, *, key: str | None = None) -> str:
    signer = Signer(key=key, salt="apps.uploads.links", fallback_keys=[])
    return signer.signature(f"{asset_id}|{expires}|{download_name}")


def _s3_headers(asset: Asset, download_name: str | None) -> dict[str, str]:
    headers = file_headers(asset, download_name or "")
    return {
        "ResponseContentType": headers["Content-Type"],
        "ResponseContentDisposition": headers["Content-Disposition"],
    }
