"""What a dub of a clip depends on, and every reason for which it cannot be ordered."""

import pytest

from apps.core.failures import SiteFailure
from apps.projects import services

PEOPLE = [
    {"index": 0, "box": [10, 10, 90, 90], "point": [50, 60], "at_s": 1.2, "problem": None, "warnings": []},
    {"index": 1, "box": [110, 10, 190, 90], "problem": {"code": "face_too_small", "detail": {}}},
]


@pytest.fixture
def clip(make_asset):
    return make_asset(
        kind="clip", duration_s=8.0, width_px=1280, height_px=720,
        preflight={"problems": [], "warnings": [], "people": PEOPLE, "video": {"frame_rate": "30000/1001"}},
    )  # fmt: skip


@pytest.fixture
def dub(alice, clip):
    project = services.create_project(alice, kind="video_dub")
    return services.update_project(project, {"clip": str(clip.pk), "script": "New words."})


def refused(project) -> SiteFailure:
    with pytest.raises(SiteFailure) as caught:
        services.render_request(project)
    return caught.value


def test_a_typed_script_is_said_by_whoever_is_meant(dub, clip):
    order = services.render_request(dub)
    assert (order["clip_asset"], order["voice_asset"], order["face"]) == (str(clip.pk), None, {})
    assert order["script"]["text"] == "New words."
    assert (order["sync_mode"], order["strength"], order["keep_background"], order["adapt"]) == (
        "cut_off",
        1.0,
        False,
        "auto",
    )
    assert (order["watermark"], order["max_short_side_px"], order["max_duration_s"]) == (True, 720, 60.0)


def test_a_recording_and_a_chosen_person_are_passed_on(dub, make_asset):
    voice = make_asset(kind="voice", duration_s=5.0)
    services.update_project(dub, {"voice_source": "audio", "voice": str(voice.pk), "face_index": 0})
    order = services.render_request(dub)
    assert (order["voice_asset"], order["script"], order["face"]) == (
        str(voice.pk),
        None,
        {"point": [50, 60], "at_s": 1.2},
    )


def test_a_dub_has_a_shape_too(dub):
    assert services.render_request(dub)["aspect"] == "source"
    services.update_project(dub, {"aspect": "9:16"})
    assert services.render_request(dub)["aspect"] == "9:16"


def test_settings_of_dubs_are_kept_and_those_of_photos_refused(dub):
    services.update_project(dub, {"sync_mode": "bounce", "strength": 0.7, "keep_background": True, "adapt": "off"})
    order = services.render_request(dub)
    assert (order["sync_mode"], order["strength"], order["keep_background"], order["adapt"]) == (
        "bounce",
        0.7,
        True,
        "off",
    )
    for name, value in {"style": "still", "sync_mode": "sideways", "strength": 2, "keep_background": "yes"}.items():
        with pytest.raises(SiteFailure) as caught:
            services.update_project(dub, {name: value})
        assert caught.value.code == "option_invalid"


def test_what_is_missing_is_said(alice):
    failure = refused(services.create_project(alice, kind="video_dub"))
    assert failure.code == "project_incomplete"
    assert "a clip" in failure.sentence and "a script" in failure.sentence


def test_a_person_who_cannot_be_dubbed_or_is_not_there_is_refused(dub):
    services.update_project(dub, {"face_index": 1})
    assert refused(dub).code == "face_too_small"
    with pytest.raises(SiteFailure) as caught:
        services.update_project(dub, {"face_index": 2})
    assert caught.value.code == "face_index_out_of_range"


def test_another_clip_has_other_people(dub, make_asset):
    services.update_project(dub, {"face_index": 0})
    other = make_asset(kind="clip", duration_s=4.0)
    services.update_project(dub, {"clip": str(other.pk)})
    assert dub.face_index is None


@pytest.mark.parametrize(
    ("part", "seconds", "code"),
    [("clip", 90, "too_long_for_free"), ("clip", 900, "clip_too_long"), ("voice", 900, "audio_too_long")],
)
def test_what_is_too_long_is_refused_before_anything_is_rendered(dub, clip, make_asset, part, seconds, code):
    if part == "clip":
        clip.duration_s = seconds
        clip.save()
        dub.clip.refresh_from_db()
    else:
        voice = make_asset(kind="voice", duration_s=seconds)
        services.update_project(dub, {"voice_source": "audio", "voice": str(voice.pk)})
    assert refused(dub).code == code


def test_a_clip_that_is_still_looked_at_or_refused_waits(dub, clip):
    for state, code in (("checking", "asset_not_ready"), ("refused", "no_face")):
        clip.state, clip.failure_code = state, "no_face" if state == "refused" else ""
        clip.save()
        dub.clip.refresh_from_db()
        assert refused(dub).code == code
