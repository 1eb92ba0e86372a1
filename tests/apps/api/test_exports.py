"""Clean exports over the API: the price, the order, and everybody who has no business there."""

import uuid

import pytest
from django.utils import timezone

from apps.credits.services import balance_of, grant
from apps.jobs.models import Job, Quote
from apps.uploads.models import Asset
from tests.apps.api.doors import (
    assert_hidden_from_others,
    assert_needs_signing_in,
    assert_unknown_ids_are_not_found,
    assert_wrong_methods_are_refused,
    call,
    problem_of,
)

PROJECTS, QUOTES = "/api/v1/projects", "/api/v1/quotes"


@pytest.fixture
def spoken(project, voice):
    project.voice, project.voice_source = voice, "audio"
    project.save()
    return project


@pytest.fixture
def credits(alice):
    return grant(alice, 50, pool="pack", key="pack")


def quote(owner, project, **choice):
    response = call(owner, "POST", f"{PROJECTS}/{project.pk}/quote", choice)
    assert response.status_code == 201, response.content
    return response.json()


def export(owner, project, **choice):
    return call(owner, "POST", f"{QUOTES}/{quote(owner, project, **choice)['id']}/export")


def test_a_price_says_everything_that_is_needed_to_decide(owner, spoken, credits):
    body = quote(owner, spoken, preset="hevc", frames_per_second="50", label_corner="top-left")
    assert (body["credits"], body["seconds"], body["credits_per_s"], body["size_factor"]) == (3, 3, 1, 1)
    assert (body["preset"], body["frames_per_second"], body["is_exact"], body["is_valid"]) == ("hevc", "50", True, True)
    assert (body["balance_credits"], body["missing_credits"], body["top_up_url"]) == (50, 0, "/credits/buy/")
    plain = [preset["name"] for preset in body["presets"] if not preset["platform"]]
    assert plain == ["h264", "h264_small", "hevc", "prores"]
    assert all(preset["size_bytes"] > 0 for preset in body["presets"])
    assert owner.get(f"{QUOTES}/{body['id']}").json() == body


def test_platforms_are_told_with_what_they_get(owner, spoken):
    Asset.objects.filter(pk=spoken.portrait_id).update(width_px=2400, height_px=3000)
    presets = {one["name"]: one for one in quote(owner, spoken, frames_per_second="50")["presets"]}
    reels = presets["reels"]
    assert (reels["width_px"], reels["height_px"], reels["frames_per_second"]) == (1080, 1350, "25")
    assert (reels["bitrate_max_kbps"], reels["keyframe_s"], reels["loudness_lufs"]) == (8000, 2.0, -14.0)
    assert (presets["youtube"]["frames_per_second"], presets["h264"]["bitrate_max_kbps"]) == ("50", None)
    assert presets["web"]["size_bytes"] < reels["size_bytes"] < presets["prores"]["size_bytes"]

    chosen = quote(owner, spoken, preset="reels", frames_per_second="50")
    assert (chosen["width_px"], chosen["frames_per_second"], chosen["size_factor"]) == (1080, "25", 1)
    again = {one["name"]: one for one in chosen["presets"]}
    assert (again["h264"]["width_px"], again["youtube"]["frames_per_second"]) == (presets["h264"]["width_px"], "50")


def test_a_price_says_whether_credits_are_sold_here(owner, spoken, settings):
    assert not quote(owner, spoken)["can_buy"]
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_1", "whsec_1"
    assert quote(owner, spoken)["can_buy"]


def test_a_see_through_picture_has_formats_of_its_own(owner, spoken):
    spoken.options = {"background": "transparent"}
    spoken.save()
    body = quote(owner, spoken)
    assert [preset["name"] for preset in body["presets"]] == ["webm_alpha", "prores_alpha"]
    assert body["preset"] == "webm_alpha"
    refused = call(owner, "POST", f"{PROJECTS}/{spoken.pk}/quote", {"preset": "h264"})
    assert problem_of(refused)["code"] == "option_invalid"


