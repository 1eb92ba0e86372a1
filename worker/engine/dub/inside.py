"""The inside of a mouth that the clip never shows open far enough: drawn, in the face's own light, seen from the front.

Only what lies between the lips is drawn, and only as far as the retrieved mouth is more shut than it has to be.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from worker.engine.dub.mouth_bank import Mouth
from worker.engine.dub.reposing import UPPER_INNER, MouthPlace
from worker.engine.face.pose import HeadPose
from worker.engine.render.mouth_interior import MouthInterior, build_interior, find_palette
from worker.engine.render.warping import Region

_SCALE_PX = 160.0  # pixels per inter-ocular distance of the drawing
_HALF_WIDTH, _ABOVE, _BELOW = 0.55, 0.35, 0.62
_LIP_DEPTH = -0.39  # canonical z of the lips
_ENOUGH, _FAR_TOO_LITTLE = 0.75, 0.40  # source opening ÷ wanted one: nothing is drawn, everything is
_LEAST_GAP = 0.03  # inter-ocular distances; smaller openings show nothing
_TEETH_PER_GAP = 0.62  # the lower teeth go down by this share of the opening


@dataclass(frozen=True)
class DrawnInside:
    """One speaker's drawn mouth, at `_SCALE_PX`, its origin at the mouth's middle."""

    interior: MouthInterior

    @classmethod
    def of(cls, mouth: Mouth) -> "DrawnInside":
        """Coloured after one of the speaker's mouths."""
        centre = np.array([_HALF_WIDTH, _ABOVE]) * _SCALE_PX
        size = (round(2 * _HALF_WIDTH * _SCALE_PX), round((_ABOVE + _BELOW) * _SCALE_PX))
        # the middle of the closed lips is put at the drawing's origin
        pose = HeadPose(0.0, 0.0, 0.0, np.eye(3), _SCALE_PX, np.array([*centre, 0.0]))
        box = Region(0, 0, *size, size[0] // 8, size[1] // 8)
        skin, lips = (np.repeat(colour[None], 16, axis=0) for colour in (mouth.light, mouth.lips))
        palette = find_palette(skin, np.zeros((0, 3)), lips)
        return cls(build_interior(pose, box, np.array([0.0, 0.0, _LIP_DEPTH]), 0.72, palette, 1.0))

    def draw(self, plane: np.ndarray, gap: float, from_top: np.ndarray, to_bottom: np.ndarray) -> np.ndarray:
        """(h, w, 3) float32 at places `plane` (h, w, 2) of the face's plane, whose upper lip's middle is at y = 0.

        gap: of the lips, inter-ocular. from_top, to_bottom: (h, w) distance from either lip.
        """
        at = (plane + np.array([_HALF_WIDTH, _ABOVE], np.float32)) * np.float32(_SCALE_PX)
        jaw_px = np.array([0.0, _TEETH_PER_GAP * gap * _SCALE_PX])
        lit = 1 - 0.50 * np.exp(-np.maximum(from_top, 0) / 0.024)
        lit *= 1 - 0.25 * np.exp(-np.maximum(to_bottom, 0) / 0.018)
        return self.interior.draw(at.astype(np.float32), jaw_px, jaw_px, 0.0, lit.astype(np.float32))


def middle_gap(place: MouthPlace) -> float:
    """Gap of the inner lips in the mouth's middle, inter-ocular distances."""
    middle = place.rows.shape[1] // 2
    return float(place.rows[UPPER_INNER + 1, middle, 1] - place.rows[UPPER_INNER, middle, 1])


def drawn_share(wanted_gap: float, source_gap: float) -> float:
    """How much of the inside has to be drawn, in [0, 1]."""
    if wanted_gap < _LEAST_GAP:
        return 0.0
    lacking = (_ENOUGH - source_gap / wanted_gap) / (_ENOUGH - _FAR_TOO_LITTLE)
    return float(np.clip(lacking, 0.0, 1.0) * np.clip((wanted_gap - _LEAST_GAP) / _LEAST_GAP, 0.0, 1.0))


def inside_mask(from_top: np.ndarray, to_bottom: np.ndarray, soft: float) -> np.ndarray:
    """(h, w) float32 in [0, 1]: 1 between the lips; borders `soft` inter-ocular distances wide."""
    opened = np.minimum(from_top, to_bottom) / soft
    return cv2.min(cv2.max(opened.astype(np.float32) + 0.5, 0.0), 1.0)
