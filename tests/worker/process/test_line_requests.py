"""Lines of an order become segments of the engine's request; words are spoken to fit their time."""

from pathlib import Path

import pytest

from worker.engine.contracts import Moment, SilentHooks, SyncMode
from worker.process.operations import speak
from worker.process.orders import SpeechOrder
from worker.process.requests import Places, line_part, read_script, video_dub_request

SCRIPT = {"text": "Good morning to you all.", "voice": "en-us", "rate": 1.0, "pitch": 1.0}
PLACES = Places(Path("out"), "cpu")


def line(start_s: float, **changes: object) -> dict[str, object]:
    return {
        "start_s": start_s,
        "end_s": start_s + 1,
        "voice_asset": None,
        "script": SCRIPT,
        "sync_mode": "silence",
    } | changes


def test_words_and_recordings_are_said_in_their_own_time():
    order = {"lines": [line(1.0), line(3.0, voice_asset="an id", script=None, sync_mode="remap")]}
    files = {"clip": Path("clip.mp4"), line_part(1): Path("said.wav")}
    request = video_dub_request(order, files, PLACES)
    first, second = request.segments
    assert (request.script, request.audio_path) == (None, None)
    assert (first.start_s, first.end_s, first.script, first.audio_path) == (1.0, 2.0, read_script(SCRIPT), None)
    assert (second.script, second.audio_path, second.sync_mode) == (None, Path("said.wav"), SyncMode.REMAP)


def test_a_moment_of_a_dub_is_asked_for_and_only_one_that_there_is():
    order, files = {"script": SCRIPT, "moment": "hardest"}, {"clip": Path("clip.mp4")}
    assert video_dub_request(order, files, PLACES).window is Moment.HARDEST
    with pytest.raises(ValueError):
        video_dub_request(order | {"moment": "last"}, files, PLACES)


def test_an_order_without_lines_has_no_segments():
    order = {"script": SCRIPT}
    assert video_dub_request(order, {"clip": Path("clip.mp4")}, PLACES).window is None
    assert video_dub_request(order, {"clip": Path("clip.mp4")}, PLACES).segments == ()


@pytest.mark.parametrize("wrong", [{"script": None}, {"sync_mode": "dance"}, {"start_s": "soon"}])
def test_lines_that_make_no_sense_are_refused(wrong):
    with pytest.raises((ValueError, KeyError, TypeError)):
        video_dub_request({"lines": [line(1.0, **wrong)]}, {"clip": Path("clip.mp4")}, PLACES)


@pytest.mark.parametrize(("slot_s", "fits"), [(2.0, True), (0.5, False)])
def test_a_line_is_spoken_for_its_time_and_says_what_is_too_much(tmp_path, slot_s, fits):
    spoken = speak(SpeechOrder(read_script(SCRIPT), tmp_path / "line.wav", tmp_path, slot_s), SilentHooks())
    assert (spoken.chars_to_cut == 0) is fits
    assert spoken.rate is not None and 0.8 <= spoken.rate <= 1.35
    assert spoken.duration_s <= slot_s or not fits
