"""An invisible mark in luma that says which render a video came from, and its reader.

The mark is a pattern of soft cells, one level bright or dark on flat ground and two where texture hides more. It
survives heavy compression, scaling, cropping and padding because it is coarse, spread over the whole picture, and
repeated in every frame; see `hidden_mark_pattern` for its layout and `hidden_mark_reader` for how it is found again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from worker.compose.hidden_mark_code import ID_BITS, encode
from worker.compose.hidden_mark_pattern import CANVAS_CELLS, CELLS_SHORT, sign_at, signs_for, window_at
from worker.engine.contracts import FrameStage
from worker.engine.failures import EngineFailure, FailureCode

if TYPE_CHECKING:
    from worker.engine.media.planes import NativePicture

ID_DIGITS = ID_BITS // 4
MIN_SIDE_PX = 64

_FIELD_SCALE = 80  # of a cell's sign
_FLAT_LEVELS = 1.0  # one level in the middle of cells, none towards their rims
_TEXTURE_LEVELS = 2.3
_TEXTURE_GAIN = 0.15  # levels of mark per level of local contrast
_LEVEL_STEPS = 64
_BAND_BYTES = 1 << 17  # of a picture at once: what was made brighter is still at hand when it is made darker


@dataclass(frozen=True)
class MarkReading:
    """What was found in a file. `render_id`: 12 hex digits, or None.

    `confidence` in [0, 1]: 1 − the chance that this much would be found in an unmarked file.
    """

    render_id: str | None
    confidence: float


def check_render_id(render_id: str) -> int:
    """The id as a number.

    Raises:
        EngineFailure: OPTION_INVALID, unless it is 12 hex digits.
    """
    digits = render_id.lower()
    if len(digits) != ID_DIGITS or not set(digits) <= set("0123456789abcdef"):
        raise EngineFailure(FailureCode.OPTION_INVALID, option="render_id", value=render_id[:32])
    return int(digits, 16)


def hidden_mark_stage(width_px: int, height_px: int, render_id: str) -> FrameStage:
    """The stage that marks (height_px, width_px, 3) uint8 RGB frames, in place, the same way every time.

    Raises:
        EngineFailure: OPTION_INVALID for ids that are not 12 hex digits, and for frames under 64 px.
    """
    number = check_render_id(render_id)
    if min(width_px, height_px) < MIN_SIDE_PX:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="size", width_px=width_px, height_px=height_px)
    return HiddenMarkStage(width_px, height_px, signs_for(encode(number)))


def read_hidden_mark(path: Path | str) -> MarkReading:
    """Look for the mark in a video or a picture.

    Raises:
        EngineFailure: FILE_* as in `probe`, FILE_WRONG_KIND for sound, IMAGE_TOO_MANY_PIXELS.
    """
    from worker.compose.hidden_mark_reader import read_file

    number, confidence = read_file(Path(path))
    return MarkReading(None if number is None else f"{number:0{ID_DIGITS}x}", confidence)


class HiddenMarkStage:
    """Adds the pattern of the moment: two saturating additions a frame, everything else once per keyframe.

    Strength is fitted to the picture whenever the signs turn, so that the pattern changes only where encoders begin
    anew. Turned signs are the same pattern with bright and dark exchanged.
    """

    def __init__(self, width_px: int, height_px: int, signs: np.ndarray) -> None:
        self._shape = (height_px, width_px, 3)
        self._field = _field(width_px, height_px, signs)
        self._window = -1
        self._bright, self._dark = np.empty(0, np.uint8), np.empty(0, np.uint8)  # (H, W) levels, of sign +1
        self._bright_rgb, self._dark_rgb = np.empty(0, np.uint8), np.empty(0, np.uint8)  # the same, (H, W, 3)
        self._rows = max(16, _BAND_BYTES // (3 * width_px))

    def __call__(self, rgb: np.ndarray, pts_s: float) -> np.ndarray:
        if rgb.shape != self._shape or rgb.dtype != np.uint8:
            raise ValueError(f"expected {self._shape} uint8, got {rgb.shape} {rgb.dtype}")
        if not rgb.flags.writeable or not rgb.flags.c_contiguous:
            rgb = np.array(rgb, order="C")
        if self._fit(pts_s, lambda: rgb) or not self._bright_rgb.size:
            self._bright_rgb, self._dark_rgb = (
                cv2.cvtColor(levels, cv2.COLOR_GRAY2RGB) for levels in (self._bright, self._dark)
            )
        brighter, darker = _in_order(sign_at(pts_s), self._bright_rgb, self._dark_rgb)
        for top in range(0, self._shape[0], self._rows):
            rows = slice(top, top + self._rows)
            cv2.add(rgb[rows], brighter[rows], dst=rgb[rows])
            cv2.subtract(rgb[rows], darker[rows], dst=rgb[rows])
        return rgb

    def on_planes(self, picture: "NativePicture", pts_s: float) -> None:
        """The same on native planes: the mark is grey, so luma alone carries it."""
        if self._fit(pts_s, picture.rgb):
            self._bright_rgb = self._dark_rgb = np.empty(0, np.uint8)
        picture.add_grey(*_in_order(sign_at(pts_s), self._bright, self._dark))

    def _fit(self, pts_s: float, look: Callable[[], np.ndarray]) -> bool:
        """Fit the strength anew when a keyframe has passed; `look` shows the frame. Whether it was due."""
        window = window_at(pts_s)
        if window == self._window:
            return False
        self._window = window
        strength, scale = strength_of(look()), 1 / (_FIELD_SCALE * _LEVEL_STEPS)
        self._bright = cv2.multiply(cv2.max(self._field, 0), strength, scale=scale, dtype=cv2.CV_8U)
        self._dark = cv2.multiply(cv2.max(-self._field, 0), strength, scale=scale, dtype=cv2.CV_8U)
        return True


def _field(width_px: int, height_px: int, signs: np.ndarray) -> np.ndarray:
    """The pattern as soft cells, (height_px, width_px) int16, ± `_FIELD_SCALE` in the middle of cells."""
    cell_px = min(width_px, height_px) / CELLS_SHORT
    rows, columns = (int(np.ceil(side / cell_px - 1e-9)) for side in (height_px, width_px))
    cells = signs[np.ix_(np.arange(rows) % CANVAS_CELLS, np.arange(columns) % CANVAS_CELLS)].astype(np.int16)
    sheet_px = (round(columns * cell_px), round(rows * cell_px))
    field = cv2.resize(cells * _FIELD_SCALE, sheet_px, interpolation=cv2.INTER_CUBIC)[:height_px, :width_px]
    # interpolation overshoots where neighbours differ; without the limit, flat ground would get second levels there
    return np.ascontiguousarray(np.clip(field, -_FIELD_SCALE, _FIELD_SCALE))


def _in_order(sign: int, bright: np.ndarray, dark: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return (bright, dark) if sign > 0 else (dark, bright)


def strength_of(rgb: np.ndarray) -> np.ndarray:
    """How strong the mark may be, (H, W) uint8 in 1/64 levels: more where there is texture, least on flat ground."""
    height_px, width_px, _ = rgb.shape
    small_px = (max(8, width_px // 2), max(8, height_px // 2))
    luma = cv2.cvtColor(cv2.resize(rgb, small_px, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    rough = cv2.absdiff(luma, cv2.blur(luma, (5, 5)))
    side = max(3, min(small_px) // CELLS_SHORT)
    # the least within reach, so that the ground just beside an edge counts as flat
    contrast = cv2.erode(cv2.blur(rough, (side, side)), np.ones((side, side), np.uint8))
    levels = np.clip(_FLAT_LEVELS + _TEXTURE_GAIN * cv2.blur(contrast, (side, side)), _FLAT_LEVELS, _TEXTURE_LEVELS)
    small = np.round(levels * _LEVEL_STEPS).astype(np.uint8)
    return cv2.resize(small, (width_px, height_px), interpolation=cv2.INTER_LINEAR)
