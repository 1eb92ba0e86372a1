import os
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.uploads.models import Asset
from apps.uploads.sweeping import ABANDONED_AFTER, ORPHANED_AFTER, sweep_abandoned

SOON = timedelta(minutes=1)


@pytest.fixture
def now():
    return timezone.now()


def _aged(path, age: timedelta):
    moment = timezone.now().timestamp() - age.total_seconds()
    os.utime(path, (moment, moment))
    return path


def test_an_upload_that_never_finished_is_taken_away(portrait, now, stored_files):
    Asset.objects.update(state="receiving", created_at=now - ABANDONED_AFTER - SOON)
    assert sweep_abandoned(now) == 1
    assert Asset.objects.count() == 0
    assert stored_files() == []


def test_an_upload_that_is_still_arriving_stays(portrait, now):
    Asset.objects.update(state="receiving", created_at=now - ABANDONED_AFTER + SOON)
    assert sweep_abandoned(now) == 0
    assert Asset.objects.count() == 1


@pytest.mark.parametrize("state", ["checking", "ready", "refused"])
def test_a_finished_upload_stays_however_old(portrait, now, state, stored_files):
    Asset.objects.update(state=state, created_at=now - timedelta(days=400))
    _aged(stored_files()[0], timedelta(days=400))
    assert sweep_abandoned(now) == 0
    assert len(stored_files()) == 1


def test_what_killed_processes_left_is_taken_away(db, settings, now):
    _aged(_written(settings.INCOMING_DIR / "upload-old"), ABANDONED_AFTER + SOON)
    fresh = _written(settings.INCOMING_DIR / "upload-fresh")
    assert sweep_abandoned(now) == 1
    assert list(settings.INCOMING_DIR.iterdir()) == [fresh]


def test_a_file_without_a_row_is_taken_away(portrait, settings, now, stored_files):
    folder = settings.MEDIA_DIR / "files" / "zz"
    folder.mkdir(parents=True)
    _aged(_written(folder / "orphan.jpg"), ORPHANED_AFTER + SOON)
    young = _written(folder / "young.jpg")  # its row may be about to be written
    assert sweep_abandoned(now) == 1
    assert young in stored_files()
    assert len(stored_files()) == 2


def test_nothing_to_sweep_is_fine(db, now):
    assert sweep_abandoned(now) == 0


def _written(path):
    path.write_bytes(b"x")
    return path
