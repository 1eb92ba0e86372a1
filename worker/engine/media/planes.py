"""A frame's native planes: RGB of one box, and changes of that box written back, everything else left bit for bit.

Changes are added, not replaced: a change of RGB is turned into a change of Y, Cb and Cr by the same matrix (which is
linear) and added at the planes' own depth. So pixels without a change keep their value, also inside the box, and
10 bits stay 10 bits. Matrices and ranges are those of ITU-T H.273 / ITU-R BT.601-7, BT.709-6 and BT.2020-2.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import av
import cv2
import numpy as np

Box = tuple[int, int, int, int]  # x0, y0, x1, y1, half-open, pixels of the upright picture

_KR_KB = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "smpte240m": (0.212, 0.087), "bt2020": (0.2627, 0.0593)}
# Tagged matrix coefficients as ITU-T H.273 numbers them.
_BY_TAG = {1: "bt709", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020"}
_HD_HEIGHT_PX = 720  # untagged pictures from here on are BT.709, smaller ones BT.601, as players assume
_FULL_RANGE_TAG = 2
_NEARLY = 1.5  # times a size, from which four neighbours are the mean well enough
# Planar formats whose planes we edit directly: name → (bits, horizontal and vertical chroma shift).
EDITABLE_FORMATS: dict[str, tuple[int, int, int]] = {
    "yuv420p": (8, 1, 1), "yuvj420p": (8, 1, 1), "yuv422p": (8, 1, 0), "yuvj422p": (8, 1, 0),
    "yuv444p": (8, 0, 0), "yuvj444p": (8, 0, 0), "yuv420p10le": (10, 1, 1), "yuv422p10le": (10, 1, 0),
    "yuv444p10le": (10, 0, 0),
}  # fmt: skip
# What every other format becomes first: 8 or 10 bits, 4:2:0.
FALLBACK_8_BIT, FALLBACK_10_BIT = "yuv420p", "yuv420p10le"


def matrix_name(frame: av.VideoFrame) -> str:
    """The YUV matrix of a frame: the tagged one, else the one players assume for this size."""
    tagged = _BY_TAG.get(int(frame.colorspace))
    return tagged if tagged is not None else ("bt709" if frame.height >= _HD_HEIGHT_PX else "bt601")


@dataclass(frozen=True)
class Colours:
    """How stored samples mean colours: matrix "bt601", "bt709", "smpte240m" or "bt2020", range, and bits."""

    matrix: str
    full_range: bool
    bits: int

    def to_rgb(self) -> np.ndarray:
        """(3, 4) float32: (Y, Cb, Cr) as stored → RGB in [0, 255]."""
        kr, kb = _KR_KB[self.matrix]
        kg = 1 - kr - kb
        scale_y, scale_c, low = self._scales()
        linear = np.array(
            [[1, 0, 2 * (1 - kr)], [1, -2 * (1 - kb) * kb / kg, -2 * (1 - kr) * kr / kg], [1, 2 * (1 - kb), 0]]
        ) @ np.diag([255 / scale_y, 255 / scale_c, 255 / scale_c])
        middle = float(1 << (self.bits - 1))
        offset = -linear @ np.array([low, middle, middle])
        return np.hstack([linear, offset[:, None]]).astype(np.float32)

    def change_to_yuv(self) -> np.ndarray:
        """(3, 3) float32: a change of RGB in [-255, 255] → the change of stored (Y, Cb, Cr)."""
        kr, kb = _KR_KB[self.matrix]
        luma = np.array([kr, 1 - kr - kb, kb])
        blue = (np.array([0, 0, 1]) - luma) / (2 * (1 - kb))
        red = (np.array([1, 0, 0]) - luma) / (2 * (1 - kr))
        scale_y, scale_c, _ = self._scales()
        return (np.stack([luma * scale_y, blue * scale_c, red * scale_c]) / 255).astype(np.float32)

    def _scales(self) -> tuple[float, float, float]:
        """What full white, full colour and black are, in stored samples."""
        if self.full_range:
            top = float((1 << self.bits) - 1)
            return top, top, 0.0
        unit = float(1 << (self.bits - 8))
        return 219 * unit, 224 * unit, 16 * unit


class NativePicture:
    """The planes of one frame, as stored; a private copy once `writable()` has been called.

    planes: Y, Cb, Cr, (h, w) uint8 or uint16, views of the frame until then. rotation_deg: clockwise turn that makes
    the picture upright; boxes and RGB are upright.
    """

    def __init__(self, frame: av.VideoFrame, rotation_deg: int = 0) -> None:
        if frame.format.name not in EDITABLE_FORMATS:
            deep = max(c.bits for c in frame.format.components) > 8
            tags = frame.colorspace, frame.color_range
            frame = frame.reformat(format=FALLBACK_10_BIT if deep else FALLBACK_8_BIT)
            frame.colorspace, frame.color_range = tags
        self.format = frame.format.name
        bits, self._shift_x, self._shift_y = EDITABLE_FORMATS[self.format]
        full = self.format.startswith("yuvj") or int(frame.color_range) == _FULL_RANGE_TAG
        self.colours = Colours(matrix_name(frame), full, bits)
        self.rotation_deg = rotation_deg
        self._frame = frame  # keeps the planes alive
        self.planes = [_view(plane, bits) for plane in frame.planes[:3]]
        self._owned = False

    @property
    def stored_size_px(self) -> tuple[int, int]:
        """(width, height) as stored."""
        height, width = self.planes[0].shape
        return width, height

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height) of the upright picture."""
        width, height = self.stored_size_px
        return (height, width) if self.rotation_deg in (90, 270) else (width, height)

    def writable(self) -> None:
        """Take a copy of the planes: the decoder still predicts from its own."""
        if not self._owned:
            self.planes = [plane.copy() for plane in self.planes]
            self._owned = True

    def shrink(self, short_side_px: int) -> None:
        """Scale the planes down so that the short side is at most `short_side_px`; even sides, never larger."""
        width, height = self.stored_size_px
        scale = short_side_px / min(width, height)
        if scale >= 1:
            return
        width, height = (max(2, round(side * scale / 2) * 2) for side in (width, height))
        chroma_size = width >> self._shift_x, height >> self._shift_y
        sizes = ((width, height), chroma_size, chroma_size)
        self.planes = [
            cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
            for plane, size in zip(self.planes, sizes, strict=True)
        ]
        self._owned = True

    def crop_rgb(self, box: Box, max_side_px: int | None = None) -> np.ndarray:
        """(h, w, 3) uint8 of a box; scaled down so that its long side is at most `max_side_px`.

        Raises:
            ValueError: the box is empty or leaves the picture.
        """
        self._check(box)
        x0, y0, x1, y1 = stored_box(box, self.rotation_deg, self.size_px)
        scale = 1.0 if max_side_px is None else min(1.0, max_side_px / max(x1 - x0, y1 - y0))
        if scale < 1:
            luma = self.planes[0][y0:y1, x0:x1]
            size = (max(1, round(luma.shape[1] * scale)), max(1, round(luma.shape[0] * scale)))
            luma = _reduced(luma, size)
        else:
            luma = self.planes[0][y0:y1, x0:x1]
            size = (luma.shape[1], luma.shape[0])
        chroma = [self._chroma_at(plane, (x0, y0, x1, y1), size) for plane in self.planes[1:]]
        return self._rgb_of(np.ascontiguousarray(luma), *chroma)

    def glance(self, max_side_px: int) -> np.ndarray:
        """(h, w, 3) uint8 of the whole picture, much reduced: every pixel is the mean of a few samples only.

        For comparing pictures, at a tenth of the price; fine patterns would flicker to an eye.
        """
        width, height = self.stored_size_px
        scale = min(1.0, max_side_px / max(width, height))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        twice = (2 * size[0], 2 * size[1])
        reduced = (
            cv2.resize(cv2.resize(plane, twice, interpolation=cv2.INTER_LINEAR), size, interpolation=cv2.INTER_AREA)
            for plane in self.planes
        )
        return self._rgb_of(*reduced)

    def _rgb_of(self, luma: np.ndarray, blue: np.ndarray, red: np.ndarray) -> np.ndarray:
        """(h, w, 3) uint8, upright, of planes of one size."""
        yuv = cv2.merge([luma, blue, red])
        if self.colours.bits == 8:
            rgb = cv2.transform(yuv, self.colours.to_rgb())
        else:
            rgb = cv2.transform(yuv.astype(np.float32), self.colours.to_rgb())
            rgb = np.clip(rgb + 0.5, 0, 255).astype(np.uint8)
        return np.ascontiguousarray(_turned(rgb, self.rotation_deg))

    def _chroma_at(self, plane: np.ndarray, box: Box, size: tuple[int, int]) -> np.ndarray:
        """A chroma plane over a stored box, at `size` (width, height)."""
        x0, y0, x1, y1 = box
        sx, sy = self._shift_x, self._shift_y
        if not (sx or sy) and size == (x1 - x0, y1 - y0):
            return np.ascontiguousarray(plane[y0:y1, x0:x1])
        # Whole chroma samples around the box are enlarged, then cut, so that the result does not depend on the box.
        cx0, cy0 = max(0, (x0 >> sx) - 1), max(0, (y0 >> sy) - 1)
        cx1, cy1 = min(plane.shape[1], ((x1 - 1) >> sx) + 2), min(plane.shape[0], ((y1 - 1) >> sy) + 2)
        part = plane[cy0:cy1, cx0:cx1]
        if size == (x1 - x0, y1 - y0):
            full = cv2.resize(part, (part.shape[1] << sx, part.shape[0] << sy), interpolation=cv2.INTER_LINEAR)
            left, top = x0 - (cx0 << sx), y0 - (cy0 << sy)
            return np.ascontiguousarray(full[top : top + size[1], left : left + size[0]])
        exact = plane[y0 >> sy : ((y1 - 1) >> sy) + 1, x0 >> sx : ((x1 - 1) >> sx) + 1]
        # Halved or less, four neighbours are nearly the mean of the area, in a fifth of the time.
        how = cv2.INTER_LINEAR if exact.shape[1] <= 2 * size[0] else cv2.INTER_AREA
        return cv2.resize(exact, size, interpolation=how)

    def add_rgb(self, box: Box, change: np.ndarray) -> None:
        """Add a change of RGB, (h, w, 3) float32 in [-255, 255], to a box; where it is zero nothing changes.

        Raises:
            ValueError: the box leaves the picture, or the change has another shape.
        """
        self._check(box)
        if change.shape != (box[3] - box[1], box[2] - box[0], 3):
            raise ValueError(f"expected {(box[3] - box[1], box[2] - box[0], 3)}, got {change.shape}")
        self.writable()
        stored = stored_box(box, self.rotation_deg, self.size_px)
        change = _turned(change.astype(np.float32, copy=False), -self.rotation_deg % 360)
        yuv = cv2.transform(np.ascontiguousarray(change), self.colours.change_to_yuv())
        luma, blue, red = cv2.split(yuv)
        top = (1 << self.colours.bits) - 1
        x0, y0, x1, y1 = stored
        _add(self.planes[0][y0:y1, x0:x1], luma, top)
        for plane, moved in zip(self.planes[1:], (blue, red), strict=True):
            self._add_chroma(plane, stored, moved, top)

    def _add_chroma(self, plane: np.ndarray, box: Box, change: np.ndarray, top: int) -> None:
        change = self._on_chroma(box, change)
        cy, cx = box[1] >> self._shift_y, box[0] >> self._shift_x
        target = plane[cy : cy + change.shape[0], cx : cx + change.shape[1]]
        _add(target, change[: target.shape[0], : target.shape[1]], top)

    def _on_chroma(self, box: Box, values: np.ndarray) -> np.ndarray:
        """What is known for each pixel of a stored box, for each chroma sample that it touches; nothing beyond it."""
        sx, sy = self._shift_x, self._shift_y
        x0, y0, x1, y1 = box
        left, above = x0 - (x0 >> sx << sx), y0 - (y0 >> sy << sy)
        right, below = -(x1) % (1 << sx), -(y1) % (1 << sy)
        if left or above or right or below:
            values = cv2.copyMakeBorder(values, above, below, left, right, cv2.BORDER_CONSTANT, value=0)
        if sx or sy:
            size = (values.shape[1] >> sx, values.shape[0] >> sy)
            values = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
        return values

    def shift(self, box: Box, shift_px: np.ndarray) -> None:
        """Let each pixel of a box show what is `shift_px` (h, w, 2) float32, (right, down), before it; where that is
        zero nothing changes. On the planes themselves: a third of what it would cost in RGB, and nothing is rounded
        twice.

        Raises:
            ValueError: the box leaves the picture, or the shift has another shape.
        """
        self._check(box)
        if shift_px.shape != (box[3] - box[1], box[2] - box[0], 2):
            raise ValueError(f"expected {(box[3] - box[1], box[2] - box[0], 2)}, got {shift_px.shape}")
        self.writable()
        x0, y0, x1, y1 = stored = stored_box(box, self.rotation_deg, self.size_px)
        shift_px = _turned_arrows(shift_px, -self.rotation_deg % 360)
        self.planes[0][y0:y1, x0:x1] = _shifted(self.planes[:1], (x0, y0), shift_px, cv2.INTER_CUBIC)[0]
        sx, sy = self._shift_x, self._shift_y
        coarse = self._on_chroma(stored, shift_px) * np.array([1 / (1 << sx), 1 / (1 << sy)], np.float32)
        cx, cy = x0 >> sx, y0 >> sy
        how, chroma = (cv2.INTER_LINEAR if sx or sy else cv2.INTER_CUBIC), self.planes[1:]
        for plane in chroma[:1]:  # both are as large
            coarse = coarse[: plane.shape[0] - cy, : plane.shape[1] - cx]
        for plane, moved in zip(chroma, _shifted(chroma, (cx, cy), coarse, how), strict=True):
            plane[cy : cy + coarse.shape[0], cx : cx + coarse.shape[1]] = moved

    def add_grey(self, brighter: np.ndarray, darker: np.ndarray) -> None:
        """Make R, G and B brighter and darker alike, everywhere: (H, W) uint8 levels, upright; chroma stays."""
        self.writable()
        per_level = float(self.colours.change_to_yuv()[0].sum())
        kind = cv2.CV_8U if self.colours.bits == 8 else cv2.CV_16U
        for levels, change in ((brighter, cv2.add), (darker, cv2.subtract)):
            turned = _turned(levels, -self.rotation_deg % 360)
            change(self.planes[0], cv2.multiply(turned, per_level, dtype=kind), dst=self.planes[0])
        if self.colours.bits > 8:
            np.minimum(self.planes[0], (1 << self.colours.bits) - 1, out=self.planes[0])

    def paste_rgb(self, box: Box, rgb: np.ndarray, mask: np.ndarray | None = None) -> None:
        """Bring a box to `rgb` (h, w, 3) uint8, as far as `mask` (h, w) in [0, 1] says; elsewhere nothing changes."""
        change = rgb.astype(np.float32) - self.crop_rgb(box)
        if mask is not None:
            change *= mask.astype(np.float32)[..., None]
        self.add_rgb(box, change)

    def rgb(self, max_side_px: int | None = None) -> np.ndarray:
        """(H, W, 3) uint8, the whole upright picture."""
        width, height = self.size_px
        return self.crop_rgb((0, 0, width, height), max_side_px)

    def _check(self, box: Box) -> None:
        x0, y0, x1, y1 = box
        width, height = self.size_px
        if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
            raise ValueError(f"box {box} leaves the {width} × {height} picture")


