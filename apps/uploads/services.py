"""What can be done with files: receive, read, link to, record findings about, delete."""

from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from django.core.files.base import File

from apps.accounts.models import User
from apps.uploads.models import Asset


def receive_upload(user: User, kind: str, uploaded_file: File, original_name: str) -> Asset:
    """Stream a creator's file into storage and announce it for preflight; raises SiteFailure."""
    raise NotImplementedError


def get_asset_for(user: User, asset_id: object) -> Asset:
    """The user's own asset; Http404 for everybody else's and for malformed ids."""
    raise NotImplementedError


def open_asset(asset: Asset) -> BinaryIO:
    """The stored bytes, opened for reading."""
    raise NotImplementedError


def local_copy(asset: Asset, folder: Path) -> Path:
    """A file in `folder` with the asset's bytes (hard link where possible, else copy or download)."""
    raise NotImplementedError


def store_output(
    owner: User,
    kind: str,
    path: Path,
    *,
    key: str,
    content_type: str,
    parent: Asset | None = None,
    **facts: object,
) -> Asset:
    """Store what the worker made as a READY asset.

    `key` names the result within the site (e.g. f"jobs/{job_id}/{lease_token}/video.mp4"): storing under the same key
    again returns the first asset. `facts`: width_px, height_px, duration_s, original_name.
    """
    raise NotImplementedError


def signed_media_url(asset: Asset, *, download_name: str | None = None, ttl_s: int = 3600) -> str:
    """A short-lived link that plays the asset, or downloads it under `download_name`."""
    raise NotImplementedError


def record_preflight(asset: Asset, report: Mapping[str, object]) -> bool:
    """Keep preflight's report and make the asset READY; False when it was no longer CHECKING (deleted, refused)."""
    raise NotImplementedError


def refuse(asset: Asset, code: str, detail: Mapping[str, object] | None = None) -> bool:
    """Mark the asset REFUSED with a failure code of the catalogue; False when it was no longer CHECKING."""
    raise NotImplementedError


def delete_asset(asset: Asset) -> None:
    """Delete the row, everything derived from it, and the files (after the transaction commits)."""
    raise NotImplementedError
