import pytest

from apps.jobs.models import Job
from apps.uploads.models import Asset
from tests.apps.api.doors import assert_needs_signing_in, call, problem_of

ADDRESS = "/api/v1/brand"


@pytest.fixture
def logo(make_asset):
    return make_asset(kind="picture", content_type="image/webp", preflight={"picture": {"frames": 1}})


def test_a_brand_is_looked_at_changed_and_its_old_logo_is_deleted(owner, logo):
    assert owner.get(ADDRESS).json()["logo"] is None
    told = call(owner, "PATCH", ADDRESS, {"logo": str(logo.pk), "primary": "#102030"})
    assert told.status_code == 200
    assert told.json()["logo"] == str(logo.pk) and told.json()["logo_url"] and told.json()["primary"] == "#102030"
    assert call(owner, "PATCH", ADDRESS, {"logo": None}).json()["logo"] is None
    assert not Asset.objects.filter(pk=logo.pk).exists()


def test_notes_tell_of_colours_that_are_hard_to_read(owner):
    told = call(owner, "PATCH", ADDRESS, {"primary": "#ffffff", "text": "#8a8a8a"}).json()
    assert told["text_contrast"] < 4.5 and "contrast of 3.5" in told["notes"][0]


def test_others_have_brands_of_their_own(owner, stranger, signed_out, logo):
    assert call(stranger, "PATCH", ADDRESS, {"logo": str(logo.pk)}).status_code == 404
    call(owner, "PATCH", ADDRESS, {"primary": "#102030"})
    assert stranger.get(ADDRESS).json()["primary"] != "#102030"
    assert_needs_signing_in(signed_out, "PATCH", ADDRESS, {"primary": "#102030"})
    assert_needs_signing_in(signed_out, "GET", ADDRESS)


@pytest.mark.parametrize(
    "wrong",
    [
        {"logo": "x"},
        {"primary": None},
        {"primary": "#12"},
        {"typeface": "comic"},
        {"owner": 1},
        {"pronunciations": [{"word": "a", "said": "<b>"}]},
        {"accent": "#" * 99},
    ],
)
def test_what_makes_no_sense_is_refused_in_words(owner, wrong):
    told = call(owner, "PATCH", ADDRESS, wrong)
    assert told.status_code in (400, 422) and problem_of(told)["sentence"]


def test_the_page_shows_the_brand_to_whoever_is_signed_in(owner, signed_out, logo):
    call(owner, "PATCH", ADDRESS, {"logo": str(logo.pk)})
    page = owner.get("/accounts/brand/")
    assert page.status_code == 200 and str(logo.pk) in page.content.decode()
    assert signed_out.get("/accounts/brand/").status_code == 302


def test_words_of_the_account_are_kept_and_heard_before_rendering(owner, two_voices, nobody_is_woken):
    rows = [{"word": "San José", "said": "san ho say"}]
    assert call(owner, "PATCH", ADDRESS, {"pronunciations": rows}).json()["pronunciations"] == rows
    job = call(owner, "POST", "/api/v1/speech", {"text": "In San José.", "voice": "en-us:female"}).json()
    assert owner.get(f"/api/v1/jobs/{job['id']}").json()["request"]["script"]["pronunciations"] == rows


def test_a_logo_is_changed_while_a_video_with_the_old_one_is_being_made(owner, alice, logo):
    call(owner, "PATCH", ADDRESS, {"logo": str(logo.pk)})
    Job.objects.create(owner=alice, kind="talking_photo", state="queued", request={"logo_asset": str(logo.pk)})
    assert call(owner, "PATCH", ADDRESS, {"logo": None}).json()["logo"] is None
    assert Asset.objects.filter(pk=logo.pk).exists()
