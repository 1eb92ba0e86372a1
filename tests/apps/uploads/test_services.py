from unittest.mock import patch
from uuid import uuid4

import pytest
from django.http import Http404

from apps.accounts.services import delete_account
from apps.core.failures import SiteFailure
from apps.uploads import services
from apps.uploads.limits import check_quota
from apps.uploads.models import Asset
from apps.uploads.signals import asset_deleting
from tests.apps.uploads.conftest import picture


def test_the_owner_gets_the_asset(portrait, alice):
    assert services.get_asset_for(alice, portrait.pk) == portrait
    assert services.get_asset_for(alice, str(portrait.pk)) == portrait


def test_a_stranger_gets_nothing(portrait, charlie):
    with pytest.raises(Http404):
        services.get_asset_for(charlie, portrait.pk)


@pytest.mark.parametrize("bad_id", ["", "1", "../x", None, "0" * 40, uuid4(), "\0"])
def test_a_bad_id_gets_nothing(portrait, alice, bad_id):
    with pytest.raises(Http404):
        services.get_asset_for(alice, bad_id)


def test_an_upload_that_still_arrives_is_not_there_yet(portrait, alice):
    Asset.objects.update(state="receiving")
    with pytest.raises(Http404):
        services.get_asset_for(alice, portrait.pk)


def test_the_bytes_can_be_read(portrait):
    with services.open_asset(portrait) as file:
        assert file.read() == picture()


def test_a_local_copy_has_the_right_ending_and_costs_no_space(portrait, tmp_path, stored_files):
    path = services.local_copy(portrait, tmp_path)
    assert path.suffix == ".jpg"
    assert path.read_bytes() == picture()
    assert path.samefile(stored_files()[0])
    assert services.local_copy(portrait, tmp_path) == path  # a second attempt in the same folder


def test_a_local_copy_across_disks_is_a_real_copy(portrait, tmp_path, stored_files):
    with patch("pathlib.Path.hardlink_to", side_effect=OSError(18, "Invalid cross-device link")):
        path = services.local_copy(portrait, tmp_path)
    assert path.read_bytes() == picture()
    assert not path.samefile(stored_files()[0])


def _output(alice, tmp_path, key="jobs/1/a/video.mp4", data=b"video", **facts):
    path = tmp_path / "video.mp4"
    path.write_bytes(data)
    return services.store_output(alice, Asset.Kind.OUTPUT, path, key=key, content_type="video/mp4", **facts)


def test_an_output_is_ready_at_once(alice, tmp_path, stored_files):
    asset = _output(alice, tmp_path, width_px=640, height_px=480, duration_s=2.5)
    assert (asset.state, asset.size_bytes, asset.duration_s) == ("ready", 5, 2.5)
    assert [path.read_bytes() for path in stored_files()] == [b"video"]
    assert asset.storage_key.endswith(".mp4")
    assert "jobs" not in asset.storage_key


def test_storing_under_the_same_key_again_returns_the_first(alice, tmp_path, stored_files):
    first = _output(alice, tmp_path)
    assert _output(alice, tmp_path, data=b"another attempt") == first
    assert [path.read_bytes() for path in stored_files()] == [b"video"]


def test_an_attempt_that_broke_off_is_stored_anew(alice, tmp_path, stored_files):
    first = _output(alice, tmp_path)
    Asset.objects.update(state="receiving")
    second = _output(alice, tmp_path, data=b"video")
    assert (second.pk, second.state) == (first.pk, "ready")
    assert len(stored_files()) == 1


def test_a_full_disk_fails_the_output_and_leaves_nothing(alice, tmp_path):
    with (
        patch("django.core.files.storage.FileSystemStorage._save", side_effect=OSError(28, "No space left")),
        pytest.raises(SiteFailure) as caught,
    ):
        _output(alice, tmp_path)
    assert caught.value.code == "disk_full"
    assert Asset.objects.count() == 0


def test_preflight_makes_an_asset_ready(portrait):
    report = {"kind": "picture", "faces": [{"box": [1, 2, 3, 4]}], "duration_s": None, "width_px": 480}
    assert services.record_preflight(portrait, report)
    portrait.refresh_from_db()
    assert (portrait.state, portrait.preflight, portrait.width_px) == ("ready", report, 480)


def test_a_second_report_changes_nothing(portrait):
    assert services.record_preflight(portrait, {"first": True})
    assert not services.record_preflight(portrait, {"second": True})
    assert not services.refuse(portrait, "no_face")
    portrait.refresh_from_db()
    assert (portrait.state, portrait.preflight) == ("ready", {"first": True})


def test_a_refused_asset_keeps_the_reason(portrait):
    assert services.refuse(portrait, "face_too_small", {"face_px": 30, "needed_px": 80})
    portrait.refresh_from_db()
    assert (portrait.state, portrait.failure_code) == ("refused", "face_too_small")
    assert portrait.failure_detail == {"face_px": 30, "needed_px": 80}


def test_a_reason_without_words_is_a_mistake_of_ours(portrait):
    with pytest.raises(ValueError):
        services.refuse(portrait, "because")


def test_deleting_takes_everything_derived_and_all_files(
    alice, portrait, tmp_path, stored_files, django_capture_on_commit_callbacks
):
    child = _output(alice, tmp_path, parent=portrait)
    _output(alice, tmp_path, key="grandchild", parent=child)
    kept = _output(alice, tmp_path, key="unrelated")
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_asset(portrait)
    assert list(Asset.objects.all()) == [kept]
    assert len(stored_files()) == 1


def test_an_asset_in_use_stays(portrait, stored_files, django_capture_on_commit_callbacks):
    def keep(**_):
        raise SiteFailure("asset_in_use")

    asset_deleting.connect(keep)
    try:
        with pytest.raises(SiteFailure), django_capture_on_commit_callbacks(execute=True):
            services.delete_asset(portrait)
    finally:
        asset_deleting.disconnect(keep)
    assert Asset.objects.filter(pk=portrait.pk).exists()
    assert len(stored_files()) == 1


def test_a_file_that_cannot_be_deleted_does_not_stop_the_rest(
    alice, portrait, tmp_path, stored_files, django_capture_on_commit_callbacks
):
    _output(alice, tmp_path, parent=portrait)
    from django.core.files.storage import FileSystemStorage

    original, failed = FileSystemStorage.delete, []

    def delete(storage, name):
        if not failed:
            failed.append(name)
            raise OSError(5, "Input/output error")
        original(storage, name)

    with patch.object(FileSystemStorage, "delete", delete), django_capture_on_commit_callbacks(execute=True):
        services.delete_asset(portrait)
    assert Asset.objects.count() == 0
    assert len(stored_files()) == 1  # the sweep takes it later


def test_deleting_an_account_takes_its_files_and_nobody_elses(
    alice, bob, portrait, upload, stored_files, django_capture_on_commit_callbacks
):
    kept = upload(bob, picture())
    with django_capture_on_commit_callbacks(execute=True):
        delete_account(alice)
    assert list(Asset.objects.all()) == [kept]
    assert len(stored_files()) == 1


def test_whoever_bought_credits_may_store_more(alice, settings, monkeypatch):
    settings.QUOTA_BYTES, settings.BUYER_QUOTA_BYTES = 1000, 5000
    with pytest.raises(SiteFailure) as refusal:
        check_quota(alice, 2000)
    assert refusal.value.code == "quota_full"
    monkeypatch.setattr("apps.uploads.limits.has_ever_bought", lambda user: True)
    check_quota(alice, 2000)
    with pytest.raises(SiteFailure):
        check_quota(alice, 6000)
