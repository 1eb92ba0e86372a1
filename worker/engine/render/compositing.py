"""Moved person over still background, run by run: only where the outline may pass is there anything to blend."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

import cv2
import numpy as np

from worker.engine.render.layers import Layers
from worker.engine.render.warping import Window

_ROW = 0.15  # height of a row of runs in inter-ocular distances
_MIN_ROW_PX = 40  # smaller ones cost more in calls than they save in pixels
_MIN_RUN_PX = 24  # likewise
_STRIP_PX = 1 << 16  # as much as stays in the cache
_STILL_PX = 0.02  # a head that moves less does not move


class Cover(Enum):
    """What a run can show: the person alone, or the person's outline."""

    PERSON = 1
    OUTLINE = 2


@dataclass(frozen=True)
class Run:
    """A rectangle of the zone, half-open, of one kind."""

    y0: int
    y1: int
    x0: int
    x1: int
    cover: Cover

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.y0, self.y1), slice(self.x0, self.x1)


class Compositor:
    """Blends frames of one portrait."""

    def __init__(self, layers: Layers, scale_px: float, reach_px: np.ndarray, face: Window) -> None:
        """reach_px: (h, w) of the zone, how far each pixel usually moves; beyond that everything is blended.

        face: where a picture with a still head changes.
        """
        self._layers = layers
        self._reach = cv2.convertScaleAbs(layers.reach, alpha=255)
        self._reach_px = float(reach_px.max())
        row = max(_MIN_ROW_PX, round(_ROW * scale_px))
        moving = (layers.reach > 0).astype(np.uint8)
        # A pixel shows the person alone when all pixels that may come to it do.
        loose = ((layers.alpha < 255) | (layers.reach < 1)).astype(np.uint8)
        solid = (cv2.distanceTransform(1 - loose, cv2.DIST_C, 3) > 1.1 * reach_px + 2).astype(np.uint8)
        speaking = np.zeros_like(moving)
        speaking[face.slices] = moving[face.slices]
        self._usual = self._tiled(moving, solid, row)
        self._careful = self._tiled(moving, np.zeros_like(solid), row)
        self._still = self._tiled(speaking, solid, row)

    def _tiled(self, moving: np.ndarray, solid: np.ndarray, row: int) -> "_Tiling":
        runs = tuple(_runs(moving, solid, row))
        rows: dict[tuple[int, int], list[Run]] = {}
        for run in runs:
            rows.setdefault((run.y0, run.y1), []).append(run)
        bands = tuple(
            Window(min(run.x0 for run in ones), y0, max(run.x1 for run in ones), y1) for (y0, y1), ones in rows.items()
        )
        outline = [run for run in runs if run.cover is Cover.OUTLINE]
        strips = tuple(_Strip(part, self._reach, self._layers.plate) for part in _in_strips(outline, row))
        return _Tiling(runs, bands, strips)

    def _tiling(self, motion_px: float) -> "_Tiling":
        if motion_px < _STILL_PX:
            return self._still
        return self._usual if motion_px <= self._reach_px else self._careful

    def runs(self, motion_px: float) -> tuple[Run, ...]:
        """The rectangles that have to be drawn when the head moves no farther than `motion_px`."""
        return self._tiling(motion_px).runs

    def bands(self, motion_px: float) -> tuple[Window, ...]:
        """The same area as one rectangle per row of runs."""
        return self._tiling(motion_px).bands

    def blend(self, moved: np.ndarray, frame: np.ndarray, motion_px: float) -> None:
        """Put `moved` (h, w, 4) uint8 of the zone (RGB, and how much is the person's) over the plate, into `frame`.

        motion_px: how far the head moves at most.
        """
        zone, tiling = frame[self._layers.zone.slices], self._tiling(motion_px)
        for run in tiling.runs:
            if run.cover is Cover.PERSON:
                cv2.cvtColor(moved[run.slices], cv2.COLOR_RGBA2RGB, dst=zone[run.slices])
        for strip in tiling.strips:
            strip.blend(moved, zone)

    def share(self, moved: np.ndarray, run: Run) -> np.ndarray:
        """(h, w) uint8: how much of each pixel of a run is the person, of 255."""
        return cv2.multiply(cv2.extractChannel(moved, 3), self._reach[run.slices], scale=1 / 255)


