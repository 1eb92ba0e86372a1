"""Blinks and small glances: lids slide over a fixed eyeball, the iris glides within the opening.

Works in each eye's own axes: along the eye (corner to corner) and across it. For every column the upper lid's skin,
from the fold to the lashes, is stretched down to the moved lid edge; the eyeball layer is the photo's own.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from worker.engine.face import landmarks as lm
from worker.engine.render.warping import Region, region_around

_TABLE = 96
_LOWER_SHARE = 0.14  # the lower lid does this much of the closing
_SHUT_EYES = 0.10  # lid gap ÷ eye width under which the photo's eye counts as shut: no blink


@dataclass(frozen=True)
class Eye:
    """One eye's geometry in the photo. `along`, `across`: (h, w) float32 eye coordinates of the box's pixels, px.

    upper, lower: (table,) photo lid positions across, at `table` places along; fold: start of the lid's skin.
    """

    box: Region
    along: np.ndarray
    across: np.ndarray
    axis: np.ndarray
    normal: np.ndarray
    width_px: float
    upper: np.ndarray
    lower: np.ndarray
    fold: np.ndarray
    lid_taper: np.ndarray

    def _lookup(self, table: np.ndarray) -> np.ndarray:
        at = np.clip((self.along / self.width_px + 0.25) / 1.5 * (_TABLE - 1), 0, _TABLE - 1.001)
        index = at.astype(np.int32)
        share = at - index
        return table[index] * (1 - share) + table[index + 1] * share

    def blinked(self, source_px: np.ndarray, eyeball_px: np.ndarray, image: np.ndarray, shut: float) -> np.ndarray:
        """(h, w, 3) uint8 of the box: `image` sampled at `source_px` with the lids closed by `shut` in [0, 1].

        source_px: (h, w, 2) where the box's pixels come from with open eyes. eyeball_px: the same for the eyeball.
        """
        gap = self.lower - self.upper
        meet = self.upper + gap * (1 - _LOWER_SHARE)
        upper_now = self.upper + (meet - self.upper) * shut
        lower_now = self.lower + (meet - self.lower) * shut
        u0, u1 = self._lookup(self.upper), self._lookup(upper_now)
        l0, l1 = self._lookup(self.lower), self._lookup(lower_now)
        fold = self._lookup(self.fold)
        # Lid skin: [fold, new edge] shows [fold, old edge]; the lashes keep their thickness (slope 1 near the edge).
        stretch = np.clip((self.across - fold) / np.maximum(u1 - fold, 1.0), 0, 1)
        lid = (u1 - u0) * stretch**1.7
        lid = np.where(self.across < u1, lid, u1 - u0)
        below = np.clip((self.across - l1) / np.maximum(0.6 * (self.lower - self.upper).max(), 1.0), 0, 1)
        low = (l1 - l0) * (1 - below)
        upper_side = np.clip((self.across - (u1 + l1) / 2) * 0.5 + 0.5, 0, 1)
        shift = -(lid * (1 - upper_side) + low * upper_side)
        skin_px = source_px + shift[..., None].astype(np.float32) * self.normal
        skin = cv2.remap(image, skin_px[..., 0], skin_px[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        if shut > 0.97:
            return skin
        ball = cv2.remap(
            image, eyeball_px[..., 0], eyeball_px[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        soft = max(1.0, 0.035 * self.width_px)
        opening = np.clip((self.across - u1) / soft + 0.5, 0, 1) * np.clip((l1 - self.across) / soft + 0.5, 0, 1)
        opening *= np.clip((l1 - u1) / soft, 0, 1)
        shadow = 1 - 0.28 * min(1.0, shut * 2) * np.exp(-np.maximum(self.across - u1, 0) / (0.05 * self.width_px))
        weight = opening[..., None].astype(np.float32)
        return (skin * (1 - weight) + ball * (weight * shadow[..., None].astype(np.float32)) + 0.5).astype(np.uint8)

    def glanced(self, source_px: np.ndarray, glance: np.ndarray) -> np.ndarray:
        """`source_px` with the iris shifted by `glance` (x, y) in eye widths; lids and corners stay."""
        u0, l0 = self._lookup(self.upper), self._lookup(self.lower)
        gap = np.maximum(l0 - u0, 1.0)
        inside = np.clip((self.across - u0) / gap * 3, 0, 1) * np.clip((l0 - self.across) / gap * 3, 0, 1)
        ends = np.clip(np.minimum(self.along, self.width_px - self.along) / (0.22 * self.width_px), 0, 1)
        weight = (inside * ends).astype(np.float32)[..., None]
        return source_px - weight * (glance * self.width_px).astype(np.float32)


def build_eyes(points_px: np.ndarray, size: tuple[int, int]) -> list[Eye]:
    """The eyes that are open in the photo. points_px: (478, 3)."""
    rows = (
        (lm.RIGHT_EYE_UPPER, lm.RIGHT_EYE_LOWER, lm.RIGHT_EYE_UPPER_FOLD, lm.RIGHT_BROW_LOWER),
        (lm.LEFT_EYE_UPPER, lm.LEFT_EYE_LOWER, lm.LEFT_EYE_UPPER_FOLD, lm.LEFT_BROW_LOWER),
    )
    eyes = []
    for row, openness in zip(rows, lm.eye_openness(points_px), strict=True):
        if openness > _SHUT_EYES:
            eyes.append(_build_eye(points_px[:, :2].astype(np.float64), row, size))
    return eyes


def _build_eye(points: np.ndarray, rows: tuple[tuple[int, ...], ...], size: tuple[int, int]) -> Eye:
    upper, lower, _, brow = (points[list(row)] for row in rows)
    start, end = upper[0], upper[-1]
    if start[0] > end[0]:  # run from the picture's left to its right, so that the normal points down
        upper, lower = upper[::-1], lower[::-1]
        start, end = end, start
    width = float(np.linalg.norm(end - start))
    axis = (end - start) / width
    normal = np.array([-axis[1], axis[0]])

    def table(row: np.ndarray) -> np.ndarray:
        along, across = (row - start) @ axis, (row - start) @ normal
        order = np.argsort(along)
        places = (np.linspace(0, 1, _TABLE) * 1.5 - 0.25) * width
        values = np.interp(places, along[order], across[order])
        return cv2.GaussianBlur(values[:, None].astype(np.float32), (1, 9), 1.6)[:, 0]

    up, low = table(upper), table(lower)
    middle = (up + low) / 2
    outside = np.clip(np.abs((np.linspace(0, 1, _TABLE) * 1.5 - 0.25) - 0.5) - 0.5, 0, None) / 0.25
    up = np.minimum(up, low)
    up = up + (middle - up) * np.clip(outside * 4, 0, 1)
    low = low + (middle - low) * np.clip(outside * 4, 0, 1)
    room = np.minimum(0.62 * width, 0.8 * ((points[list(rows[0])].mean(0) - brow.mean(0)) @ normal))
    room = max(room, 0.2 * width)
    fold = up - room
    pad = 0.3 * width
    corners = np.array([start - axis * pad + normal * s for s in (fold.min(), low.max() + pad)])
    corners = np.concatenate([corners, corners + axis * (width + 2 * pad)])
    box = region_around(*corners.min(axis=0), *corners.max(axis=0), size, 8.0)
    offset = box.pixels() - start.astype(np.float32)
    along, across = offset @ axis.astype(np.float32), offset @ normal.astype(np.float32)
    return Eye(box, along, across, axis, normal.astype(np.float32), width, up, low, fold, outside)
