"""How a face looks in a frame: whether a border shows around the mouth, and whether it is as sharp as its surroundings.

Numbers of one frame mean little, because faces have folds and beards: they are shown against the photo's own.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from worker.engine.face import landmarks as lm
from worker.engine.quality import pictures

Numbers = dict[str, float]

_PATCH_REACH = 0.13  # around the lips, in inter-ocular distances: as far as a renderer repaints
_LIPS_REACH = 0.05
_OPENING_RIM = 0.035
_SIDE = 0.012  # colours are compared this far on either side of the border, in inter-ocular distances


def face_masks(size: tuple[int, int], points_px: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(H, W) bool masks of a face (478, 2 or 3) in a picture of `size` (height, width): what a mouth's repainting
    reaches, the lips around the opening, and the cheeks. What the opening shows is no matter of sharpness.
    """
    scale_px = float(lm.inter_ocular_px(points_px))
    lips = _filled(size, points_px[list(lm.LIPS_OUTER), :2])
    opening = _grown(_filled(size, points_px[list(lm.MOUTH_OPENING), :2]), _OPENING_RIM * scale_px)
    cheeks = sum(_filled(size, _hull(points_px[list(row), :2])) for row in (lm.CHEEK_RIGHT, lm.CHEEK_LEFT))
    patch, around = (_grown(lips, reach * scale_px) > 0 for reach in (_PATCH_REACH, _LIPS_REACH))
    return patch, around & (opening == 0), (np.asarray(cheeks) > 0) & ~patch


def appearance(rgb: np.ndarray, points_px: np.ndarray) -> Numbers:
    """`seam`: gradient on the border of the repainted region ÷ beside it. `seam_delta_e`: CIEDE2000 across it.
    `sharpness`: lips ÷ cheeks. rgb: (H, W, 3) uint8; points_px: its face. NaN where the picture does not show enough.
    """
    if not np.isfinite(points_px).all():
        return {"seam": float("nan"), "seam_delta_e": float("nan"), "sharpness": float("nan")}
    low, high = points_px[:, :2].min(0) - 8, points_px[:, :2].max(0) + 8
    x0, y0 = np.maximum(low, 0).astype(int)
    x1, y1 = np.minimum(high, [rgb.shape[1], rgb.shape[0]]).astype(int)
    part = np.ascontiguousarray(rgb[y0:y1, x0:x1])
    scale_px = float(lm.inter_ocular_px(points_px))
    patch, lips, cheeks = face_masks(part.shape[:2], points_px[:, :2] - [x0, y0])
    return {
        "seam": pictures.seam_ratio(part, patch),
        "seam_delta_e": pictures.seam_delta_e(part, patch, side_px=max(1.0, _SIDE * scale_px)),
        "sharpness": pictures.sharpness_ratio(part, lips, cheeks),
    }


def relative(frames: Sequence[Numbers], references: Sequence[Numbers]) -> Numbers:
    """Medians over frames, against the references' medians: ratios, and for ΔE what is there more."""
    ours, theirs = _medians(frames), _medians(references)
    return {
        "seam": ours["seam"] / theirs["seam"],
        "seam_delta_e": max(0.0, ours["seam_delta_e"] - theirs["seam_delta_e"]),
        "sharpness": ours["sharpness"] / theirs["sharpness"],
    }


def _medians(rows: Sequence[Numbers]) -> Numbers:
    values = {
        name: [row[name] for row in rows if np.isfinite(row[name])] for name in ("seam", "seam_delta_e", "sharpness")
    }
    return {name: float(np.median(known)) if known else float("nan") for name, known in values.items()}


def _filled(size: tuple[int, int], outline: np.ndarray) -> np.ndarray:
    mask = np.zeros(size, np.uint8)
    cv2.fillPoly(mask, [np.round(outline).astype(np.int32).reshape(-1, 1, 2)], 1)
    return mask


def _hull(points: np.ndarray) -> np.ndarray:
    return cv2.convexHull(points.astype(np.float32))[:, 0]


def _grown(mask: np.ndarray, by_px: float) -> np.ndarray:
    radius = max(1, round(by_px))
    return cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)))
