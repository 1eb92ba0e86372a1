"""Uploads that go on after a lost connection: what has arrived of a file, and where the next bytes belong.

The part file is the truth about how much has arrived: its length is the offset, so that a process may die at any moment
and the sender only asks and goes on. The row says whose it is, what it will be, and how long it is to become.
"""

import fcntl
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from apps.accounts.models import User
from apps.core.failures import SiteFailure
from apps.uploads import services
from apps.uploads.file_types import HEAD_BYTES
from apps.uploads.limits import check_quota, check_size
from apps.uploads.models import Asset, Upload
from apps.uploads.names import display_name
from apps.uploads.receiving import CHUNK_BYTES, NO_ROOM, ReceivedFile

KEPT_FOR = timedelta(hours=6)  # after its last bytes
OPEN_MAX = 20  # of one account
RESTING_AFTER = timedelta(minutes=15)  # without a byte: nobody is sending it any more, and it gives way to a new one

Noted = Callable[[Asset], None]


def begin(user: User, kind: str, name: str, length_bytes: int, *, basis: str = "") -> Upload:
    """A new upload of a file of that many bytes. Where there is no room for it, those that rest give way, the one that
    rested longest first; what is being sent right now never does.

    Raises:
        SiteFailure: option_invalid, file_empty, upload_too_large, upload_too_large_for_free, quota_full,
            uploads_too_many.
    """
    services.check_kind(kind)
    check_size(user, kind, length_bytes)
    with transaction.atomic():
        User.objects.select_for_update().only("pk").get(pk=user.pk)  # two at once may not take the same room
        waiting = list(Upload.objects.filter(owner=user, asset=None).order_by("touched_at"))
        _make_room(user, waiting, length_bytes)
        upload = Upload.objects.create(
            owner=user, kind=kind, name=display_name(name), length_bytes=length_bytes, basis=basis
        )
        part_of(upload).touch(mode=0o600)
    return upload


def _make_room(user: User, waiting: list[Upload], length_bytes: int) -> None:
    """Drop of `waiting`, the one that rested longest first, what has to give way; nothing where that does not help.

    Raises:
        SiteFailure: quota_full, uploads_too_many.
    """
    rests_before = timezone.now() - RESTING_AFTER
    for given_up in range(len(waiting) + 1):
        kept = waiting[given_up:]
        try:
            if len(kept) >= OPEN_MAX:
                raise SiteFailure("uploads_too_many", most=OPEN_MAX)
            check_quota(user, length_bytes, coming_bytes=sum(one.length_bytes for one in kept))
            break
        except SiteFailure:
            if not kept or kept[0].touched_at > rests_before:
                raise
    for old in waiting[:given_up]:
        forget(old)


def get_upload_for(user: User, upload_id: UUID) -> Upload:
    """The user's own upload; Http404 for everybody else's, and for what has been swept or lost its bytes."""
    upload = Upload.objects.filter(pk=upload_id, owner_id=user.pk).select_related("asset").first()
    if upload is None or (upload.asset is None and not part_of(upload).exists()):
        raise Http404("no such upload")
    return upload


def part_of(upload: Upload) -> Path:
    """Where its bytes are until they are all there."""
    return Path(settings.INCOMING_DIR) / f"{upload.pk}.part"


def offset_of(upload: Upload) -> int:
    """How many bytes have arrived for good."""
    if upload.asset_id is not None:
        return int(upload.length_bytes)
    try:
        return part_of(upload).stat().st_size
    except FileNotFoundError as error:
        raise Http404("no such upload") from error


def expires_at(upload: Upload) -> datetime:
    return upload.touched_at + KEPT_FOR


