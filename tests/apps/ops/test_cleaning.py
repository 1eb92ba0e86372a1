"""What is thrown away goes completely; everything else stays."""

import datetime
import os
import time
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from apps.jobs.models import Job
from apps.ops import cleaning
from apps.uploads.models import Asset

pytestmark = pytest.mark.django_db


@pytest.fixture
def make_asset(alice):
    def make(kind: str, *, age_h: float = 0.0, **fields) -> Asset:
        key = default_storage.save(f"files/{kind}", ContentFile(b"bytes"))
        asset = Asset.objects.create(
            owner=alice, kind=kind, state="ready", storage_key=key, content_type="video/mp4", **fields
        )
        created_at = timezone.now() - datetime.timedelta(hours=age_h)
        Asset.objects.filter(pk=asset.pk).update(created_at=created_at)
        return asset

    return make


def exists(asset: Asset) -> bool:
    in_rows = Asset.objects.filter(pk=asset.pk).exists()
    assert in_rows == default_storage.exists(asset.storage_key), "row and file go together"
    return in_rows


def test_results_of_lost_attempts_go_and_results_of_jobs_stay(alice, make_asset, django_capture_on_commit_callbacks):
    lost, kept, fresh = (make_asset("output", age_h=age) for age in (2, 2, 0))
    lost_poster, kept_poster = (make_asset("thumbnail", age_h=2, parent=parent) for parent in (lost, kept))
    upload = make_asset("portrait", age_h=2)
    Job.objects.create(owner=alice, kind="talking_photo", state="succeeded", output=kept, thumbnail=kept_poster)
    with django_capture_on_commit_callbacks(execute=True):
        cleaning.sweep_old_attempts()
    assert [exists(each) for each in (lost, lost_poster)] == [False, False]
    assert [exists(each) for each in (kept, kept_poster, fresh, upload)] == [True] * 4


@pytest.mark.parametrize("kind", ["speech", "preview"])
def test_spoken_previews_go_after_a_day_with_their_jobs(kind, alice, make_asset, django_capture_on_commit_callbacks):
    def heard(age_h: float) -> tuple[Job, Asset]:
        asset = make_asset("derived", age_h=age_h)
        finished_at = timezone.now() - datetime.timedelta(hours=age_h)
        job = Job.objects.create(owner=alice, kind=kind, state="succeeded", output=asset, finished_at=finished_at)
        return job, asset

    (old_job, old), (new_job, new) = heard(25), heard(1)
    with django_capture_on_commit_callbacks(execute=True):
        cleaning.sweep_previews()
    assert (exists(old), exists(new)) == (False, True)
    assert set(Job.objects.all()) == {new_job}
    assert old_job != new_job


def test_videos_are_kept_for_ever_unless_the_operator_says_otherwise(
    alice, make_asset, settings, django_capture_on_commit_callbacks
):
    old, new = make_asset("output", age_h=24 * 31), make_asset("output")
    assert cleaning.sweep_retention() == 0 and exists(old)
    settings.RETENTION_DAYS = 30
    with django_capture_on_commit_callbacks(execute=True):
        assert cleaning.sweep_retention() == 1
    assert (exists(old), exists(new)) == (False, True)


def test_workspaces_that_nobody_uses_any_more_go(settings, tmp_path):
    settings.WORK_DIR = tmp_path / "work"
    old, new = (tmp_path / "work" / "render-1" / name for name in ("lipsmith-old", "lipsmith-new"))
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "video.mp4").write_bytes(b"x")
    long_ago = time.time() - 13 * 3600
    os.utime(old, (long_ago, long_ago))
    assert cleaning.sweep_workspaces() == 1
    assert [Path(folder).exists() for folder in (old, new)] == [False, True]


def test_tracks_of_clips_that_are_gone_go_and_those_of_clips_here_stay(make_asset, settings, tmp_path):
    settings.CLIPS_DIR = tmp_path / "clips"
    assert cleaning.sweep_clip_tracks() == 0, "no clip was ever looked at"
    make_asset("clip", sha256="ab" * 32)
    for digest in ("ab" * 20, "cd" * 20):
        folder = settings.CLIPS_DIR / f"people-v1-{digest}"
        folder.mkdir(parents=True)
        (folder / "tracks").write_bytes(b"points")
    assert cleaning.sweep_clip_tracks() == 1
    assert [folder.name for folder in settings.CLIPS_DIR.iterdir()] == [f"people-v1-{'ab' * 20}"]
