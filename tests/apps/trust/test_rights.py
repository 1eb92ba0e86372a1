import datetime
import io
import json
import tracemalloc
import zipfile

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from apps.accounts.letters import deliver_due
from apps.accounts.models import User
from apps.accounts.services import delete_account
from apps.ops.archives import ROWS, build_archive, write_archive
from apps.projects.models import Project
from apps.trust import rights
from apps.trust.attestations import attest
from apps.trust.models import Archive
from apps.uploads.models import Asset
from tests.apps.uploads.conftest import picture, upload  # noqa: F401

# Rows of accounts that nobody needs a copy of: which site admins did what, and sign-in's own bookkeeping.
NOT_COPIED = {"LogEntry", "EmailConfirmation", "Authenticator", "SocialAccount"}
PAGE, ORDER = "/accounts/data/", "/accounts/data/order/"


@pytest.fixture(autouse=True)
def woken(monkeypatch):
    calls = []
    monkeypatch.setattr("apps.core.errands.wake", lambda *what: calls.append(what))
    return calls


@pytest.fixture
def stored(alice, make_asset):
    """A file of Alice's with real bytes."""

    def make(data=b"bytes", **fields):
        key = default_storage.save("files/aa/thing", ContentFile(data))
        return make_asset(storage_key=key, **fields)

    return make


def body(response):
    async def read():
        return b"".join([part async for part in response.streaming_content])

    import asyncio

    return asyncio.run(read()) if response.is_async else b"".join(response.streaming_content)


def test_everything_of_mine_is_in_it_and_nothing_of_others(owner, alice, charlie, stored, job, tmp_path):
    mine = stored(b"my face", original_name="../../me: a/b.jpg", sha256="ab" * 32)
    attest(mine, "own", address="203.0.113.5")
    theirs = stored(b"their face", owner=charlie)
    path = tmp_path / "mine.zip"
    write_archive(alice, path)
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
        data = {name: json.loads(archive.read(f"data/{name}.json")) for name in ROWS}
        (kept,) = [name for name in names if name.startswith(f"uploads/{mine.pk}-")]
        assert archive.read(kept) == b"my face"
    assert kept == f"uploads/{mine.pk}-.._.._me_ a_b.jpg", "nothing that leads elsewhere"
    assert not any(str(theirs.pk) in name for name in names)
    assert data["account"][0]["email"] == alice.email
    assert "password" not in data["account"][0]
    assert "storage_key" not in data["files"][0]
    assert str(theirs.pk) not in json.dumps(data)
    assert [row["address"] for row in data["statements"]] == ["203.0.113.5"]
    assert [row["id"] for row in data["jobs"]] == [str(job.pk)]


def test_it_is_ordered_built_announced_and_downloaded_in_parts(
    owner, alice, stored, mailoutbox, woken, django_capture_on_commit_callbacks
):
    stored(b"x" * 5000)
    with django_capture_on_commit_callbacks(execute=True):
        assert owner.post(ORDER)["Location"] == PAGE
    archive = Archive.objects.get()
    assert woken == [("archive", str(archive.pk))]
    assert "being put together" in owner.get(PAGE).content.decode()
    owner.post(ORDER)
    assert Archive.objects.count() == 1, "one at a time"
    build_archive(str(archive.pk))
    build_archive(str(archive.pk))
    deliver_due()
    assert [letter.subject for letter in mailoutbox] == ["Your data is ready"]
    archive.refresh_from_db()
    assert f"/accounts/data/{archive.pk}.zip" in owner.get(PAGE).content.decode()
    whole = owner.get(f"/accounts/data/{archive.pk}.zip")
    assert whole["Content-Disposition"].startswith("attachment")
    data = body(whole)
    assert len(data) == archive.size_bytes == int(whole["Content-Length"])
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
    part = owner.get(f"/accounts/data/{archive.pk}.zip", headers={"range": "bytes=10-19"})
    assert (part.status_code, body(part)) == (206, data[10:20])
    assert owner.post(ORDER).status_code == 429, "once an hour"


