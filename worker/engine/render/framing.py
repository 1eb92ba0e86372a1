"""The shape of the output: a crop around the head where the picture allows it, blurred surroundings where it does
not.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from worker.engine.contracts import Aspect, FaceBox

_RATIOS = {
    Aspect.PORTRAIT_9_16: 9 / 16,
    Aspect.SQUARE: 1.0,
    Aspect.PORTRAIT_4_5: 4 / 5,
    Aspect.LANDSCAPE_16_9: 16 / 9,
}
# What must stay in the picture, around the face box, in face widths/heights: left and right, above (hair), below
# (chin).
_ASIDE, _ABOVE, _BELOW = 0.32, 0.42, 0.30
_FACE_AT = 0.42  # the face's middle sits at this share of the height
_MIN_SHORT_SIDE_PX = 64


@dataclass(frozen=True)
class Framed:
    """A picture in its output shape.

    rgb: (H, W, 3) uint8, even sides. scale, offset_px: output = source · scale + offset.
    content: (x0, y0, x1, y1) px of the output that come from the picture itself; the rest is blurred surroundings.
    """

    rgb: np.ndarray
    scale: float
    offset_px: tuple[float, float]
    content: tuple[int, int, int, int]

    def points(self, points_px: np.ndarray) -> np.ndarray:
        """Landmarks (N, 3) of the source picture, in the output's pixels."""
        return points_px * self.scale + np.array([*self.offset_px, 0.0])

    def box(self, box: FaceBox) -> FaceBox:
        """A box of the source picture, in the output's pixels."""
        dx, dy = self.offset_px
        x0, x1 = box.x0 * self.scale + dx, box.x1 * self.scale + dx
        return FaceBox(x0, box.y0 * self.scale + dy, x1, box.y1 * self.scale + dy, box.score)


def frame_picture(
    rgb: np.ndarray, face: FaceBox, aspect: Aspect, max_short_side_px: int | None, *, grounded: bool = False
) -> Framed:
    """Bring `rgb` (H, W, 3) into `aspect` around `face`, scaled down so that the short side is ≤
    `max_short_side_px`. grounded: what is not the picture's lies above it, never below: nobody is cut off in mid-air.
    """
    height, width = rgb.shape[:2]
    if aspect is Aspect.SOURCE:
        window = (0.0, 0.0, float(width), float(height))
    else:
        window = _window(width, height, face, _RATIOS[aspect])
    x0, y0, x1, y1 = window
    if grounded and y1 > height:
        y0, y1 = y0 - (y1 - height), float(height)
    scale = 1.0
    if max_short_side_px is not None:
        scale = min(1.0, max(max_short_side_px, _MIN_SHORT_SIDE_PX) / min(x1 - x0, y1 - y0))
    out_width, out_height = (max(2, int((side * scale + 1e-6) // 2 * 2)) for side in (x1 - x0, y1 - y0))
    inside = x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height
    if inside:
        return _cropped(rgb, (round(x0), round(y0)), scale, (out_width, out_height))
    return _extended(rgb, (x0, y0), scale, (out_width, out_height))


def _window(width: int, height: int, face: FaceBox, ratio: float) -> tuple[float, float, float, float]:
    """The part of the picture's plane to show (x0, y0, x1, y1); beyond the picture only where the head needs it."""
    face_width, face_height = face.x1 - face.x0, face.y1 - face.y0
    head = (
        max(0.0, face.x0 - _ASIDE * face_width),
        max(0.0, face.y0 - _ABOVE * face_height),
        min(float(width), face.x1 + _ASIDE * face_width),
        min(float(height), face.y1 + _BELOW * face_height),
    )
    crop_width, crop_height = (width, width / ratio) if width / height < ratio else (height * ratio, height)
    # Where the head would not fit into the largest crop, the window grows beyond the picture.
    grow = max(1.0, (head[2] - head[0]) / crop_width, (head[3] - head[1]) / crop_height)
    crop_width, crop_height = crop_width * grow, crop_height * grow
    middle_x, middle_y = (face.x0 + face.x1) / 2, (face.y0 + face.y1) / 2
    x0 = _placed(middle_x - crop_width / 2, crop_width, width, head[0], head[2])
    y0 = _placed(middle_y - _FACE_AT * crop_height, crop_height, height, head[1], head[3])
    return x0, y0, x0 + crop_width, y0 + crop_height


def _placed(start: float, length: float, limit: float, low: float, high: float) -> float:
    """`start` moved so that [low, high] is inside, and the picture's limits are kept where that is possible."""
    start = min(max(start, high - length), low)
    if length >= limit:
        return (limit - length) / 2
    return float(np.clip(start, 0, limit - length))


def _cropped(rgb: np.ndarray, corner: tuple[int, int], scale: float, size: tuple[int, int]) -> Framed:
    width, height = size
    x0, y0 = corner
    if scale == 1.0:
        part = np.ascontiguousarray(rgb[y0 : y0 + height, x0 : x0 + width])
    else:
        source = rgb[
            y0 : y0 + min(rgb.shape[0] - y0, round(height / scale)),
            x0 : x0 + min(rgb.shape[1] - x0, round(width / scale)),
        ]
        part = cv2.resize(source, size, interpolation=cv2.INTER_AREA)
    return Framed(part, scale, (-x0 * scale, -y0 * scale), (0, 0, part.shape[1], part.shape[0]))


def _extended(rgb: np.ndarray, corner: tuple[float, float], scale: float, size: tuple[int, int]) -> Framed:
    """The picture on a canvas of its own blurred colours."""
    width, height = size
    small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else rgb
    dx, dy = round(-corner[0] * scale), round(-corner[1] * scale)
    x0, y0 = max(0, dx), max(0, dy)
    x1, y1 = min(width, dx + small.shape[1]), min(height, dy + small.shape[0])
    canvas = _surroundings(small[y0 - dy : y1 - dy, x0 - dx : x1 - dx], size)
    canvas[y0:y1, x0:x1] = small[y0 - dy : y1 - dy, x0 - dx : x1 - dx]
    return Framed(canvas, scale, (float(dx), float(dy)), (x0, y0, x1, y1))


def _surroundings(rgb: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The picture enlarged to cover `size` (width, height), strongly blurred and a little darker."""
    width, height = size
    cover = max(width / rgb.shape[1], height / rgb.shape[0])
    tiny_side = 96
    tiny = cv2.resize(
        rgb, (tiny_side, max(2, round(tiny_side * rgb.shape[0] / rgb.shape[1]))), interpolation=cv2.INTER_AREA
    )
    tiny = cv2.GaussianBlur(tiny.astype(np.float32), (0, 0), 5) * 0.82
    zoom = cover * rgb.shape[1] / tiny_side
    move = np.array(
        [[zoom, 0, (width - zoom * tiny.shape[1]) / 2], [0, zoom, (height - zoom * tiny.shape[0]) / 2]], np.float64
    )
    large = cv2.warpAffine(tiny, move, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return np.clip(large + 0.5, 0, 255).astype(np.uint8)
