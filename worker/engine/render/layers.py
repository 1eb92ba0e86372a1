"""The still picture taken apart: what moves with the person, and the plate behind, filled in where the person was."""

from dataclasses import dataclass

import cv2
import numpy as np

from worker.engine.render.head_field import smoothstep
from worker.engine.render.warping import Region, region_around

# Around the matte, in inter-ocular distances: up to here everything moves with the person, from there on nothing does.
# The band hides the matte's errors at hair: strands just outside it move along. Beyond the third distance no pixel ever
# changes, however far the head turns.
_MOVES_UP_TO, _STILL_FROM, _NEVER_FROM = 0.05, 0.17, 0.27
_FILL_UP_TO = 0.045
_PERSON = 0.4  # matte above which a pixel surely belongs to somebody


@dataclass(frozen=True)
class Layers:
    """zone: the rectangle that may change. Arrays are over the zone.

    alpha: (h, w) uint8, what moves with the person. reach: (h, w) float32 in [0, 1], 0 where nothing may ever change.
    plate: (h, w, 3) uint8, the picture behind.
    """

    zone: Region
    alpha: np.ndarray
    reach: np.ndarray
    plate: np.ndarray


def separate(rgb: np.ndarray, matte: np.ndarray, face_centre: np.ndarray, scale_px: float) -> Layers:
    """Layers of a photo (H, W, 3). matte: (H, W) of persons. Only the person at `face_centre` (x, y) moves."""
    height, width = matte.shape
    person = _component_at(matte > _PERSON, face_centre, scale_px)
    distance = cv2.distanceTransform((~person).astype(np.uint8), cv2.DIST_L2, 5) / scale_px
    alpha = 1 - smoothstep(_MOVES_UP_TO, _STILL_FROM, distance)
    reach = (1 - smoothstep(_STILL_FROM, _NEVER_FROM, distance)).astype(np.float32)
    rows, columns = np.flatnonzero(reach.any(axis=1)), np.flatnonzero(reach.any(axis=0))
    zone = region_around(columns[0], rows[0], columns[-1], rows[-1], (width, height), 8.0)
    inside = zone.slices
    plate = fill(rgb[inside], distance[inside] < _FILL_UP_TO)
    moving = (alpha[inside] * 255 + 0.5).astype(np.uint8)
    return Layers(zone, moving, np.ascontiguousarray(reach[inside]), plate)


def _component_at(mask: np.ndarray, centre: np.ndarray, scale_px: float) -> np.ndarray:
    """The connected part of `mask` at the face, with the face itself always in it."""
    solid = mask.astype(np.uint8)
    cv2.ellipse(
        solid,
        (round(float(centre[0])), round(float(centre[1]))),
        (round(scale_px), round(1.3 * scale_px)),
        0,
        0,
        360,
        1,
        -1,
    )
    _, labels = cv2.connectedComponents(solid)
    x = int(np.clip(centre[0], 0, mask.shape[1] - 1))
    y = int(np.clip(centre[1], 0, mask.shape[0] - 1))
    return labels == labels[y, x]


def fill(rgb: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """`rgb` with the pixels of `hole` continued smoothly from around it (pull-push pyramid, Gortler et al. 1996)."""
    if not hole.any() or hole.all():
        return rgb.copy()
    known = (~hole).astype(np.float32)
    levels = [(rgb.astype(np.float32) * known[..., None], known)]
    while min(levels[-1][1].shape) > 2:
        colour, weight = levels[-1]
        levels.append((cv2.pyrDown(colour), cv2.pyrDown(weight)))
    colour, weight = levels[-1]
    guess = colour / np.maximum(weight, 1e-4)[..., None]
    for colour, weight in reversed(levels[1:-1]):
        up = cv2.pyrUp(guess, dstsize=(weight.shape[1], weight.shape[0]))
        sure = np.clip(weight * 4, 0, 1)[..., None]
        guess = sure * (colour / np.maximum(weight, 1e-4)[..., None]) + (1 - sure) * up
    if len(levels) > 1:  # at full size nothing is known in the hole, and what is known around it stays
        guess = cv2.pyrUp(guess, dstsize=(hole.shape[1], hole.shape[0]))
    filled = rgb.copy()
    filled[hole] = np.clip(guess[hole] + 0.5, 0, 255).astype(np.uint8)
    return filled
