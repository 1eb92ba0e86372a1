"""A frame becomes a thumbnail: brought into a shape around the face, with words over it, and marked as what it is."""

from dataclasses import dataclass

import numpy as np

from worker.compose.camera import Look, Window, plan_camera
from worker.compose.headline import Headline, headline_patch
from worker.compose.marks import (
    LABEL_TEXT,
    MARK_HEIGHT_SHARE,
    Placed,
    label_height_px,
    label_place,
    label_size_px,
    pill_patch,
    wordmark_patch,
)
from worker.compose.reframing import RATIOS, Fill, draw_window
from worker.engine.contracts import Aspect, FaceBox, Span
from worker.engine.failures import EngineFailure, FailureCode

SHORT_SIDES_PX = (720, 1080)  # of a picture: what platforms ask for at least, and show at most


@dataclass(frozen=True)
class Design:
    """How a thumbnail looks. `shape`: of contracts.Aspect. `is_marked`: it is of a video with the watermark, and says
    so itself. `label_corner`: where the video's "AI-generated" label is; None where it has none.
    """

    shape: str = "source"
    headline: Headline | None = None
    is_marked: bool = False
    label_corner: str | None = None

    def __post_init__(self) -> None:
        allowed = [one.value for one in Aspect]
        if self.shape not in allowed:
            value = str(self.shape)[:32]
            raise EngineFailure(FailureCode.OPTION_INVALID, option="shape", value=value, allowed=allowed)


class Dressing:
    """Dresses frames of one size, all alike: (H, W, 3) uint8 → (height_px, width_px, 3) uint8."""

    def __init__(
        self, frame_px: tuple[int, int], design: Design, face: FaceBox | None, *, width_px: int | None = None
    ) -> None:
        """frame_px: width and height. face: in the frame's pixels. width_px: of what comes out; None: large."""
        self._window = _window(frame_px, design.shape, face)
        self.size_px = _size(self._window, width_px)
        self._placed: list[Placed] = []
        width, height = self.size_px
        scale = width / self._window.width
        label_y = self._place_label(frame_px, design.label_corner, scale)
        words = None
        if design.headline is not None:
            words = headline_patch(design.headline, width, height, self._seen(face, scale), clear_px=height - label_y)
        if words is not None:
            self._place(*words)
        if design.is_marked:
            self._place_mark(above=words is None or words[2] > height / 2)
        if self._late is not None:  # over the words, to stay readable
            self._place(*self._late)

    def __call__(self, rgb: np.ndarray) -> np.ndarray:
        dressed = np.ascontiguousarray(draw_window(rgb, self._window, self.size_px, Fill.BLUR))
        for placed in self._placed:
            placed.blend(dressed)
        return dressed

    def _place(self, patch: object, x: int, y: int) -> None:
        placed = Placed(patch, x, y, *self.size_px)  # type: ignore[arg-type]
        if placed.visible:
            self._placed.append(placed)

    def _place_label(self, frame_px: tuple[int, int], corner: str | None, scale: float) -> int:
        """Draws the label anew where the shape cuts the video's own off. Returns where words must end, in px."""
        self._late = None
        width, height = self.size_px
        if corner is None:
            return height
        own = pill_patch(LABEL_TEXT, label_size_px(*frame_px))
        x, y = label_place(*frame_px, own.size_px, corner)
        seen_x, seen_y = (x - self._window.x0) * scale, (y - self._window.y0) * scale
        far_x, far_y = seen_x + own.size_px[0] * scale, seen_y + own.size_px[1] * scale
        gap = round(0.02 * height)
        if min(seen_x, seen_y) >= -1 and far_x <= width + 1 and far_y <= height + 1:
            return int(seen_y) - gap if corner.startswith("bottom") else height
        patch = pill_patch(LABEL_TEXT, label_size_px(width, height))
        self._late = (patch, *label_place(width, height, patch.size_px, corner))
        return height - label_height_px(width, height, corner) - gap

    def _place_mark(self, *, above: bool) -> None:
        """One wordmark opposite of the words, whatever they and the shape leave of the video's own."""
        width, height = self.size_px
        short = min(width, height)
        patch = wordmark_patch(max(9, round(short * MARK_HEIGHT_SHARE)))
        margin = round(0.03 * short)
        w, h = patch.size_px
        self._place(patch, width - w - margin, margin if above else height - h - margin)

    def _seen(self, face: FaceBox | None, scale: float) -> FaceBox | None:
        if face is None:
            return None
        x, y = self._window.x0, self._window.y0
        edges = ((face.x0 - x), (face.y0 - y), (face.x1 - x), (face.y1 - y))
        return FaceBox(*(edge * scale for edge in edges), face.score)


def _window(frame_px: tuple[int, int], shape: str, face: FaceBox | None) -> Window:
    ratio = RATIOS.get(Aspect(shape))
    if ratio is None:
        return Window(0.0, 0.0, float(frame_px[0]), float(frame_px[1]))
    look = Look(0.0, (face,) if face is not None else ())
    return plan_camera([look], [Span(0.0, 1.0)], frame_px, float(ratio)).window_at(0.0)


def _size(window: Window, width_px: int | None) -> tuple[int, int]:
    """As large as the frame is, within what platforms want: words stay sharp on a small video too."""
    scale = (width_px / window.width) if width_px else 1.0
    if width_px is None:
        short = min(window.width, window.height)
        scale = float(np.clip(short, *SHORT_SIDES_PX)) / short
    return tuple(max(2, round(side * scale / 2) * 2) for side in (window.width, window.height))  # type: ignore[return-value]