def stored_box(box: Box, rotation_deg: int, size_px: tuple[int, int]) -> Box:
    """A box of the upright picture of `size_px` (width, height), in the picture as stored."""
    x0, y0, x1, y1 = box
    width, height = size_px
    if rotation_deg == 90:  # stored pixels are turned clockwise: up is where the stored left was
        return y0, width - x1, y1, width - x0
    if rotation_deg == 180:
        return width - x1, height - y1, width - x0, height - y0
    if rotation_deg == 270:
        return height - y1, x0, height - y0, x1
    return box


_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


def _turned(picture: np.ndarray, rotation_deg: int) -> np.ndarray:
    return cv2.rotate(picture, _TURNS[rotation_deg]) if rotation_deg in _TURNS else picture


def _reduced(plane: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The plane at `size` (width, height), each sample about the mean of its area. Means of four are quick, means over
    any other area take ten times as long: so it is halved first where that leaves it large enough.
    """
    height, width = plane.shape[0] // 2, plane.shape[1] // 2
    if plane.shape[0] % 2 or plane.shape[1] % 2 or width < size[0] or height < size[1]:
        return cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    half = cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA)
    near = width <= _NEARLY * size[0] and height <= _NEARLY * size[1]
    return cv2.resize(half, size, interpolation=cv2.INTER_LINEAR if near else cv2.INTER_AREA)


def _turned_arrows(arrows: np.ndarray, rotation_deg: int) -> np.ndarray:
    """(h, w, 2) float32 arrows of a picture, of the picture turned clockwise."""
    turned = _turned(arrows, rotation_deg)
    if rotation_deg == 180:
        return -turned
    if rotation_deg in (90, 270):
        sign = 1 if rotation_deg == 90 else -1
        return np.stack([-sign * turned[..., 1], sign * turned[..., 0]], axis=-1)
    return turned


def _shifted(planes: Sequence[np.ndarray], corner: tuple[int, int], shift_px: np.ndarray, how: int) -> list[np.ndarray]:
    """(h, w) samples of the part of each plane that begins at `corner` (x, y), each from `shift_px` before it."""
    height, width = shift_px.shape[:2]
    reach = int(np.ceil(cv2.norm(shift_px, cv2.NORM_INF))) + 3
    x0, y0 = max(0, corner[0] - reach), max(0, corner[1] - reach)
    source = np.s_[y0 : corner[1] + height + reach, x0 : corner[0] + width + reach]
    left, above = corner[0] - x0, corner[1] - y0
    side = 512 * -(-max(left + width, above + height) // 512)
    at = cv2.subtract(_counted(side)[above : above + height, left : left + width], shift_px)
    fixed, fractions = cv2.convertMaps(at, None, cv2.CV_16SC2)  # as `remap` would itself, in half the time
    return [cv2.remap(plane[source], fixed, fractions, how, borderMode=cv2.BORDER_REPLICATE) for plane in planes]


@functools.lru_cache(maxsize=2)
def _counted(side: int) -> np.ndarray:
    ys, xs = np.mgrid[:side, :side].astype(np.float32)
    return np.stack([xs, ys], axis=-1)


def _view(plane: av.video.plane.VideoPlane, bits: int) -> np.ndarray:
    """(h, w) samples of a plane without its padding."""
    kind = np.uint8 if bits == 8 else np.uint16
    rows = np.frombuffer(plane, kind).reshape(plane.height, plane.line_size // np.dtype(kind).itemsize)
    return rows[:, : plane.width]


def _add(target: np.ndarray, change: np.ndarray, top: int) -> None:
    """target += change, rounded and kept in [0, top], in place."""
    kind = cv2.CV_8U if target.dtype == np.uint8 else cv2.CV_16U
    moved = cv2.add(target, change, dtype=kind)  # saturates at the type's own ends
    target[...] = moved if kind == cv2.CV_8U else np.minimum(moved, top)
