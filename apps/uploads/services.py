"""What can be done with files: receive, read, link to, record findings about, delete."""

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO
from uuid import UUID

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.http import Http404

from apps.accounts.models import User
from apps.core.failures import CATALOGUE, SiteFailure
from apps.uploads import links, storage
from apps.uploads.file_types import HEAD_BYTES, Category, FileType, extension_for, sniff
from apps.uploads.limits import PICTURES, check_quota, check_size, max_upload_bytes
from apps.uploads.models import Asset
from apps.uploads.names import display_name
from apps.uploads.pictures import picture_size_px
from apps.uploads.signals import asset_deleting, asset_looked_at, asset_received

_COPY_BYTES = 1024 * 1024
_NEEDED = {
    Asset.Kind.PORTRAIT: "a portrait",
    Asset.Kind.VOICE: "a voice",
    Asset.Kind.CLIP: "a clip",
    Asset.Kind.TRACK: "a track",
    Asset.Kind.MUSIC: "a piece of music",
    Asset.Kind.PICTURE: "a picture",
}
# A video has a voice in it; the engine takes its sound.
_CATEGORIES = {
    Asset.Kind.PORTRAIT: frozenset({Category.PICTURE}),
    Asset.Kind.VOICE: frozenset({Category.SOUND, Category.VIDEO}),
    Asset.Kind.CLIP: frozenset({Category.VIDEO}),
    Asset.Kind.TRACK: frozenset({Category.DATA}),
    Asset.Kind.MUSIC: frozenset({Category.SOUND, Category.VIDEO}),
    Asset.Kind.PICTURE: frozenset({Category.PICTURE}),
}


def check_kind(kind: str) -> None:
    """Raise option_invalid for what nobody can send."""
    if kind not in _CATEGORIES:
        raise SiteFailure("option_invalid", option="kind", reason=f"it has to be one of {', '.join(_CATEGORIES)}")


def check_beginning(kind: str, head: bytes) -> FileType:
    """What a file is by its first `HEAD_BYTES`. Raises unsupported_type, picture_is_video, file_unreadable."""
    file_type = sniff(head)
    if file_type.category in _CATEGORIES[Asset.Kind(kind)]:
        return file_type
    if kind in PICTURES and file_type.category is Category.VIDEO:
        raise SiteFailure("picture_is_video", found=file_type.label)
    raise SiteFailure("unsupported_type", found=file_type.label, needed=_NEEDED[Asset.Kind(kind)])


def receive_upload(
    user: User,
    kind: str,
    uploaded_file: File,
    original_name: str,
    *,
    note: Callable[[Asset], None] = lambda asset: None,
) -> Asset:
    """Store a creator's file and announce it for preflight.

    The file's bytes are copied or moved in chunks; what it is, how large, and (for pictures) how many pixels it claims
    is checked first, by content. The row exists, RECEIVING, while the bytes move, so that a crash leaves a trace to
    sweep; it becomes CHECKING in the transaction that also orders the preflight, and in which `note` is called.

    Raises:
        SiteFailure: file_empty, upload_too_large, unsupported_type, picture_is_video, file_unreadable,
            image_too_many_pixels, quota_full, disk_full, storage_unavailable,
            upload_interrupted.
    """
    check_kind(kind)
    if refusal := getattr(uploaded_file, "refusal", ""):
        raise SiteFailure(refusal, max_mb=max_upload_bytes(user) / 2**20)
    check_size(user, kind, uploaded_file.size)
    file_type = _check_type(kind, uploaded_file)
    width_px = height_px = None
    if kind in PICTURES:
        width_px, height_px = picture_size_px(uploaded_file, max_pixels=settings.MAX_PICTURE_PIXELS)
    asset = _reserve(
        user,
        kind=kind,
        storage_key=storage.new_key(file_type.extension),
        original_name=display_name(original_name),
        content_type=file_type.content_type,
        size_bytes=uploaded_file.size,
        sha256=getattr(uploaded_file, "sha256", "") or _sha256(uploaded_file),
        width_px=width_px,
        height_px=height_px,
    )
    try:
        _store(asset, uploaded_file)
        with transaction.atomic():
            _settle(asset, Asset.State.CHECKING)
            asset_received.send(sender=Asset, asset=asset)
            note(asset)
    except BaseException:
        _forget(asset)
        raise
    return asset


def get_asset_for(user: User, asset_id: object) -> Asset:
    """The user's own asset; Http404 for everybody else's, for malformed ids, and while bytes are still arriving."""
    try:
        key = asset_id if isinstance(asset_id, UUID) else UUID(str(asset_id))
        return Asset.objects.exclude(state=Asset.State.RECEIVING).get(pk=key, owner_id=user.pk)
    except (ValueError, Asset.DoesNotExist) as error:
        raise Http404("no such file") from error


def open_asset(asset: Asset) -> IO[bytes]:
    """The stored bytes, opened for reading."""
    return default_storage.open(asset.storage_key, "rb")


def local_copy(asset: Asset, folder: Path) -> Path:
    """A file in `folder` with the asset's bytes: a hard link where possible (so never write to it), else a copy."""
    target = folder / f"{asset.pk}{extension_for(asset.content_type)}"
    target.unlink(missing_ok=True)
    if storage.is_on_disk():
        source = storage.disk_path(asset.storage_key)
        try:
            target.hardlink_to(source)
        except OSError:  # another disk, or one without hard links
            shutil.copyfile(source, target)
        return target
    with open_asset(asset) as source_file, target.open("wb") as target_file:
        shutil.copyfileobj(source_file, target_file, _COPY_BYTES)
    return target


