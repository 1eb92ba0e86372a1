"""Which of the speaker's own mouths is shown when: the cheapest path through the bank.

A frame pays for a mouth whose shape, pose, light or sharpness is not what it needs, and for changing to a mouth that
looks different from the one before. Mouths that followed each other in the clip follow each other for free. The path
is found by dynamic programming (Viterbi 1967), as unit selection does for voices (Hunt & Black 1996).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worker.engine.dub.mouth_bank import Mouth, lip_tone

# One unit of cost for so much difference of each feature, in the order of `speaker_shape.FEATURES`.
FEATURE_SCALES = np.array([0.018, 0.03, 0.045, 0.045, 0.03, 0.022, 0.026, 0.06, 0.035], np.float32)
YAW_SCALE_DEG = 7.0
_TONE_SCALE, _TONE_REACH_S, _MOST_TONE_COST = 0.07, 1.2, 6.0
_BLUR_COST = 3.0  # per halving of sharpness below the bank's usual
_SWITCH_COST = 1.5
_REPEAT_COST = 0.25
_LOOK_SCALE = 5.0  # mean absolute difference of thumbs for one unit
_LARGE = 1e6


@dataclass(frozen=True)
class Wanted:
    """What output frames need: features (T, F), yaw_deg (T,), own_s (T,) the source's times."""

    features: np.ndarray
    yaw_deg: np.ndarray
    own_s: np.ndarray
    shot_start: np.ndarray  # (T,) bool: the first frame after a cut or a gap, where nothing has to be smooth


class Bank:
    """Mouths with everything the costs need, as arrays."""

    def __init__(self, mouths: Sequence[Mouth], features: np.ndarray, yaw_deg: np.ndarray, frame_gap_s: float) -> None:
        """features (K, F), yaw_deg (K,) of the mouths; frame_gap_s: usual time between frames."""
        self.mouths = list(mouths)
        self.features = features.astype(np.float32) / FEATURE_SCALES
        self.yaw_deg = yaw_deg.astype(np.float32)
        self.pts_s = np.array([mouth.pts_s for mouth in mouths])
        self.tones = np.stack([lip_tone(mouth) for mouth in mouths])
        sharp = np.array([mouth.sharpness for mouth in mouths])
        blurred = np.log2(np.maximum(np.percentile(sharp, 70) / np.maximum(sharp, 1e-3), 1.0))
        self.own_cost = (_BLUR_COST * blurred).astype(np.float32)
        light = np.stack([mouth.light for mouth in mouths]).astype(np.float32)
        thumbs = np.stack([mouth.thumb for mouth in mouths])
        # K × K, in rows, since the differences themselves would be K × K × pixels
        look = np.stack([np.abs(thumbs - one).mean(1) for one in thumbs])
        look += 0.3 * np.stack([np.abs(light - one).mean(1) for one in light])
        self.change = (_SWITCH_COST + look / _LOOK_SCALE).astype(np.float32)
        np.fill_diagonal(self.change, _REPEAT_COST)
        step_s = self.pts_s[None, :] - self.pts_s[:, None]
        follows = np.abs(step_s - frame_gap_s) < 0.35 * frame_gap_s
        self.change[follows] = 0.0
        self.change[np.abs(step_s + frame_gap_s) < 0.35 * frame_gap_s] = 0.1  # backwards is nearly as smooth

    def tone_cost(self, at_s: float) -> np.ndarray:
        """(K,) what lips of another colour than those around this moment of the clip cost."""
        away_s = np.clip((self.pts_s - at_s) / _TONE_REACH_S, -6, 6)
        weights = np.exp(-0.5 * away_s**2)[:, None]
        here = (self.tones * weights).sum(0) / weights.sum()
        return np.minimum((((self.tones - here) / _TONE_SCALE) ** 2).sum(1), _MOST_TONE_COST).astype(np.float32)


def cheapest_path(bank: Bank, wanted: Wanted, leave_out_s: float = 0.0) -> np.ndarray:
    """(T,) which mouth each frame gets; −1 where the frame wants none (NaN features).

    leave_out_s: mouths closer in time than this to the frame they would be shown in are not used.
    """
    count, mouths = len(wanted.features), len(bank.mouths)
    path = np.full(count, -1, np.int64)
    if not mouths:
        return path
    needed = np.isfinite(wanted.features[:, 0])
    starts = np.flatnonzero(needed & (wanted.shot_start | ~np.concatenate([[False], needed[:-1]])))
    for start, limit in zip(starts, np.append(starts[1:], count), strict=False):
        end = start
        while end < limit and needed[end]:
            end += 1
        path[start:end] = _run(bank, wanted, slice(start, end), leave_out_s)
    return path


def _run(bank: Bank, wanted: Wanted, run: slice, leave_out_s: float) -> np.ndarray:
    features = wanted.features[run] / FEATURE_SCALES
    length = len(features)
    back = np.empty((length, len(bank.mouths)), np.uint16)
    total = np.zeros(len(bank.mouths), np.float32)
    every = np.arange(len(bank.mouths))
    for row in range(length):
        cost = ((bank.features - features[row]) ** 2).sum(1)
        cost += ((bank.yaw_deg - wanted.yaw_deg[run.start + row]) / YAW_SCALE_DEG) ** 2 + bank.own_cost
        cost += bank.tone_cost(float(wanted.own_s[run.start + row]))
        if leave_out_s > 0:
            cost[np.abs(bank.pts_s - wanted.own_s[run.start + row]) < leave_out_s] += _LARGE
        if row == 0:
            total = cost
            continue
        step = total[:, None] + bank.change
        back[row] = step.argmin(0)
        total = step[back[row], every] + cost
        total -= total.min()
    chosen = np.empty(length, np.int64)
    chosen[-1] = int(total.argmin())
    for row in range(length - 1, 0, -1):
        chosen[row - 1] = back[row, chosen[row]]
    return chosen


def blended(bank: Bank, path: np.ndarray, shot_start: np.ndarray) -> list[tuple[tuple[int, float], ...]]:
    """For each frame, up to two (mouth, share): around a jump in the path, both sides are shown for a few frames."""
    shares: list[tuple[tuple[int, float], ...]] = [() if m < 0 else ((int(m), 1.0),) for m in path]
    for at in range(1, len(path)):
        before, after = int(path[at - 1]), int(path[at])
        if before < 0 or after < 0 or before == after or shot_start[at] or bank.change[before, after] <= 0.15:
            continue
        for frame, share in ((at - 1, 0.3), (at, 0.7)):
            if len(shares[frame]) == 1:  # two jumps in a row: the nearer one has been blended already
                shares[frame] = ((before, 1 - share), (after, share))
    return shares