def append(
    upload: Upload,
    offset: int,
    body: IO[bytes],
    *,
    declared_bytes: int | None = None,
    noted: Noted = lambda asset: None,
) -> int:
    """Add bytes at `offset`, and take the file in when it is whole; returns the new offset.

    What is wrong with the file is said as early as its first bytes tell, and ends the upload. `noted` is called with
    the file in the transaction that makes it one: what was stated about it counts as soon as there is a file, or never.

    Raises:
        SiteFailure: upload_busy while another request adds to it; upload_offset_wrong; upload_too_long when more bytes
            come than were announced (`declared_bytes`, where known, before any is read); disk_full; and what
            `services.receive_upload` raises for a whole file.
    """
    if upload.asset_id is not None:  # the sender has missed the last answer
        return _end_of(upload, offset)
    with _locked(upload) as part:
        try:
            upload.refresh_from_db(fields=["asset"])
        except Upload.DoesNotExist as error:  # given up meanwhile
            raise Http404("no such upload") from error
        if upload.asset_id is not None:  # another request was quicker
            return _end_of(upload, offset)
        there = part.seek(0, os.SEEK_END)
        if offset != there:
            raise SiteFailure("upload_offset_wrong", offset=there)
        room = upload.length_bytes - there
        if declared_bytes is not None and declared_bytes > room:
            raise SiteFailure("upload_too_long")
        now_there = _copy(body, part, there, room)
        Upload.objects.filter(pk=upload.pk).update(touched_at=timezone.now())
        try:
            if there < HEAD_BYTES <= now_there < upload.length_bytes:
                part.seek(0)
                services.check_beginning(upload.kind, part.read(HEAD_BYTES))
            if now_there == upload.length_bytes:
                _take_in(upload, noted)
        except SiteFailure as failure:
            if failure.http_status < 500:  # the file is to blame, not the moment
                forget(upload)
            raise
    return now_there


def take_in_what_is_whole(upload: Upload, *, noted: Noted = lambda asset: None) -> None:
    """Take in a file whose process died just after its last byte. Raises as `append`, but never upload_busy."""
    if upload.asset_id is not None or offset_of(upload) < upload.length_bytes:
        return
    try:
        append(upload, upload.length_bytes, io.BytesIO(), noted=noted)
    except SiteFailure as failure:
        if failure.code != "upload_busy":
            raise


def forget(upload: Upload) -> None:
    """Drop an upload with what has arrived of it; the file it became stays."""
    part = part_of(upload)  # its name goes with the row
    upload.delete()
    part.unlink(missing_ok=True)


def sweep_uploads(now: datetime) -> int:
    """Drop what nobody came back for. Returns how many."""
    swept = 0
    for upload in Upload.objects.filter(touched_at__lt=now - KEPT_FOR):
        forget(upload)
        swept += 1
    return swept


def _end_of(upload: Upload, offset: int) -> int:
    if offset != upload.length_bytes:
        raise SiteFailure("upload_offset_wrong", offset=int(upload.length_bytes))
    return offset


@contextmanager
def _locked(upload: Upload) -> Iterator[BinaryIO]:
    """Its part file, open and ours alone; the system lets go of it when we die."""
    try:
        part = part_of(upload).open("r+b", buffering=0)
    except FileNotFoundError as error:
        raise Http404("no such upload") from error
    with part:
        try:
            fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SiteFailure("upload_busy") from error
        yield part


def _copy(body: IO[bytes], part: BinaryIO, there: int, room: int) -> int:
    """Append at most `room` bytes of the body; returns the part's new length. More than that is an error."""
    while chunk := body.read(min(CHUNK_BYTES, room + 1)):
        if len(chunk) > room:
            raise SiteFailure("upload_too_long")
        try:
            written = part.write(chunk)
        except OSError as error:
            if error.errno in NO_ROOM:
                raise SiteFailure("disk_full") from error
            raise
        there, room = there + written, room - written
        if written < len(chunk):
            raise SiteFailure("disk_full")
    return there


def _take_in(upload: Upload, noted: Noted) -> None:
    """The whole file becomes an asset; in the transaction that says so, the upload learns which.

    Raises Http404 when the upload was given up at this very moment: then there is no file either.
    """

    def note(asset: Asset) -> None:
        if Upload.objects.filter(pk=upload.pk).update(asset=asset) != 1:
            raise Http404("no such upload")
        noted(asset)
        upload.asset = asset

    facts: dict[str, Any] = {"content_type": None, "charset": None, "content_type_extra": None}
    try:
        whole = part_of(upload).open("rb")
    except FileNotFoundError as error:
        raise Http404("no such upload") from error
    with whole:
        file = ReceivedFile(file=whole, name=upload.name, size=upload.length_bytes, sha256="", refusal="", **facts)
        services.receive_upload(upload.owner, upload.kind, file, upload.name, note=note)
    part_of(upload).unlink(missing_ok=True)
