"""Sets of variants over the API, and everybody who has no business there."""

import uuid

import pytest

from apps.batches.models import Batch
from apps.jobs.models import Job
from tests.apps.api.doors import (
    assert_hidden_from_others,
    assert_needs_signing_in,
    assert_unknown_ids_are_not_found,
    assert_wrong_methods_are_refused,
    call,
    problem_of,
)

PROJECTS, BATCHES, VARIANTS = "/api/v1/projects", "/api/v1/batches", "/api/v1/variants"
FOUR = {"hooks": ["Stop", "Go"], "shapes": ["9:16", "1:1"]}


@pytest.fixture
def started(owner, project):
    response = call(owner, "POST", f"{PROJECTS}/{project.pk}/variants", FOUR)
    assert response.status_code == 201, response.content
    return response.json()


def test_a_plan_says_what_a_set_takes_and_orders_nothing(owner, project):
    body = call(owner, "POST", f"{PROJECTS}/{project.pk}/variants/plan", FOUR).json()
    assert (body["count"], body["renders_left"], body["renders_per_day"]) == (4, 10, 10)
    assert body["names"][0] == "“Stop” · 9:16"
    assert body["estimate_s"] > 4
    assert not Job.objects.exists()


def test_a_plan_of_exports_names_one_price_per_picture_and_sound(owner, project):
    body = call(owner, "POST", f"{PROJECTS}/{project.pk}/variants/plan", FOUR | {"making": "export"}).json()
    assert (body["paid_videos"], body["credits"] > 0, body["missing_credits"]) == (2, True, body["credits"])


def test_a_set_is_followed_named_and_picked(owner, project, started):
    assert (started["count"], started["done"], started["is_over"], started["fraction"]) == (4, 0, False, 0.0)
    assert owner.get(f"{BATCHES}/{started['id']}").json()["id"] == started["id"]
    assert [one["id"] for one in owner.get(f"{PROJECTS}/{project.pk}/variants").json()] == [started["id"]]
    address = f"{VARIANTS}/{started['variants'][0]['id']}"
    body = call(owner, "PATCH", address, {"name": "  The   calm one ", "is_favourite": True}).json()
    assert (body["name"], body["is_favourite"]) == ("The calm one", True)


def test_a_set_is_stopped_made_again_and_deleted(owner, started):
    stopped = call(owner, "POST", f"{BATCHES}/{started['id']}/cancel").json()
    assert {one["state"] for one in stopped["variants"]} == {"cancelled"}
    again = call(owner, "POST", f"{VARIANTS}/{started['variants'][0]['id']}/retry")
    assert (again.status_code, again.json()["state"]) == (201, "queued")
    assert call(owner, "DELETE", f"{BATCHES}/{started['id']}").status_code == 204
    assert not Job.objects.exists()


def test_the_same_key_gives_the_same_set(owner, project):
    address = f"{PROJECTS}/{project.pk}/variants"
    ids = {
        owner.post(address, FOUR, content_type="application/json", headers={"Idempotency-Key": "k"}).json()["id"]
        for _ in range(2)
    }
    assert (len(ids), Job.objects.count()) == (1, 4)


@pytest.mark.parametrize(
    "body",
    [
        {"hooks": "Stop"},
        {"hooks": ["x" * 301, "y"]},
        {"hooks": ["a"] * 25},
        {"captions": ["comic"]},
        {"shapes": ["0:0"]},
        {"making": "gift"},
        {"preset": "gif"},
        {"watermark": False},
        {},
        [],
    ],
    ids=["text", "long", "many", "captions", "shape", "making", "preset", "unknown", "nothing", "list"],
)
def test_nonsense_is_refused(owner, project, body):
    response = call(owner, "POST", f"{PROJECTS}/{project.pk}/variants", body)
    assert response.status_code == 422
    problem_of(response)
    assert not Batch.objects.exists()


def test_a_project_that_lacks_something_has_no_variants(owner, project):
    project.portrait = None
    project.save()
    assert problem_of(call(owner, "POST", f"{PROJECTS}/{project.pk}/variants", FOUR))["code"] == "project_incomplete"


@pytest.mark.parametrize("body", [{"name": ""}, {"name": " "}, {"name": "x" * 121}, {"state": "succeeded"}])
def test_names_must_be_names(owner, started, body):
    assert call(owner, "PATCH", f"{VARIANTS}/{started['variants'][0]['id']}", body).status_code in (400, 422)


def test_others_see_nothing_of_it(owner, stranger, signed_out, project, started):
    variant = started["variants"][0]["id"]
    for method, address, body in [
        ("POST", f"{PROJECTS}/{project.pk}/variants/plan", FOUR),
        ("POST", f"{PROJECTS}/{project.pk}/variants", FOUR),
        ("GET", f"{PROJECTS}/{project.pk}/variants", None),
        ("GET", f"{BATCHES}/{started['id']}", None),
        ("POST", f"{BATCHES}/{started['id']}/cancel", None),
        ("DELETE", f"{BATCHES}/{started['id']}", None),
        ("PATCH", f"{VARIANTS}/{variant}", {"name": "Mine"}),
        ("POST", f"{VARIANTS}/{variant}/retry", None),
    ]:
        assert_hidden_from_others(stranger, method, address, body)
        assert_needs_signing_in(signed_out, method, address, body)
    assert_wrong_methods_are_refused(owner, f"{BATCHES}/{started['id']}", "PUT", "PATCH")
    for template in (f"{BATCHES}/{{}}", f"{PROJECTS}/{{}}/variants"):
        assert_unknown_ids_are_not_found(owner, "GET", template)
    assert call(owner, "POST", f"{VARIANTS}/{uuid.uuid4()}/retry").status_code == 404