def store_output(
    owner: User,
    kind: str,
    path: Path,
    *,
    key: str,
    content_type: str,
    parent: Asset | None = None,
    is_hidden: bool = False,
    **facts: object,
) -> Asset:
    """Store what the worker made as a READY asset; with `is_hidden`, as one that nobody can open before `publish`.

    `key` names the result within the site (e.g. f"jobs/{job_id}/{lease_token}/video.mp4"): storing under the same key
    again returns the first asset. `facts`: width_px, height_px, duration_s, original_name.

    Raises:
        SiteFailure: disk_full, storage_unavailable.
    """
    storage_key = storage.output_key(key, extension_for(content_type))
    existing = Asset.objects.filter(storage_key=storage_key).first()
    if existing is not None and existing.state == Asset.State.READY:
        return existing
    with path.open("rb") as raw:
        file = File(raw, name=path.name)
        if existing is None:
            existing = Asset.objects.create(
                owner=owner,
                kind=kind,
                storage_key=storage_key,
                content_type=content_type,
                parent=parent,
                size_bytes=file.size,
                sha256=_sha256(file),
                **facts,
            )
        try:
            _store(existing, file)
            if not is_hidden:
                _settle(existing, Asset.State.READY)
        except BaseException:
            _forget(existing)
            raise
    return existing


def publish(asset: Asset) -> None:
    """Let the owner open what was stored hidden. Raises upload_interrupted when it was swept meanwhile."""
    _settle(asset, Asset.State.READY)


def signed_media_url(asset: Asset, *, download_name: str | None = None, ttl_s: int | None = None) -> str:
    """A short-lived link that plays the asset, or downloads it under `download_name`."""
    return links.signed_url(asset, download_name=download_name, ttl_s=ttl_s or settings.MEDIA_LINK_TTL_S)


def record_preflight(asset: Asset, report: Mapping[str, object]) -> bool:
    """Keep preflight's report and make the asset READY, or REFUSED when the report names a problem.

    False when it was no longer CHECKING (deleted, refused). A length or upright size in the report (duration_s,
    width_px, height_px) also goes to the asset's own fields.
    """
    report = dict(report)
    asset_looked_at.send(sender=Asset, asset=asset, report=report)
    facts = {
        name: report[name]
        for name in ("duration_s", "width_px", "height_px")
        if isinstance(report.get(name), int | float) and not isinstance(report.get(name), bool)
    }
    problems = report.get("problems")
    if isinstance(problems, list) and problems:
        code, detail = problems[0]["code"], dict(problems[0].get("detail") or {})
        facts |= {"failure_code": code if code in CATALOGUE else "asset_refused", "failure_detail": detail}
    state = Asset.State.REFUSED if "failure_code" in facts else Asset.State.READY
    return _leave_checking(asset, state=state, preflight=dict(report), **facts)


def record_measured(asset: Asset, facts: Mapping[str, object]) -> bool:
    """Correct preflight's report of a READY asset by what was measured since; False when it is not there any more."""
    with transaction.atomic():
        current = Asset.objects.select_for_update().filter(pk=asset.pk, state=Asset.State.READY).first()
        if current is None or current.preflight is None:
            return False
        current.preflight = {**current.preflight, **facts}
        current.save(update_fields=["preflight"])
        return True


def refuse(asset: Asset, code: str, detail: Mapping[str, object] | None = None) -> bool:
    """Mark the asset REFUSED with a failure code of the catalogue; False when it was no longer CHECKING."""
    if code not in CATALOGUE:
        raise ValueError(f"{code!r} is not in the failure catalogue")
    return _leave_checking(asset, state=Asset.State.REFUSED, failure_code=code, failure_detail=dict(detail or {}))


def delete_asset(asset: Asset) -> None:
    """Delete the row, everything derived from it, and the files (after the transaction commits).

    Raises:
        SiteFailure: asset_in_use, from a receiver of `asset_deleting`.
    """
    with transaction.atomic():
        asset_deleting.send(sender=Asset, asset=asset)
        keys = [asset.storage_key]
        parents = [asset.pk]
        while parents:
            derived = list(Asset.objects.filter(parent__in=parents).values_list("pk", "storage_key"))
            parents = [pk for pk, _ in derived]
            keys += [key for _, key in derived]
        Asset.objects.filter(pk=asset.pk).delete()
        storage.delete_files_on_commit(keys)


def _check_type(kind: str, file: File) -> FileType:
    file.seek(0)
    head = file.read(HEAD_BYTES)
    file.seek(0)
    return check_beginning(kind, head)


def _reserve(user: User, **fields: object) -> Asset:
    """Create the RECEIVING row if the account has room; the lock keeps two uploads from taking the same room."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        check_quota(user, int(str(fields["size_bytes"])))
        return Asset.objects.create(owner=user, **fields)


def _store(asset: Asset, file: File) -> None:
    file.seek(0)
    storage.save(asset.storage_key, file)


def _settle(asset: Asset, state: str) -> None:
    """RECEIVING → `state`; a row that was swept or deleted meanwhile is an interrupted upload."""
    changed = Asset.objects.filter(pk=asset.pk, state=Asset.State.RECEIVING).update(state=state)
    if changed != 1:
        raise SiteFailure("upload_interrupted")
    asset.state = state


def _forget(asset: Asset) -> None:
    Asset.objects.filter(pk=asset.pk).delete()
    storage.delete_files([asset.storage_key])


def _leave_checking(asset: Asset, **changes: object) -> bool:
    changed = Asset.objects.filter(pk=asset.pk, state=Asset.State.CHECKING).update(**changes)
    if changed != 1:
        return False
    for name, value in changes.items():
        setattr(asset, name, value)
    return True


def _sha256(file: File) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(_COPY_BYTES):
        digest.update(chunk)
    file.seek(0, os.SEEK_SET)
    return digest.hexdigest()
