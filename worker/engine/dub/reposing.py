"""One frame's mouth in another frame's place: lips follow lips, row by row, the rest follows the head's pose.

A mouth is eight rows of landmarks, from the upper lip's outer border to the lower lip's, each running from corner to
corner. In the face's own plane (image shifted to the mouth's middle, and the head's turn and size taken out) each row
is a curve over x, so a place between two rows of the target mouth belongs to the same share of the way between the
same two rows of the source mouth. That holds for any two openings: closed lips simply have no room between the middle
rows, where a triangle mesh would fold. Beyond the lips the source moves along rigidly.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from worker.engine.face import landmarks as lm
from worker.engine.render.lips import spline_matrix

ROWS = np.array(
    (
        lm.LIPS_OUTER_UPPER,
        *lm.LIPS_MIDDLE_UPPER,
        lm.LIPS_INNER_UPPER,
        lm.LIPS_INNER_LOWER,
        *lm.LIPS_MIDDLE_LOWER[::-1],
        lm.LIPS_OUTER_LOWER,
    )
)
UPPER_INNER, LOWER_INNER = 3, 4  # among ROWS
_SMOOTH = 41
_THIN = 1e-3  # rows closer than this have nothing between them, in inter-ocular distances
# The table of sources: half width, and reach above and below the mouth's middle, in inter-ocular distances.
HALF_WIDTH, ABOVE, BELOW = 0.84, 0.52, 0.86
TABLE_STEP = 0.0125
_KEPT = 0.40  # of the smaller opening, next to either lip, is shown at its own size
_MAX_FORESHORTENING = 0.35  # a plane seen more sideways than this is taken to be seen so


@dataclass(frozen=True)
class MouthPlace:
    """Where a mouth is in a picture, and how its face's plane lies.

    rows: (8, S, 2) float64, the lips in the face's plane, inter-ocular units, origin at the mouth's middle.
    origin_px: (2,) that middle. to_px: (2, 2) plane → pixels; its columns are the face's right and down.
    """

    rows: np.ndarray
    origin_px: np.ndarray
    to_px: np.ndarray

    @property
    def half_width(self) -> float:
        return float(self.rows[:, -1, 0].max() - self.rows[:, 0, 0].min()) / 2

    def in_plane(self, points_px: np.ndarray) -> np.ndarray:
        """(…, 2) picture points → the face's plane."""
        return (np.asarray(points_px, np.float64) - self.origin_px) @ np.linalg.inv(self.to_px).T


def place_mouth(landmarks_px: np.ndarray, rotation: np.ndarray, scale_px: float) -> MouthPlace:
    """The mouth of a mesh (478, 2 or 3) px whose head has this rotation (3, 3) and size."""
    lips = np.asarray(landmarks_px, np.float64)[ROWS][..., :2]
    origin = (lips[:, 0].mean(0) + lips[:, -1].mean(0)) / 2
    turned = rotation[:2, :2]
    u, strengths, v = np.linalg.svd(turned)
    to_px = scale_px * (u * np.maximum(strengths, _MAX_FORESHORTENING)) @ v
    plane = (lips - origin) @ np.linalg.inv(to_px).T
    return MouthPlace(np.einsum("sp,rpc->rsc", _spline(), plane), origin, to_px)


@lru_cache(maxsize=1)
def _spline() -> np.ndarray:
    return spline_matrix(_SMOOTH)


@lru_cache(maxsize=1)
def _table_axes() -> tuple[np.ndarray, np.ndarray]:
    xs = np.arange(-HALF_WIDTH, HALF_WIDTH + TABLE_STEP / 2, TABLE_STEP)
    ys = np.arange(-ABOVE, BELOW + TABLE_STEP / 2, TABLE_STEP)
    return xs, ys


@dataclass(frozen=True)
class MouthTable:
    """Tables over the target's face plane, (rows, columns) float32: source (…, 2) in the source's plane; how far above
    the upper lip, below the lower lip, beyond the nearer corner (negative inside) and between the lips (`from_top`,
    `to_bottom`) a place lies.
    """

    source: np.ndarray
    over: np.ndarray
    under: np.ndarray
    aside: np.ndarray
    from_top: np.ndarray
    to_bottom: np.ndarray


