"""Which part of a recording is heard, and its cleaning, as options of a project."""

import pytest

from apps.core.failures import SiteFailure
from apps.jobs.exports import measure_talking_photo
from apps.projects import services
from apps.projects.mouth import voice_fingerprint
from apps.projects.orders import captions_request, track_request


@pytest.fixture
def recorded(project, make_asset):
    voice = make_asset(kind="voice", duration_s=8.0)
    return services.update_project(project, {"voice": voice.pk, "voice_source": "audio"})


def refused(project) -> SiteFailure:
    with pytest.raises(SiteFailure) as failure:
        services.render_request(project)
    return failure.value


def test_a_recording_heard_as_it_is_leaves_no_trace_in_an_order(recorded):
    assert "voice_care" not in services.render_request(recorded)
    assert "voice_care" not in track_request(recorded)


def test_everything_that_listens_hears_the_same_part(recorded):
    services.update_project(recorded, {"voice_start_s": 1.5, "voice_end_s": 4, "clean_voice": True})
    care = {"start_s": 1.5, "end_s": 4.0, "clean": True}
    for order in (services.render_request(recorded), track_request(recorded), captions_request(recorded)):
        assert order["voice_care"] == care


def test_a_price_is_of_what_is_heard(recorded):
    assert measure_talking_photo(recorded).duration_s == 8.0
    services.update_project(recorded, {"voice_start_s": 1.5, "voice_end_s": 4})
    assert measure_talking_photo(recorded).duration_s == 2.5


def test_a_long_recording_can_be_trimmed_to_a_free_one(recorded, make_asset):
    services.update_project(recorded, {"voice": make_asset(kind="voice", duration_s=90.0).pk})
    assert refused(recorded).code == "too_long_for_free"
    services.update_project(recorded, {"voice_start_s": 35})
    assert services.render_request(recorded)["voice_care"]["start_s"] == 35


@pytest.mark.parametrize("part", [(9, 0), (0, 9), (4, 2), (4, 4.2), (7.9, 0)], ids=str)
def test_a_part_that_is_not_in_the_recording_is_refused_with_the_reason(part, recorded):
    services.update_project(recorded, {"voice_start_s": part[0], "voice_end_s": part[1]})
    failure = refused(recorded)
    assert failure.code == "option_invalid" and failure.detail["option"] in ("voice_start_s", "voice_end_s")
    assert failure.detail["reason"]


@pytest.mark.parametrize("value", [-1, 1e9, float("nan"), float("inf"), "2", None, True, [1]], ids=repr)
@pytest.mark.parametrize("name", ["voice_start_s", "voice_end_s"])
def test_a_time_that_is_none_is_refused(name, value, recorded):
    with pytest.raises(SiteFailure):
        services.update_project(recorded, {name: value})


@pytest.mark.parametrize("value", [1, "yes", None], ids=repr)
def test_cleaning_is_on_or_off(value, recorded):
    with pytest.raises(SiteFailure):
        services.update_project(recorded, {"clean_voice": value})


def test_what_was_changed_for_one_part_is_not_used_for_another(recorded):
    whole = voice_fingerprint(recorded)
    services.update_project(recorded, {"voice_start_s": 2})
    assert voice_fingerprint(recorded) != whole
    services.update_project(recorded, {"voice_start_s": 0})
    assert voice_fingerprint(recorded) == whole


def test_a_typed_script_has_nothing_to_trim(project):
    services.update_project(project, {"voice_start_s": 2, "clean_voice": True})
    assert "voice_care" not in services.render_request(project)
