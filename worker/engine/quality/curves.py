"""Numbers of one mouth curve, and the references every number is shown beside."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worker.engine.contracts import Span
from worker.engine.media.audio import Audio
from worker.engine.quality import metrics
from worker.engine.quality.signals import agreement

FLAP_WINDOW_S = 0.04
REFERENCES = ("real", "static", "jaw_flap", "shuffled")

Numbers = dict[str, float]


@dataclass(frozen=True)
class Truth:
    """What a mouth is compared with. `aperture` (T,) at `times_s`; `lag_s`: how late that mouth is against its sound.

    bilabials and pauses are on the sound's own time.
    """

    times_s: np.ndarray
    aperture: np.ndarray
    lag_s: float
    bilabials: Sequence[Span]
    pauses: Sequence[Span]


def curve_numbers(times_s: np.ndarray, aperture: np.ndarray, truth: Truth) -> Numbers:
    """aperture_r, av_offset_ms, bilabial_closure, silence_closure, open_range, open_contrast of one mouth.

    times_s, aperture: (T,), on the sound's own time.
    """
    agree = agreement(times_s, aperture, truth.times_s, truth.aperture, reference_lag_s=truth.lag_s)
    real_contrast = metrics.opening_contrast(truth.aperture)
    return {
        "aperture_r": agree.r,
        "av_offset_ms": agree.lag_ms,
        "best_r": agree.best_r,
        "bilabial_closure": metrics.bilabial_closure(times_s, aperture, truth.bilabials),
        "silence_closure": metrics.silence_closure(times_s, aperture, truth.pauses),
        "open_range": metrics.open_range(aperture, truth.aperture),
        "open_contrast": metrics.opening_contrast(aperture) / max(real_contrast, 1e-9),
    }


def closures(times_s: np.ndarray, aperture: np.ndarray, truth: Truth, real: np.ndarray) -> Numbers:
    """Closed lips, from what the tracker reads above this face's own closed lips; `_raw` without that.

    times_s, aperture: (T,), on the sound's own time. real: apertures of the same face in its real clip.
    """
    above = metrics.above_closed(aperture, real)
    return {
        "bilabial_closure": metrics.bilabial_closure(times_s, above, truth.bilabials),
        "silence_closure": metrics.silence_closure(times_s, above, truth.pauses),
        "silence_closure_raw": metrics.silence_closure(times_s, aperture, truth.pauses),
    }


def reference_numbers(
    times_s: np.ndarray, aperture: np.ndarray, truth: Truth, audio: Audio, others: Sequence[Truth]
) -> dict[str, Numbers]:
    """The four controls: the real mouth, a still one, a jaw that flaps with loudness, and a stranger's sound.

    `others`: other clips' truths. "shuffled" scores this very mouth against the mouths that belong to other sounds,
    which is what the same render against shuffled audio comes to, without rendering again.
    """
    moved_back = truth.times_s - truth.lag_s
    still = np.full(len(times_s), metrics.peak_aperture(truth.aperture) * 0.3)
    return {
        "real": curve_numbers(moved_back, truth.aperture, truth),
        "static": curve_numbers(times_s, still, truth),
        "jaw_flap": curve_numbers(times_s, jaw_flap(audio, times_s, metrics.peak_aperture(truth.aperture)), truth),
        "shuffled": shuffled_numbers(times_s, aperture, others),
    }


def jaw_flap(audio: Audio, times_s: np.ndarray, peak: float) -> np.ndarray:
    """(T,) an aperture that only follows loudness, the simplest thing that looks like talking."""
    samples = np.asarray(audio.samples, np.float64)
    window = max(1, round(FLAP_WINDOW_S * audio.sample_rate_hz))
    power = np.convolve(samples**2, np.ones(window) / window, mode="same") if len(samples) else np.zeros(1)
    at = np.clip(np.round(times_s * audio.sample_rate_hz).astype(int), 0, len(power) - 1)
    level = np.sqrt(power)[at]
    return peak * np.clip(level / max(np.percentile(level, 95), 1e-9), 0, 1.5)


def shuffled_numbers(times_s: np.ndarray, aperture: np.ndarray, others: Sequence[Truth]) -> Numbers:
    """Mean agreement with other clips' mouths: what r is worth when the sound is somebody else's."""
    scores = []
    for other in others:
        if other.times_s[-1] - other.times_s[0] > 1.0 and times_s[-1] > 1.0:
            shifted = other.times_s - other.times_s[0]
            scores.append(agreement(times_s, aperture, shifted, other.aperture).r)
    return {"aperture_r": float(np.mean(scores)) if scores else float("nan")}


def median_numbers(rows: Sequence[Numbers]) -> Numbers:
    """Median of each number over clips, NaN left out."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    result = {}
    for name in names:
        values = [row[name] for row in rows if name in row and np.isfinite(row[name])]
        result[name] = float(np.median(values)) if values else float("nan")
    return result