def test_the_link_expires_and_the_file_goes(owner, alice, stored, settings):
    archive = rights.order_archive(alice)
    build_archive(str(archive.pk))
    assert list((settings.MEDIA_DIR / "archives").rglob("*.zip"))
    Archive.objects.update(expires_at=timezone.now() - datetime.timedelta(seconds=1))
    assert owner.get(f"/accounts/data/{archive.pk}.zip").status_code == 404
    assert "Order a copy" in owner.get(PAGE).content.decode()
    rights.look_after()
    assert not list((settings.MEDIA_DIR / "archives").rglob("*.zip"))
    assert not Archive.objects.exists()


def test_a_build_that_fails_is_tried_again_and_then_told(owner, alice, monkeypatch):
    def broken(*_):
        raise OSError("disk away")

    monkeypatch.setattr("apps.ops.archives.write_archive", broken)
    archive = rights.order_archive(alice)
    for _ in range(rights.MAX_ATTEMPTS):
        assert Archive.objects.get().state == "ordered"
        build_archive(str(archive.pk))
    assert Archive.objects.get().state == "failed"
    assert "could not be made" in owner.get(PAGE).content.decode()
    assert rights.order_archive(alice).pk != archive.pk


def test_a_file_that_is_missing_does_not_spoil_the_rest(alice, make_asset, tmp_path):
    make_asset()
    write_archive(alice, tmp_path / "a.zip")
    assert zipfile.ZipFile(tmp_path / "a.zip").testzip() is None


def test_memory_does_not_grow_with_the_files(alice, stored, tmp_path):
    def peak(size_bytes):
        Asset.objects.all().delete()
        stored(b"\x00" * size_bytes)
        tracemalloc.start()
        write_archive(alice, tmp_path / "a.zip")
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(1000)
    assert peak(48 * 2**20) < peak(2**20) + 4 * 2**20


def test_the_archive_goes_with_the_account(alice, settings, django_capture_on_commit_callbacks):
    build_archive(str(rights.order_archive(alice).pk))
    with django_capture_on_commit_callbacks(execute=True):
        delete_account(alice)
    assert not list((settings.MEDIA_DIR / "archives").rglob("*.zip"))


def test_the_doors_are_closed_to_others(owner, stranger, signed_out, alice):
    archive = rights.order_archive(alice)
    address = f"/accounts/data/{archive.pk}.zip"
    assert owner.get(address).status_code == 404, "not ready yet"
    build_archive(str(archive.pk))
    assert owner.get(address).status_code == 200
    assert stranger.get(address).status_code == signed_out.get(address).status_code == 404
    assert owner.get("/accounts/data/00000000-0000-0000-0000-000000000000.zip").status_code == 404
    for closed in (PAGE, "/accounts/data/statements.csv"):
        assert signed_out.get(closed)["Location"].startswith("/accounts/login/")
        assert owner.post(closed).status_code == 405
    for closed in (ORDER, "/accounts/data/letters/"):
        assert signed_out.post(closed)["Location"].startswith("/accounts/login/")
        assert owner.get(closed).status_code == 405


def test_letters_are_switched_off_and_on(owner, alice):
    owner.post("/accounts/data/letters/", {})
    alice.refresh_from_db()
    assert not alice.wants_render_letters
    assert "checked" not in owner.get(PAGE).content.decode().split('id="render-letters"')[1].split(">")[0]
    owner.post("/accounts/data/letters/", {"render_letters": "on"})
    alice.refresh_from_db()
    assert alice.wants_render_letters


def test_ones_statements_are_a_table(owner, stranger, portrait):
    attest(portrait, "consent", address="203.0.113.5")
    told = body(owner.get("/accounts/data/statements.csv")).decode()
    header, row = told.strip().splitlines()
    assert header.startswith("stated_at,file,kind")
    assert str(portrait.pk) in row and "203.0.113.5" in row and "agreed in writing" in row
    assert len(body(stranger.get("/accounts/data/statements.csv")).decode().strip().splitlines()) == 1


def test_everything_that_belongs_to_an_account_is_in_its_copy(alice):
    copied = {rows(alice).model for rows in ROWS.values()}
    owned = {
        model
        for model in apps.get_models()
        if any(field.related_model is User and field.name in {"owner", "user"} for field in model._meta.concrete_fields)
    }
    assert Project in owned and len(owned) > 10
    assert {model.__name__ for model in owned - copied} <= NOT_COPIED
