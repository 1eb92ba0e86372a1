import wave

import numpy as np
import pytest

from worker.engine.failures import EngineFailure
from worker.engine.speech import cleaning
from worker.engine.speech.cleaning import NO_PAUSE, prepare_recording
from worker.engine.timeline import Span

RATE_HZ = 44_100
SPOKEN = (Span(1.0, 2.0), Span(3.0, 4.5))


@pytest.fixture
def speech_is_known(monkeypatch):
    monkeypatch.setattr(cleaning, "speech_spans", lambda audio: list(SPOKEN))


def voiced(duration_s: float = 5.5) -> np.ndarray:
    """Harmonics of a voice, where somebody speaks."""
    times_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    sound = sum(np.sin(2 * np.pi * 140 * n * times_s) / n for n in range(1, 20)) * 0.12
    return sound * sum((times_s >= s.start_s) & (times_s < s.end_s) for s in SPOKEN)


def hiss(length: int, level: float = 0.01) -> np.ndarray:
    return np.random.default_rng(7).normal(0, level, length)


def write(path, samples):
    samples = samples if samples.ndim == 2 else samples[:, None]
    with wave.open(str(path), "wb") as out:
        out.setnchannels(samples.shape[1])
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes((np.clip(samples, -1, 1) * 32767).round().astype("<i2").tobytes())
    return path


def read(path) -> np.ndarray:
    with wave.open(str(path), "rb") as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
        return samples.reshape(-1, sound.getnchannels()) / 32767


def level_db(samples, start_s, end_s):
    return 10 * np.log10(np.mean(samples[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)] ** 2))


def prepared(tmp_path, samples, **wishes):
    result = prepare_recording(write(tmp_path / "in.wav", samples), tmp_path / "out.wav", **wishes)
    return read(tmp_path / "out.wav"), result


@pytest.mark.parametrize("channels", [1, 2])
def test_pauses_get_quieter_and_speech_keeps_its_level(channels, tmp_path, speech_is_known):
    clean = voiced()
    noisy = np.stack([clean + hiss(len(clean))] * channels, axis=1)
    heard, result = prepared(tmp_path, noisy, clean=True)
    assert heard.shape == noisy.shape and result.warnings == ()
    for span in [(0.2, 0.8), (2.3, 2.7), (4.8, 5.4)]:
        assert -12.6 < level_db(heard, *span) - level_db(noisy, *span) < -6
    for span in SPOKEN:
        assert abs(level_db(heard, span.start_s, span.end_s) - level_db(noisy, span.start_s, span.end_s)) < 1


def test_blocks_leave_no_seam(tmp_path, speech_is_known, monkeypatch):
    noisy = voiced() + hiss(len(voiced()))
    whole, _ = prepared(tmp_path, noisy, clean=True)
    monkeypatch.setattr(cleaning, "_BLOCK_HOPS", 60)
    pieces, _ = prepared(tmp_path, noisy, clean=True)
    assert len(whole) == len(pieces) and np.abs(whole - pieces).max() < 2e-4


def test_a_trimmed_recording_is_its_very_samples(tmp_path):
    noise = hiss(2 * RATE_HZ, 0.1)
    heard, result = prepared(tmp_path, noise, start_s=0.25, end_s=1.333)
    first, last = round(0.25 * RATE_HZ), round(1.333 * RATE_HZ)
    assert len(heard) == last - first and result.duration_s == (last - first) / RATE_HZ
    assert np.abs(heard[:, 0] - noise[first:last]).max() < 1e-4


def test_somebody_who_never_pauses_is_left_as_they_are_and_told(tmp_path, monkeypatch):
    monkeypatch.setattr(cleaning, "speech_spans", lambda audio: [Span(0.0, 2.0)])
    noise = hiss(2 * RATE_HZ, 0.1)
    heard, result = prepared(tmp_path, noise, clean=True)
    assert np.abs(heard[:, 0] - noise).max() < 1e-4 and result.warnings == (NO_PAUSE,)


@pytest.mark.parametrize("samples", [np.zeros(RATE_HZ * 2), voiced()], ids=["silence", "without noise"])
def test_what_has_no_noise_stays_as_it_is(samples, tmp_path, speech_is_known):
    heard, _ = prepared(tmp_path, samples, clean=True)
    assert len(heard) == len(samples) and np.abs(heard[:, 0] - samples).max() < 1e-4


def test_a_clipped_recording_does_not_get_louder(tmp_path, speech_is_known):
    loud = np.clip(voiced() * 20 + hiss(len(voiced())), -1, 1)
    heard, _ = prepared(tmp_path, loud, clean=True)
    spoken = (1.0, 2.0)
    assert len(heard) == len(loud) and abs(level_db(heard, *spoken) - level_db(loud[:, None], *spoken)) < 1


@pytest.mark.parametrize("part", [(1.9, 1.0), (0.0, 9.0), (5.0, 0.0), (-1.0, 1.0), (float("nan"), 1.0)], ids=str)
def test_a_part_outside_of_the_recording_is_refused(part, tmp_path):
    with pytest.raises(EngineFailure):
        prepared(tmp_path, hiss(2 * RATE_HZ), start_s=part[0], end_s=part[1])
