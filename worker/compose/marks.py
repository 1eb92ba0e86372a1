"""The brand watermark and the "AI-generated" label, burned into frames in the one encode.

Both are drawn once as small patches and blended in place, so that a frame costs well under a millisecond at 512 × 512.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from worker.compose.mark_shape import bars
from worker.engine.contracts import FrameStage
from worker.engine.failures import EngineFailure, FailureCode

if TYPE_CHECKING:
    from worker.engine.media.planes import NativePicture

FONTS = Path(__file__).resolve().parents[2] / "static" / "fonts"
WORDMARK_FONT = FONTS / "bricolage-grotesque-bold.ttf"
LABEL_FONT = FONTS / "inter-semibold.ttf"

CORNERS = ("top-left", "top-right", "bottom-left", "bottom-right")
LABEL_TEXT = "AI-generated"
MIN_SIDE_PX = 32

MARK_HEIGHT_SHARE = 0.050  # of the short side
PITCH_SHARE = 0.34  # distance between rows of marks, of the short side
SIDE_SHARE = 0.18  # a mark's middle, of the width: as far from a face as the promise about crops allows
MARK_OPACITY = 0.40
SHADOW_OPACITY = 0.32
SUPERSAMPLE = 4


@dataclass(frozen=True)
class Patch:
    """A picture ready for blending: `rgb` (h, w, 3) uint8 and `alpha` (h, w) uint8, straight, not premultiplied."""

    rgb: np.ndarray
    alpha: np.ndarray

    @property
    def size_px(self) -> tuple[int, int]:
        return self.alpha.shape[1], self.alpha.shape[0]


class Placed:
    """A patch cut to a frame at (x, y): out = frame × (256 - a) + rgb × a, in 16 bit, in place."""

    def __init__(self, patch: Patch, x: int, y: int, width_px: int, height_px: int) -> None:
        w, h = patch.size_px
        x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + w, width_px), min(y + h, height_px)
        self.visible = x1 > x0 and y1 > y0
        if not self.visible:
            return
        inside = (slice(y0 - y, y1 - y), slice(x0 - x, x1 - x))
        alpha = np.round(patch.alpha[inside].astype(np.float32) * (256 / 255)).astype(np.uint16)[..., None]
        self._where = (slice(y0, y1), slice(x0, x1))
        self._keep = np.ascontiguousarray(np.broadcast_to(256 - alpha, (*alpha.shape[:2], 3)))
        self._add = patch.rgb[inside].astype(np.uint16) * alpha + 128
        self._work = np.empty_like(self._add)

    def blend(self, rgb: np.ndarray) -> None:
        region = rgb[self._where]
        np.multiply(region, self._keep, out=self._work, dtype=np.uint16)
        np.add(self._work, self._add, out=self._work)
        np.right_shift(self._work, 8, out=self._work)
        region[...] = self._work

    def blend_planes(self, picture: "NativePicture") -> None:
        """The same on a picture's native planes: only the patch's own rectangle goes through RGB."""
        rows, columns = self._where
        box = (columns.start, rows.start, columns.stop, rows.stop)
        before = picture.crop_rgb(box)
        np.multiply(before, self._keep, out=self._work, dtype=np.uint16)
        np.add(self._work, self._add, out=self._work)
        np.right_shift(self._work, 8, out=self._work)
        picture.add_rgb(box, self._work.astype(np.float32) - before)


class MarkStage:
    """A stage of the frame stream: blends its patches into (height_px, width_px, 3) uint8 RGB frames, in place."""

    def __init__(self, width_px: int, height_px: int, placed: Sequence[Placed]) -> None:
        self._shape = (height_px, width_px, 3)
        self._placed = [p for p in placed if p.visible]

    def __call__(self, rgb: np.ndarray, pts_s: float) -> np.ndarray:
        if rgb.shape != self._shape or rgb.dtype != np.uint8:
            raise ValueError(f"expected {self._shape} uint8, got {rgb.shape} {rgb.dtype}")
        if not rgb.flags.writeable:
            rgb = rgb.copy()
        for placed in self._placed:
            placed.blend(rgb)
        return rgb

    def on_planes(self, picture: "NativePicture", pts_s: float) -> None:
        """The same on native planes, for clips whose other pixels shall stay as they are."""
        for placed in self._placed:
            placed.blend_planes(picture)


def watermark_stage(width_px: int, height_px: int, *, seed: int = 0) -> FrameStage:
    """The Lipsmith wordmark, sparse and see-through over the whole frame, so that no useful crop loses it.

    Args:
        width_px, height_px: the frames' size; the marks scale with the short side.
        seed: shifts the lattice, so that one stored mask does not fit every video.

    Returns:
        A stage that works in place. Raises EngineFailure(OPTION_INVALID) for frames too small to carry a mark.
    """
    _check_size(width_px, height_px)
    short = min(width_px, height_px)
    patch = wordmark_patch(max(9, round(short * MARK_HEIGHT_SHARE)))
    places = lattice(width_px, height_px, patch.size_px, seed)
    return MarkStage(width_px, height_px, [Placed(patch, x, y, width_px, height_px) for x, y in places])


def lattice(width_px: int, height_px: int, mark_px: tuple[int, int], seed: int) -> list[tuple[int, int]]:
    """Top-left corners of the marks: rows that alternate between the left and the right of each column's middle.

    The middle line, where a portrait's mouth is, stays free; a window of 0.75 × the short side still holds a mark.
    """
    short = min(width_px, height_px)
    w, h = mark_px
    rng = np.random.default_rng(seed)
    columns = max(1, round(width_px / (1.1 * short)))
    rows = max(2, round(height_px / (short * PITCH_SHARE)))
    shift_x, shift_y = rng.uniform(-0.02, 0.02) * short, rng.uniform(-0.03, 0.03) * short
    first = int(rng.integers(2))
    margin = round(short * 0.02)
    places = []
    for row in range(rows):
        for column in range(columns):
            side = SIDE_SHARE if (row + column + first) % 2 else 1 - SIDE_SHARE
            x = round((column + side) * width_px / columns + shift_x - w / 2)
            y = round((row + 0.5) * height_px / rows + shift_y - h / 2)
            places.append((max(margin, min(x, width_px - w - margin)), max(0, min(y, height_px - h))))
    return places


@lru_cache(maxsize=16)
def wordmark_patch(height_px: int) -> Patch:
    """Bars and name in white with a soft dark halo, readable on light and on dark. `height_px`: of the bars' box."""
    s = SUPERSAMPLE
    font = ImageFont.truetype(str(WORDMARK_FONT), round(height_px * 0.90 * s))
    left, _, right, _ = font.getbbox("Lipsmith")
    icon = height_px * s
    margin = round(height_px * 0.34) * s
    width = margin * 2 + icon + round(icon * 0.16) + (right - left)
    sheet = Image.new("L", (_up(width, s), icon + 2 * margin), 0)
    draw = ImageDraw.Draw(sheet)
    scale = icon / 44.0  # the bars fill 44 of the mark's 64 units
    for bar in bars():
        x0, x1 = (bar.x - bar.width / 2 - 7.0) * scale, (bar.x + bar.width / 2 - 7.0) * scale
        top, bottom = (bar.top - 10.0) * scale, (bar.bottom - 10.0) * scale
        box = (margin + x0 * 0.92, margin + top, margin + x1 * 0.92, margin + bottom)
        draw.rounded_rectangle(box, radius=(box[2] - box[0]) / 2, fill=255)
    baseline = margin + round(icon * 0.79)
    draw.text((margin + icon + round(icon * 0.16) - left, baseline), "Lipsmith", font=font, fill=255, anchor="ls")
    return _with_halo(np.asarray(sheet), s, height_px)