def test_ordering_at_that_price_reserves_the_credits(owner, spoken, credits, alice):
    response = export(owner, spoken)
    body = response.json()
    assert response.status_code == 201
    assert (body["kind"], body["state"], body["quoted_credits"], body["held_credits"], body["charged_credits"]) == (
        "export",
        "queued",
        3,
        3,
        0,
    )
    assert balance_of(alice).available_credits == 47
    assert [one["id"] for one in owner.get(f"{PROJECTS}/{spoken.pk}/exports").json()] == [body["id"]]
    assert owner.get(f"{PROJECTS}/{spoken.pk}/renders").json() == []
    assert quote(owner, spoken)["is_in_making"]
    assert not quote(owner, spoken, preset="hevc")["is_in_making"]


def test_short_of_credits_it_says_how_many_are_needed_and_where_to_get_them(owner, spoken):
    response = export(owner, spoken)
    problem = problem_of(response)
    assert (response.status_code, problem["code"]) == (402, "credits_short")
    detail = problem["detail"]
    assert (detail["needed"], detail["have"], detail["missing"], detail["top_up_url"]) == (3, 0, 3, "/credits/buy/")
    assert not Job.objects.filter(kind="export").exists()


def test_an_old_price_has_to_be_asked_for_again(owner, spoken, credits):
    body = quote(owner, spoken)
    Quote.objects.update(valid_until=timezone.now())
    response = call(owner, "POST", f"{QUOTES}/{body['id']}/export")
    assert (response.status_code, problem_of(response)["code"]) == (409, "quote_expired")
    assert not owner.get(f"{QUOTES}/{body['id']}").json()["is_valid"]


def test_a_project_that_lacks_something_has_no_price(owner, spoken):
    spoken.voice = None
    spoken.save()
    assert problem_of(call(owner, "POST", f"{PROJECTS}/{spoken.pk}/quote", {}))["code"] == "project_incomplete"


@pytest.mark.parametrize("body", [{"preset": "gif"}, {"resolution": 4}, {"frames_per_second": "0"}, {"credits": 0}])
def test_nonsense_is_refused(owner, spoken, body):
    assert call(owner, "POST", f"{PROJECTS}/{spoken.pk}/quote", body).status_code == 422


def test_a_stopped_export_gives_its_credits_back(owner, spoken, credits, alice):
    job_id = export(owner, spoken).json()["id"]
    assert call(owner, "POST", f"/api/v1/jobs/{job_id}/cancel").status_code == 200
    assert balance_of(alice).available_credits == 50


def test_nobody_else_sees_prices_or_exports_or_gets_the_clean_file(
    owner, stranger, signed_out, spoken, credits, make_asset
):
    body = quote(owner, spoken)
    for method, address in (
        ("GET", f"{QUOTES}/{body['id']}"),
        ("POST", f"{QUOTES}/{body['id']}/export"),
        ("GET", f"{PROJECTS}/{spoken.pk}/exports"),
    ):
        assert_hidden_from_others(stranger, method, address)
        assert_needs_signing_in(signed_out, method, address)
    assert_hidden_from_others(stranger, "POST", f"{PROJECTS}/{spoken.pk}/quote", {})
    job = Job.objects.get(pk=call(owner, "POST", f"{QUOTES}/{body['id']}/export").json()["id"])
    output = make_asset(kind="output", duration_s=3.0)
    assert Job.claim(job.pk).succeed(output=output, thumbnail=None, result={})
    assert_hidden_from_others(stranger, "GET", f"/api/v1/jobs/{job.pk}")
    assert stranger.get(f"/media/{output.pk}").status_code == 404
    assert signed_out.get(f"/media/{output.pk}").status_code == 404


def test_a_clean_file_that_is_not_paid_yet_opens_for_nobody(owner, spoken, credits, make_asset):
    hidden = make_asset(kind="output", state=Asset.State.RECEIVING, duration_s=3.0)
    assert owner.get(f"/media/{hidden.pk}").status_code == 404
    assert owner.get(f"/api/v1/assets/{hidden.pk}").status_code == 404


def test_unknown_prices_and_wrong_methods(owner):
    assert_unknown_ids_are_not_found(owner, "GET", f"{QUOTES}/{{}}")
    assert_unknown_ids_are_not_found(owner, "POST", f"{QUOTES}/{{}}/export")
    assert_wrong_methods_are_refused(owner, f"{QUOTES}/{uuid.uuid4()}", "DELETE", "PUT")
