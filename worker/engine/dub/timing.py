"""Which picture of the clip is shown when, and which moment of the new sound belongs to it.

The clip is a row of pieces: those that stay as they are, and stretches that get a sound of their own, whose picture
may be cut, repeated, run back and forth, or slowed and hurried to the sound's length. At a steady rate every output
frame lies on the grid n / frame_rate, counted once for the whole output, so that nothing can drift whatever the rate;
a variable-rate clip keeps each frame's own duration. Pieces begin on frames. New sound begins to the sample where it
was asked for.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from worker.engine.contracts import SyncMode

_EPSILON_S = 5e-4  # containers round times to milliseconds
_VFR_CLOCK_HZ = 90_000
_DENSEST = 0.6  # of the usual gap between frames: hurried frames closer than this are left out


@dataclass(frozen=True)
class Stretch:
    """A stretch [start_s, end_s) of the clip that gets a sound of `sound_s` seconds.

    `whole`: the stretch is the clip itself, so its end may move; otherwise a picture that outlasts its sound stays.
    `cuts_picture`: CUT_OFF may also shorten the picture (always so for a whole clip).
    """

    start_s: float
    end_s: float
    sound_s: float
    mode: SyncMode
    whole: bool = False
    cuts_picture: bool = False


@dataclass(frozen=True)
class OutputFrame:
    """One frame of the output: the clip's frame shown, when, and the moment of the new sound (None: left untouched).

    `sound_s` may lie before 0 or after the sound's end: the mouth is shut there. `stretch` numbers the stretches.
    """

    source_index: int
    out_pts_s: float
    sound_s: float | None
    stretch: int | None


@dataclass(frozen=True)
class Piece:
    """A run of output frames [first, end) and what is heard meanwhile.

    out_start_s, out_end_s: on the frame grid. source_start_s: the clip's time at its first frame. stretch: None where
    the clip stays as it is. sound_at_s: output time at which the stretch's new sound begins; it may lie a part of a
    frame after the piece does.
    """

    first: int
    end: int
    out_start_s: Fraction
    out_end_s: Fraction
    source_start_s: float
    stretch: int | None
    sound_at_s: float


@dataclass(frozen=True)
class Timeline:
    """The output, frame by frame: arrays of N, and its pieces in order.

    source_index: int32. out_pts_s: float64, rising. sound_s: float64, NaN where untouched. stretch: int32, −1 where
    untouched. end_s: when the last frame ends. frame_rate: None at a variable rate.
    """

    source_index: np.ndarray
    out_pts_s: np.ndarray
    sound_s: np.ndarray
    stretch: np.ndarray
    end_s: Fraction
    frame_rate: Fraction | None
    pieces: tuple[Piece, ...]

    def __len__(self) -> int:
        return len(self.source_index)

    def __iter__(self) -> Iterator[OutputFrame]:
        for index, pts_s, sound_s, stretch in zip(
            self.source_index, self.out_pts_s, self.sound_s, self.stretch, strict=True
        ):
            untouched = stretch < 0
            yield OutputFrame(
                int(index), float(pts_s), None if untouched else float(sound_s), None if untouched else int(stretch)
            )

    @property
    def is_in_order(self) -> bool:
        """Whether one pass forwards through the clip is enough."""
        return bool(np.all(np.diff(self.source_index) >= 0))


def plan_timeline(
    pts_s: np.ndarray, end_s: float, frame_rate: Fraction | None, stretches: Sequence[Stretch]
) -> Timeline:
    """Lay out the output.

    Args:
        pts_s: (T,) times of the clip's frames, rising from 0. end_s: when the last one ends.
        frame_rate: the steady rate, None for a variable one.
        stretches: by time, not overlapping.

    Raises:
        ValueError: no frames, or stretches that overlap.
    """
    if not len(pts_s):
        raise ValueError("a clip without frames has no timeline")
    builder = _Builder(np.asarray(pts_s, np.float64), end_s, frame_rate)
    at = 0
    for number, stretch in enumerate(stretches):
        first = max(at, int(np.searchsorted(builder.pts_s, stretch.start_s + _EPSILON_S, side="right")) - 1)
        end = int(np.searchsorted(builder.pts_s, stretch.end_s - _EPSILON_S))
        if stretch.start_s < (stretches[number - 1].end_s if number else 0.0) - _EPSILON_S:
            raise ValueError("stretches overlap")
        builder.keep(at, first)
        builder.fill(number, stretch, first, max(end, first + 1))
        at = max(end, first + 1)
    if not (stretches and stretches[-1].whole):
        builder.keep(at, len(builder.pts_s))
    return builder.timeline()


class _Builder:
    def __init__(self, pts_s: np.ndarray, end_s: float, frame_rate: Fraction | None) -> None:
        self.pts_s = pts_s
        self._edges_s = np.append(pts_s, max(end_s, pts_s[-1] + 1e-3))
        self._rate = frame_rate
        self._usual_gap_s = float(np.median(np.diff(self._edges_s)))
        self._index: list[int] = []
        self._pts: list[Fraction] = []
        self._sound: list[float] = []
        self._stretch: list[int] = []
        self._pieces: list[Piece] = []
        self._end = Fraction(0)

    def timeline(self) -> Timeline:
        return Timeline(
            np.array(self._index, np.int32),
            np.array([float(pts) for pts in self._pts]),
            np.array(self._sound),
            np.array(self._stretch, np.int32),
            self._end,
            self._rate,
            tuple(self._pieces),
        )

    def keep(self, first: int, end: int) -> None:
        """Frames [first, end) as they are."""
        if end > first:
            self._append(range(first, end), self._own_times(first, end), None, 0.0)

    def fill(self, number: int, stretch: Stretch, first: int, end: int) -> None:
        """Frames [first, end) with a sound of their own."""
        own_s = float(self._edges_s[end] - self._edges_s[first])
        lead_s = max(0.0, stretch.start_s - float(self.pts_s[first]))  # of the picture before the sound
        wanted_s = lead_s + stretch.sound_s
        longer = wanted_s > own_s + _EPSILON_S
        sound_at_s = float(self._end) + lead_s
        if stretch.mode is SyncMode.REMAP:
            order, offsets = self._remapped(first, end, wanted_s)
        elif stretch.mode in (SyncMode.LOOP, SyncMode.BOUNCE) and longer:
            order, offsets = self._repeated(first, end, wanted_s, bounce=stretch.mode is SyncMode.BOUNCE)
        elif not longer and self._may_cut(stretch):
            order, offsets = self._cut(first, end, wanted_s)
        else:
            order, offsets = range(first, end), self._own_times(first, end)
        self._append(order, offsets, number, sound_at_s)

    @staticmethod
    def _may_cut(stretch: Stretch) -> bool:
        """Whether the picture may end with its sound: within a clip, a jump is made only when asked for."""
        if stretch.mode is SyncMode.SILENCE:
            return False
        return stretch.whole or (stretch.mode is SyncMode.CUT_OFF and stretch.cuts_picture)

    # -- times within a piece: offsets of every frame from the piece's start, and of its end --

    def _on_grid(self, offset_s: float) -> Fraction:
        if self._rate is None:
            return Fraction(round(offset_s * _VFR_CLOCK_HZ), _VFR_CLOCK_HZ)
        return Fraction(round(offset_s * self._rate)) / self._rate

    def _own_times(self, first: int, end: int) -> list[Fraction]:
        return _rising(
            [self._on_grid(float(t - self._edges_s[first])) for t in self._edges_s[first : end + 1]], self._tick
        )

    @property
    def _tick(self) -> Fraction:
        return Fraction(1, _VFR_CLOCK_HZ) if self._rate is None else 1 / self._rate

    def _frames_for(self, length_s: float) -> int:
        """Output frames at the steady rate for a length, counted on the output's own grid, at least one."""
        assert self._rate is not None
        start = round(self._end * self._rate)
        return max(1, round((float(self._end) + length_s) * self._rate) - start)

    def _cut(self, first: int, end: int, length_s: float) -> tuple[Sequence[int], list[Fraction]]:
        kept = int(np.searchsorted(self._edges_s[first:end] - self._edges_s[first], length_s - self._usual_gap_s / 2))
        kept = min(max(1, kept), end - first)
        return range(first, first + kept), self._own_times(first, first + kept)

    def _repeated(self, first: int, end: int, length_s: float, *, bounce: bool) -> tuple[list[int], list[Fraction]]:
        at = _back_and_forth(first, end) if bounce else (lambda k: first + k % (end - first))
        if self._rate is not None:
            count = self._frames_for(length_s)
            return [at(k) for k in range(count)], [Fraction(k) / self._rate for k in range(count + 1)]
        order: list[int] = []
        offset_s, offsets = 0.0, [Fraction(0)]
        for k in itertools.count():
            order.append(at(k))
            offset_s += float(self._edges_s[order[-1] + 1] - self._edges_s[order[-1]])
            offsets.append(self._on_grid(offset_s))
            if offset_s >= length_s - self._usual_gap_s / 2:
                return order, _rising(offsets, self._tick)
        raise AssertionError("unreachable")

    def _remapped(self, first: int, end: int, length_s: float) -> tuple[list[int], list[Fraction]]:
        own = self._edges_s[first : end + 1] - self._edges_s[first]
        if self._rate is not None:
            count = self._frames_for(length_s)
            middles = (np.arange(count) + 0.5) * own[-1] / count  # the clip's moment in the middle of each output frame
            order = first + np.clip(np.searchsorted(own, middles, side="right") - 1, 0, end - first - 1)
            return order.tolist(), [Fraction(k) / self._rate for k in range(count + 1)]
        scale = length_s / float(own[-1])
        order, offsets = [], []
        for i in range(first, end):
            offset_s = float(own[i - first]) * scale
            if not offsets or offset_s - offsets[-1] >= _DENSEST * self._usual_gap_s:
                order.append(i)
                offsets.append(offset_s)
        grid = [self._on_grid(offset_s) for offset_s in [*offsets, max(length_s, self._usual_gap_s)]]
        return order, _rising(grid, self._tick)

    def _append(self, order: Sequence[int], offsets: list[Fraction], stretch: int | None, sound_at_s: float) -> None:
        start, first_frame = self._end, len(self._index)
        for index, offset in zip(order, offsets, strict=False):
            self._index.append(index)
            self._pts.append(start + offset)
            self._sound.append(math.nan if stretch is None else float(start + offset) - sound_at_s)
            self._stretch.append(-1 if stretch is None else stretch)
        self._end = start + offsets[len(order)]
        source_start_s = float(self.pts_s[order[0]])
        self._pieces.append(Piece(first_frame, len(self._index), start, self._end, source_start_s, stretch, sound_at_s))


def _back_and_forth(first: int, end: int) -> Callable[[int], int]:
    """0 1 2 3 2 1 0 1 …: the frames at the turns are shown once."""
    count = end - first
    period = max(1, 2 * count - 2)

    def at(k: int) -> int:
        step = k % period
        return first + (step if step < count else period - step)

    return at


def _rising(offsets: list[Fraction], tick: Fraction) -> list[Fraction]:
    """Each later than the one before by a tick at least."""
    for i in range(1, len(offsets)):
        offsets[i] = max(offsets[i], offsets[i - 1] + tick)
    return offsets
