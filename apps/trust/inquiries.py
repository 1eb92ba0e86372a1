"""Questions "was this made here?" of people without an account: a file for a few minutes, an answer for a day."""

import datetime
import logging
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.http import Http404
from django.utils import timezone

from apps.core import errands
from apps.core.failures import CATALOGUE, SiteFailure
from apps.trust.models import Inquiry
from apps.uploads import storage
from apps.uploads.file_types import HEAD_BYTES, Category, sniff

logger = logging.getLogger(__name__)

WAITING_MAX = 30  # in all; more would only wait in vain
RESEND_AFTER = datetime.timedelta(seconds=15)
SILENT_AFTER = datetime.timedelta(minutes=4)  # longer than the engine's own watchdogs
KEEP_FOR = datetime.timedelta(hours=24)
MAX_ATTEMPTS = 2


def ask(file: File) -> Inquiry:
    """Keep a picture or video until it has been looked at, and wake a worker.

    Raises SiteFailure: file_empty, upload_too_large, unsupported_type, too_busy, disk_full, storage_unavailable.
    """
    if refusal := getattr(file, "refusal", ""):
        raise SiteFailure(refusal, max_mb=settings.MADE_HERE_BYTES_MAX / 2**20)
    if file.size == 0:
        raise SiteFailure("file_empty")
    if file.size > settings.MADE_HERE_BYTES_MAX:
        raise SiteFailure("upload_too_large", size_mb=file.size / 2**20, max_mb=settings.MADE_HERE_BYTES_MAX / 2**20)
    file_type = sniff(file.read(HEAD_BYTES))
    file.seek(0)
    if file_type.category not in (Category.PICTURE, Category.VIDEO):
        raise SiteFailure("unsupported_type", found=file_type.label, needed="a picture or a video")
    if Inquiry.objects.filter(state__in=[Inquiry.State.WAITING, Inquiry.State.LOOKING]).count() >= WAITING_MAX:
        raise SiteFailure("too_busy")
    key = storage.new_key(file_type.extension)
    storage.save(key, file)
    try:
        with transaction.atomic():
            inquiry = Inquiry.objects.create(storage_key=key, extension=file_type.extension, size_bytes=file.size)
            transaction.on_commit(lambda: errands.wake(errands.IDENTIFY, str(inquiry.pk)))
    except BaseException:
        storage.delete_files([key])
        raise
    return inquiry


def get_inquiry(inquiry_id: object) -> Inquiry:
    """Whoever knows the unguessable id may read the answer; Http404 for others, and once it is gone."""
    try:
        return Inquiry.objects.get(pk=uuid.UUID(str(inquiry_id)))
    except (ValueError, Inquiry.DoesNotExist):
        raise Http404("no such inquiry") from None


def claim(inquiry_id: uuid.UUID) -> Inquiry | None:
    """Take a waiting inquiry for this worker; None when somebody else has it, or it is answered."""
    waiting = Inquiry.objects.filter(pk=inquiry_id, state=Inquiry.State.WAITING)
    claimed = waiting.update(state=Inquiry.State.LOOKING, attempt=F("attempt") + 1, changed_at=timezone.now())
    return Inquiry.objects.get(pk=inquiry_id) if claimed == 1 else None


def local_copy(inquiry: Inquiry, folder: Path) -> Path:
    """The file, in a worker's own folder. Raises SiteFailure file_missing."""
    target = folder / f"asked{inquiry.extension}"
    try:
        with default_storage.open(inquiry.storage_key, "rb") as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy, 2**20)
    except (FileNotFoundError, ValueError) as error:
        raise SiteFailure("file_missing") from error
    return target


def answer(inquiry: Inquiry, found: Mapping[str, Any]) -> bool:
    """Keep the answer and delete the file. False: this attempt came too late."""
    return _settle(inquiry, state=Inquiry.State.ANSWERED, answer=dict(found))


def fail(inquiry: Inquiry, code: str, detail: Mapping[str, Any] | None = None) -> bool:
    known = code if code in CATALOGUE else "internal"
    return _settle(inquiry, state=Inquiry.State.FAILED, failure_code=known, failure_detail=dict(detail or {}))


def _settle(inquiry: Inquiry, **changes: Any) -> bool:
    held = Inquiry.objects.filter(pk=inquiry.pk, state=Inquiry.State.LOOKING, attempt=inquiry.attempt)
    with transaction.atomic():
        settled = held.update(changed_at=timezone.now(), storage_key="", **changes) == 1
        if settled:
            storage.delete_files_on_commit([inquiry.storage_key])
    return settled


def look_after() -> None:
    """The clock's round: wake for what waits, give up on silent workers, forget what is old."""
    now = timezone.now()
    silent = Inquiry.objects.filter(state=Inquiry.State.LOOKING, changed_at__lt=now - SILENT_AFTER)
    for inquiry in silent.filter(attempt__gte=MAX_ATTEMPTS):
        fail(inquiry, "timed_out")
    silent.filter(attempt__lt=MAX_ATTEMPTS).update(state=Inquiry.State.WAITING, changed_at=now - RESEND_AFTER)
    waiting = Inquiry.objects.filter(state=Inquiry.State.WAITING, changed_at__lte=now - RESEND_AFTER)
    for pk in waiting.values_list("pk", flat=True)[:WAITING_MAX]:
        Inquiry.objects.filter(pk=pk, state=Inquiry.State.WAITING).update(changed_at=now)
        errands.wake(errands.IDENTIFY, str(pk))
    old = Inquiry.objects.filter(created_at__lt=now - KEEP_FOR)
    keys = list(old.exclude(storage_key="").values_list("storage_key", flat=True))
    old.delete()
    storage.delete_files(keys)
