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
from worker.compose.hidden_mark_pattern import CANVAS_CELLS, CELLS_SHORT, groups, signs_for, state_at, turned
from worker.engine.contracts import FrameStage
from worker.engine.failures import EngineFailure, FailureCode

if TYPE_CHECKING:
    from worker.engine.media.planes import NativePicture

ID_DIGITS = ID_BITS // 4
MIN_SIDE_PX = 64

_FIELD_SCALE = 80  # of a cell's sign, in 8 bits around 128: leaves room for what cubic interpolation overshoots
_FLAT_LEVELS = 1.0  # one level in the middle of cells, none towards their rims
_TEXTURE_LEVELS = 2.3
_TEXTURE_GAIN = 0.15  # levels of mark per level of local contrast
_LEVEL_STEPS = 64
_REFRESH_S = 2.0  # how often the strength is fitted to the picture anew


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
    """Adds the pattern of the moment: two saturating additions a frame, everything else once per turn of signs."""

    def __init__(self, width_px: int, height_px: int, signs: np.ndarray) -> None:
        self._shape = (height_px, width_px, 3)
        cell_px = min(width_px, height_px) / CELLS_SHORT
        rows, columns = (int(np.ceil(side / cell_px - 1e-9)) for side in (height_px, width_px))
        window = np.ix_(np.arange(rows) % CANVAS_CELLS, np.arange(columns) % CANVAS_CELLS)
        self._signs, self._groups = signs[window], groups()[window]
        self._sheet_px = (round(columns * cell_px), round(rows * cell_px))
        self._state = -1
        self._fitted_at_s = -np.inf
        self._strength = np.empty(0, np.uint8)
        self._brighter = self._darker = np.empty(0, np.uint8)

    def __call__(self, rgb: np.ndarray, pts_s: float) -> np.ndarray:
        if rgb.shape != self._shape or rgb.dtype != np.uint8:
            raise ValueError(f"expected {self._shape} uint8, got {rgb.shape} {rgb.dtype}")
        if not rgb.flags.writeable or not rgb.flags.c_contiguous:
            rgb = np.array(rgb, order="C")
        self._follow(pts_s, lambda: rgb)
        cv2.add(rgb, self._brighter, dst=rgb)
        cv2.subtract(rgb, self._darker, dst=rgb)
        return rgb

    def on_planes(self, picture: "NativePicture", pts_s: float) -> None:
        """The same on native planes: the mark is grey, so luma alone carries it."""
        self._follow(pts_s, picture.rgb)
        picture.add_grey(cv2.extractChannel(self._brighter, 0), cv2.extractChannel(self._darker, 0))

    def _follow(self, pts_s: float, look: Callable[[], np.ndarray]) -> None:
        """Keep pattern and strength those of this moment; `look` shows the frame when its strength is due."""
        state = state_at(pts_s)
        is_due = not 0 <= pts_s - self._fitted_at_s < _REFRESH_S
        if is_due:
            self._strength, self._fitted_at_s = strength_of(look()), pts_s
        if is_due or state != self._state:
            self._turn(state)

    def _turn(self, state: int) -> None:
        height_px, width_px, _ = self._shape
        signs = self._signs * turned(state)[self._groups]
        cells = (128 + _FIELD_SCALE * signs.astype(np.int16)).astype(np.uint8)
        field = cv2.resize(cells, self._sheet_px, interpolation=cv2.INTER_CUBIC)[:height_px, :width_px]
        scale = 1 / (_FIELD_SCALE * _LEVEL_STEPS)
        # interpolation overshoots where neighbours differ; without the limit, flat ground would get second levels there
        brighter = cv2.multiply(cv2.min(cv2.subtract(field, 128), _FIELD_SCALE), self._strength, scale=scale)
        darker = cv2.multiply(cv2.min(cv2.subtract(128, field), _FIELD_SCALE), self._strength, scale=scale)
        self._brighter = cv2.cvtColor(brighter, cv2.COLOR_GRAY2RGB)
        self._darker = cv2.cvtColor(darker, cv2.COLOR_GRAY2RGB)
        self._state = state


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
