from unittest.mock import patch

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.jobs.models import Job
from apps.uploads.models import Asset
from tests.apps.api.doors import (
    assert_hidden_from_others,
    assert_needs_signing_in,
    assert_unknown_ids_are_not_found,
    assert_wrong_methods_are_refused,
    problem_of,
)
from tests.apps.uploads.conftest import picture, recording

ASSETS = "/api/v1/assets"


def send(client, kind="portrait", data=None, name="me.jpg"):
    file = SimpleUploadedFile(name, picture() if data is None else data)
    return client.post(ASSETS, {"kind": kind, "file": file})


@pytest.mark.django_db(transaction=True)
def test_a_portrait_is_stored_and_looked_at(owner, alice):
    response = send(owner)
    assert response.status_code == 201
    body = response.json()
    assert (body["state"], body["kind"], body["content_type"]) == ("checking", "portrait", "image/jpeg")
    assert Job.objects.get(asset_id=body["id"]).kind == "preflight"
    assert owner.get(f"{ASSETS}/{body['id']}").json()["id"] == body["id"]


def test_a_voice_is_stored(owner):
    body = send(owner, "voice", recording(), "hello.wav").json()
    assert (body["kind"], body["content_type"]) == ("voice", "audio/wav")


def test_the_files_address_plays_it_for_its_owner_alone(owner, stranger):
    data = picture()
    url = send(owner, data=data).json()["url"]
    assert owner.get(url).status_code == 200
    path = url.split("?")[0]
    assert stranger.get(path).status_code in (403, 404)


@pytest.mark.parametrize(
    ("data", "code", "status"),
    [(b"", "file_empty", 422), (b"#!/bin/sh\necho hello\n" * 9, "unsupported_type", 415)],
)
def test_what_cannot_be_used_is_refused_in_words(owner, data, code, status):
    response = send(owner, data=data, name="me.jpg")
    assert (response.status_code, problem_of(response)["code"]) == (status, code)
    assert not Asset.objects.exists()


def test_a_kind_that_nobody_may_send_is_refused(owner):
    response = send(owner, kind="output")
    assert (response.status_code, problem_of(response)["code"]) == (422, "invalid_request")


def test_sending_nothing_is_refused(owner):
    response = owner.post(ASSETS, {"kind": "portrait"})
    assert (response.status_code, problem_of(response)["code"]) == (400, "upload_missing")


def test_a_hostile_name_is_only_a_name(owner):
    body = send(owner, name="<img src=x onerror=alert(1)>‮gpj.jpg").json()
    assert "/" not in body["name"]
    assert "<img" not in body["url"]


def test_warnings_and_problems_come_in_words(owner, make_asset):
    found = {"code": "face_small", "at_s": None, "detail": {"face_px": 90, "good_px": 160}}
    asset = make_asset(preflight={"problems": [], "warnings": [found], "faces": []})
    told = owner.get(f"{ASSETS}/{asset.pk}").json()["preflight"]["warnings"][0]
    assert "90 px" in told["sentence"]
    assert "160 px" in told["next_step"]


def test_a_refused_file_says_why(owner, make_asset):
    asset = make_asset(state="refused", failure_code="no_face")
    failure = owner.get(f"{ASSETS}/{asset.pk}").json()["failure"]
    assert failure["code"] == "no_face"
    assert "face" in failure["sentence"]


def test_a_file_can_be_deleted(owner, portrait):
    assert owner.delete(f"{ASSETS}/{portrait.pk}").status_code == 204
    assert owner.get(f"{ASSETS}/{portrait.pk}").status_code == 404


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_stranger_finds_nothing(stranger, portrait, method):
    assert_hidden_from_others(stranger, method, f"{ASSETS}/{portrait.pk}")
    assert Asset.objects.filter(pk=portrait.pk).exists()


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_ids_that_do_not_exist_are_not_found(owner, method):
    assert_unknown_ids_are_not_found(owner, method, ASSETS + "/{}")


def test_wrong_methods_are_refused(owner, portrait):
    assert_wrong_methods_are_refused(owner, ASSETS, "GET", "DELETE", "PUT")
    assert_wrong_methods_are_refused(owner, f"{ASSETS}/{portrait.pk}", "POST", "PATCH")


def test_it_needs_signing_in(signed_out, portrait):
    assert_needs_signing_in(signed_out, "GET", f"{ASSETS}/{portrait.pk}")
    assert_needs_signing_in(signed_out, "DELETE", f"{ASSETS}/{portrait.pk}")
    assert send(signed_out).status_code == 401


def test_a_page_of_another_site_cannot_send_files(alice):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    response = send(client)
    assert (response.status_code, problem_of(response)["code"]) == (403, "csrf_failed")


def test_too_many_uploads_have_to_wait(owner):
    with patch("apps.api.throttles.AccountThrottle.allow_request", return_value=False):
        response = send(owner)
    assert (response.status_code, problem_of(response)["code"]) == (429, "rate_limited")
    assert int(response["Retry-After"]) >= 1
