"""What a video shows of its owner's brand."""

from uuid import uuid4

import pytest

from apps.brands.models import Brand
from apps.brands.services import change_brand
from apps.core.failures import SiteFailure
from apps.jobs.exports import content_key
from apps.projects import services
from apps.projects.orders import render_request
from apps.uploads.models import Asset


@pytest.fixture
def logo(make_asset, alice):
    made = make_asset(kind="picture", content_type="image/png", preflight={"picture": {"frames": 1}})
    change_brand(alice, {"logo": made.pk})
    return made


def test_a_video_shows_its_brand_only_where_that_is_switched_on(project, logo):
    assert not {"logo", "logo_asset"} & render_request(project).keys()
    services.update_project(project, {"brand": True, "logo_corner": "top-left", "logo_size": 0.2})
    order = render_request(project)
    assert order["logo_asset"] == str(logo.pk)
    assert order["logo"] == {"corner": "top-left", "size": 0.2, "opacity": 0.9}


def test_switched_on_without_a_logo_nothing_is_missing(project):
    services.update_project(project, {"brand": True})
    assert "logo" not in render_request(project)


def test_a_film_shows_its_own_logo_once_and_none_of_its_scenes(alice, project, logo):
    services.update_project(project, {"brand": True})
    film = services.create_project(alice, kind="film")
    services.update_project(film, {"scenes": [{"id": "1", "project": str(project.pk)}]})
    assert "logo" not in render_request(film)
    services.update_project(film, {"brand": True})
    order = render_request(film)
    assert order["logo_asset"] == str(logo.pk) and "logo" not in order["scenes"][0]["order"]


def test_a_logo_about_which_nothing_is_stated_stops_the_render(project, logo):
    services.update_project(project, {"brand": True})
    logo.pk, logo.sha256, logo.storage_key = uuid4(), "", "another-logo"
    Asset.objects.bulk_create([logo])
    Brand.objects.update(logo=logo)
    with pytest.raises(SiteFailure) as refused:
        render_request(project)
    assert refused.value.code == "attestation_missing"


def test_the_same_video_with_a_logo_is_paid_for_once(project, logo):
    plain = content_key("talking_photo", render_request(project))
    services.update_project(project, {"brand": True})
    assert content_key("talking_photo", render_request(project)) == plain


@pytest.mark.parametrize(
    "wrong", [{"logo_corner": "centre"}, {"logo_size": 1.0}, {"logo_opacity": 0}, {"brand": 1}, {"logo_size": None}]
)
def test_what_makes_no_sense_is_refused(project, wrong):
    with pytest.raises(SiteFailure):
        services.update_project(project, wrong)


def test_captions_follow_the_brand_unless_that_is_switched_off(alice, project):
    change_brand(alice, {"primary": "#102030", "typeface": "display"})
    services.update_project(project, {"brand": True})
    assert "caption_brand" not in render_request(project)  # nor has it any captions
    services.update_project(project, {"captions": "boxed"})
    wanted = render_request(project)["caption_brand"]
    assert (wanted["primary"], wanted["typeface"]) == ("#102030", "display")
    services.update_project(project, {"brand_captions": False})
    assert "caption_brand" not in render_request(project)


def test_a_scene_keeps_the_colours_of_its_own_captions(alice, project):
    services.update_project(project, {"brand": True, "captions": "boxed"})
    film = services.create_project(alice, kind="film")
    services.update_project(film, {"scenes": [{"id": "1", "project": str(project.pk)}]})
    assert "caption_brand" in render_request(film)["scenes"][0]["order"]


def test_cards_are_ordered_where_there_is_something_on_them_and_count_to_the_length(alice, project):
    services.update_project(project, {"brand": True, "brand_intro": True, "brand_outro": True})
    plain = render_request(project)
    assert "bookends" not in plain  # neither logo nor words
    change_brand(alice, {"intro_text": "Mara’s\n minute", "intro_s": 3})
    order = render_request(project)
    assert order["bookends"].keys() == {"intro", "brand"}
    assert order["bookends"]["intro"] == {"text": "Mara’s minute", "length_s": 3.0}
    assert order["max_duration_s"] == plain["max_duration_s"] - 3
    change_brand(alice, {"outro_text": "Bye", "outro_s": 1.5})
    assert render_request(project)["max_duration_s"] == plain["max_duration_s"] - 4.5


def test_a_recording_as_long_as_may_be_leaves_no_room_for_a_card(alice, project, make_asset):
    voice = make_asset(kind="voice", duration_s=59.0)
    services.update_project(project, {"voice": voice.pk, "voice_source": "audio", "brand": True, "brand_intro": True})
    assert render_request(project)
    change_brand(alice, {"intro_text": "Hello"})
    with pytest.raises(SiteFailure) as refused:
        render_request(project)
    assert refused.value.code == "too_long_for_free"


def test_a_person_alone_has_no_cards_and_cards_change_no_price(alice, project):
    change_brand(alice, {"intro_text": "Hello"})
    services.update_project(project, {"brand": True, "background": "photo"})
    plain = content_key("talking_photo", render_request(project))
    services.update_project(project, {"brand_intro": True})
    assert content_key("talking_photo", render_request(project)) == plain
    services.update_project(project, {"background": "transparent"})
    assert "bookends" not in render_request(project)
