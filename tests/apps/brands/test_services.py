"""An account's brand: what may be in it, and who may change it."""

from uuid import uuid4

import pytest
from django.http import Http404

from apps.brands.colours import contrast
from apps.brands.models import Brand
from apps.brands.services import brand_of, change_brand, is_in_a_brand
from apps.core.failures import SiteFailure
from apps.projects.services import delete_unused
from apps.uploads.models import Asset


@pytest.fixture
def make_logo(make_asset):
    def make(**fields):
        facts = {"kind": "picture", "content_type": "image/png", "size_bytes": 900, "width_px": 300, "height_px": 100}
        return make_asset(**{**facts, "preflight": {"picture": {"frames": 1}}, **fields})

    return make


def refused(user, changes):
    with pytest.raises(SiteFailure) as failure:
        change_brand(user, changes)
    return failure.value


def test_a_brand_is_there_before_anybody_changes_it_and_stored_with_the_first_change(alice, make_logo):
    assert brand_of(alice).logo is None and not Brand.objects.exists()
    logo = make_logo()
    change_brand(alice, {"logo": logo.pk, "accent": "#FF8800", "typeface": "display"})
    brand = brand_of(alice)
    assert (brand.logo, brand.accent, brand.typeface) == (logo, "#ff8800", "display")
    assert is_in_a_brand(logo) and brand.primary == Brand().primary


def test_contrast_is_as_the_guidelines_have_it():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("colour", ["", "red", "#12345", "#1234567", "#12345g", "123456", None, 7, "#fff; x: url(//a)"])
def test_what_is_no_colour_is_refused(alice, colour):
    assert refused(alice, {"primary": colour}).code == "option_invalid"


def test_colours_that_nobody_can_read_are_refused_and_nothing_of_the_change_is_kept(alice):
    failure = refused(alice, {"accent": "#00ff00", "primary": "#808080", "text": "#8a8a8a"})
    assert failure.code == "option_invalid" and "1.1" in failure.detail["reason"]
    assert brand_of(alice).accent == Brand().accent


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"content_type": "image/jpeg"}, "logo_unusable"),
        ({"content_type": "image/svg+xml"}, "logo_unusable"),
        ({"size_bytes": 3 * 2**20}, "logo_unusable"),
        ({"width_px": 5000}, "logo_unusable"),
        ({"preflight": {"picture": {"frames": 12}}}, "logo_unusable"),
        ({"state": "checking", "preflight": None}, "asset_not_ready"),
        ({"state": "refused", "failure_code": "file_unreadable"}, "file_unreadable"),
        ({"kind": "portrait"}, "asset_wrong_kind"),
    ],
    ids=["jpeg", "svg", "heavy", "wide", "animated", "checking", "refused", "portrait"],
)
def test_what_can_be_no_logo_is_refused(alice, make_logo, fields, code):
    assert refused(alice, {"logo": make_logo(**fields).pk}).code == code


def test_somebody_elses_picture_is_not_found(bob, make_logo):
    with pytest.raises(Http404):
        change_brand(bob, {"logo": make_logo().pk})
    with pytest.raises(Http404):
        change_brand(bob, {"logo": "no id"})


def test_a_logo_needs_a_word_on_whether_it_may_be_used(alice, make_logo):
    logo = make_logo()
    logo.pk, logo.sha256, logo.storage_key = uuid4(), "", "another-logo"
    Asset.objects.bulk_create([logo])  # as nobody has said anything about it
    assert refused(alice, {"logo": logo.pk}).code == "attestation_missing"


def test_a_logo_stays_when_the_last_video_that_shows_its_file_goes(alice, make_logo):
    logo, other = make_logo(), make_logo()
    change_brand(alice, {"logo": logo.pk})
    delete_unused([logo, other])
    assert list(Asset.objects.all()) == [logo]
    change_brand(alice, {"logo": None})
    delete_unused([logo])
    assert not Asset.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [{"intro_text": "x" * 81}, {"intro_s": 0.5}, {"outro_s": 5.5}, {"outro_s": float("nan")}, {"intro_s": True}],
)
def test_cards_that_make_no_sense_are_refused(alice, wrong):
    assert refused(alice, wrong).code == "option_invalid"
