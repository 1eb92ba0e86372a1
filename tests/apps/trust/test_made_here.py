import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from apps.trust import inquiries
from apps.trust.answers import answer_in_words
from apps.trust.models import Inquiry
from tests.apps.uploads.conftest import picture, recording

ASK = "/made-here/"


@pytest.fixture(autouse=True)
def woken(monkeypatch):
    calls = []
    monkeypatch.setattr("apps.core.errands.wake", lambda *what: calls.append(what))
    return calls


def send(client, data=None, name="seen.jpg", **more):
    file = SimpleUploadedFile(name, picture() if data is None else data)
    return client.post(ASK, {"file": file}, **more)


def stored(settings):
    return [path for path in settings.MEDIA_DIR.rglob("*") if path.is_file()]


def test_anybody_asks_and_finds_the_answer_on_a_page_of_its_own(
    client, db, settings, woken, django_capture_on_commit_callbacks
):
    assert client.get(ASK).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        asked = send(client)
    inquiry = Inquiry.objects.get()
    assert asked["Location"] == f"/made-here/{inquiry.pk}/"
    assert woken == [("identify", str(inquiry.pk))]
    assert "Looking for our marks" in client.get(asked["Location"]).content.decode()
    assert client.get(asked["Location"], headers={"accept": "application/json"}).json() == {"state": "waiting"}

    held = inquiries.claim(inquiry.pk)
    assert inquiries.claim(inquiry.pk) is None, "one worker at a time"
    assert inquiries.local_copy(held, settings.INCOMING_DIR).read_bytes() == picture()
    with django_capture_on_commit_callbacks(execute=True):
        assert inquiries.answer(held, {"made_here": True, "has_hidden_mark": True, "credentials": "trusted"})
    page = client.get(asked["Location"]).content.decode()
    assert "Yes, this was made here" in page
    assert stored(settings) == [], "the file is gone once it was looked at"


@pytest.mark.parametrize(
    ("data", "name", "status"),
    [
        (b"", "a.jpg", 422),
        (b"#!/bin/sh\n" * 50, "a.jpg", 415),
        (recording(), "a.wav", 415),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "a.svg", 415),
        (b"%PDF-1.7" + b" " * 100, "a.pdf", 415),
    ],
)
def test_what_is_no_picture_or_video_is_refused_in_words(client, db, settings, data, name, status):
    answer = send(client, data, name)
    assert answer.status_code == status
    assert 'role="alert"' in answer.content.decode()
    assert not Inquiry.objects.exists() and stored(settings) == []


def test_a_form_without_a_file_says_so(client, db):
    assert client.post(ASK).status_code == 400
    assert client.post(ASK, {"file": "words"}).status_code == 400


def test_a_file_above_the_limit_is_refused(client, db, settings):
    settings.MADE_HERE_BYTES_MAX = 1000
    assert send(client).status_code == 413
    assert stored(settings) == []


def test_one_address_may_not_ask_for_ever(client, db):
    codes = [send(client).status_code for _ in range(22)]
    assert codes[:20] == [302] * 20
    assert codes[20:] == [429, 429]
    assert send(client, REMOTE_ADDR="198.51.100.2").status_code == 302


def test_a_household_with_ipv6_counts_as_one(client, db):
    for last in range(20):
        send(client, REMOTE_ADDR=f"2001:db8:1:2::{last + 1:x}")
    assert send(client, REMOTE_ADDR="2001:db8:1:2:ffff::1").status_code == 429
    assert send(client, REMOTE_ADDR="2001:db8:1:3::1").status_code == 302


def test_a_crowd_is_asked_to_come_back(client, db):
    Inquiry.objects.bulk_create(Inquiry(extension=".jpg", size_bytes=1) for _ in range(inquiries.WAITING_MAX))
    assert send(client).status_code == 503


@pytest.mark.parametrize("wrong", ["00000000-0000-4000-8000-000000000000", "1", "x", "%00"])
def test_other_ids_are_not_found(client, db, wrong):
    assert client.get(f"/made-here/{wrong}/").status_code == 404


def test_other_methods_are_refused(client, db):
    asked = send(client)["Location"]
    for method in ("put", "delete", "patch"):
        assert getattr(client, method)(ASK).status_code == 405
        assert getattr(client, method)(asked).status_code == 405


def test_a_failure_is_told_in_the_catalogues_words(client, db):
    inquiry = Inquiry.objects.create(extension=".mp4", size_bytes=1)
    inquiries.fail(inquiries.claim(inquiry.pk), "file_unreadable")
    page = client.get(f"/made-here/{inquiry.pk}/").content.decode()
    assert "could not read that file" in page


def test_a_late_answer_changes_nothing(db):
    inquiry = Inquiry.objects.create(extension=".mp4", size_bytes=1)
    late = inquiries.claim(inquiry.pk)
    Inquiry.objects.update(state="waiting")
    newer = inquiries.claim(inquiry.pk)
    assert not inquiries.answer(late, {"made_here": True})
    assert inquiries.answer(newer, {"made_here": False})
    assert Inquiry.objects.get().answer == {"made_here": False}


def test_the_clock_wakes_again_gives_up_and_forgets(db, woken, settings):
    def put(**fields):
        return Inquiry.objects.create(extension=".jpg", size_bytes=1, **fields)

    long_ago = timezone.now() - datetime.timedelta(minutes=30)
    forgotten = put(changed_at=timezone.now() - inquiries.RESEND_AFTER * 2)
    fresh = put()
    silent = put(state="looking", attempt=1, changed_at=long_ago)
    hopeless = put(state="looking", attempt=inquiries.MAX_ATTEMPTS, changed_at=long_ago)
    old = put(state="answered", created_at=timezone.now() - inquiries.KEEP_FOR * 2)
    inquiries.look_after()
    assert {pk for _, pk in woken} == {str(forgotten.pk), str(silent.pk)}
    states = dict(Inquiry.objects.values_list("pk", "state"))
    assert states == {forgotten.pk: "waiting", fresh.pk: "waiting", silent.pk: "waiting", hopeless.pk: "failed"}
    assert old.pk not in states


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ({"made_here": True, "has_hidden_mark": True, "credentials": "trusted"}, "yes"),
        ({"made_here": True, "has_hidden_mark": True, "credentials": "none"}, "yes"),
        ({"made_here": True, "has_hidden_mark": True, "credentials": "invalid"}, "changed"),
        ({"made_here": False, "credentials": "valid", "generator": "Camera <b>"}, "elsewhere"),
        ({"made_here": False, "credentials": "invalid"}, "elsewhere"),
        ({"made_here": False, "credentials": "none"}, "no"),
        ({}, "no"),
    ],
)
def test_the_answer_says_what_the_marks_prove_and_no_more(found, verdict):
    answer = answer_in_words(found)
    assert answer.verdict == verdict
    assert answer.words.endswith(".")


def test_an_answer_tells_when_and_what_but_never_who(client, db, alice):
    inquiry = Inquiry.objects.create(extension=".mp4", size_bytes=1)
    found = {"made_here": True, "has_hidden_mark": True, "credentials": "trusted", "render_id": "5eed00c0ffee"}
    inquiries.answer(
        inquiries.claim(inquiry.pk), found | {"made_at": "2026-11-22T10:00:00+00:00", "kind": "talking_photo"}
    )
    page = client.get(f"/made-here/{inquiry.pk}/").content.decode()
    assert "22 November 2026, 10:00 UTC" in page and "a talking photo" in page
    assert "/report/?render=5eed00c0ffee" in page
    assert "alice" not in page
