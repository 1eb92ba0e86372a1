import datetime

import pytest
from django.utils import timezone

from apps.shares.models import Share
from tests.apps.api.doors import (
    assert_hidden_from_others,
    assert_needs_signing_in,
    assert_wrong_methods_are_refused,
    call,
    problem_of,
)


@pytest.fixture
def address(finished_job) -> str:
    return f"/api/v1/jobs/{finished_job.pk}/share"


def page_of(link: str) -> str:
    return "/v/" + link.split("/v/")[1]


def test_whoever_has_the_link_may_watch_without_an_account(owner, signed_out, address, finished_job):
    told = call(owner, "POST", address, {"days": 7})
    assert told.status_code == 201
    page = signed_out.get(page_of(told.json()["url"]))
    assert page.status_code == 200
    text = page.content.decode()
    assert "AI-generated" in text and "Report this video" in text and "Hello" in text
    assert f"/media/{finished_job.output_id}" in text
    assert "noindex" in page["X-Robots-Tag"]
    assert "Back to your library" not in text
    assert "Back to your library" in owner.get(page_of(told.json()["url"])).content.decode()


def test_a_link_keeps_its_address_when_it_is_to_last_longer(owner, address):
    first = call(owner, "POST", address, {"days": 1}).json()
    later = call(owner, "POST", address, {"days": 30}).json()
    assert first["url"] == later["url"] and first["expires_at"] < later["expires_at"]
    assert owner.get(address).json() == later


def test_a_link_runs_out_and_is_never_opened_again(owner, signed_out, address):
    link = call(owner, "POST", address, {"days": 1}).json()["url"]
    Share.objects.update(expires_at=timezone.now() - datetime.timedelta(seconds=1))
    gone = signed_out.get(page_of(link))
    assert gone.status_code == 410 and "run out" in gone.content.decode()
    assert owner.get(address).json() == {"url": None, "expires_at": None}
    again = call(owner, "POST", address, {"days": 1}).json()["url"]
    assert again != link
    assert signed_out.get(page_of(link)).status_code == 404


def test_a_link_taken_back_is_gone_at_once(owner, signed_out, address):
    link = call(owner, "POST", address, {"days": 7}).json()["url"]
    assert call(owner, "DELETE", address).status_code == 204
    page = signed_out.get(page_of(link))
    assert page.status_code == 404
    assert "Ask whoever sent it" in page.content.decode()


def test_a_video_that_was_removed_is_not_shown(owner, signed_out, address, finished_job):
    link = call(owner, "POST", address, {"days": 7}).json()["url"]
    finished_job.output.delete()
    assert signed_out.get(page_of(link)).status_code == 410


@pytest.mark.parametrize("days", [0, -1, 8, 1000, "7", None])
def test_odd_times_are_refused(owner, address, days):
    answer = call(owner, "POST", address, {"days": days})
    assert answer.status_code in (400, 422)
    problem_of(answer)
    assert not Share.objects.exists()


def test_an_unfinished_video_cannot_be_shared(owner, job):
    assert problem_of(call(owner, "POST", f"/api/v1/jobs/{job.pk}/share", {"days": 7}))["code"] == "render_not_ready"


def test_only_the_owner_may_share_look_and_take_back(owner, stranger, signed_out, address):
    call(owner, "POST", address, {"days": 7})
    for method, body in (("POST", {"days": 7}), ("GET", None), ("DELETE", None)):
        assert_hidden_from_others(stranger, method, address, body)
        assert_needs_signing_in(signed_out, method, address, body)
    assert Share.objects.count() == 1
    assert_wrong_methods_are_refused(owner, address, "PUT", "PATCH")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "token", ["x", "a" * 32, "a" * 5000, "..%2f..%2fetc", "%00"], ids=["short", "long", "longer", "path", "null"]
)
def test_guessing_finds_nothing(signed_out, token):
    assert signed_out.get(f"/v/{token}/").status_code == 404
