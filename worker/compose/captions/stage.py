"""Captions burned into the frame stream, word by word in time with the voice."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from worker.compose.brand_plan import CaptionBrand
from worker.compose.captions.cues import Cue, TimedWord, cues_of
from worker.compose.captions.drawing import Layout, draw, lay_out, scaled
from worker.compose.captions.fonts import is_japanese
from worker.compose.captions.styles import LOOKS, CaptionStyle, Look, branded
from worker.compose.marks import Placed
from worker.engine.contracts import FrameStage

if TYPE_CHECKING:
    from worker.engine.media.planes import NativePicture

POP_S = 0.12  # how long a word takes to pop up
POP_FROM, POP_OVER = 0.72, 1.06


class CaptionsStage:
    """Blends the caption of each moment into frames, in place; only the caption's own box is touched.

    Pictures are drawn when first shown and the last few are kept, so that a frame costs a blend and memory does not
    grow with length.
    """

    def __init__(self, frame_px: tuple[int, int], cues: Sequence[Cue], look: Look, clear_px: int) -> None:
        self._frame_px, self._cues, self._look = frame_px, cues, look
        self._starts = [cue.start_s for cue in cues]
        self._clear_px = clear_px
        self._japanese = any(is_japanese(cue.text) for cue in cues)
        self._layout_of = lru_cache(maxsize=2)(self._lay_out)
        self._placed_of = lru_cache(maxsize=4)(self._draw)

    def __call__(self, frame: np.ndarray, pts_s: float) -> np.ndarray:
        rgb = np.asarray(frame)
        placed = self._at(pts_s)
        if placed is None:
            return rgb
        if not rgb.flags.writeable:
            rgb = rgb.copy()
        placed.blend(rgb)
        return rgb

    def on_planes(self, picture: "NativePicture", pts_s: float) -> None:
        """The same on native planes, for clips whose other pixels shall stay as they are."""
        placed = self._at(pts_s)
        if placed is not None:
            placed.blend_planes(picture)

    def _at(self, pts_s: float) -> Placed | None:
        """The caption shown at this moment, as it looks then."""
        number = bisect_right(self._starts, pts_s + 5e-4) - 1
        if number < 0 or pts_s >= self._cues[number].end_s - 5e-4 or not self._layout_of(number).words:
            return None
        cue = self._cues[number]
        active = _word_at(cue.words, pts_s) if self._look.active else None
        placed = self._placed_of(number, active, _pop_percent(pts_s - cue.start_s) if self._look.alone else 100)
        return placed if placed.visible else None

    def _lay_out(self, number: int) -> Layout:
        cue = self._cues[number]
        return lay_out(cue, self._look, *self._frame_px, japanese=self._japanese, clear_px=self._clear_px)

    def _draw(self, number: int, active: int | None, percent: int) -> Placed:
        patch, x, y = draw(self._layout_of(number), self._look, self._frame_px, active)
        if percent != 100:
            width, height = patch.size_px
            patch = scaled(patch, percent / 100)
            x, y = x + (width - patch.size_px[0]) // 2, y + (height - patch.size_px[1]) // 2
        return Placed(patch, x, y, *self._frame_px)


def captions_stage(
    width_px: int,
    height_px: int,
    cues: Sequence[Cue],
    style: CaptionStyle,
    *,
    clear_px: int = 0,
    brand: CaptionBrand | None = None,
) -> FrameStage:
    """A stage that blends captions into (height_px, width_px, 3) uint8 frames, or into native planes.

    clear_px: height at the lower edge to keep free. brand: whose colours and letters they take.
    """
    return CaptionsStage((width_px, height_px), cues, branded(LOOKS[style], brand), clear_px)


def _word_at(words: Sequence[TimedWord], pts_s: float) -> int | None:
    """The word that is being said; between two words, the one before."""
    index = bisect_right([word.start_s for word in words], pts_s + 5e-4) - 1
    return index if index >= 0 else None


def _pop_percent(age_s: float) -> int:
    """Size in percent: up from small, a little over, and still."""
    if age_s >= POP_S:
        return 100
    share = max(0.0, age_s / POP_S)
    size = (
        POP_FROM + (POP_OVER - POP_FROM) * share / 0.7
        if share < 0.7
        else POP_OVER - (POP_OVER - 1) * (share - 0.7) / 0.3
    )
    return round(100 * size)


def style_cues(words: Sequence[TimedWord], style: CaptionStyle) -> list[Cue]:
    """Words as this style shows them: in lines, or a few at a time."""
    look = LOOKS[style]
    return cues_of(words, line_chars=look.line_chars, max_lines=look.max_lines)


def shifted(cues: Sequence[Cue], by_s: float) -> list[Cue]:
    """The same captions later (or earlier), as for a part of a longer video."""
    return [
        replace(
            cue,
            start_s=cue.start_s + by_s,
            end_s=cue.end_s + by_s,
            lines=tuple(
                tuple(replace(word, start_s=word.start_s + by_s, end_s=word.end_s + by_s) for word in line)
                for line in cue.lines
            ),
        )
        for cue in cues
    ]
