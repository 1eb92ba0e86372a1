"""Something else behind the person of a photo: its own background blurred, a colour, or another picture."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from worker.engine.contracts import Background, TalkingPhotoRequest
from worker.engine.media.images import load_image
from worker.engine.render.cutout import cut_out
from worker.engine.render.layers import fill
from worker.engine.render.portrait import Portrait

_STRONGEST_BLUR = 0.045  # standard deviation ÷ the longer side
_PERSON_FROM = 0.04  # matte from which a pixel's colour may be the person's
_GROWN = 0.008  # of the longer side: what hangs around the matte's edge
_CLEAR, _SOLID = 0.35, 0.85  # a wide soft outline that suits any page would look like a shadow on a known backdrop
_WORK_SIDE_PX = 512  # what is to be blurred needs no more


def with_backdrop(portrait: Portrait, matte: np.ndarray, request: TalkingPhotoRequest) -> Portrait:
    """`portrait` with what `request` wants behind the person; edges carry the person's own colours, hair stays soft.

    matte: (H, W) float32 in [0, 1], how much of each pixel is a person.

    Raises:
        EngineFailure: FILE_*, IMAGE_* for a picture that cannot be read.
    """
    behind = _behind(portrait.rgb, matte, request)
    alone = cut_out(portrait, matte)
    outline = np.clip((alone.layers.alpha / np.float32(255) - _CLEAR) / (_SOLID - _CLEAR), 0, 1)
    alpha = (outline * 255 + 0.5).astype(np.uint8)
    alone = replace(alone, layers=replace(alone.layers, alpha=alpha))
    zone = alone.layers.zone.slices
    plate = np.ascontiguousarray(behind[zone])
    share = (alone.layers.alpha / np.float32(255) * np.clip(alone.layers.reach, 0, 1))[..., None]
    still = behind.copy()
    still[zone] = np.clip(plate + (alone.rgb[zone].astype(np.float32) - plate) * share + 0.5, 0, 255).astype(np.uint8)
    return replace(alone, layers=replace(alone.layers, plate=plate), still=still)


def _behind(rgb: np.ndarray, matte: np.ndarray, request: TalkingPhotoRequest) -> np.ndarray:
    if request.background is Background.BLUR:
        return blurred(rgb, matte, request.backdrop_blur)
    if request.background is Background.COLOUR:
        return np.full_like(rgb, np.array(request.backdrop_rgb, np.uint8))
    assert request.backdrop_path is not None
    return covering(request.backdrop_path, (rgb.shape[1], rgb.shape[0]))


def blurred(rgb: np.ndarray, matte: np.ndarray, strength: float) -> np.ndarray:
    """The background alone, out of focus: people are taken out first, or their colours would glow around them.

    strength: in (0, 1].
    """
    height, width = matte.shape
    scale = min(1.0, _WORK_SIDE_PX / max(height, width))
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    small, people = (cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in (rgb, matte))
    grown = 2 * round(_GROWN * max(size)) + 1
    hole = cv2.dilate((people > _PERSON_FROM).astype(np.uint8), np.ones((grown, grown), np.uint8)) > 0
    empty = fill(small, hole).astype(np.float32)
    sigma = max(0.6, _STRONGEST_BLUR * strength**1.5 * max(size))
    soft = cv2.GaussianBlur(empty, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)
    return np.clip(cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC) + 0.5, 0, 255).astype(np.uint8)


def covering(path: Path, size_px: tuple[int, int]) -> np.ndarray:
    """The middle of a picture, scaled to cover (width, height)."""
    picture = load_image(path).rgb
    width, height = size_px
    scale = max(width / picture.shape[1], height / picture.shape[0])
    across, down = min(picture.shape[1], round(width / scale)), min(picture.shape[0], round(height / scale))
    x, y = (picture.shape[1] - across) // 2, (picture.shape[0] - down) // 2
    part = np.ascontiguousarray(picture[y : y + down, x : x + across])
    return cv2.resize(part, size_px, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