def mouth_table(target: MouthPlace, source: MouthPlace) -> MouthTable:
    """For each place of the target's face plane, the place of the source's that has to be shown there."""
    xs, ys = _table_axes()
    heights, source_x, source_y = (np.empty((len(ROWS), len(xs)), np.float64) for _ in range(3))
    for row, (to, of) in enumerate(zip(target.rows, source.rows, strict=True)):
        along = np.maximum.accumulate(to[:, 0])
        heights[row] = np.interp(xs, along, to[:, 1])
        beyond = xs - np.clip(xs, along[0], along[-1])
        source_x[row] = np.interp(xs, along, of[:, 0]) + beyond
        source_y[row] = np.interp(xs, along, of[:, 1])
    heights = np.maximum.accumulate(heights, axis=0).astype(np.float32)
    source_x, source_y = source_x.astype(np.float32), np.maximum.accumulate(source_y, axis=0).astype(np.float32)
    from_top, to_bottom = (ys[:, None] - heights[UPPER_INNER]), (heights[LOWER_INNER] - ys[:, None])
    teeth_x, teeth_y = _unsqueezed(xs, target, source, source_x)
    heights, source_x, source_y = _with_teeth(heights, source_x, source_y, teeth_x, teeth_y)
    y = ys[:, None].astype(np.float32)
    over, under = heights[0] - y, y - heights[-1]
    out_x = np.repeat(source_x[:1], len(ys), axis=0)
    out_y = source_y[0] - np.maximum(over, 0) + np.maximum(under, 0)
    # Above the lips none of their rows counts, below them all do: only between is there anything to work out.
    top, bottom = np.searchsorted(ys, [float(heights.min()), float(heights.max()) + _THIN])
    for row, high in enumerate(heights[:-1]):
        share = np.clip((y[top:bottom] - high) / np.maximum(heights[row + 1] - high, _THIN), 0, 1)
        for out, of in ((out_x, source_x), (out_y, source_y)):
            out[top:bottom] += share * (of[row + 1] - of[row])
    for out, of in ((out_x, source_x), (out_y, source_y)):
        out[bottom:] += of[-1] - of[0]
    aside = np.broadcast_to(_beyond_corners(xs, target), over.shape)
    edges = from_top.astype(np.float32), to_bottom.astype(np.float32)
    return MouthTable(cv2.merge([out_x, out_y]), over, under, aside, *edges)


def _unsqueezed(
    xs: np.ndarray, target: MouthPlace, source: MouthPlace, source_x: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(2, columns) source x and y along the upper and the lower edge of what lies between the lips.

    Lips may be pursed, teeth may not: where the source is the wider one, its middle is shown at its own size and the
    difference is made up towards the corners, where it is dark. A mouth that is drawn wider stays drawn.
    """
    across, down = np.empty((2, len(xs)), np.float32), np.empty((2, len(xs)), np.float32)
    for edge, row in enumerate((UPPER_INNER, LOWER_INNER)):
        to, of = target.rows[row], source.rows[row]
        half = max(float(to[-1, 0] - to[0, 0]) / 2, _THIN)
        wider = min(max(0.0, float(of[-1, 0] - of[0, 0]) / 2 - half), half)
        u = np.clip((xs - (to[0, 0] + to[-1, 0]) / 2) / half, -1, 1)
        across[edge] = source_x[row] + wider * (u**3 - u)
        down[edge] = np.interp(across[edge], np.maximum.accumulate(of[:, 0]), of[:, 1])
    return across, np.maximum.accumulate(down, axis=0)


def _with_teeth(
    heights: np.ndarray, source_x: np.ndarray, source_y: np.ndarray, teeth_x: np.ndarray, teeth_y: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each of the first three (8, columns) with four rows more between the lips: what lies near a lip keeps its size
    and its distance from that lip, so teeth are not stretched; the difference of two openings is made up in the middle.

    teeth_x, teeth_y: (2, columns) where in the source its edges are taken to be, seen from between the lips.
    """
    gap, source_gap = heights[LOWER_INNER] - heights[UPPER_INNER], teeth_y[1] - teeth_y[0]
    reach = _KEPT * np.minimum(gap, source_gap)
    share = reach / np.maximum(source_gap, _THIN)
    joined = []
    for part, (upper, lower) in ((source_x, teeth_x), (source_y, teeth_y)):
        way = share * (lower - upper)
        joined.append(np.insert(part, LOWER_INNER, [upper, upper + way, lower - way, lower], axis=0))
    upper, lower = heights[UPPER_INNER], heights[LOWER_INNER]
    return np.insert(heights, LOWER_INNER, [upper, upper + reach, lower - reach, lower], axis=0), *joined


def _beyond_corners(xs: np.ndarray, place: MouthPlace) -> np.ndarray:
    left, right = place.rows[:, 0, 0].min(), place.rows[:, -1, 0].max()
    return np.maximum(left - xs, xs - right).astype(np.float32)


def table_places(place: MouthPlace, pixels: np.ndarray) -> np.ndarray:
    """(h, w, 2) float32 picture coordinates → (column, row) in the tables of `place`."""
    back = np.linalg.inv(place.to_px) / TABLE_STEP
    shift = -back @ place.origin_px + np.array([HALF_WIDTH, ABOVE]) / TABLE_STEP
    return cv2.transform(pixels, np.hstack([back, shift[:, None]]).astype(np.float32))


def in_plane(at: np.ndarray) -> np.ndarray:
    """(h, w, 2) float32 (column, row) in a table → places of the face's plane."""
    return at * np.float32(TABLE_STEP) - np.array([HALF_WIDTH, ABOVE], np.float32)


def looked_up(table: np.ndarray, at: np.ndarray, beyond: int = cv2.BORDER_REPLICATE) -> np.ndarray:
    """A table's values at (column, row) places (h, w, 2), bilinearly."""
    return cv2.remap(table, at, None, cv2.INTER_LINEAR, borderMode=beyond)


def to_picture(place: MouthPlace, plane: np.ndarray) -> np.ndarray:
    """(h, w, 2) float32 places of the face's plane → pixels."""
    return cv2.transform(plane, np.hstack([place.to_px, place.origin_px[:, None]]).astype(np.float32))
