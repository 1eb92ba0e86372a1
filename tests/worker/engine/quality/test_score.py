import argparse
import json
import wave

import numpy as np
import pytest

from tests.synth import babble, drawn_talking_clip, write_audio
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.quality.gates import Gate, verdicts
from worker.engine.quality.score import add_score_arguments, json_able, score_command

BURSTS_S = [0.5, 1.2, 1.9]


def lips(late_s: float = 0.0):
    """An aperture that is closed for 80 ms before each burst and open after it."""

    def aperture(t: float) -> float:
        for burst in BURSTS_S:
            if burst <= t - late_s < burst + 0.22:
                return 0.2 * float(np.sin(np.pi * (t - late_s - burst) / 0.22))
        return 0.0

    return aperture


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("score")
    sound = babble(BURSTS_S, 2.4)
    drawn_talking_clip(folder / "good.mp4", 2.4, aperture=lips(), samples=sound)
    drawn_talking_clip(folder / "late.mp4", 2.4, aperture=lips(0.2), samples=sound)
    phonemes = [{"symbol": "b", "start_s": t - 0.08, "end_s": t} for t in BURSTS_S]
    (folder / "phonemes.json").write_text(json.dumps(phonemes))
    return folder


def score(folder, name, *more):
    return score_command(["--video", str(folder / f"{name}.mp4"), *more])


def test_a_pair_is_scored_by_its_phonemes(folder):
    engine = score(folder, "good", "--phonemes", str(folder / "phonemes.json"))["engine"]
    assert engine["bilabial_closure"] == 1.0
    assert engine["face_found_share"] == 1.0
    assert "length_delta_frames" not in engine  # nothing says how long it should be


def test_the_length_is_compared_with_the_sound_that_drove_it(folder, tmp_path):
    write_audio(tmp_path / "voice.wav", babble(BURSTS_S, 2.4))
    engine = score(folder, "good", "--audio", str(tmp_path / "voice.wav"))["engine"]
    assert engine["length_delta_frames"] == pytest.approx(0, abs=0.5)


def test_the_same_mouth_200_ms_late_reads_200_ms_late(folder):
    report = score(folder, "late", "--reference", str(folder / "good.mp4"))
    assert report["engine"]["av_offset_ms"] == pytest.approx(200, abs=40)
    assert report["references"]["real"]["aperture_r"] == pytest.approx(1)
    assert report["gates"]["av_offset_ms"]["passed"] is False


def test_a_report_is_plain_json(folder):
    report = score(folder, "good")
    assert json.loads(json.dumps(report, allow_nan=False)) == report


def test_parsed_options_do_as_well_as_words(folder):
    parser = argparse.ArgumentParser()
    add_score_arguments(parser)
    parsed = parser.parse_args(["--video", str(folder / "good.mp4")])
    assert score_command(parsed) == score(folder, "good")


def test_a_folder_is_scored_without_rendering(folder, tmp_path):
    heard = []
    report = score_command(
        ["--media", str(folder), "--level", "track", "--no-scripted", "--clips", "good", "late"], heard.append
    )
    assert heard == ["good", "late"]
    assert report["medians"]["clips"] == 2
    for row in report["clips"]:
        assert row["status"] == "unseen"
        assert set(row["references"]) == {"real", "static", "jaw_flap", "shuffled"}
        assert row["references"]["real"]["aperture_r"] == pytest.approx(1)


@pytest.mark.parametrize("words", [[], ["--video", "a.mp4", "--media", "b"], ["--media", "DIR", "--clips", "nobody"]])
def test_wrong_combinations_are_refused(folder, words):
    with pytest.raises(EngineFailure) as caught:
        score_command([str(folder) if word == "DIR" else word for word in words])
    assert caught.value.code is FailureCode.OPTION_INVALID


@pytest.mark.parametrize("text", ["no json", "[1]", '[{"symbol": "b"}]', '{"a": 1}'])
def test_phonemes_that_cannot_be_read_are_refused(folder, tmp_path, text):
    path = tmp_path / "phonemes.json"
    path.write_text(text)
    with pytest.raises(EngineFailure) as caught:
        score(folder, "good", "--phonemes", str(path))
    assert caught.value.code is FailureCode.FILE_UNREADABLE


def test_a_missing_video_is_said(tmp_path):
    with pytest.raises(EngineFailure) as caught:
        score_command(["--video", str(tmp_path / "absent.mp4")])
    assert caught.value.code is FailureCode.FILE_MISSING


def test_a_sound_file_alone_is_no_video(tmp_path):
    path = tmp_path / "sound.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(np.zeros(16000, "<i2").tobytes())
    with pytest.raises(EngineFailure):
        score_command(["--video", str(path)])


def test_gates_say_passed_failed_or_unknown():
    assert Gate("x", 0.6, float("inf")).verdict(0.61)["passed"] is True
    assert Gate("x", -20, 20).verdict(-25)["passed"] is False
    assert Gate("x", 0, 1).verdict(float("nan")) == {"value": None, "at_least": 0, "at_most": 1, "passed": None}
    assert list(verdicts({"aperture_r": 0.7, "unheard_of": 1})) == ["aperture_r"]


def test_numbers_become_json():
    made = json_able({"a": np.float32(0.123456789), "b": float("nan"), "c": (np.int64(3), True), "d": None})
    assert made == {"a": 0.12346, "b": None, "c": [3, True], "d": None}


@pytest.mark.media
@pytest.mark.slow
def test_real_clips_are_scored_against_their_own_mouths(shared_media):
    report = score_command(["--media", str(shared_media), "--level", "track", "--no-scripted", "--clips", "g01", "g05"])
    assert report["medians"]["clips"] >= 1 or all(row["status"] == "seen" for row in report["clips"])
    for row in report["clips"]:
        assert row["face_found_share"] > 0.95
        assert row["references"]["static"]["aperture_r"] == 0.0
