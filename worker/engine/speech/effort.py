"""How hard and how fast somebody speaks, and what that does to lips and jaw.

Jaws open about half as far again when shouting (Schulman 1989), less in whispering without voice and in fast speech
(Gay 1981). What counts is the change within a recording, since microphones hide how loud somebody was; only whispering
and the bright sound of a raised voice are heard in absolute terms.
"""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from worker.engine.contracts import Span
from worker.engine.speech.detection import spoken_frames
from worker.engine.speech.rules import smoothstep
from worker.engine.speech.waveform import HOP_LENGTH, LEVEL_HZ, centred_windows, level_db

PER_DB, MOST_DB = 0.012, 12.0  # opening gained by each dB above the voice's own usual level
PHRASE_S = 0.35  # Gaussian sigma over which loudness counts: syllables are the phones' business
QUALITY_S = 0.8
WHISPERED_BELOW, VOICED_FROM = 0.12, 0.35  # share of loud frames with a pitch
WHISPERED_GAIN = 0.72
BRIGHT_FROM_DB, BRIGHT_FULL_DB, BRIGHT_GAIN = -2.0, 8.0, 0.2  # 1-4 kHz against 0.2-1 kHz
BALANCE_WINDOW, BLOCK_FRAMES = 512, 2000
USUAL_SYLLABLES_PER_S, PER_SYLLABLE, RATE_LIMITS = 4.5, 0.04, (0.82, 1.12)
SYLLABLE_S, RATE_S = 0.04, 1.5
LOUD_DB = 25.0
GAIN_LIMITS = (0.6, 1.35)


def opening_gain(samples: np.ndarray, f0_hz: np.ndarray, spans: Sequence[Span]) -> np.ndarray:
    """(N // 160 + 1,) float32 every 10 ms: by how much lips and jaw open further (or less) than usual; 1 in silence.

    Args:
        samples: (N,) 16 kHz mono.
        f0_hz: (N // 160 + 1,) pitch, 0 where unvoiced.
        spans: where somebody speaks.
    """
    levels = level_db(samples)
    spoken = spoken_frames(spans, len(samples))
    if spoken.sum() < LEVEL_HZ // 4:
        return np.ones(len(levels), np.float32)
    loud = spoken & (levels > np.percentile(levels[spoken], 90) - LOUD_DB)
    usual_db = float(np.median(levels[loud]))
    level = _average(levels, loud, PHRASE_S, usual_db)
    gain = 1.0 + PER_DB * np.clip(level - usual_db, -MOST_DB, MOST_DB)
    share = _average((f0_hz > 0).astype(float), loud, QUALITY_S, 1.0)
    voiced = smoothstep((share - WHISPERED_BELOW) / (VOICED_FROM - WHISPERED_BELOW))
    gain *= WHISPERED_GAIN + (1 - WHISPERED_GAIN) * voiced
    bright = _average(_balance_db(samples), loud & (f0_hz > 0), QUALITY_S, -20.0)
    gain *= 1.0 + BRIGHT_GAIN * voiced * smoothstep((bright - BRIGHT_FROM_DB) / (BRIGHT_FULL_DB - BRIGHT_FROM_DB))
    gain *= np.clip(1.0 - PER_SYLLABLE * (_syllable_rate(levels, loud) - USUAL_SYLLABLES_PER_S), *RATE_LIMITS)
    gain = np.where(spoken, np.clip(gain, *GAIN_LIMITS), 1.0)
    return ndimage.gaussian_filter1d(gain, SYLLABLE_S * LEVEL_HZ).astype(np.float32)


def _average(values: np.ndarray, counted: np.ndarray, sigma_s: float, nothing: float) -> np.ndarray:
    """Gaussian average of the frames that count; `nothing` where there are none around."""
    weight = ndimage.gaussian_filter1d(counted.astype(float), sigma_s * LEVEL_HZ)
    total = ndimage.gaussian_filter1d(np.where(counted, values, 0.0), sigma_s * LEVEL_HZ)
    return np.where(weight > 1e-3, total / np.maximum(weight, 1e-3), nothing)


def _balance_db(samples: np.ndarray) -> np.ndarray:
    """(N // 160 + 1,) how much more there is at 1-4 kHz than at 0.2-1 kHz, in windows of 32 ms."""
    count = len(samples) // HOP_LENGTH + 1
    balance = np.empty(count, np.float32)
    hann = np.hanning(BALANCE_WINDOW).astype(np.float32)
    bin_hz = LEVEL_HZ * HOP_LENGTH / BALANCE_WINDOW
    low, middle, high = (round(edge_hz / bin_hz) for edge_hz in (200, 1000, 4000))
    for first in range(0, count, BLOCK_FRAMES):
        frames = min(BLOCK_FRAMES, count - first)
        windows = centred_windows(samples, BALANCE_WINDOW, first, frames)
        power = np.abs(np.fft.rfft(windows * hann, axis=1)) ** 2
        ratio = (power[:, middle:high].sum(1) + 1e-9) / (power[:, low:middle].sum(1) + 1e-9)
        balance[first : first + frames] = 10 * np.log10(ratio)
    return balance


def _syllable_rate(levels: np.ndarray, loud: np.ndarray) -> np.ndarray:
    """(G,) peaks of loudness per second of speech around each frame; the usual rate where nothing is loud."""
    smooth = ndimage.gaussian_filter1d(levels, SYLLABLE_S * LEVEL_HZ)
    peak = np.zeros(len(levels))
    peak[1:-1] = (smooth[1:-1] > smooth[:-2]) & (smooth[1:-1] >= smooth[2:]) & loud[1:-1]
    weight = ndimage.gaussian_filter1d(loud.astype(float), RATE_S * LEVEL_HZ)
    rate = ndimage.gaussian_filter1d(peak, RATE_S * LEVEL_HZ) * LEVEL_HZ / np.maximum(weight, 1e-3)
    return np.where(weight > 0.05, rate, USUAL_SYLLABLES_PER_S)
