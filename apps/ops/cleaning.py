"""What is thrown away, and when: abandoned uploads, left-over workspaces, unused results, previews, old videos."""

import datetime
import logging
import shutil
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from apps.core.failures import SiteFailure
from apps.jobs import segments
from apps.jobs.exports import sweep_quotes
from apps.jobs.models import Job
from apps.jobs.trash import empty_old
from apps.uploads.models import Asset
from apps.uploads.services import delete_asset
from apps.uploads.sweeping import sweep_abandoned

logger = logging.getLogger(__name__)

UNUSED_AFTER = datetime.timedelta(hours=1)  # between storing a result and settling its job there are only seconds
WORKSPACE_AFTER = datetime.timedelta(hours=12)  # longer than any job
PRICE_KEPT = datetime.timedelta(days=1)
BATCH = 500


def sweep_uploads() -> int:
    """Uploads that never finished, and files nobody knows."""
    return sweep_abandoned(timezone.now())


def sweep_workspaces() -> int:
    """Folders of workers that were killed and never came back."""
    oldest = (timezone.now() - WORKSPACE_AFTER).timestamp()
    removed = 0
    for folder in Path(settings.WORK_DIR).glob("*/lipsmith-*"):
        if folder.stat().st_mtime < oldest:
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed


def sweep_clip_tracks() -> int:
    """Faces followed through clips that nobody has here any more. A folder's name ends with its clip's hash."""
    folders = {folder.name.rpartition("-")[2]: folder for folder in Path(settings.CLIPS_DIR).glob("people-*")}
    if not folders:
        return 0
    known = Asset.objects.filter(kind=Asset.Kind.CLIP).values_list("sha256", flat=True)
    kept = set(known.iterator())
    gone = [folder for digest, folder in folders.items() if not any(sha.startswith(digest) for sha in kept)]
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    return len(gone)


def sweep_segments() -> int:
    """What was rendered of projects that are gone or were not rendered lately; see `apps.jobs.segments`."""
    return segments.sweep()


def sweep_old_attempts() -> int:
    """Videos and posters that no job points to: stored by an attempt that was lost before it could settle."""
    made = Asset.objects.filter(
        kind__in=[Asset.Kind.OUTPUT, Asset.Kind.THUMBNAIL], created_at__lt=timezone.now() - UNUSED_AFTER
    )
    used = Job.objects.exclude(output=None).values("output")
    used_thumbnails = Job.objects.exclude(thumbnail=None).values("thumbnail")
    return _delete(made.exclude(pk__in=used).exclude(pk__in=used_thumbnails), "belongs to no job")


def sweep_previews() -> int:
    """Spoken scripts that were made only to be listened to, and seconds of dubs only to be looked at."""
    oldest = timezone.now() - datetime.timedelta(hours=settings.PREVIEW_HOURS)
    passing = [Job.Kind.SPEECH, Job.Kind.PREVIEW]
    heard = Job.objects.filter(kind__in=passing, finished_at__lt=oldest, output__isnull=False)
    removed = _delete(Asset.objects.filter(pk__in=heard.values("output"), kind=Asset.Kind.DERIVED), "was a preview")
    # Their jobs, and the finished looks at files, say nothing that anybody would come back for.
    finished = Job.objects.filter(kind__in=[*passing, Job.Kind.PREFLIGHT, Job.Kind.FOLLOW], finished_at__lt=oldest)
    finished.delete()
    return removed


def sweep_retention() -> int:
    """Finished videos older than the operator keeps them; 0 days keeps them for ever."""
    if not settings.RETENTION_DAYS:
        return 0
    oldest = timezone.now() - datetime.timedelta(days=settings.RETENTION_DAYS)
    return _delete(Asset.objects.filter(kind=Asset.Kind.OUTPUT, created_at__lt=oldest), "is older than is kept here")


def sweep_trash() -> int:
    """What has been in the trash for as long as it is kept there."""
    return empty_old(timezone.now())


def sweep_prices() -> int:
    """Prices that were asked for and never ordered."""
    return sweep_quotes(timezone.now() - PRICE_KEPT)


def sweep_sessions() -> None:
    call_command("clearsessions")


def _delete(assets: Iterable[Asset], why: str) -> int:
    removed = 0
    for asset in assets[:BATCH]:  # type: ignore[index]
        try:
            delete_asset(asset)
        except SiteFailure as failure:
            logger.info("%s %s stays for now: %s", asset.kind, asset.pk, failure.code)
            continue
        except OSError as error:
            logger.warning("%s %s could not be deleted: %s", asset.kind, asset.pk, error)
            continue
        logger.info("%s %s is deleted: it %s", asset.kind, asset.pk, why)
        removed += 1
    return removed