def _with_halo(ink: np.ndarray, s: int, height_px: int) -> Patch:
    """White ink over a blurred dark copy of itself, averaged down by `s`."""
    size = (ink.shape[1] // s, ink.shape[0] // s)
    letters = cv2.resize(ink, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
    halo = cv2.GaussianBlur(ink.astype(np.float32) / 255.0, (0, 0), max(1.0, 0.10 * height_px * s))
    halo = np.clip(cv2.resize(halo, size, interpolation=cv2.INTER_AREA) * 1.5, 0, 1)
    front, back = letters * MARK_OPACITY, halo * (1.0 - 0.8 * letters) * SHADOW_OPACITY
    alpha = front + back * (1.0 - front)
    shade = front / np.maximum(alpha, 1e-6)
    rgb = np.repeat(np.round(shade * 255).astype(np.uint8)[..., None], 3, axis=2)
    return Patch(rgb, np.round(alpha * 255).astype(np.uint8))


def ai_label_stage(width_px: int, height_px: int, corner: str = "bottom-left") -> FrameStage:
    """The "AI-generated" pill in a corner, clear of where phones lay their buttons over upright videos.

    Raises EngineFailure(OPTION_INVALID) when `corner` is none of CORNERS or the frame is too small.
    """
    _check_size(width_px, height_px)
    if corner not in CORNERS:
        raise EngineFailure(
            FailureCode.OPTION_INVALID, option="label_corner", value=str(corner)[:32], allowed=list(CORNERS)
        )
    patch = pill_patch(LABEL_TEXT, label_size_px(width_px, height_px))
    x, y = label_place(width_px, height_px, patch.size_px, corner)
    return MarkStage(width_px, height_px, [Placed(patch, x, y, width_px, height_px)])


def label_height_px(width_px: int, height_px: int, corner: str | None) -> int:
    """How much of the lower edge the label takes up, from its upper edge down; 0 when it is not there."""
    if corner is None or not corner.startswith("bottom"):
        return 0
    patch = pill_patch(LABEL_TEXT, label_size_px(width_px, height_px))
    return height_px - label_place(width_px, height_px, patch.size_px, corner)[1]


def label_size_px(width_px: int, height_px: int) -> int:
    return max(13, round(min(width_px, height_px) * 0.050))


def label_place(width_px: int, height_px: int, label_px: tuple[int, int], corner: str) -> tuple[int, int]:
    """Top-left corner of the label. Upright 9:16 frames keep free what TikTok, Reels and Shorts cover."""
    margin = round(min(width_px, height_px) * 0.035)
    upright = height_px / width_px > 1.6
    top = round(0.10 * height_px) if upright else margin
    bottom = round(0.21 * height_px) if upright else margin
    right = round(0.15 * width_px) if upright and corner == "bottom-right" else margin
    w, h = label_px
    x = margin if corner.endswith("left") else width_px - right - w
    y = top if corner.startswith("top") else height_px - bottom - h
    return max(0, x), max(0, y)


@lru_cache(maxsize=16)
def pill_patch(text: str, height_px: int) -> Patch:
    """White text on a dark see-through pill with a hairline edge."""
    s = SUPERSAMPLE
    font = ImageFont.truetype(str(LABEL_FONT), round(height_px * 0.56 * s))
    left, _, right, _ = font.getbbox(text)
    pad = round(height_px * 0.46) * s
    size = (_up(right - left + 2 * pad, s), height_px * s)
    body, edge, ink = (Image.new("L", size, 0) for _ in range(3))
    box = (0, 0, size[0] - 1, size[1] - 1)
    ImageDraw.Draw(body).rounded_rectangle(box, radius=size[1] / 2, fill=255)
    ImageDraw.Draw(edge).rounded_rectangle(box, radius=size[1] / 2, outline=255, width=max(2, s * height_px // 22))
    ImageDraw.Draw(ink).text((size[0] / 2, size[1] * 0.52), text, font=font, fill=255, anchor="mm")
    small = (size[0] // s, size[1] // s)
    plate, line, words = (
        cv2.resize(np.asarray(layer), small, interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
        for layer in (body, edge, ink)
    )
    white = np.clip(words * 0.97 + line * 0.16 * (1.0 - words), 0, 1)
    dark = plate * 0.58
    alpha = white + dark * (1.0 - white)
    share = (white / np.maximum(alpha, 1e-6))[..., None]
    rgb = share * 255.0 + (1.0 - share) * np.array([14.0, 12.0, 18.0], np.float32)
    return Patch(np.round(rgb).astype(np.uint8), np.round(alpha * 255).astype(np.uint8))


def _up(value: float, step: int) -> int:
    return -(-int(value) // step) * step


def _check_size(width_px: int, height_px: int) -> None:
    if min(width_px, height_px) < MIN_SIDE_PX:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="size", width_px=width_px, height_px=height_px)
