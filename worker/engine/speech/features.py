"""What the mouth network hears: phone posteriors, a coarse mel spectrum and the level, every 20 ms."""

import functools

import numpy as np

from worker.engine.speech.acoustics import PHONES, STATES
from worker.engine.speech.waveform import HOP_LENGTH, SPEECH_HZ, level_db

FEATURE_HZ = 50
FRAMES_PER_FEATURE = 2  # of 10 ms
MEL_BANDS, MEL_RANGE_HZ, FFT_SIZE, WINDOW = 24, (80.0, 7600.0), 512, 400
CHUNK_FRAMES = 2000


@functools.lru_cache(maxsize=1)
def _mel_bank() -> np.ndarray:
    """(257, 24) triangular bands on the mel scale (Slaney's unit area)."""
    low, high = (2595 * np.log10(1 + edge / 700) for edge in MEL_RANGE_HZ)
    corners = 700 * (10 ** (np.linspace(low, high, MEL_BANDS + 2) / 2595) - 1)
    at = np.arange(FFT_SIZE // 2 + 1) * SPEECH_HZ / FFT_SIZE
    left, centre, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    triangles = np.minimum((at - left) / (centre - left), (right - at) / (right - centre)).clip(0)
    return (triangles * 2 / (right - left)).T.astype(np.float32)


def log_mel(samples: np.ndarray) -> np.ndarray:
    """(N // 160 + 1, 24) natural log of mel energies of 25 ms windows centred every 10 ms."""
    count = len(samples) // HOP_LENGTH + 1
    padded = np.pad(samples.astype(np.float32), (WINDOW // 2, WINDOW + HOP_LENGTH))
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP_LENGTH][:count]
    hann, bank = np.hanning(WINDOW).astype(np.float32), _mel_bank()
    bands = [
        np.abs(np.fft.rfft(windows[first : first + CHUNK_FRAMES] * hann, FFT_SIZE, axis=1)) ** 2 @ bank
        for first in range(0, count, CHUNK_FRAMES)
    ]
    return np.log(np.concatenate(bands) + 1e-7).astype(np.float32)


def network_features(samples: np.ndarray, posteriors: np.ndarray) -> np.ndarray:
    """(F, 67) float32 every 20 ms, each recording made comparable: level and spectrum relative to its own loud parts.

    Args:
        samples: (N,) 16 kHz mono.
        posteriors: (T, 126) of `phone_posteriors`.
    """
    count = len(posteriors) // FRAMES_PER_FEATURE * FRAMES_PER_FEATURE
    if not count:
        return np.zeros((0, PHONES + MEL_BANDS + 1), np.float32)
    phones = posteriors[:count].reshape(count, PHONES, STATES).sum(-1)
    mel, level = fit_length(log_mel(samples), count), fit_length(level_db(samples)[:, None], count)
    loud = level[:, 0] > np.percentile(level, 95) - 25.0
    mel = (mel - mel[loud].mean(0)) / 3.0
    level = (level - np.percentile(level, 95)) / 15.0
    joined = np.concatenate([np.sqrt(phones), mel.clip(-3, 2), level.clip(-3, 1)], axis=1)
    return joined.reshape(-1, FRAMES_PER_FEATURE, joined.shape[1]).mean(1).astype(np.float32)


def fit_length(values: np.ndarray, count: int) -> np.ndarray:
    """(count, C): cut, or held at the last row."""
    return np.pad(values[:count], ((0, max(0, count - len(values))), (0, 0)), mode="edge")
