import numpy as np
import pytest
import soxr
from scipy import signal

from tests.worker.engine.speech.conftest import RATE_HZ, make_audio
from worker.engine.contracts import Span
from worker.engine.speech import voices
from worker.engine.speech.effort import GAIN_LIMITS, opening_gain
from worker.engine.speech.mouth_track import Articulator, Phoneme
from worker.engine.speech.prosody import pitch_hz
from worker.engine.speech.track import mouth_track_from_audio, mouth_track_from_phonemes

TEXT = "Father bought a large dark car, and mama saw papa far away."


def spoken(variant: str = "", rate: float = 1.0) -> tuple[np.ndarray, list[Phoneme]]:
    said = voices.speak_passage(TEXT, "en-us", variant, rate, 1.0)
    return soxr.resample(said.samples, voices.SAMPLE_RATE_HZ, RATE_HZ).astype(np.float32), list(said.phonemes)


def usual_gain(samples: np.ndarray) -> float:
    return float(opening_gain(samples, pitch_hz(samples), [Span(0.0, len(samples) / RATE_HZ)]).mean())


def test_a_whisper_opens_less_than_a_voice():
    assert usual_gain(spoken("+whisper")[0]) < 0.85 * usual_gain(spoken()[0])


def test_fast_speech_opens_less_than_slow_speech():
    assert usual_gain(spoken(rate=1.7)[0]) < 0.96 * usual_gain(spoken(rate=0.6)[0])


def test_a_raised_voice_opens_more_than_the_same_words_said_quietly():
    """Loud *and* bright, as a raised voice is; a microphone that is merely turned up is not a raised voice."""
    calm, _ = spoken()
    bright = signal.sosfilt(signal.butter(1, 900, "highpass", fs=RATE_HZ, output="sos"), calm)
    raised = (4.0 * bright * np.abs(calm).max() / np.abs(bright).max()).astype(np.float32)
    pause = np.zeros(RATE_HZ, np.float32)
    both = np.concatenate([calm, pause, raised]) / 4.0
    openness = mouth_track_from_audio(make_audio(both), np.arange(0, len(both) / RATE_HZ, 0.04)).openness
    half = int((len(calm) + len(pause) / 2) / RATE_HZ / 0.04)
    assert np.percentile(openness[half:], 90) > 1.08 * np.percentile(openness[:half], 90)
    assert usual_gain(0.1 * calm) == pytest.approx(usual_gain(calm), abs=0.02)


def test_a_script_whispered_shows_less_jaw_than_the_same_script_spoken():
    jaws = []
    for variant in ("", "+whisper"):
        samples, phonemes = spoken(variant)
        times_s = np.arange(0, len(samples) / RATE_HZ, 0.02)
        track = mouth_track_from_phonemes(phonemes, make_audio(samples), times_s)
        jaws.append(np.percentile(track.column(Articulator.JAW), 90))
    assert jaws[1] < 0.9 * jaws[0]


@pytest.mark.parametrize("seconds", [0.0, 0.01, 2.0])
def test_without_speech_nothing_changes(seconds):
    samples = np.zeros(int(seconds * RATE_HZ), np.float32)
    assert np.all(opening_gain(samples, pitch_hz(samples), []) == 1.0)


def test_the_gain_keeps_within_its_limits():
    noise = np.random.default_rng(0).normal(0, 0.3, 2 * RATE_HZ).astype(np.float32)
    noise[:RATE_HZ] *= 1e-3
    gain = opening_gain(noise, pitch_hz(noise), [Span(0.0, 2.0)])
    assert gain.min() >= GAIN_LIMITS[0] - 1e-6 and gain.max() <= GAIN_LIMITS[1] + 1e-6
