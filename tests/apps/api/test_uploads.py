"""Uploads in pieces: the protocol's rules, hostile senders, and what becomes of the file."""

import base64
import itertools
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.services import delete_account
from apps.trust.models import Attestation
from apps.uploads import resumable
from apps.uploads.models import Asset, Upload
from tests.apps.uploads.conftest import picture

UPLOADS = "/api/v1/uploads"
PIECE = "application/offset+octet-stream"
TUS = {"HTTP_TUS_RESUMABLE": "1.0.0"}


@pytest.fixture
def data() -> bytes:
    return picture()


def told(**values: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


def begin(client, length: object, metadata: str | None = None, **headers):
    metadata = told(kind="portrait", filename="me.png") if metadata is None else metadata
    return client.post(
        UPLOADS,
        content_type="text/plain",
        **TUS,
        HTTP_UPLOAD_LENGTH=str(length),
        HTTP_UPLOAD_METADATA=metadata,
        **headers,
    )


def address(response) -> str:
    return response["Location"].removeprefix("http://testserver")


def send(client, where: str, piece: bytes, offset: object, *, kind: str = PIECE, **headers):
    return client.patch(
        where, piece, content_type=kind, HTTP_UPLOAD_OFFSET=str(offset), CONTENT_TYPE=kind, **(TUS | headers)
    )


def test_a_file_in_three_pieces_becomes_a_file_like_any_other(owner, data):
    where = address(begin(owner, len(data), told(kind="portrait", filename="me.png", basis="own")))
    edges = [0, len(data) // 3, len(data) // 2, len(data)]
    for first, last in itertools.pairwise(edges):
        assert owner.head(where, **TUS)["Upload-Offset"] == str(first)
        answer = send(owner, where, data[first:last], first)
        assert (answer.status_code, answer["Upload-Offset"]) == (204, str(last))
    asset = Asset.objects.get(pk=answer["Upload-Asset"])
    assert (asset.state, asset.original_name, asset.size_bytes) == (Asset.State.CHECKING, "me.png", len(data))
    assert Attestation.objects.filter(asset_id=asset.pk).count() == 1
    # Whoever missed the last answer asks again, and nothing is made twice.
    asked = owner.head(where, **TUS)
    assert (asked["Upload-Offset"], asked["Upload-Asset"]) == (str(len(data)), str(asset.pk))
    assert send(owner, where, b"", len(data))["Upload-Asset"] == str(asset.pk)
    assert Asset.objects.count() == Attestation.objects.count() == 1
    assert not resumable.part_of(Upload.objects.get()).exists()


def test_what_the_site_speaks_is_told_to_whoever_asks(owner):
    answer = owner.options(UPLOADS)
    assert (answer.status_code, answer["Tus-Version"], answer["Tus-Resumable"]) == (204, "1.0.0", "1.0.0")
    assert set(answer["Tus-Extension"].split(",")) == {"creation", "expiration", "termination"}
    assert int(answer["Tus-Max-Size"]) > 1_000_000


@pytest.mark.parametrize("version", [None, "0.2.2", "1.0.1", "1.0.0\x00"])
def test_other_versions_are_refused_with_ours(owner, data, version):
    where = address(begin(owner, len(data)))
    headers = {} if version is None else {"HTTP_TUS_RESUMABLE": version}
    answer = owner.patch(where, data, content_type=PIECE, HTTP_UPLOAD_OFFSET="0", **headers)
    assert (answer.status_code, answer["Tus-Version"]) == (412, "1.0.0")
    assert owner.head(where, **TUS)["Upload-Offset"] == "0"


@pytest.mark.parametrize("offset", [1, 10**14])
def test_a_piece_for_another_place_is_refused_and_nothing_of_it_kept(owner, data, offset):
    where = address(begin(owner, len(data)))
    answer = send(owner, where, data, offset)
    assert (answer.status_code, answer.json()["code"]) == (409, "upload_offset_wrong")
    assert owner.head(where, **TUS)["Upload-Offset"] == "0"


def test_a_piece_of_another_type_is_refused(owner, data):
    where = address(begin(owner, len(data)))
    assert send(owner, where, data, 0, kind="application/octet-stream").status_code == 415


def test_more_than_was_announced_is_refused(owner, data):
    where = address(begin(owner, len(data) - 1))
    answer = send(owner, where, data, 0)
    assert (answer.status_code, answer.json()["code"]) == (413, "upload_too_long")
    assert Asset.objects.count() == 0


@pytest.mark.parametrize("length", ["", "-1", "1.5", "1e3", "٣", "9" * 16, "x"])
def test_a_length_has_to_be_a_number(owner, length):
    assert begin(owner, length).status_code == 400


def test_what_is_too_large_or_empty_is_refused_before_a_byte_is_sent(owner, settings):
    assert begin(owner, 0).json()["code"] == "file_empty"
    assert begin(owner, settings.MAX_PICTURE_BYTES + 1).status_code == 413
    assert Upload.objects.count() == 0


def test_announced_bytes_count_for_the_quota(owner, settings):
    settings.QUOTA_BYTES = 3_000_000
    assert begin(owner, 2_000_000).status_code == 201
    assert begin(owner, 2_000_000).json()["code"] == "quota_full"


@pytest.mark.parametrize(
    "metadata",
    [
        "",
        told(kind="output"),
        told(kind="portrait", basis="mine"),
        "kind",
        "kind !!!!",
        "kind /w==",
        told(kind="portrait") + "," + told(kind="voice"),
        "kind " + "A" * 5000,
    ],
)
def test_metadata_that_makes_no_sense_is_refused(owner, metadata):
    assert begin(owner, 10, metadata).status_code == 400
    assert Upload.objects.count() == 0


def test_names_are_cleaned(owner, data):
    where = address(begin(owner, len(data), told(kind="portrait", filename="../../etc/\x00pass\nwd.png")))
    send(owner, where, data, 0)
    name = Asset.objects.get().original_name
    assert not set(name) & set("/\x00\n")


def test_a_file_of_the_wrong_type_is_refused_by_its_first_bytes_and_dropped(owner):
    where = address(begin(owner, 50_000_000))
    answer = send(owner, where, b"MZ" + bytes(100_000), 0)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_type")
    assert owner.head(where, **TUS).status_code == 404
    assert not list(resumable.part_of(Upload(owner=None)).parent.glob("*.part"))


def test_a_whole_file_that_cannot_be_used_is_dropped_with_its_reason(owner, data):
    broken = data[: len(data) // 2][:40]
    where = address(begin(owner, len(broken)))
    answer = send(owner, where, broken, 0)
    assert answer.status_code in (415, 422) and answer.json()["sentence"]
    assert Asset.objects.count() == Upload.objects.count() == 0


def test_nobody_else_can_see_continue_or_end_it(owner, stranger, client, data):
    where = address(begin(owner, len(data)))
    assert stranger.head(where, **TUS).status_code == 404
    assert send(stranger, where, data, 0).status_code == 404
    assert stranger.delete(where, **TUS).status_code == 404
    assert begin(client, len(data)).status_code == 401
    assert owner.head(where, **TUS)["Upload-Offset"] == "0"


def test_two_senders_at_once_are_kept_apart(owner, data):
    where = address(begin(owner, len(data)))
    with resumable._locked(Upload.objects.get()):
        answer = send(owner, where, data, 0)
    assert (answer.status_code, answer.json()["retryable"]) == (423, True)
    assert send(owner, where, data, 0).status_code == 204


def test_a_file_whose_process_died_after_its_last_byte_is_taken_in_when_asked_about(owner, data):
    where = address(begin(owner, len(data)))
    resumable.part_of(Upload.objects.get()).write_bytes(data)
    assert owner.head(where, **TUS)["Upload-Asset"] == owner.head(where, **TUS)["Upload-Asset"]
    assert Asset.objects.count() == 1


def test_an_upload_that_is_given_up_leaves_nothing(owner, data):
    where = address(begin(owner, len(data)))
    send(owner, where, data[:100], 0)
    part = resumable.part_of(Upload.objects.get())
    assert part.stat().st_size == 100
    assert owner.delete(where, **TUS).status_code == 204
    assert not part.exists() and owner.head(where, **TUS).status_code == 404


def test_what_has_arrived_goes_with_the_account(owner, alice, data, django_capture_on_commit_callbacks):
    send(owner, address(begin(owner, len(data))), data[:100], 0)
    part = resumable.part_of(Upload.objects.get())
    with django_capture_on_commit_callbacks(execute=True):
        delete_account(alice)
    assert not part.exists() and not Upload.objects.exists()


def test_what_nobody_comes_back_for_is_swept(owner, data):
    where = address(begin(owner, len(data)))
    assert resumable.sweep_uploads(timezone.now() + timedelta(hours=5)) == 0
    assert resumable.sweep_uploads(timezone.now() + timedelta(hours=7)) == 1
    assert owner.head(where, **TUS).status_code == 404


def test_no_more_than_twenty_are_on_their_way_and_none_of_them_is_dropped(owner):
    open_ones = [address(begin(owner, 10)) for _ in range(resumable.OPEN_MAX)]
    answer = begin(owner, 10)
    assert (answer.status_code, answer.json()["code"]) == (429, "uploads_too_many")
    assert answer.json()["sentence"].startswith("20 of your files")
    assert all(owner.head(where, **TUS).status_code == 200 for where in (open_ones[0], open_ones[-1]))


def rest(where: str) -> None:
    """As if nobody had sent anything of it for a while."""
    then = timezone.now() - resumable.RESTING_AFTER - timedelta(seconds=1)
    Upload.objects.filter(pk=where.rsplit("/", 1)[1]).update(touched_at=then)


def test_those_that_rest_give_way_to_a_new_one(owner):
    first, second = (address(begin(owner, 10)) for _ in range(2))
    for _ in range(resumable.OPEN_MAX - 2):
        begin(owner, 10)
    rest(second)
    assert begin(owner, 10).status_code == 201
    assert [owner.head(where, **TUS).status_code for where in (first, second)] == [200, 404]


def test_those_that_rest_take_no_room_from_a_new_one_unless_it_is_too_large_anyway(owner, settings):
    settings.QUOTA_BYTES = 3_000_000
    where = address(begin(owner, 2_000_000))
    rest(where)
    settings.MAX_PICTURE_BYTES = 4_000_000
    assert begin(owner, 3_500_000).json()["code"] == "quota_full"
    assert owner.head(where, **TUS).status_code == 200
    assert begin(owner, 2_000_000).status_code == 201
    assert owner.head(where, **TUS).status_code == 404


def test_what_is_stated_counts_for_a_file_that_was_taken_in_when_asked_about(owner, data):
    where = address(begin(owner, len(data), told(kind="portrait", filename="me.png", basis="own")))
    resumable.part_of(Upload.objects.get()).write_bytes(data)
    asset = owner.head(where, **TUS)["Upload-Asset"]
    assert str(Attestation.objects.get().asset_id) == asset


def test_what_needs_no_statement_takes_none(owner):
    answer = begin(owner, 10, told(kind="track", basis="own"))
    assert (answer.status_code, answer.json()["code"]) == (400, "option_invalid")


@pytest.mark.parametrize("is_row_gone_late", [False, True], ids=["before", "while"])
def test_an_upload_given_up_with_its_last_piece_becomes_no_file(owner, data, monkeypatch, is_row_gone_late):
    where = address(begin(owner, len(data)))
    upload = Upload.objects.get()
    name, module = ("_store", resumable.services) if is_row_gone_late else ("_take_in", resumable)
    real = getattr(module, name)

    def given_up_first(*parts: object) -> object:
        resumable.forget(Upload.objects.get(pk=upload.pk))
        if is_row_gone_late:
            resumable.part_of(upload).write_bytes(data)  # moving it had begun
        return real(*parts)

    monkeypatch.setattr(module, name, given_up_first)
    assert send(owner, where, data, 0).status_code == 404
    assert not Asset.objects.exists()


def test_a_length_longer_than_numbers_are_is_no_reason_to_fall(owner, data):
    where = address(begin(owner, len(data)))
    assert send(owner, where, data, 0, HTTP_CONTENT_LENGTH="9" * 5000).status_code in (204, 400, 413)


def test_a_full_disk_keeps_what_there_is(owner, data, monkeypatch):
    where = address(begin(owner, len(data)))
    send(owner, where, data[:100], 0)
    monkeypatch.setattr(resumable.services, "receive_upload", full)
    answer = send(owner, where, data[100:], 100)
    assert answer.json()["code"] == "disk_full"
    monkeypatch.undo()
    assert send(owner, where, b"", len(data))["Upload-Asset"]


def full(*_: object, **__: object):
    from apps.core.failures import SiteFailure

    raise SiteFailure("disk_full")
