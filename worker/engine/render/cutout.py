"""The person alone, for videos without a background: a portrait whose moving layer is the person's own matte."""

from dataclasses import replace

import cv2
import numpy as np

from worker.engine.render.layers import fill
from worker.engine.render.portrait import Portrait

_SURE = 0.94  # matte above which a pixel shows nothing of the background
_TINTED = (0.25, 0.9)  # between these, the background's colour is replaced by the person's
_SOLID, _CLEAR = 0.90, 0.30  # mattes are soft and wide; outlines look cut when they are, and glow when they are not


def cut_out(portrait: Portrait, matte: np.ndarray) -> Portrait:
    """`portrait` for `Renderer.render_person`: what surrounds the person is clear, edges carry the person's colours.

    matte: (H, W) float32 in [0, 1], how much of each pixel is a person. Persons other than the speaking one are clear.
    """
    zone = portrait.layers.zone
    inside = matte[zone.slices].astype(np.float32)
    mine = portrait.layers.alpha > 0  # the speaking person's surroundings
    clear = np.clip((inside - _CLEAR) / (_SOLID - _CLEAR), 0, 1) * mine
    alpha = (clear * 255 + 0.5).astype(np.uint8)
    return replace(
        portrait,
        rgb=_with_own_colours(portrait.rgb, matte, zone.slices),
        layers=replace(portrait.layers, alpha=alpha),
    )


def _with_own_colours(rgb: np.ndarray, matte: np.ndarray, zone: tuple[slice, slice]) -> np.ndarray:
    """The photo with the person's colours continued outwards, so that no rim of the old background shows."""
    picture = rgb.copy()
    part, share = picture[zone], matte[zone].astype(np.float32)
    own = fill(part, share < _SURE)
    keep = np.clip((share - _TINTED[0]) / (_TINTED[1] - _TINTED[0]), 0, 1)[..., None]
    mixed = own + (part.astype(np.float32) - own) * keep
    picture[zone] = cv2.convertScaleAbs(mixed)
    return picture
