"""Moved person over still background, tile by tile: only where the outline may pass is there anything to blend."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np

from worker.engine.render.layers import Layers
from worker.engine.render.warping import Window

_TILE = 0.15  # side of a tile in inter-ocular distances
_MIN_TILE_PX = 40  # smaller ones cost more in calls than they save in pixels
_STILL_PX = 0.02  # a head that moves less does not move


class Cover(Enum):
    """What a tile can show: the person alone, or the person's outline."""

    PERSON = 1
    OUTLINE = 2


@dataclass(frozen=True)
class Run:
    """Neighbouring tiles of one kind in one row of tiles: a rectangle of the zone, half-open."""

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
        """reach_px: (h, w) of the zone, how far each pixel usually moves; beyond that every tile is blended.

        face: where a picture with a still head changes.
        """
        self._layers = layers
        self._reach = cv2.convertScaleAbs(layers.reach, alpha=255)
        self._reach_px = float(reach_px.max())
        tile = max(_MIN_TILE_PX, round(_TILE * scale_px))
        moving = (layers.reach > 0).astype(np.uint8)
        # A pixel shows the person alone when all pixels that may come to it do.
        loose = ((layers.alpha < 255) | (layers.reach < 1)).astype(np.uint8)
        solid = (cv2.distanceTransform(1 - loose, cv2.DIST_C, 3) > 1.1 * reach_px + 2).astype(np.uint8)
        speaking = np.zeros_like(moving)
        speaking[face.slices] = moving[face.slices]
        self._usual = _Tiling.of(moving, solid, tile)
        self._careful = _Tiling.of(moving, np.zeros_like(solid), tile)
        self._still = _Tiling.of(speaking, solid, tile)

    def _tiling(self, motion_px: float) -> "_Tiling":
        if motion_px < _STILL_PX:
            return self._still
        return self._usual if motion_px <= self._reach_px else self._careful

    def runs(self, motion_px: float) -> tuple[Run, ...]:
        """The rectangles that have to be drawn when the head moves no farther than `motion_px`."""
        return self._tiling(motion_px).runs

    def bands(self, motion_px: float) -> tuple[Window, ...]:
        """The same area as one rectangle per row of tiles."""
        return self._tiling(motion_px).bands

    def blend(self, moved: np.ndarray, frame: np.ndarray, runs: tuple[Run, ...]) -> None:
        """Put `moved` (h, w, 4) uint8 of the zone (RGB, and how much is the person's) over the plate, into `frame`."""
        zone = frame[self._layers.zone.slices]
        for run in runs:
            part, place = moved[run.slices], zone[run.slices]
            if run.cover is Cover.PERSON:
                cv2.cvtColor(part, cv2.COLOR_RGBA2RGB, dst=place)
                continue
            share = cv2.cvtColor(self.share(part, run), cv2.COLOR_GRAY2RGB)
            person = cv2.multiply(cv2.cvtColor(part, cv2.COLOR_RGBA2RGB), share, scale=1 / 255)
            behind = cv2.multiply(self._layers.plate[run.slices], cv2.bitwise_not(share), scale=1 / 255)
            cv2.add(person, behind, dst=place)

    def share(self, moved: np.ndarray, run: Run) -> np.ndarray:
        """(h, w) uint8: how much of each pixel of a run is the person, of 255."""
        return cv2.multiply(cv2.extractChannel(moved, 3), self._reach[run.slices], scale=1 / 255)


@dataclass(frozen=True)
class _Tiling:
    runs: tuple[Run, ...]
    bands: tuple[Window, ...]

    @classmethod
    def of(cls, moving: np.ndarray, solid: np.ndarray, tile: int) -> "_Tiling":
        runs = tuple(_runs(moving, solid, tile))
        rows: dict[tuple[int, int], list[Run]] = {}
        for run in runs:
            rows.setdefault((run.y0, run.y1), []).append(run)
        bands = tuple(
            Window(min(run.x0 for run in row), y0, max(run.x1 for run in row), y1) for (y0, y1), row in rows.items()
        )
        return cls(runs, bands)


def _runs(moving: np.ndarray, solid: np.ndarray, tile: int) -> Iterator[Run]:
    height, width = moving.shape
    for y0 in range(0, height, tile):
        y1 = min(height, y0 + tile)
        start, cover = 0, None
        for x0 in range(0, width + tile, tile):
            x1 = min(width, x0 + tile)
            here = None
            if x0 < width and moving[y0:y1, x0:x1].any():
                here = Cover.PERSON if solid[y0:y1, x0:x1].all() else Cover.OUTLINE
            if here is not cover:
                if cover is not None:
                    yield Run(y0, y1, start, min(x0, width), cover)
                start, cover = x0, here
