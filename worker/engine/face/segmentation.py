"""Who is person and who is background: a soft matte in the picture's own resolution.

MediaPipe's selfie segmentation (Apache-2.0) answers at 256 px. It is asked about the whole picture and about squares
around the faces, where its 256 pixels show hair and shoulders far better; the finest answer wins inside its square.
A guided filter (He, Sun & Tang 2010) then lets the matte follow the picture's own edges.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from worker.engine.contracts import FaceBox
from worker.engine.face.mesh import silenced_stderr
from worker.engine.kept import Kept

if TYPE_CHECKING:
    from mediapipe.python.solutions.selfie_segmentation import SelfieSegmentation

NET_SIDE_PX = 256
CROP_FACTORS = (7.0, 4.5, 3.0)  # square side ÷ face box side, coarse to fine
WORK_SIDE_PX = 1024  # the matte is refined at no more than this; mattes carry no finer truth
FEATHER_SHARE = 0.15  # of a square's side, at its border, over which it gives way to the coarser answer
GUIDE_RADIUS_SHARE = 0.012  # of the longer side: about a strand of hair's reach
GUIDE_EPSILON = 1e-4  # (intensity in [0, 1])²: edges weaker than about 1 % are smoothed over
SURE_BELOW, SURE_ABOVE = 0.08, 0.92


def person_matte(rgb: np.ndarray, faces: Sequence[FaceBox] = ()) -> np.ndarray:
    """How much each pixel belongs to a person: float32 (H, W) in [0, 1].

    rgb: (H, W, 3) uint8. faces: boxes of the faces in it; with none, they are looked for. Hair, neck, shoulders, body
    and what people wear belong to them. All zero where nobody is.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or 0 in rgb.shape:
        raise ValueError(f"expected (H, W, 3) uint8, got {rgb.shape} {rgb.dtype}")
    if not faces:
        from worker.engine.face.detection import find_faces

        faces = [face.box for face in find_faces(rgb)]
    height, width = rgb.shape[:2]
    scale = min(1.0, WORK_SIDE_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    work = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA) if scale < 1 else np.ascontiguousarray(rgb)
    boxes = [FaceBox(f.x0 * scale, f.y0 * scale, f.x1 * scale, f.y1 * scale, f.score) for f in faces]
    matte = _refined(work, _coarse_matte(work, boxes))
    if scale < 1:
        matte = cv2.resize(matte, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(matte, 0.0, 1.0, out=matte)


def _coarse_matte(rgb: np.ndarray, faces: Sequence[FaceBox]) -> np.ndarray:
    """The net's answers, fused: float32 (H, W)."""
    with _kept_net().lent() as net:
        matte = _ask(net, rgb)
        for factor in CROP_FACTORS:
            for face in faces:
                _ask_square(net, rgb, matte, _square_around(face, factor))
    return matte


@cache
def _kept_net() -> "Kept[SelfieSegmentation]":
    return Kept(_new_net)


def _new_net() -> "SelfieSegmentation":
    with silenced_stderr():
        import mediapipe as mp

        net = mp.solutions.selfie_segmentation.SelfieSegmentation(model_selection=0)
        net.process(np.zeros((8, 8, 3), np.uint8))  # the first call logs
    return net


def _ask(net: "SelfieSegmentation", rgb: np.ndarray) -> np.ndarray:
    """One answer for a picture of any shape, padded to a square so that people keep their proportions."""
    height, width = rgb.shape[:2]
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    square = cv2.copyMakeBorder(rgb, top, side - height - top, left, side - width - left, cv2.BORDER_REPLICATE)
    small = cv2.resize(
        square, (NET_SIDE_PX, NET_SIDE_PX), interpolation=cv2.INTER_AREA if side > NET_SIDE_PX else cv2.INTER_CUBIC
    )
    answer = net.process(small).segmentation_mask.astype(np.float32)
    full = cv2.resize(answer, (side, side), interpolation=cv2.INTER_CUBIC)
    return np.clip(full[top : top + height, left : left + width], 0.0, 1.0)


def _square_around(face: FaceBox, factor: float) -> tuple[int, int, int, int]:
    """(x0, y0, x1, y1) of a square that shows hair above and shoulders below the face."""
    side = max(face.x1 - face.x0, face.y1 - face.y0) * factor
    x = (face.x0 + face.x1) / 2
    y = (face.y0 + face.y1) / 2 + side * 0.12
    return round(x - side / 2), round(y - side / 2), round(x + side / 2), round(y + side / 2)


def _ask_square(
    net: "SelfieSegmentation", rgb: np.ndarray, matte: np.ndarray, square: tuple[int, int, int, int]
) -> None:
    """Ask about one square and blend the answer into `matte`, in place."""
    height, width = matte.shape
    x0, y0, x1, y1 = max(0, square[0]), max(0, square[1]), min(width, square[2]), min(height, square[3])
    if x1 - x0 < 16 or y1 - y0 < 16 or (x1 - x0 >= width and y1 - y0 >= height):
        return
    answer = _ask(net, np.ascontiguousarray(rgb[y0:y1, x0:x1]))
    feather = max(2.0, FEATHER_SHARE * max(x1 - x0, y1 - y0))
    # Where the square ends at the picture's border there is nothing to give way to.
    across = _ramp(x1 - x0, feather, fade_start=x0 > 0, fade_end=x1 < width)
    down = _ramp(y1 - y0, feather, fade_start=y0 > 0, fade_end=y1 < height)
    weight = down[:, None] * across[None, :]
    part = matte[y0:y1, x0:x1]
    part += weight * (answer - part)


def _ramp(length: int, feather: float, *, fade_start: bool, fade_end: bool) -> np.ndarray:
    position = np.arange(length, dtype=np.float32) + 0.5
    ramp = np.ones(length, np.float32)
    if fade_start:
        ramp = np.minimum(ramp, position / feather)
    if fade_end:
        ramp = np.minimum(ramp, (length - position) / feather)
    return ramp * ramp * (3 - 2 * ramp)


def _refined(rgb: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """The matte drawn to the picture's edges; sure areas become exactly 0 and 1."""
    radius = max(2, round(GUIDE_RADIUS_SHARE * max(matte.shape)))
    guide = rgb.astype(np.float32) / 255
    sharpened = np.clip((matte - SURE_BELOW) / (SURE_ABOVE - SURE_BELOW), 0.0, 1.0)
    refined = cv2.ximgproc.guidedFilter(guide, sharpened, radius, GUIDE_EPSILON)
    # Guided filtering bleeds a little far from edges: keep its word only near the matte's own edge.
    reach = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    inside = cv2.erode((sharpened > 0.97).astype(np.uint8), reach)
    outside = cv2.erode((sharpened < 0.03).astype(np.uint8), reach)
    refined[inside > 0] = 1.0
    refined[outside > 0] = 0.0
    refined = np.clip((refined - 0.04) / 0.92, 0.0, 1.0)
    return np.ascontiguousarray(refined, np.float32)
