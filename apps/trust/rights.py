"""A person's rights: a copy of everything of theirs, ordered here, built by a worker (see `apps.ops.archives`)."""

import datetime
import uuid
from pathlib import Path

from django.core.files.base import File
from django.db import transaction
from django.db.models import F
from django.http import Http404
from django.utils import timezone

from apps.accounts.models import User
from apps.core import errands
from apps.core.failures import SiteFailure
from apps.trust.audit import write_down
from apps.trust.models import Archive
from apps.uploads import storage

KEEP_FOR = datetime.timedelta(days=7)
ORDER_EVERY = datetime.timedelta(hours=1)
RESEND_AFTER = datetime.timedelta(minutes=1)
SILENT_AFTER = datetime.timedelta(hours=2)
MAX_ATTEMPTS = 3
UNDER_WAY = (Archive.State.ORDERED, Archive.State.BUILDING)


def order_archive(user: User) -> Archive:
    """Order a copy; one that is under way is given again. Raises SiteFailure rate_limited when one is new."""
    with transaction.atomic():
        User.objects.select_for_update().only("pk").get(pk=user.pk)
        newest = Archive.objects.filter(owner=user).order_by("-ordered_at").first()
        if newest is not None and newest.state in UNDER_WAY:
            return newest
        if newest is not None and newest.state == Archive.State.READY:
            wait = newest.ordered_at + ORDER_EVERY - timezone.now()
            if wait > datetime.timedelta(0):
                raise SiteFailure("rate_limited", retry_after_s=wait.total_seconds())
        archive = Archive.objects.create(owner=user)
        write_down("archive ordered", f"archive {archive.pk}", actor=user)
        transaction.on_commit(lambda: errands.wake(errands.ARCHIVE, str(archive.pk)))
    return archive


def newest_archive(user: User) -> Archive | None:
    """The one that a page shows: under way, or ready and not expired, or the failed one."""
    newest = Archive.objects.filter(owner=user).order_by("-ordered_at").first()
    return None if newest is None or (newest.expires_at and newest.expires_at < timezone.now()) else newest


def get_archive_for(user: User, archive_id: object) -> Archive:
    """The user's own finished archive; Http404 for others', for malformed ids, and once it has expired."""
    try:
        archive = Archive.objects.get(pk=uuid.UUID(str(archive_id)), owner=user, state=Archive.State.READY)
    except (ValueError, Archive.DoesNotExist):
        raise Http404("no such archive") from None
    if archive.expires_at is None or archive.expires_at < timezone.now():
        raise Http404("expired")
    return archive


def claim(archive_id: uuid.UUID) -> Archive | None:
    """Take an ordered archive for this worker; None when there is nothing to be done."""
    ordered = Archive.objects.filter(pk=archive_id, state=Archive.State.ORDERED)
    claimed = ordered.update(state=Archive.State.BUILDING, attempt=F("attempt") + 1, changed_at=timezone.now())
    return Archive.objects.select_related("owner").get(pk=archive_id) if claimed == 1 else None


def keep(archive: Archive, path: Path) -> bool:
    """Store a finished archive. False: this attempt came too late, or its owner is gone."""
    key = storage.new_key(".zip").replace("files/", "archives/", 1)  # the sweep below "files/" knows assets only
    with path.open("rb") as raw:
        storage.save(key, File(raw, name=path.name))
    now = timezone.now()
    held = Archive.objects.filter(pk=archive.pk, state=Archive.State.BUILDING, attempt=archive.attempt)
    kept = held.update(
        state=Archive.State.READY,
        storage_key=key,
        size_bytes=path.stat().st_size,
        changed_at=now,
        expires_at=now + KEEP_FOR,
    )
    if kept != 1:
        storage.delete_files([key])
    return kept == 1


def give_up(archive: Archive) -> None:
    """Order it anew while an attempt is left."""
    state = Archive.State.ORDERED if archive.attempt < MAX_ATTEMPTS else Archive.State.FAILED
    held = Archive.objects.filter(pk=archive.pk, state=Archive.State.BUILDING, attempt=archive.attempt)
    held.update(state=state, changed_at=timezone.now())


def look_after() -> None:
    """The clock's round: wake for what waits, give up on silent workers, delete what has expired."""
    now = timezone.now()
    for archive in Archive.objects.filter(state=Archive.State.BUILDING, changed_at__lt=now - SILENT_AFTER):
        give_up(archive)
    waiting = Archive.objects.filter(state=Archive.State.ORDERED, changed_at__lt=now - RESEND_AFTER)
    for archive in waiting[:100]:
        Archive.objects.filter(pk=archive.pk, state=Archive.State.ORDERED).update(changed_at=now)
        errands.wake(errands.ARCHIVE, str(archive.pk))
    expired = Archive.objects.filter(expires_at__lt=now).exclude(storage_key="")
    keys = list(expired.values_list("storage_key", flat=True))
    expired.delete()
    storage.delete_files(keys)
