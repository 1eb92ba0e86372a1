"""A formant voice, made kinder to the ear: equalised, levelled, and put in a small room. Nothing moves in time."""

import numpy as np
from scipy import signal

TARGET_RMS_DB = -20.0
PEAK_LIMIT = 0.89  # -1 dBFS
ROOM_MIX = 0.06
ROOM_DECAY_S = 0.11


def master_voice(samples: np.ndarray, sample_rate_hz: int) -> np.ndarray:
    """Rounds off espeak's buzz: shelves, gentle compression, a short diffuse room, an even level.

    Every step is zero-delay, so phoneme times stay true.

    Args:
        samples: (N,) float32 in [-1, 1].

    Returns:
        (N,) float32 in [-1, 1].
    """
    if not np.any(samples):
        return samples.astype(np.float32)
    voice = signal.sosfilt(signal.butter(2, 70.0, "highpass", fs=sample_rate_hz, output="sos"), samples)
    voice = _peaking(voice, sample_rate_hz, 180.0, 0.8, 2.5)  # chest
    voice = _peaking(voice, sample_rate_hz, 2800.0, 1.0, -3.0)  # the buzz lives here
    voice = _peaking(voice, sample_rate_hz, 6500.0, 0.7, -2.5)
    voice = _compress(voice, sample_rate_hz)
    voice = voice + ROOM_MIX * signal.fftconvolve(voice, _room(sample_rate_hz))[: len(voice)]
    loud = np.abs(voice) > 1e-4
    voice *= 10 ** (TARGET_RMS_DB / 20) / max(float(np.sqrt(np.mean(voice[loud] ** 2))), 1e-6)
    return (PEAK_LIMIT * np.tanh(voice / PEAK_LIMIT)).astype(np.float32)


def _peaking(samples: np.ndarray, sample_rate_hz: int, centre_hz: float, q: float, gain_db: float) -> np.ndarray:
    """A second-order peaking filter (Bristow-Johnson, Audio EQ Cookbook)."""
    if centre_hz >= sample_rate_hz / 2.2:
        return samples
    amplitude = 10 ** (gain_db / 40)
    omega = 2 * np.pi * centre_hz / sample_rate_hz
    alpha = np.sin(omega) / (2 * q)
    b = np.array([1 + alpha * amplitude, -2 * np.cos(omega), 1 - alpha * amplitude])
    a = np.array([1 + alpha / amplitude, -2 * np.cos(omega), 1 - alpha / amplitude])
    return signal.lfilter(b / a[0], a / a[0], samples)


def _compress(samples: np.ndarray, sample_rate_hz: int) -> np.ndarray:
    """Evens loud and soft syllables by half their distance from the voice's level, over about 60 ms."""
    smoothing = signal.butter(1, 6.0, fs=sample_rate_hz, output="sos")
    power = np.maximum(signal.sosfiltfilt(smoothing, samples**2), 1e-8)
    speaking = power > 1e-5
    level = float(np.median(power[speaking])) if speaking.any() else 1e-2
    gain = np.clip((power / level) ** -0.2, 0.5, 1.6)
    return samples * np.where(power > 1e-6, gain, 1.0)


def _room(sample_rate_hz: int) -> np.ndarray:
    """A fixed burst of decaying noise, as short as a furnished room; always the same one."""
    count = round(3 * ROOM_DECAY_S * sample_rate_hz)
    times_s = np.arange(count) / sample_rate_hz
    noise = np.random.default_rng(20).standard_normal(count) * 10 ** (-3 * times_s / (3 * ROOM_DECAY_S))
    noise[: round(0.004 * sample_rate_hz)] = 0.0
    noise = signal.sosfilt(signal.butter(2, [200.0, 5000.0], "bandpass", fs=sample_rate_hz, output="sos"), noise)
    return noise / np.sqrt(np.sum(noise**2))
