"""What the mouth network hears, every 20 ms: states of a recogniser's encoder, mel bands, the level."""

import functools
from dataclasses import dataclass

import numpy as np

from worker.engine.speech.encoder import even_gain, states
from worker.engine.speech.waveform import HOP_LENGTH, SPEECH_HZ, centred_windows, level_db

FEATURE_HZ = 50
FRAMES_PER_FEATURE = 2  # of 10 ms
SAMPLES_PER_FEATURE = SPEECH_HZ // FEATURE_HZ
MEL_BANDS, MEL_RANGE_HZ, FFT_SIZE, WINDOW = 24, (80.0, 7600.0), 512, 400
CHUNK_FRAMES = 2000
LOUD_DB = 25.0


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
    hann, bank = np.hanning(WINDOW).astype(np.float32), _mel_bank()
    bands = []
    for first in range(0, count, CHUNK_FRAMES):
        windows = centred_windows(
            samples.astype(np.float32, copy=False), WINDOW, first, min(CHUNK_FRAMES, count - first)
        )
        bands.append((np.abs(np.fft.rfft(windows * hann, FFT_SIZE, axis=1)) ** 2 @ bank).astype(np.float32))
    return np.log(np.concatenate(bands) + 1e-7).astype(np.float32)


def sound_features(samples: np.ndarray, count: int) -> np.ndarray:
    """(T, 25) mel bands and level every 10 ms, relative to the recording's own loud parts: any voice, any microphone.

    Args:
        samples: (N,) 16 kHz mono, the whole recording.
        count: how many frames the phones have.
    """
    mel, level = fit_length(log_mel(samples), count), fit_length(level_db(samples)[:, None], count)
    peak_db = np.percentile(level, 95) if count else 0.0
    loud = level[:, 0] > peak_db - LOUD_DB
    average = mel[loud].mean(0) if loud.any() else 0.0
    columns = [((mel - average) / 3.0).clip(-3, 2), ((level - peak_db) / 15.0).clip(-3, 1)]
    return np.concatenate(columns, axis=1).astype(np.float32)


@dataclass(frozen=True)
class Sound:
    """A recording, and what listening to any stretch of it needs to know of the whole.

    samples: (N,) 16 kHz mono. bands: (N // 160 + 1, 25) of `sound_features`. gain: of `encoder.even_gain`.
    """

    samples: np.ndarray
    bands: np.ndarray
    gain: float

    @property
    def feature_count(self) -> int:
        """How many rows `network_features` has for the whole recording."""
        return len(self.samples) * FEATURE_HZ // SPEECH_HZ


def sound_of(samples: np.ndarray) -> Sound:
    return Sound(samples, sound_features(samples, len(samples) // HOP_LENGTH + 1), even_gain(samples))


def network_features(sound: Sound, first: int, last: int) -> np.ndarray:
    """(last - first, 313) float32, rows `first` to `last` of the recording; row k is centred at (k + 0.5) · 20 ms."""
    start = first * SAMPLES_PER_FEATURE
    own = sound.samples[start : last * SAMPLES_PER_FEATURE]
    at_s = (np.arange(last - first) + 0.5) / FEATURE_HZ
    bands = sound.bands[first * FRAMES_PER_FEATURE : last * FRAMES_PER_FEATURE + 1]
    # Bands are centred at multiples of 10 ms: a row's middle is the one between its two halves.
    middle = (bands[:-1:FRAMES_PER_FEATURE] + 2 * bands[1::FRAMES_PER_FEATURE] + bands[2::FRAMES_PER_FEATURE]) / 4
    return np.concatenate([states(own, at_s, sound.gain), middle[: last - first]], axis=1).astype(np.float32)


def fit_length(values: np.ndarray, count: int) -> np.ndarray:
    """(count, C): cut, or held at the last row."""
    return np.pad(values[:count], ((0, max(0, count - len(values))), (0, 0)), mode="edge")
