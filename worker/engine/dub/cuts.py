"""Where one shot ends and the next begins, frame by frame, in one pass.

A cut changes what is where, all at once and for good. So a frame is compared with the one before it on small pictures
whose brightness has been evened out, after the shift that makes them most alike (a pan moves a picture, a cut replaces
it), together with a colour histogram. The difference counts only where it stands far above its neighbours (shake and
fast pans are busy throughout), and only when the frames that follow do not go back to what was there before (flashes,
a dropped frame, a hand in front of the lens).
"""

from collections import deque
from dataclasses import dataclass, field

import cv2
import numpy as np

THUMB_PX = (64, 36)  # width, height of what is compared
BINS = 24  # of each colour difference
MIN_CUT = 0.30  # seen: inside shots of talking people ≤ 0.15, cuts ≥ 0.48
STANDS_OUT = 3.0  # times the median of the frames around it
AROUND = 6  # frames on either side that are looked at
FLASH_S = 0.3  # what comes back within this time was never gone
COMES_BACK = 0.45  # of the jump's size
MIN_SHOT_FRAMES = 2
_FLAT = 2.0  # standard deviation of a picture without content


@dataclass(frozen=True)
class Thumb:
    """What is compared: luma (36, 64) float32 without its mean, its contrast, and how much there is of each colour,
    (24, 24) that sums to 1, whatever its brightness.
    """

    luma: np.ndarray
    contrast: float
    colours: np.ndarray
    pts_s: float


def thumb_of(rgb: np.ndarray, pts_s: float = 0.0) -> Thumb:
    """The comparable form of a picture (H, W, 3) uint8 of any size."""
    small = cv2.resize(rgb, THUMB_PX, interpolation=cv2.INTER_AREA)
    yuv = cv2.cvtColor(small, cv2.COLOR_RGB2YCrCb)
    luma = yuv[..., 0].astype(np.float32)
    colours = cv2.calcHist([yuv], [1, 2], None, [BINS, BINS], [64, 192, 64, 192])
    colours = cv2.GaussianBlur(colours, (0, 0), 1.5)  # or a wall on the edge of a bin would jump with the light
    luma -= luma.mean()
    return Thumb(luma, float(luma.std()), colours / max(float(colours.sum()), 1e-6), pts_s)


def difference(before: Thumb, after: Thumb) -> float:
    """How little two pictures have in common, 0 = the same, 1 = nothing; blind to brightness and to small shifts."""
    return 0.6 * _unlike(before, after) + 0.4 * _other_colours(before, after)


def _unlike(before: Thumb, after: Thumb) -> float:
    if before.contrast < _FLAT and after.contrast < _FLAT:
        return 0.0
    if before.contrast < _FLAT or after.contrast < _FLAT:
        return 1.0
    still = _correlation(before.luma, after.luma)
    if still > 0.9:
        return 1.0 - still
    (x, y), _ = cv2.phaseCorrelate(before.luma, after.luma)
    moved = _correlation_shifted(before.luma, after.luma, round(x), round(y))
    return float(np.clip(1.0 - max(still, moved), 0.0, 1.0))


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / max(float(np.sqrt((a * a).sum() * (b * b).sum())), 1e-6))


def _correlation_shifted(a: np.ndarray, b: np.ndarray, x: int, y: int) -> float:
    """Correlation where the two overlap after moving `a` by (x, y); −1 when little is left."""
    height, width = a.shape
    if abs(x) > width // 2 or abs(y) > height // 2:
        return -1.0
    part_a = a[max(0, -y) : height - max(0, y), max(0, -x) : width - max(0, x)]
    part_b = b[max(0, y) : height - max(0, -y), max(0, x) : width - max(0, -x)]
    return _correlation(part_a, part_b)


def _other_colours(before: Thumb, after: Thumb) -> float:
    """Share of the picture whose colour is another."""
    return float(np.abs(before.colours - after.colours).sum() / 2)


@dataclass
class _Suspect:
    index: int
    score: float
    before: Thumb
    until_s: float
    came_back: bool = False


@dataclass
class CutFinder:
    """Push every frame; `suspect` at once where a tracker should look afresh; `finish` says where the cuts are."""

    _scores: list[float] = field(default_factory=list)
    _suspects: list[_Suspect] = field(default_factory=list)
    _open: list[_Suspect] = field(default_factory=list)
    _recent: deque[float] = field(default_factory=lambda: deque(maxlen=AROUND))
    _last: Thumb | None = None

    def push(self, thumb: Thumb) -> bool:
        """Whether this frame may be the first of a new shot, going by what came before it."""
        if self._last is None:
            self._last = thumb
            self._scores.append(0.0)
            return False
        score = difference(self._last, thumb)
        index = len(self._scores)
        usual = float(np.median(self._recent)) if self._recent else 0.0
        is_suspect = score >= MIN_CUT and score >= STANDS_OUT * usual
        for earlier in self._open:
            if thumb.pts_s > earlier.until_s:
                continue
            earlier.came_back |= difference(earlier.before, thumb) < COMES_BACK * earlier.score
        self._open = [s for s in self._open if thumb.pts_s <= s.until_s and not s.came_back]
        if is_suspect:
            suspect = _Suspect(index, score, self._last, thumb.pts_s + FLASH_S)
            self._suspects.append(suspect)
            self._open.append(suspect)
        self._scores.append(score)
        self._recent.append(score)
        self._last = thumb
        return is_suspect

    def finish(self) -> list[int]:
        """Indices of the first frames of new shots, rising; the clip's own first frame is not among them."""
        cuts: list[int] = []
        scores = np.array(self._scores)
        returned: int | None = None  # index after which a flash's way back is no cut either
        for suspect in self._suspects:
            if suspect.came_back:
                returned = suspect.index
                continue
            around = np.r_[
                scores[max(1, suspect.index - AROUND) : suspect.index],
                scores[suspect.index + 1 : suspect.index + 1 + AROUND],
            ]
            stands_out = not len(around) or suspect.score >= STANDS_OUT * float(np.median(around))
            if not stands_out or self._is_way_back(suspect, returned):
                continue
            if cuts and suspect.index - cuts[-1] < MIN_SHOT_FRAMES:
                continue
            cuts.append(suspect.index)
        return cuts

    def _is_way_back(self, suspect: _Suspect, flash_index: int | None) -> bool:
        """Whether this jump is the end of a flash that began at `flash_index`."""
        if flash_index is None:
            return False
        flash = next(s for s in self._suspects if s.index == flash_index)
        return suspect.before.pts_s <= flash.until_s and flash.index < suspect.index
