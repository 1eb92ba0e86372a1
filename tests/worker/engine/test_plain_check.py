import numpy as np
import pytest

from tests import synth
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.plain_check import check_music, check_picture_alone


def test_music_needs_nobody_to_speak_in_it(tmp_path):
    report = check_music(synth.write_audio(tmp_path / "tune.wav", synth.tone(2.0)))
    assert report["ok"] and report["duration_s"] == pytest.approx(2.0, abs=0.01)
    assert report["sound"]["loudness_lufs"] < 0


def test_silence_is_no_music(tmp_path):
    with pytest.raises(EngineFailure) as refused:
        check_music(synth.write_audio(tmp_path / "quiet.wav", synth.silence(2.0)))
    assert refused.value.code is FailureCode.AUDIO_SILENT


def test_a_background_needs_no_face(tmp_path):
    report = check_picture_alone(synth.write_image(tmp_path / "wall.png", np.full((90, 160, 3), 90, np.uint8)))
    assert (report["ok"], report["width_px"], report["height_px"]) == (True, 160, 90)


def test_what_is_no_picture_is_refused(tmp_path):
    (path := tmp_path / "wall.png").write_bytes(b"\x89PNG\r\n\x1a\n nothing")
    with pytest.raises(EngineFailure):
        check_picture_alone(path)
