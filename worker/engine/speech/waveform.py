"""Waveforms at the rate speech models listen at, and their level over time."""

from typing import TYPE_CHECKING

import numpy as np
import soxr

if TYPE_CHECKING:
    from worker.engine.media.audio import Audio

SPEECH_HZ = 16_000
LEVEL_HZ = 100
HOP_LENGTH = SPEECH_HZ // LEVEL_HZ  # 160 samples, 10 ms
LEVEL_WINDOW = 400  # 25 ms
LEVEL_CHUNK = 3000


def speech_samples(audio: "Audio") -> np.ndarray:
    """(N,) float32 mono samples at 16 kHz, without DC and rumble-free of NaN."""
    samples = np.nan_to_num(np.asarray(audio.samples, np.float32))
    if audio.sample_rate_hz != SPEECH_HZ:
        samples = soxr.resample(samples, audio.sample_rate_hz, SPEECH_HZ).astype(np.float32)
    return samples - np.float32(samples.mean()) if len(samples) else samples


def centred_windows(samples: np.ndarray, window: int, first: int, frames: int) -> np.ndarray:
    """(frames, window) of the sound around every 10 ms from frame `first` on; silence beyond both ends."""
    start = first * HOP_LENGTH - window // 2
    stop = start + (frames - 1) * HOP_LENGTH + window
    own = samples[max(0, start) : max(0, stop)]
    before = max(0, -start)
    block = np.pad(own, (before, stop - start - before - len(own)))
    return np.lib.stride_tricks.sliding_window_view(block, window)[::HOP_LENGTH]


def level_db(samples: np.ndarray) -> np.ndarray:
    """(N // 160 + 1,) level in dB re full scale of 25 ms windows centred every 10 ms; pre-emphasised lightly.

    The first difference is mixed in so that rumble counts less and consonants more.
    """
    samples = np.asarray(samples, np.float32)
    count = len(samples) // HOP_LENGTH + 1
    levels = np.empty(count, np.float32)
    for first in range(0, count, LEVEL_CHUNK):  # in double precision, but never for a whole recording at once
        frames = min(LEVEL_CHUNK, count - first)
        start = first * HOP_LENGTH - LEVEL_WINDOW // 2
        stop = start + frames * HOP_LENGTH + LEVEL_WINDOW
        block = np.asarray(samples[max(0, start - 1) : stop], np.float64)
        emphasised = block.copy()
        emphasised[1:] -= 0.7 * block[:-1]
        squares = np.zeros(stop - start)
        own = emphasised if start <= 0 else emphasised[1:]
        squares[max(0, -start) : max(0, -start) + len(own)] = own**2
        total = np.concatenate([[0.0], np.cumsum(squares)])
        at = np.arange(frames) * HOP_LENGTH
        power = (total[at + LEVEL_WINDOW] - total[at]) / LEVEL_WINDOW
        levels[first : first + frames] = 10.0 * np.log10(np.maximum(power, 1e-10))
    return levels
