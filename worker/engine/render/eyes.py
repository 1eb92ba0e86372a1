"""Blinks and small glances: lids slide over a fixed eyeball, the iris glides within the opening.

Works in each eye's own axes: along the eye (corner to corner) and across it. For every column the upper lid's skin,
from the fold to the lashes, is stretched down to the moved lid edge; the eyeball layer is the photo's own.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from worker.engine.face import landmarks as lm
from worker.engine.render.layers import fill
from worker.engine.render.warping import Region, looked_up, region_around, sample, thrice, unit

_TABLE = 96
_LASHES = 0.055  # thickness of the lash line, in eye widths
_BESIDE = 0.22  # so far beyond the outer corner, in eye widths, lashes are taken away from a shut eye
_UNDER_EDGE = 0.04  # in eye widths
_LOWER_SHARE = 0.14  # the lower lid does this much of the closing
# Shut lids: how bright beside the skin under the eye, and how much brighter than seen they may become.
_LID_LIGHT, _MOST_LIT = 0.82, 1.3
_FINER = 4  # places per pixel at which the share of a glance is kept
_SHUT_EYES = 0.10  # lid gap ÷ eye width under which the photo's eye counts as shut: no blink


@dataclass(frozen=True)
class Lids:
    """An eye at the pixels of a rectangle, all (h, w) float32 in px of the photo: coordinates along and across the eye,
    and across it the edges of both lids and the fold above them.
    """

    along: np.ndarray
    across: np.ndarray
    upper: np.ndarray
    lower: np.ndarray
    fold: np.ndarray


@dataclass(frozen=True)
class Eye:
    """One eye's geometry in the photo. corner, axis, normal: (2,) of its own axes; `edges`: (2, table, 3) float32, the
    photo's upper lid, lower lid and fold across the eye at `table` places along it.

    bare: (h, w, 3) uint8 of the box without lashes and other thin dark lines. outer_first: whether the eye's axis
    starts at its outer corner.
    """

    box: Region
    corner: np.ndarray
    axis: np.ndarray
    normal: np.ndarray
    width_px: float
    edges: np.ndarray
    bare: np.ndarray
    outer_first: bool

    @cached_property
    def _ways(self) -> tuple[np.ndarray, np.ndarray]:
        """(2, 3) float32 each: from the photo's pixels to the eye's own axes, and to places in its table."""
        turn = np.stack([self.axis, self.normal])
        to_eye = np.column_stack([turn, -turn @ self.corner]).astype(np.float32)
        to_table = np.zeros((2, 3), np.float32)
        to_table[0] = to_eye[0] * ((_TABLE - 1) / 1.5 / self.width_px)
        to_table[0, 2] += 0.25 / 1.5 * (_TABLE - 1)
        return to_eye, to_table

    def lids(self, rest_px: np.ndarray) -> Lids:
        """The eye at places `rest_px` (h, w, 2) float32 of the photo."""
        to_eye, to_table = self._ways
        along, across = cv2.split(cv2.transform(rest_px, to_eye))
        upper, lower, fold = cv2.split(looked_up(self.edges, cv2.transform(rest_px, to_table)))
        return Lids(along, across, upper, lower, fold)

    def blinked(
        self, source_px: np.ndarray, ball_px: np.ndarray, lids: Lids, image: np.ndarray, shut: float
    ) -> np.ndarray:
        """(h, w, 3) uint8: `image` sampled at `source_px` with the lids closed by `shut` in [0, 1].

        source_px: (h, w, 2) where the pixels come from with open eyes. ball_px: the same for the eyeball.
        """
        width, across, u0, l0 = self.width_px, lids.across, lids.upper, lids.lower
        fall = (l0 - u0) * ((1 - _LOWER_SHARE) * shut)
        rise = (l0 - u0) * (_LOWER_SHARE * shut)
        u1, l1 = u0 + fall, l0 - rise
        # The lashes travel as they are; the skin above them, from the fold on, is stretched after them.
        lash = np.float32(_LASHES * width)
        stretch = unit((across - lids.fold) / np.maximum(u1 - lash - lids.fold, 1.0))
        shift = -fall * stretch * (0.35 + 0.65 * stretch)
        skin_px = self._shifted(source_px, shift)
        upper = sample(image, skin_px)
        bare = sample(self.bare, cv2.subtract(skin_px, (float(self.box.x0), float(self.box.y0), 0, 0)))
        # Stretched lashes and liner would smear over the lid: the skin without them takes over as the lid comes down.
        cover = unit((u1 - 0.6 * lash - across) / (0.5 * lash)) * np.minimum(stretch * 4, 1)
        # Lashes stand out beside the eye, too, where the lid hardly falls.
        outwards = (-lids.along if self.outer_first else lids.along - width) / width
        beside = unit((_BESIDE - outwards) / 0.1) * unit((outwards + 0.3) / 0.15)
        cover *= np.maximum(unit(fall / (0.10 * width)), beside * min(max(2.5 * shut - 0.5, 0.0), 1.0))
        skin = _mixed(upper, bare, cover)
        below = 1 - unit((across - l1) / (0.35 * width))
        # A little deeper than the lid has risen, or the eye's white would peep out where the mesh runs above its edge.
        lower = sample(image, self._shifted(source_px, (rise + _UNDER_EDGE * width * shut) * below * below))
        soft = max(1.0, 0.03 * width)
        skin = _mixed(skin, lower, unit((across - (u1 + l1) * np.float32(0.5)) / soft + 0.5))
        # A closed eye is a dark line, thickest in the middle.
        from_edge = across - u1
        line = np.exp(np.square(from_edge) * (-1 / (0.028 * width) ** 2)) * unit(fall / (0.12 * width))
        skin = _darkened(skin, 1 - 0.38 * shut * line)
        opening = unit(from_edge / soft + 0.5) * unit((l1 - across) / soft + 0.5)
        opening *= unit((l1 - u1) / soft - 0.2)
        shadow = 1 - 0.30 * min(1.0, shut * 2) * np.exp(np.maximum(from_edge, 0) * (-1 / (0.05 * width)))
        return _mixed(skin, _darkened(sample(image, ball_px), shadow), opening)

    def _shifted(self, source_px: np.ndarray, shift: np.ndarray) -> np.ndarray:
        """`source_px` (h, w, 2) moved across the eye by `shift` (h, w) px."""
        return cv2.add(source_px, cv2.merge((shift * self.normal[0], shift * self.normal[1])))

    def glanced(self, source_px: np.ndarray, rest_px: np.ndarray, glance: np.ndarray) -> np.ndarray:
        """`source_px` with the iris shifted by `glance` (x, y) in eye widths; lids and corners stay.

        rest_px: (h, w, 2) where the pixels lie on the resting face.
        """
        sliding, to_sliding = self._sliding
        x, y = (-float(part) * self.width_px for part in glance)
        share = looked_up(sliding, cv2.transform(rest_px, to_sliding), beyond=cv2.BORDER_CONSTANT)
        return cv2.add(source_px, cv2.transform(share, np.array([[x], [y]])))

    @cached_property
    def _sliding(self) -> tuple[np.ndarray, np.ndarray]:
        """How much of a glance each place of the box makes, float32 in [0, 1], finer than pixels, since it rises within
        a few; and (2, 3) the way from the photo's pixels to it.
        """
        fine = replace(self.box, grid_width=_FINER * self.box.width, grid_height=_FINER * self.box.height)
        places = fine.nodes_px().astype(np.float32).reshape(fine.grid_height, fine.grid_width, 2)
        lids = self.lids(places)
        gap = np.maximum(lids.lower - lids.upper, 1.0)
        share = unit((lids.across - lids.upper) / gap * 3)
        share *= unit((lids.lower - lids.across) / gap * 3)
        share *= unit(np.minimum(lids.along, self.width_px - lids.along) / (0.22 * self.width_px))
        return share, fine.to_grid


def _mixed(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 pictures mixed; share: (h, w) float32 in [0, 1] of the second one."""
    return cv2.blendLinear(first, second, cv2.subtract(1.0, share), share)


