import pytest

from apps.core.failures import SiteFailure
from apps.projects import services


def code_of(project) -> str:
    with pytest.raises(SiteFailure) as refused:
        services.render_request(project)
    assert refused.value.sentence and refused.value.next_step
    return refused.value.code


@pytest.fixture
def clip(make_asset):
    return make_asset(kind="clip", duration_s=4.0)


def test_a_clip_drives_the_photo_with_its_own_sound(project, clip):
    services.update_project(project, {"moved_by": "clip", "clip": clip.pk, "script": ""})
    order = services.render_request(project)
    assert (order["drive_asset"], order["voice_asset"], order["script"]) == (str(clip.pk), None, None)
    assert (order["mute"], order["idle_s"]) == (False, None)


def test_a_clip_may_be_mute_or_speak_with_another_voice(project, clip, voice):
    services.update_project(project, {"moved_by": "clip", "clip": clip.pk, "clip_sound": "none", "voice": voice.pk})
    order = services.render_request(project)
    assert (order["mute"], order["voice_asset"]) == (True, None)
    services.update_project(project, {"clip_sound": "voice"})
    order = services.render_request(project)
    assert (order["mute"], order["voice_asset"]) == (False, str(voice.pk))


def test_an_idle_loop_needs_neither_voice_nor_clip(project):
    services.update_project(project, {"moved_by": "idle", "idle_s": 5, "script": ""})
    order = services.render_request(project)
    assert (order["idle_s"], order["script"], order["voice_asset"], order["drive_asset"]) == (5.0, None, None, None)


def test_without_a_voice_nobody_is_asked_for_an_emotion(project, clip):
    assert services.render_request(project)["emotion"] == "auto"
    services.update_project(project, {"moved_by": "idle"})
    assert services.render_request(project)["emotion"] == "neutral"
    services.update_project(project, {"emotion": "happy"})
    assert services.render_request(project)["emotion"] == "happy"


def test_life_can_be_switched_off_one_by_one(project):
    services.update_project(project, {"blink": 0, "head": 1.5})
    assert services.render_request(project)["life"] == {"blink": 0.0, "gaze": 1.0, "brow": 1.0, "head": 1.5}


@pytest.mark.parametrize("sound", ["clip", "voice"])
def test_what_is_missing_for_a_driven_photo_is_said(project, sound):
    services.update_project(project, {"moved_by": "clip", "clip_sound": sound})
    with pytest.raises(SiteFailure) as refused:
        services.render_request(project)
    assert "a clip" in refused.value.sentence
    assert ("a voice" in refused.value.sentence) == (sound == "voice")


def test_a_clip_that_is_too_long_or_unusable_is_refused_before_rendering(project, make_asset):
    services.update_project(project, {"moved_by": "clip", "clip": make_asset(kind="clip", duration_s=900.0).pk})
    assert code_of(project) == "clip_too_long"
    refused = make_asset(kind="clip", state="refused", failure_code="no_face")
    services.update_project(project, {"clip": refused.pk})
    assert code_of(project) == "no_face"
    services.update_project(project, {"clip": make_asset(kind="clip", state="checking").pk})
    assert code_of(project) == "asset_not_ready"


def test_a_voice_is_no_clip(project, voice):
    with pytest.raises(SiteFailure) as refused:
        services.update_project(project, {"clip": voice.pk})
    assert refused.value.code == "asset_wrong_kind"


def test_a_clip_goes_with_the_last_project_that_uses_it(project, clip):
    services.update_project(project, {"clip": clip.pk})
    services.delete_project(project)
    assert not type(clip).objects.filter(pk=clip.pk).exists()


def test_captions_go_with_a_typed_script_and_with_nothing_else(project, voice):
    services.update_project(project, {"captions": "karaoke"})
    assert services.render_request(project)["captions"] == "karaoke"
    services.update_project(project, {"voice_source": "audio", "voice": str(voice.pk)})
    assert services.render_request(project)["captions"] is None
    services.update_project(project, {"voice_source": "script", "moved_by": "idle"})
    assert services.render_request(project)["captions"] is None
