"""Comparing two mouths over time: band-passed correlation and lag. Pure NumPy; no files, no models."""

from dataclasses import dataclass

import numpy as np

LOW_HZ = 0.3  # slower is posture, not speech
HIGH_HZ = 7.0  # faster is tracking noise
GRID_HZ = 100.0  # both signals are brought to this even grid
MAX_LAG_S = 0.4
_MIN_PEAK_R = 0.1
_MIN_SAMPLES = 20


@dataclass(frozen=True)
class Agreement:
    """How two mouths agree. `r`: Pearson at zero lag. `lag_ms` > 0: the first one is late, NaN when no lag makes
    them agree. `best_r`: r at that lag."""

    r: float
    lag_ms: float
    best_r: float


def fill_gaps(times_s: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(T,) with NaN replaced by straight lines between neighbours. Raises ValueError when nothing is finite."""
    values = np.asarray(values, np.float64)
    good = np.isfinite(values)
    if not good.any():
        raise ValueError("no finite value")
    return np.interp(times_s, np.asarray(times_s)[good], values[good])


def band_pass(
    values: np.ndarray, sample_rate_hz: float, *, low_hz: float = LOW_HZ, high_hz: float = HIGH_HZ
) -> np.ndarray:
    """(T,) without what is slower or faster; zero phase.

    A raised-cosine band in the Fourier domain over the mirrored signal, so that neither end rings. Half gain at the
    two corner frequencies.
    """
    values = np.asarray(values, np.float64)
    if len(values) < 4:
        return np.zeros_like(values)
    line = np.polynomial.polynomial.polyfit(np.arange(len(values)), values, 1)
    flat = values - np.polynomial.polynomial.polyval(np.arange(len(values)), line)
    mirrored = np.concatenate([flat[::-1], flat, flat[::-1]])
    frequency = np.fft.rfftfreq(len(mirrored), 1 / sample_rate_hz)
    rising = _soft_step(frequency, low_hz, low_hz * 0.5)
    falling = 1 - _soft_step(frequency, high_hz, high_hz * 0.15)
    spectrum = np.fft.rfft(mirrored) * rising * falling
    return np.fft.irfft(spectrum, len(mirrored))[len(values) : 2 * len(values)]


def _soft_step(frequency: np.ndarray, at_hz: float, half_width_hz: float) -> np.ndarray:
    position = np.clip((frequency - at_hz) / (2 * half_width_hz) + 0.5, 0, 1)
    return 0.5 - 0.5 * np.cos(np.pi * position)


def pearson(first: np.ndarray, second: np.ndarray) -> float:
    """Pearson's r, in [-1, 1]; 0 where either keeps still, since stillness agrees with nothing."""
    first = np.asarray(first, np.float64) - np.mean(first)
    second = np.asarray(second, np.float64) - np.mean(second)
    scale = np.sqrt((first**2).sum() * (second**2).sum())
    return float((first * second).sum() / scale) if scale > 1e-12 else 0.0


def agreement(
    times_s: np.ndarray,
    values: np.ndarray,
    reference_times_s: np.ndarray,
    reference: np.ndarray,
    *,
    reference_lag_s: float = 0.0,
    max_lag_s: float = MAX_LAG_S,
) -> Agreement:
    """Agreement of a mouth with a reference mouth, both band-passed 0.3-7 Hz, where both are known.

    Args:
        times_s, values: (T,) the mouth in question, NaN where unknown.
        reference_times_s, reference: (R,) the other one; its times need not be the same.
        reference_lag_s: how late the reference's mouth is against its own sound; it is moved back by this first.

    Raises:
        ValueError: nothing finite, or less than 0.2 s in common.
    """
    reference_times = np.asarray(reference_times_s, np.float64) - reference_lag_s
    start, end = max(times_s[0], reference_times[0]), min(times_s[-1], reference_times[-1])
    grid = np.arange(start, end, 1 / GRID_HZ)
    if len(grid) < _MIN_SAMPLES:
        raise ValueError(f"only {max(0.0, end - start):.2f} s in common")
    known = _known(times_s, values, grid) & _known(reference_times, reference, grid)
    if known.sum() < _MIN_SAMPLES:
        raise ValueError("no moment at which both are known")
    first = band_pass(np.interp(grid, times_s, fill_gaps(times_s, values)), GRID_HZ)
    second = band_pass(np.interp(grid, reference_times, fill_gaps(reference_times, reference)), GRID_HZ)
    lag_s, best = _best_lag(first, second, known, max_lag_s)
    return Agreement(pearson(first[known], second[known]), 1000 * lag_s, best)


def _known(times_s: np.ndarray, values: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Grid points whose nearest sample is finite."""
    times = np.asarray(times_s, np.float64)
    right = np.clip(np.searchsorted(times, grid), 1, len(times) - 1) if len(times) > 1 else np.zeros(len(grid), int)
    nearest = np.where(grid - times[right - 1] < times[right] - grid, right - 1, right)
    return np.isfinite(np.asarray(values, np.float64))[nearest]


def _best_lag(first: np.ndarray, second: np.ndarray, known: np.ndarray, max_lag_s: float) -> tuple[float, float]:
    """Lag of `first` behind `second` (s) at the highest peak of r, to a fraction of a sample; NaN without a peak."""
    reach = min(round(max_lag_s * GRID_HZ), len(first) - _MIN_SAMPLES)
    lags = np.arange(-reach, reach + 1)
    scores = np.full(len(lags), -1.0)
    for index, lag in enumerate(lags):
        a, b = (first[lag:], second[: len(second) - lag]) if lag >= 0 else (first[:lag], second[-lag:])
        both = (known[lag:] & known[: len(known) - lag]) if lag >= 0 else (known[:lag] & known[-lag:])
        if both.sum() >= _MIN_SAMPLES:
            scores[index] = pearson(a[both], b[both])
    peaks = np.flatnonzero((scores[1:-1] >= scores[:-2]) & (scores[1:-1] >= scores[2:])) + 1
    if not len(peaks) or scores[peaks].max() < _MIN_PEAK_R:
        return float("nan"), float(max(0.0, scores.max()))
    top = int(peaks[scores[peaks].argmax()])
    left, middle, right = scores[top - 1 : top + 2]
    bend = left - 2 * middle + right
    shift = 0.5 * (left - right) / bend if bend < -1e-12 else 0.0
    return float((lags[top] + shift) / GRID_HZ), float(scores[top])
