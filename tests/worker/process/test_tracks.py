import json

import pytest

from tests import synth
from worker.engine.contracts import Script, SilentHooks, TalkingPhotoRequest
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.speech.track_json import track_from_json
from worker.process.orders import TrackOrder
from worker.process.tracks import make_track, track_report, with_edits

SCRIPT = Script("Bob ate a pie. Bye!", "en-us:female")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("track")
    order = TrackOrder(folder / "track.json", folder / "voice.wav", folder, script=SCRIPT)
    return make_track(order, SilentHooks())


def test_a_script_gives_its_words_its_sound_and_what_the_mouth_does(made):
    assert [word for word, _, _ in made.words] == ["Bob", "ate", "a", "pie", "Bye"]
    starts = [start_s for _, start_s, _ in made.words]
    assert starts == sorted(starts) and made.words[-1][2] <= made.duration_s
    assert made.sound_path.stat().st_size > 10_000
    track = track_from_json(made.path.read_text())
    assert (track.method, made.method) == ("script", "script")
    lips_meet = [p for p in track.phonemes if p.symbol == "b"]
    assert lips_meet
    for phoneme in lips_meet:
        near = (track.times_s >= phoneme.start_s - 0.04) & (track.times_s <= phoneme.end_s + 0.04)
        assert track.openness[near].min() < 0.1


def test_a_track_that_comes_back_is_looked_at(made, tmp_path):
    report = track_report(made.path)
    assert report["ok"] and report["frames"] > 20
    odd = tmp_path / "odd.json"
    for text in ('{"version": 1}', "[]", '{"version": 99}', "{" * 10_000):
        odd.write_text(text)
        with pytest.raises(EngineFailure) as refused:
            track_report(odd)
        assert refused.value.code is FailureCode.OPTION_INVALID
    odd.write_text("")
    with pytest.raises(EngineFailure) as refused:
        track_report(odd)
    assert refused.value.code is FailureCode.FILE_EMPTY


def test_edits_become_the_track_that_the_mouth_follows(made, tmp_path):
    request = TalkingPhotoRequest(tmp_path / "photo.png", tmp_path / "video.mp4", script=SCRIPT)
    _, start_s, end_s = made.words[3]
    edited = with_edits(request, [{"kind": "close", "start_s": start_s, "end_s": end_s}])
    track = track_from_json(edited.track_path.read_text())
    middle = abs(track.times_s - (start_s + end_s) / 2).argmin()
    assert (track.openness[middle], track.method) == (0, "edited")
    assert edited.script == SCRIPT
    assert json.loads(made.path.read_text())["articulation"]["openness"][middle] > 0.2


def test_without_edits_or_without_a_voice_nothing_changes(tmp_path):
    rows = [{"kind": "close", "start_s": 0, "end_s": 1}]
    spoken = TalkingPhotoRequest(tmp_path / "photo.png", tmp_path / "video.mp4", script=SCRIPT)
    idle = TalkingPhotoRequest(tmp_path / "photo.png", tmp_path / "video.mp4", idle_s=3.0)
    assert with_edits(spoken, []) is spoken
    assert with_edits(idle, rows) is idle
    with pytest.raises(EngineFailure):
        with_edits(spoken, [{"kind": "explode"}])


def test_a_recording_without_speech_has_no_track(tmp_path):
    sound = synth.write_audio(tmp_path / "tone.wav", synth.silence(1.0))
    order = TrackOrder(tmp_path / "track.json", tmp_path / "voice.wav", tmp_path, audio_path=sound)
    with pytest.raises(EngineFailure) as refused:
        make_track(order, SilentHooks())
    assert refused.value.code in (FailureCode.AUDIO_SILENT, FailureCode.NO_SPEECH)