class _Strip:
    """Runs of the outline side by side in one picture: blending it takes a few calls for all of them, not for each."""

    def __init__(self, runs: Sequence[Run], reach: np.ndarray, plate: np.ndarray) -> None:
        """reach: (h, w) uint8, plate: (h, w, 3) uint8, of the zone."""
        ends = np.cumsum([run.x1 - run.x0 for run in runs]).tolist()
        self._places = [
            (run.slices, (slice(0, run.y1 - run.y0), slice(end - (run.x1 - run.x0), end)))
            for run, end in zip(runs, ends, strict=True)
        ]
        size = max(run.y1 - run.y0 for run in runs), ends[-1]
        self._moved = np.zeros((*size, 4), np.uint8)
        self._reach, self._plate = np.zeros(size, np.uint8), np.zeros((*size, 3), np.uint8)
        for place, at in self._places:
            self._reach[at], self._plate[at] = reach[place], plate[place]
        self._grey, self._share = np.empty(size, np.uint8), np.empty((*size, 3), np.uint8)
        self._person = np.empty_like(self._share)

    def blend(self, moved: np.ndarray, zone: np.ndarray) -> None:
        """`moved` (h, w, 4) over the plate, into `zone` (h, w, 3)."""
        for place, at in self._places:
            self._moved[at] = moved[place]
        cv2.extractChannel(self._moved, 3, self._grey)
        cv2.multiply(self._grey, self._reach, self._grey, 1 / 255)
        cv2.cvtColor(self._grey, cv2.COLOR_GRAY2RGB, self._share)
        cv2.cvtColor(self._moved, cv2.COLOR_RGBA2RGB, self._person)
        cv2.multiply(self._person, self._share, self._person, 1 / 255)
        cv2.bitwise_not(self._share, self._share)
        cv2.multiply(self._plate, self._share, self._share, 1 / 255)
        cv2.add(self._person, self._share, self._person)
        for place, at in self._places:
            zone[place] = self._person[at]


def _in_strips(runs: Sequence[Run], row: int) -> Iterator[list[Run]]:
    strip: list[Run] = []
    for run in runs:
        if strip and row * sum(one.x1 - one.x0 for one in (*strip, run)) > _STRIP_PX:
            yield strip
            strip = []
        strip.append(run)
    if strip:
        yield strip


@dataclass(frozen=True)
class _Tiling:
    runs: tuple[Run, ...]
    bands: tuple[Window, ...]
    strips: tuple[_Strip, ...]


def _runs(moving: np.ndarray, solid: np.ndarray, row: int) -> Iterator[Run]:
    height, width = moving.shape
    for y0 in range(0, height, row):
        y1 = min(height, y0 + row)
        covers = np.where(moving[y0:y1].any(axis=0), Cover.OUTLINE.value, 0)
        covers[solid[y0:y1].all(axis=0) & (covers > 0)] = Cover.PERSON.value
        # An outline may be drawn anywhere; what is narrower than a call is worth goes with what is beside it.
        for x0, x1 in _stretches(covers):
            if x1 - x0 < _MIN_RUN_PX and covers[x0] != Cover.OUTLINE.value and x0 > 0 and x1 < width:
                covers[x0:x1] = Cover.OUTLINE.value
        for x0, x1 in _stretches(covers):
            if covers[x0] > 0:
                yield Run(y0, y1, x0, x1, Cover(int(covers[x0])))


def _stretches(values: np.ndarray) -> list[tuple[int, int]]:
    """Where a row (N,) keeps its value: half-open ranges that cover all of it."""
    ends = [0, *(np.flatnonzero(np.diff(values)) + 1).tolist(), len(values)]
    return list(pairwise(ends))
