"""Making synthetic speech sound like recordings: rooms, noise, channels, codecs, levels. Times never move."""

import numpy as np
from scipy import signal

RATE_HZ = 16_000


def augment(samples: np.ndarray, babble: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """One random recording condition.

    Args:
        samples: (N,) float32 clean voice at 16 kHz.
        babble: (M,) other voices mixed, M ≥ N.
        generator: decides everything.

    Returns:
        (N,) float32, peak ≤ 1.
    """
    voice = samples / max(float(np.abs(samples).max()), 1e-6)
    if generator.random() < 0.7:
        voice = _tilt(voice, generator)
    if generator.random() < 0.55:
        voice = _reverberate(voice, generator)
    if generator.random() < 0.7:
        voice = _add_noise(voice, babble, generator)
    if generator.random() < 0.3:
        voice = _limit_band(voice, generator)
    if generator.random() < 0.15:
        voice = _companded(voice)
    if generator.random() < 0.2:
        voice = np.clip(voice * generator.uniform(1.5, 4.0), -1.0, 1.0)
    gain = 10 ** (generator.uniform(-20, 0) / 20)
    return (gain * voice / max(float(np.abs(voice).max()), 1e-6)).astype(np.float32)


def _tilt(voice: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A microphone's colour: a smooth random curve of ±8 dB over frequency."""
    bands = np.array([0, 200, 600, 1500, 3000, 5000, 8000]) / (RATE_HZ / 2)
    gains = 10 ** (generator.uniform(-8, 8, len(bands)) / 20)
    return np.convolve(voice, signal.firwin2(129, bands, gains), "same")


def _reverberate(voice: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    decay_s = generator.uniform(0.1, 0.7)
    times_s = np.arange(int(decay_s * RATE_HZ)) / RATE_HZ
    room = generator.standard_normal(len(times_s)) * 10 ** (-3 * times_s / decay_s)
    room *= generator.uniform(0.02, 0.35) / np.sqrt(np.sum(room**2))
    room[0] = 1.0
    return signal.fftconvolve(voice, room)[: len(voice)]


def _add_noise(voice: np.ndarray, babble: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    if generator.random() < 0.4:
        start = int(generator.integers(0, max(1, len(babble) - len(voice))))
        noise = np.resize(babble[start : start + len(voice)], len(voice))
    else:
        spectrum = np.fft.rfft(generator.standard_normal(len(voice)))
        colour = generator.uniform(0.0, 1.2)
        noise = np.fft.irfft(spectrum / np.maximum(np.arange(len(spectrum)), 20) ** (colour / 2), len(voice))
    snr_db = generator.uniform(2, 40)
    level = np.sqrt(np.mean(voice**2) / max(float(np.mean(noise**2)), 1e-12)) * 10 ** (-snr_db / 20)
    return voice + level * noise


def _limit_band(voice: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    edges = [generator.uniform(80, 350), generator.uniform(3200, 7000)]
    return signal.sosfilt(signal.butter(4, edges, "bandpass", fs=RATE_HZ, output="sos"), voice)


def _companded(voice: np.ndarray) -> np.ndarray:
    """µ-law to 6 bits and back."""
    loud = np.clip(voice / max(float(np.abs(voice).max()), 1e-6), -1, 1)
    packed = np.round(np.sign(loud) * np.log1p(255 * np.abs(loud)) / np.log(256) * 32) / 32
    return np.sign(packed) * (256 ** np.abs(packed) - 1) / 255
