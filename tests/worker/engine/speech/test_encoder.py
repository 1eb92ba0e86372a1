import importlib.util

import numpy as np
import pytest

from worker.engine.speech import encoder
from worker.engine.speech.waveform import SPEECH_HZ


def test_sound_that_comes_later_is_heard_that_much_later(speak):
    _, audio = speak("Father bought a large dark car.")
    times_s = np.arange(0.2, 1.5, 0.01)
    now = encoder.states(audio.samples, times_s, 1.0)
    usual = now.mean(0)
    for later_s in (0.24, 0.25):  # ten hops, and a part of one more
        moved = np.pad(audio.samples, (round(later_s * SPEECH_HZ), 0))
        later, early = (encoder.states(moved, at_s, 1.0) for at_s in (times_s + later_s, times_s))
        assert np.corrcoef((now - usual).ravel(), (later - usual).ravel())[0, 1] > 0.85
        assert np.corrcoef((now - usual).ravel(), (early - usual).ravel())[0, 1] < 0.4


def test_loud_parts_come_to_one_level_whatever_the_file_and_its_pauses():
    voice = np.random.default_rng(0).normal(0, 0.2, SPEECH_HZ).astype(np.float32)
    gain = encoder.even_gain(voice)
    assert encoder.even_gain(voice / 100) == pytest.approx(100 * gain, rel=0.02)
    assert encoder.even_gain(np.pad(voice, (0, 4 * SPEECH_HZ))) == pytest.approx(gain, rel=0.1)
    assert np.isfinite(encoder.even_gain(np.zeros(100, np.float32)))


def test_a_missing_recogniser_is_named_with_what_to_do(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(FileNotFoundError, match="make clean-venv run"):
        encoder.model_folder()
