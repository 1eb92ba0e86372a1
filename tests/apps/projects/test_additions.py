"""Music under what is said, and what is behind a photo's person."""

from uuid import uuid4

import pytest
from django.http import Http404

from apps.core.failures import SiteFailure
from apps.projects import services
from apps.projects.presentation import project_facts, projects_facts
from apps.trust.attestations import attest
from apps.uploads.models import Asset


@pytest.fixture
def music(make_asset):
    return make_asset(kind="music", duration_s=90.0)


@pytest.fixture
def wall(make_asset):
    return make_asset(kind="picture")


@pytest.fixture
def dub(alice, make_asset):
    clip = make_asset(kind="clip", duration_s=4.0)
    project = services.create_project(alice, kind="video_dub")
    return services.update_project(project, {"clip": clip.pk, "script": "Other words."})


def code_of(project) -> str:
    with pytest.raises(SiteFailure) as refused:
        services.render_request(project)
    return refused.value.code


def test_an_order_without_additions_says_nothing_of_them(project):
    assert not {"music_asset", "music", "backdrop_asset", "backdrop"} & services.render_request(project).keys()


@pytest.mark.parametrize("kind", ["project", "dub"])
def test_music_goes_into_the_order_with_how_it_is_wanted(kind, music, request):
    project = request.getfixturevalue(kind)
    services.update_project(project, {"music": music.pk, "music_volume": 0.2, "music_loops": False})
    order = services.render_request(project)
    assert order["music_asset"] == str(music.pk)
    wanted = {"volume": 0.2, "ducking": 0.6, "fade_in_s": 0.5, "fade_out_s": 2.0, "loops": False}
    assert order["music"] == wanted


def test_music_at_volume_zero_is_left_out(project, music):
    services.update_project(project, {"music": music.pk, "music_volume": 0})
    assert "music_asset" not in services.render_request(project)


def test_music_needs_a_word_on_whether_it_may_be_used(project, music):
    music.pk, music.sha256, music.storage_key = uuid4(), "", "another-piece"
    Asset.objects.bulk_create([music])  # as nobody has said anything about it
    services.update_project(project, {"music": music.pk})
    assert code_of(project) == "attestation_missing"


def test_music_that_is_still_listened_to_has_to_be_waited_for(project, make_asset):
    services.update_project(project, {"music": make_asset(kind="music", state="checking").pk})
    assert code_of(project) == "asset_not_ready"


@pytest.mark.parametrize(("background", "is_told"), [("photo", False), ("transparent", False), ("blur", True)])
def test_a_new_background_goes_into_the_order(project, background, is_told):
    services.update_project(project, {"background": background, "background_blur": 0.8})
    order = services.render_request(project)
    assert order["background"] == background
    assert ("backdrop" in order) is is_told
    if is_told:
        assert order["backdrop"]["blur"] == 0.8 and "backdrop_asset" not in order


def test_a_picture_behind_the_person_has_to_be_there(project, wall):
    services.update_project(project, {"background": "picture"})
    assert code_of(project) == "project_incomplete"
    services.update_project(project, {"backdrop": wall.pk})
    assert services.render_request(project)["backdrop_asset"] == str(wall.pk)


def test_a_picture_that_is_not_shown_is_not_asked_for(project, wall):
    services.update_project(project, {"backdrop": wall.pk, "background": "colour", "background_rgb": 0x102030})
    order = services.render_request(project)
    assert "backdrop_asset" not in order and order["backdrop"]["rgb"] == 0x102030


@pytest.mark.parametrize(("field", "kind"), [("music", "voice"), ("music", "picture"), ("backdrop", "portrait")])
def test_a_file_of_another_kind_is_refused(project, make_asset, field, kind):
    with pytest.raises(SiteFailure) as refused:
        services.update_project(project, {field: make_asset(kind=kind).pk})
    assert refused.value.code == "asset_wrong_kind"


def test_somebody_elses_music_cannot_be_taken(project, music, charlie):
    music.owner = charlie
    music.save()
    with pytest.raises(Http404):
        services.update_project(project, {"music": music.pk})


@pytest.mark.parametrize(
    "changes",
    [{"music_volume": 1.5}, {"music_fade_in_s": float("nan")}, {"background_rgb": 2**24}, {"background_blur": 0}],
    ids=str,
)
def test_values_out_of_range_are_refused(project, changes):
    with pytest.raises(SiteFailure) as refused:
        services.update_project(project, changes)
    assert refused.value.code == "option_invalid"


def test_a_dub_has_no_background_to_choose(dub):
    assert project_facts(dub)["background_rgb"] is None
    with pytest.raises(SiteFailure):
        services.update_project(dub, {"background": "blur"})


def test_additions_are_shown_taken_off_and_go_with_the_last_project(project, music, wall):
    services.update_project(project, {"music": music.pk, "backdrop": wall.pk})
    told = project_facts(services.get_project_for(project.owner, project.pk))
    assert (told["music"]["id"], told["backdrop"]["id"]) == (str(music.pk), str(wall.pk))
    assert told["music"]["attestation"]["needed"] and told["backdrop"]["attestation"]["needed"]
    stated = attest(wall, "licensed")
    assert project_facts(project)["backdrop"]["attestation"]["basis"] == stated.basis, "nobody is asked again"
    assert projects_facts([project])[0]["backdrop"]["attestation"]["basis"] == stated.basis
    copy = services.duplicate(project)
    services.update_project(project, {"backdrop": None})
    services.delete_project(project)
    assert type(music).objects.filter(pk=music.pk).exists()  # the copy still has it
    services.delete_project(copy)
    assert not type(music).objects.filter(pk__in=[music.pk, wall.pk]).exists()
