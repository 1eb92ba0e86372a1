"""The mouth of a frame: both lips moved from the photo, their inner rims, and between them the mouth's inside.

Everything is drawn where the moved head shows it: each pixel knows from which place of the resting face it comes, so
the photo is sampled once and nothing is blurred twice.
"""

import math

import cv2
import numpy as np

from worker.engine.render.lips import spline_matrix
from worker.engine.render.portrait import Portrait
from worker.engine.render.warping import Region, in_grid, looked_up, sample, thrice, unit
from worker.engine.speech.mouth_track import ARTICULATORS, Articulator

_TONGUE = ARTICULATORS.index(Articulator.TONGUE)
_TEETH_PER_CHIN = 1.3  # bone moves a little more than the skin over the chin
_TEETH_PER_LIP = 0.78
_TABLE = 160  # places along the mouth at which the lips' edges are tabulated
_AROUND = 0.13  # how far beyond the lips' inner edges there is something to draw, in inter-ocular distances


class MouthPainter:
    """Draws the mouth of one portrait."""

    def __init__(self, portrait: Portrait) -> None:
        self._portrait = portrait
        self._scale = portrait.pose.scale_px
        line = np.concatenate([portrait.upper_line, portrait.lower_line])
        self._origin = line.mean(axis=0)
        ends = portrait.upper_line[[0, -1]]
        axis = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
        self._axis, self._normal = axis, np.array([-axis[1], axis[0]])
        self._lines, self._line_moves = self._smooth_lines()
        self._half_width = float(np.linalg.norm(ends[1] - ends[0])) / 2
        corners = portrait.mouth_box.pixels()[[0, 0, -1, -1], [0, -1, 0, -1]]
        self._reach = 1.15 * float(np.abs((corners - self._origin) @ axis).max()) + 1.0
        self._places = np.linspace(-self._reach, self._reach, _TABLE)
        beside = np.flatnonzero(np.abs(self._places) < self._half_width + _AROUND * self._scale)
        self._beside_lips = slice(int(beside[0]), int(beside[-1]) + 1)
        turn = np.stack([self._axis, self._normal])
        self._to_mouth = np.column_stack([turn, -turn @ self._origin]).astype(np.float32)

    def box(self, contours: np.ndarray) -> Region:
        """Where on the resting face there is something to draw. contours: of this frame's lips."""
        inside = contours[0, self._beside_lips]
        top, bottom = inside[:, 0].min(), inside[:, 1].max()
        aside, around = self._half_width + _AROUND * self._scale, _AROUND * self._scale
        limit, ends = self._portrait.mouth_box, []
        limits = ((limit.x0, limit.x1), (limit.y0, limit.y1))
        sides = zip(self._origin.tolist(), self._axis.tolist(), self._normal.tolist(), limits, strict=True)
        for origin, axis, normal, (least, most) in sides:
            reach, edges = abs(aside * axis), (float(top - around) * normal, float(bottom + around) * normal)
            low = max(math.floor(origin - reach + min(edges)), least)
            ends.append((low, max(min(math.ceil(origin + reach + max(edges)), most), low)))
        (x0, x1), (y0, y1) = ends
        return Region(x0, y0, x1, y1, 1, 1)

    def paint(
        self,
        rest_px: np.ndarray,
        upper: np.ndarray,
        lower: np.ndarray,
        contours: np.ndarray,
        weights: np.ndarray,
        articulation: np.ndarray,
    ) -> np.ndarray:
        """(h, w, 3) uint8 of a rectangle around the mouth.

        rest_px: (h, w, 2) float32, where each pixel lies on the face before the head moved. upper, lower: backward
        fields of both lips on the face's grid. weights: of the portrait's expression directions.
        """
        portrait = self._portrait
        along, across = cv2.split(cv2.transform(rest_px, self._to_mouth))
        top, bottom = cv2.split(self._edges(contours, along))
        gap = bottom - top
        middle = across - (top + bottom) * np.float32(0.5)
        face = self._lips(rest_px, upper, lower, unit(middle / portrait.softness_px + 0.5))
        if portrait.was_open:  # lips that never touched in the photo have no dark line yet where they meet
            line = np.exp(-((middle / (0.016 * self._scale)) ** 2))
            line *= unit(1 - np.abs(along) / (0.42 * self._scale)) ** 0.5
            face *= thrice(1 - 0.42 * line)
        if float(gap.max()) > 0.3:
            self._open(face, rest_px, across - top, bottom - across, gap, weights, articulation)
        return cv2.convertScaleAbs(face)

    def _edges(self, contours: np.ndarray, along: np.ndarray) -> np.ndarray:
        """(h, w, 2) float32: `contours` at places `along` (h, w) the mouth's axis."""
        half = 0.5 * (_TABLE - 1)
        column = along * np.float32(half / self._reach)
        column += np.float32(half)
        return cv2.remap(contours, column, np.zeros_like(column), cv2.INTER_LINEAR, None, cv2.BORDER_REPLICATE)

    def _lips(self, rest_px: np.ndarray, upper: np.ndarray, lower: np.ndarray, share: np.ndarray) -> np.ndarray:
        """(h, w, 3) float32: both lips moved from the photo, each read only in the rows where it is seen.

        share: (h, w) float32 in [0, 1], how much of a pixel is the lower lip.
        """
        portrait = self._portrait
        at = in_grid(rest_px, portrait.face.region)

        def moved(field: np.ndarray, rows: slice) -> np.ndarray:
            if rows.start >= rows.stop:
                return np.zeros((0, *share.shape[1:], 3), np.float32)
            places = cv2.add(rest_px[rows], looked_up(field, at[rows]))
            # cubic, because stretched lips would look softer than the skin around them
            return sample(portrait.rgb, places, cv2.INTER_CUBIC).astype(np.float32)

        height = len(share)
        of_upper, of_lower = (np.flatnonzero(seen.any(axis=1)) for seen in (share < 1, share > 0))
        upper_end = int(of_upper[-1]) + 1 if len(of_upper) else 0
        lower_start = min(int(of_lower[0]), upper_end) if len(of_lower) else height
        face = np.empty((*share.shape, 3), np.float32)
        face[:upper_end] = moved(upper, slice(0, upper_end))
        of_both = moved(lower, slice(lower_start, height))
        face[upper_end:] = of_both[upper_end - lower_start :]
        both = face[lower_start:upper_end]
        if len(both):
            both += (of_both[: len(both)] - both) * thrice(share[lower_start:upper_end])
        return face

    def _smooth_lines(self) -> tuple[np.ndarray, np.ndarray]:
        """The photo's inner lips as smooth lines (4, P) in the mouth's own axes: upper along, lower along, upper
        across, lower across; and by how much each expression direction moves them, (K, 4 · P).
        """
        portrait, spline = self._portrait, spline_matrix()
        turn = np.stack([self._axis, self._normal])
        lines = np.stack([portrait.upper_line, portrait.lower_line]) - self._origin
        moves = np.stack([portrait.upper_moves, portrait.lower_moves])
        smooth = np.einsum("ac,sp,lpc->als", turn, spline, lines, optimize=True)
        moved = np.einsum("ac,sp,lkpc->kals", turn, spline, moves, optimize=True)
        return smooth.reshape(4, -1), moved.reshape(len(moved), -1)

    def contours(self, weights: np.ndarray) -> np.ndarray:
        """(2, TABLE, 2) float32: the lips' inner edges (upper, lower) across the axis, at even places along it."""
        lines = self._lines + (weights @ self._line_moves).reshape(self._lines.shape)
        along = np.maximum.accumulate(lines[:2], axis=1)
        table = np.empty((2, _TABLE, 2), np.float32)
        upper = np.interp(self._places, along[0], lines[2])
        table[..., 0] = upper
        table[..., 1] = np.maximum(np.interp(self._places, along[1], lines[3]), upper)
        return table

    def _open(
        self,
        face: np.ndarray,
        rest_px: np.ndarray,
        from_top: np.ndarray,
        to_bottom: np.ndarray,
        gap: np.ndarray,
        weights: np.ndarray,
        articulation: np.ndarray,
    ) -> None:
        """The lips' shaded rims and what lies between them, into `face` (h, w, 3) float32."""
        soft = self._portrait.softness_px
        rim = 0.030 * self._scale
        outside = np.maximum(np.maximum(-from_top, -to_bottom), 0)
        near = np.exp(outside * (-1 / rim)) * unit(gap / (0.06 * self._scale))
        face *= thrice(1 - 0.30 * near)
        opening = unit(from_top / soft + 0.5) * unit(to_bottom / soft + 0.5)
        opening *= unit(gap / (1.2 * soft) - 0.25)
        x, y, width, height = cv2.boundingRect((opening > 0.002).astype(np.uint8))
        if width == 0:
            return
        part = np.s_[y : y + height, x : x + width]
        cavity = self._interior(rest_px[part], weights, articulation, from_top[part], to_bottom[part], gap[part])
        face[part] += (cavity - face[part]) * thrice(opening[part])

    def _interior(
        self,
        rest_px: np.ndarray,
        weights: np.ndarray,
        articulation: np.ndarray,
        from_top: np.ndarray,
        to_bottom: np.ndarray,
        gap: np.ndarray,
    ) -> np.ndarray:
        """The shaded inside of the mouth, (h, w, 3) float32."""
        portrait, scale = self._portrait, self._scale
        spoken = weights - portrait.rest
        chin = spoken @ portrait.chin_moves
        lip = spoken @ portrait.lower_moves[:, 5]
        jaw = chin * _TEETH_PER_CHIN
        if np.hypot(*(lip * _TEETH_PER_LIP)) > np.hypot(*jaw):
            jaw = lip * _TEETH_PER_LIP
        down = portrait.pose.rotation[:2, 1]
        raised = float(np.clip(articulation[_TONGUE], 0, 1))
        tongue = jaw - down * (0.10 * scale * raised)
        # Light falls in through the opening: darker under the upper lip, at the lips and where it is hardly open.
        lit = 1 - 0.50 * np.exp(-np.maximum(from_top, 0) / (0.024 * scale))
        lit *= 1 - 0.25 * np.exp(-np.maximum(to_bottom, 0) / (0.018 * scale))
        lit *= np.minimum(0.68 + 0.32 * gap / (0.08 * scale), 1)
        return portrait.interior.draw(rest_px, jaw, tongue, raised, lit)


def box_at(box: Region, shift_px: np.ndarray, zone: Region) -> Region:
    """`box` moved by whole pixels and clipped to `zone`."""
    dx, dy = round(float(shift_px[0])), round(float(shift_px[1]))
    x0, y0 = max(box.x0 + dx, zone.x0), max(box.y0 + dy, zone.y0)
    x1, y1 = max(x0, min(box.x1 + dx, zone.x1)), max(y0, min(box.y1 + dy, zone.y1))
    return Region(x0, y0, x1, y1, box.grid_width, box.grid_height)