def _darkened(rgb: np.ndarray, light: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 under `light` (h, w) float32 in [0, 1]."""
    return cv2.multiply(rgb, thrice(light), dtype=cv2.CV_8U)


def build_eyes(rgb: np.ndarray, points_px: np.ndarray) -> list[Eye]:
    """The eyes that are open in the photo `rgb` (H, W, 3). points_px: (478, 3)."""
    rows = (
        (lm.RIGHT_EYE_UPPER, lm.RIGHT_EYE_LOWER, lm.RIGHT_EYE_UPPER_FOLD, lm.RIGHT_BROW_LOWER),
        (lm.LEFT_EYE_UPPER, lm.LEFT_EYE_LOWER, lm.LEFT_EYE_UPPER_FOLD, lm.LEFT_BROW_LOWER),
    )
    eyes = []
    for row, openness in zip(rows, lm.eye_openness(points_px), strict=True):
        if openness > _SHUT_EYES:
            eyes.append(_build_eye(rgb, points_px[:, :2].astype(np.float64), row))
    return eyes


def _build_eye(rgb: np.ndarray, points: np.ndarray, rows: tuple[tuple[int, ...], ...]) -> Eye:
    size = (rgb.shape[1], rgb.shape[0])
    upper, lower, _, brow = (points[list(row)] for row in rows)
    start, end = upper[0], upper[-1]
    outer_first = bool(start[0] <= end[0])  # rows run from the outer corner inwards
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
    up = np.minimum(up + _lid_correction(rgb, start, axis, normal, width, up), low)
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
    side = max(3, round(0.15 * width) | 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    rows_, columns_ = box.slices
    bare = cv2.GaussianBlur(cv2.morphologyEx(rgb[rows_, columns_], cv2.MORPH_CLOSE, kernel), (0, 0), 0.02 * width + 0.3)
    # Closing also fills the eyeball with its own white: below the lid edge the skin's colour goes on instead.
    across_lid = across - np.interp((along / width + 0.25) / 1.5 * (_TABLE - 1), np.arange(_TABLE), up)
    bare = fill(bare, across_lid > -_LASHES * width)
    place = (along / width + 0.25) / 1.5 * (_TABLE - 1)
    from_fold = (across - np.interp(place, np.arange(_TABLE), fold)) / room
    below = across - np.interp(place, np.arange(_TABLE), low)
    bare = _lit_lid(bare, rgb[rows_, columns_], from_fold, below / width, (along > 0) & (along < width))
    edges = np.stack([up, low, fold], axis=-1).astype(np.float32)
    return Eye(box, start, axis, normal.astype(np.float32), width, np.stack([edges, edges]), bare, outer_first)


def _lit_lid(
    bare: np.ndarray, rgb: np.ndarray, from_fold: np.ndarray, below: np.ndarray, within: np.ndarray
) -> np.ndarray:
    """`bare` (h, w, 3) with the lid's skin nearly as bright as the skin under the eye.

    With open eyes what is seen of a lid lies in the shadow of the brow, in its fold or under make-up; shut, it faces
    the light. from_fold: (h, w) 0 at the fold, 1 at the lid's edge; below: eye widths under the lower lid; within:
    between the corners.
    """
    under = rgb[within & (below > 0.16) & (below < 0.34)]
    lid = bare[within & (from_fold > 0.4) & (from_fold < 1.0)]
    if len(under) < 12 or len(lid) < 12:
        return bare
    seen, want = (float(np.median(part @ np.array([0.299, 0.587, 0.114]))) for part in (lid, under))
    gain = float(np.clip(_LID_LIGHT * want / max(seen, 1.0), 1.0, _MOST_LIT))
    share = np.clip((from_fold - 0.1) / 0.7, 0, 1)[..., None].astype(np.float32)
    return cv2.convertScaleAbs(bare * (1 + share * (gain - 1)))


def _lid_correction(
    rgb: np.ndarray, start: np.ndarray, axis: np.ndarray, normal: np.ndarray, width: float, up: np.ndarray
) -> np.ndarray:
    """(table,) how far the true upper lid edge lies from the mesh's, across the eye (negative: higher), in px.

    The mesh often runs inside large or made-up eyes. In each column the lashes' top is the steepest step from dark
    (below) to bright (above); a parabola through these, robustly, moved down by the lashes' thickness, is the edge.
    """
    places = np.linspace(0.12, 0.88, 31)
    offsets = np.linspace(-0.28, 0.05, 45) * width
    table_at = (places + 0.25) / 1.5 * (_TABLE - 1)
    edge = np.interp(table_at, np.arange(_TABLE), up)
    at = start + places[None, :, None] * width * axis + (edge[None, :] + offsets[:, None])[..., None] * normal
    at = at.astype(np.float32)
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    values = cv2.remap(grey, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(
        np.float32
    )
    values = cv2.GaussianBlur(values, (5, 5), 1.0)
    step = values[:-4] - values[4:]  # bright above, dark below
    best = np.argmax(step, axis=0)
    strength = step[best, np.arange(len(places))]
    top = offsets[best + 2]
    good = strength > max(8.0, 0.5 * float(np.median(strength)))
    if good.sum() < 12:
        return np.zeros(_TABLE, np.float32)
    for _ in range(3):
        curve = np.polyfit(places[good], top[good], 2)
        miss = np.abs(np.polyval(curve, places) - top)
        good = good & (miss < max(0.025 * width, 1.5 * float(np.median(miss[good]))))
        if good.sum() < 8:
            return np.zeros(_TABLE, np.float32)
    full = np.linspace(0, 1, _TABLE) * 1.5 - 0.25
    correction = np.polyval(curve, np.clip(full, 0, 1)) + _LASHES * width
    inside = np.clip(np.sin(np.pi * np.clip(full, 0, 1)) * 2.2, 0, 1)  # the corners stay
    return (np.clip(correction, -0.22 * width, 0.03 * width) * inside).astype(np.float32)
