"""Takes away what nobody will come back for; called by the clock."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from django.conf import settings

from apps.uploads import storage
from apps.uploads.models import Asset
from apps.uploads.resumable import sweep_uploads

ABANDONED_AFTER = timedelta(hours=6)
ORPHANED_AFTER = timedelta(hours=24)
_BATCH = 500


def sweep_abandoned(now: datetime) -> int:
    """Delete uploads that never finished, temporary files of killed processes, and files without a row.

    Returns how many things were deleted.
    """
    return sweep_uploads(now) + _sweep_rows(now) + _sweep_incoming(now) + _sweep_orphans(now)


def _sweep_rows(now: datetime) -> int:
    swept = 0
    stale = Asset.objects.filter(state=Asset.State.RECEIVING, created_at__lt=now - ABANDONED_AFTER)
    for pk, key in list(stale.values_list("pk", "storage_key")):
        # Conditional, so that an upload which finishes at this very moment keeps its row and its file.
        deleted, _ = Asset.objects.filter(pk=pk, state=Asset.State.RECEIVING).delete()
        if deleted:
            storage.delete_files([key])
            swept += 1
    return swept


def _sweep_incoming(now: datetime) -> int:
    swept = 0
    for path in Path(settings.INCOMING_DIR).iterdir():
        if path.is_file() and _is_older(path, now - ABANDONED_AFTER):
            path.unlink(missing_ok=True)
            swept += 1
    return swept


def _sweep_orphans(now: datetime) -> int:
    """Files whose row is gone (a crash between the two) – on disk only; on S3 a lifecycle rule can do the same."""
    if not storage.is_on_disk():
        return 0
    root = storage.disk_path("files")
    old_files = (path for path in _files_below(root) if _is_older(path, now - ORPHANED_AFTER))
    swept = 0
    while batch := list(islice(old_files, _BATCH)):
        keys = {f"files/{path.relative_to(root).as_posix()}": path for path in batch}
        kept = set(Asset.objects.filter(storage_key__in=keys).values_list("storage_key", flat=True))
        for key in keys.keys() - kept:
            keys[key].unlink(missing_ok=True)
            swept += 1
    return swept


def _files_below(root: Path) -> Iterator[Path]:
    if root.is_dir():
        yield from (path for path in root.rglob("*") if path.is_file())


def _is_older(path: Path, moment: datetime) -> bool:
    try:
        return path.stat().st_mtime < moment.timestamp()
    except FileNotFoundError:
        return False
