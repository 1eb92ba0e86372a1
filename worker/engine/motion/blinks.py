"""When the eyes shut and where they look: blinks at natural gaps, and tiny glances between them.

Numbers from ENGINE.md §3 and the literature: talking people blink about 26 times a minute (Bentivoglio et al. 1997)
with log-normal gaps, close within 50-100 ms and open within 100-200 ms; often in pauses. Fixational saccades are
step-like.
"""

from collections.abc import Sequence

import numpy as np

from worker.engine.contracts import Span

BLINKS_PER_MIN = 24.0
_GAP_SIGMA = 0.45  # of the logarithm of the gap
_SHORTEST_GAP_S, _LONGEST_GAP_S = 0.9, 6.5
_FIRST_S = (0.5, 2.2)
_PAUSE_PULL_S = 0.5  # a blink due this near the start of a pause moves there


def blink_times(duration_s: float, speech: Sequence[Span], rng: np.random.Generator, rate: float = 1.0) -> list[float]:
    """Moments (s) at which the lids start to fall. rate: how often, as a factor; 0 = never."""
    if rate <= 0:
        return []
    median_s = 60.0 / (rate * BLINKS_PER_MIN) / np.exp(_GAP_SIGMA**2 / 2)
    longest_s = _LONGEST_GAP_S / min(rate, 1.0)
    pauses = [span.end_s for span in speech]
    moments, moment = [], float(rng.uniform(*_FIRST_S))
    while moment < duration_s - 0.15:
        near = [pause for pause in pauses if abs(pause + 0.05 - moment) < _PAUSE_PULL_S]
        due = min(near, key=lambda pause: abs(pause - moment)) + 0.05 if near else moment
        if moments and due - moments[-1] < _SHORTEST_GAP_S:
            due = moment
        moments.append(due)
        gap = float(np.clip(rng.lognormal(np.log(median_s), _GAP_SIGMA), _SHORTEST_GAP_S, longest_s))
        moment = due + gap
    return moments


def blink_track(times_s: np.ndarray, speech: Sequence[Span], rng: np.random.Generator, rate: float = 1.0) -> np.ndarray:
    """(T,) float64 in [0, 1] at `times_s`: 0 = eyes as in the photo, 1 = shut. Both eyes follow the one track."""
    shut = np.zeros(len(times_s))
    if len(times_s) == 0:
        return shut
    for start in blink_times(float(times_s[-1]), speech, rng, rate):
        shut = np.maximum(shut, one_blink(times_s - start, rng))
    return shut


def one_blink(since_s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(T,) in [0, 1]: one blink whose lids start to fall at 0. Lids fall evenly fast and open with a soft end (Guitton
    et al. 1991).
    """
    close_s, hold_s, open_s = rng.uniform(0.06, 0.09), rng.uniform(0.02, 0.05), rng.uniform(0.12, 0.19)
    falling = np.clip(since_s / close_s, 0, 1)
    rising = 1 - np.clip((since_s - close_s - hold_s) / open_s, 0, 1)
    return np.where(since_s < close_s, falling, rising**1.5) * (since_s > 0)


def glance_track(times_s: np.ndarray, liveliness: float, rng: np.random.Generator) -> np.ndarray:
    """(T, 2) float64, iris shift (x, y) in eye widths: small jumps that mostly come back to the camera."""
    glances = np.zeros((len(times_s), 2))
    if len(times_s) == 0 or liveliness <= 0:
        return glances
    reach = np.array([0.035, 0.014]) * liveliness
    moment, here = float(rng.uniform(0.8, 2.0)), np.zeros(2)
    while moment < times_s[-1]:
        there = np.zeros(2) if rng.random() < 0.5 else rng.uniform(-1, 1, 2) * reach
        step = np.clip((times_s - moment) / 0.045, 0, 1)[:, None]
        glances = np.where(times_s[:, None] >= moment, here + (there - here) * step, glances)
        here, moment = there, moment + float(rng.uniform(0.5, 2.4))
    return glances
