"""Paints a presenter: backdrop, body, head, eyes, hair – in that order, on a canvas twice the final size."""

import cv2
import numpy as np

from worker.compose.presenters import body, details, eyes, face, hair
from worker.compose.presenters.face import Pose
from worker.compose.presenters.field import Canvas
from worker.compose.presenters.look import Look

EYE_LINE = 0.435  # share of the picture's height
UNIT_SHARE = 0.148  # pupil distance as a share of the picture's height


def paint_presenter(
    look: Look,
    width_px: int = 1024,
    height_px: int = 1280,
    *,
    pose: Pose = Pose(),  # noqa: B008 – frozen
    supersample: int = 2,
    unit_share: float = UNIT_SHARE,
    eye_line: float = EYE_LINE,
    detail: float = 1.0,
) -> np.ndarray:
    """The picture, (height_px, width_px, 3) uint8 RGB.

    Args:
        supersample: paint this many times larger, then average down.
        unit_share: distance between the pupils as a share of the height.
        eye_line: height of the eyes as a share of the height, from the top.
        detail: share of hair strands drawn; below 1 is for fast test pictures.
    """
    size = (height_px * supersample, width_px * supersample)
    canvas = Canvas(np.zeros((*size, 3), np.float32), unit_share * size[0], (size[1] / 2, eye_line * size[0]))
    body.backdrop(canvas, look)
    strands = hair.make_hair(canvas, look, detail)
    strands.behind.lay(canvas)
    body.neck(canvas, look, face.CHIN_Y * (0.5 + 0.5 * look.chin_length) + 0.85 * pose.gap)
    body.garment(canvas, look)
    body.ears(canvas, look)
    face.paint_head(canvas, look, pose, strands.shadow(canvas, face.head_view(canvas)))
    eyes.paint_eyes(canvas, look, pose)
    eyes.brows(canvas, look, detail)
    details.beard(canvas, look, pose, detail)
    if look.glasses:
        details.glasses(canvas, look)
    strands.front.lay(canvas)
    return finish(canvas.rgb, width_px, height_px, look.seed)


def finish(rgb: np.ndarray, width_px: int, height_px: int, seed: int) -> np.ndarray:
    """Average down, let highlights glow a little, add film grain and a gentle contrast curve."""
    small = cv2.resize(np.clip(rgb, 0, 1), (width_px, height_px), interpolation=cv2.INTER_AREA)
    glow = cv2.GaussianBlur(np.clip(small - 0.72, 0, 1), (0, 0), height_px / 90)
    small = 1.0 - (1.0 - small) * (1.0 - 0.35 * glow)
    small = small + 0.045 * (small - 0.5) * (1.0 - (2 * small - 1) ** 2) * 2.0
    grain = np.random.default_rng(seed).normal(0, 0.0055, (height_px, width_px, 1)).astype(np.float32)
    return np.clip((small + grain) * 255.0 + 0.5, 0, 255).astype(np.uint8)
