"""How loud a sound is (ITU-R BS.1770-4, through pyloudnorm), and a limiter that nobody hears."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from worker.engine.contracts import Span

CEILING_DBTP = -1.0
STREAMING_LUFS = -14.0
MIN_MEASURED_S = 0.4  # one gating block
PIECE_S = 30.0
RELATIVE_GATE_LU = 10.0
LOOK_AHEAD_S = 0.004
OVERSAMPLING = 4
MARGIN_S = 0.05


def loudness_lufs(samples: np.ndarray, sample_rate_hz: int) -> float | None:
    """Integrated loudness of (N, channels) samples, in pieces; None when shorter than 0.4 s or silent."""
    import pyloudnorm

    meter = pyloudnorm.Meter(sample_rate_hz)
    piece = round(PIECE_S * sample_rate_hz)
    heard: list[tuple[float, int]] = []
    for start in range(0, len(samples), piece):
        end = len(samples) if len(samples) - start < 2 * piece else start + piece
        part = np.asarray(samples[start:end, :5], np.float64)
        if len(part) > MIN_MEASURED_S * sample_rate_hz:
            with np.errstate(divide="ignore"):
                value = float(meter.integrated_loudness(part))
            if math.isfinite(value):
                heard.append((value, len(part)))
        if end == len(samples):
            break
    if not heard:
        return None
    ungated = _mean_lufs(heard)
    return _mean_lufs([(value, count) for value, count in heard if value >= ungated - RELATIVE_GATE_LU])


def _mean_lufs(heard: Sequence[tuple[float, int]]) -> float:
    power = sum(count * 10 ** (value / 10) for value, count in heard) / sum(count for _, count in heard)
    return 10 * math.log10(power)


def voice_lufs(samples: np.ndarray, sample_rate_hz: int, spoken: Sequence[Span]) -> float | None:
    """Loudness of the spoken parts of (N, channels) samples alone; None when too little is spoken."""
    parts = [samples[round(s.start_s * sample_rate_hz) : round(s.end_s * sample_rate_hz)] for s in spoken]
    parts = [part for part in parts if len(part)]
    return loudness_lufs(np.concatenate(parts), sample_rate_hz) if parts else None


def limit_in_place(samples: np.ndarray, sample_rate_hz: int, ceiling_dbtp: float = CEILING_DBTP) -> bool:
    """Turn down, for a few milliseconds, whatever would exceed the ceiling between samples too. Whether any did.

    samples: (N, channels) float32, may be mapped from disk.
    """
    ceiling = 10 ** (ceiling_dbtp / 20)
    limited = False
    for low, start, end, high in _pieces(len(samples), sample_rate_hz):
        part = np.array(samples[low:high])
        if np.abs(part).max(initial=0.0) < 0.7 * ceiling:  # peaks between samples are at most 3 dB higher
            continue
        gain = _gain(_true_peaks(part), ceiling, round(LOOK_AHEAD_S * sample_rate_hz))
        if gain.min() < 1.0:
            limited = True
            part *= gain[:, None].astype(np.float32)
            samples[start:end] = part[start - low : end - low]
    return limited


def _pieces(length: int, sample_rate_hz: int) -> Iterator[tuple[int, int, int, int]]:
    """(start with margin, start, end, end with margin) of pieces that are limited one by one."""
    piece, margin = round(PIECE_S * sample_rate_hz), round(MARGIN_S * sample_rate_hz)
    for start in range(0, length, piece):
        end = min(start + piece, length)
        yield max(0, start - margin), start, end, min(length, end + margin)


def _true_peaks(part: np.ndarray) -> np.ndarray:
    """(n,) the largest magnitude around each sample, also between samples (four times oversampled)."""
    from scipy.signal import resample_poly

    peaks = np.zeros(len(part))
    for channel in part.T:
        fine = np.abs(resample_poly(channel.astype(np.float64), OVERSAMPLING, 1))
        peaks = np.maximum(peaks, fine[: len(part) * OVERSAMPLING].reshape(-1, OVERSAMPLING).max(1))
    return peaks


def _gain(peaks: np.ndarray, ceiling: float, reach: int) -> np.ndarray:
    from scipy.ndimage import minimum_filter1d

    wanted = np.minimum(1.0, 0.995 * ceiling / np.maximum(peaks, 1e-9))
    lowest = minimum_filter1d(wanted, 2 * reach + 1, mode="nearest")
    kernel = np.hanning(2 * reach + 1)
    return np.convolve(np.pad(lowest, reach, mode="edge"), kernel / kernel.sum(), mode="valid")
