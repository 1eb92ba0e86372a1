"""Telling the caller how far a job is, and asking whether to go on."""

import io
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import cv2
import numpy as np
from PIL import Image

from worker.engine.contracts import Hooks, Progress, Stage
from worker.engine.failures import EngineFailure, FailureCode

# Where each stage begins on the way from 0 to 1; rendering takes nearly all of the time.
_STARTS = {
    Stage.PREPARING: 0.0,
    Stage.LISTENING: 0.01,
    Stage.LOOKING: 0.08,
    Stage.RENDERING: 0.14,
    Stage.FINISHING: 0.97,
}
_PROGRESS_EVERY_S, _THUMBNAIL_EVERY_S = 0.25, 2.0
_THUMBNAIL_SIDE_PX = 480


@dataclass
class Telling:
    """Tells the caller how far the job is, never backwards, and stops it when asked."""

    hooks: Hooks
    seconds: dict[str, float] = field(default_factory=dict)
    fraction: float = 0.0
    _started: float = 0.0
    _last_told: float = 0.0
    _next_thumbnail_s: float = 0.0
    _fragments: int = 0
    at_s: float | None = None  # of the frame that was finished last
    sentence: int | None = None  # which one is being rendered, counted from 1

    def tell(self, stage: Stage, fraction: float, eta_s: float | None = None) -> None:
        self.fraction = max(self.fraction, min(1.0, fraction))
        self.hooks.on_progress(Progress(stage, self.fraction, eta_s, self.at_s, self.sentence))

    def entered(self, at_s: float, sentence: int | None) -> None:
        """Notes that the rendering has come to this second, and to this sentence."""
        self.at_s, self.sentence = at_s, sentence

    def playable(self, pieces: Sequence[bytes]) -> None:
        """Tells of pieces of the video that can be played by now."""
        for piece in pieces:
            self.hooks.on_fragment(self._fragments, piece)
            self._fragments += 1

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[None]:
        self.check()
        self.tell(stage, _STARTS[stage])
        self._started = self._last_told = started = time.monotonic()
        yield
        self.seconds[stage.value] = self.seconds.get(stage.value, 0.0) + time.monotonic() - started

    def check(self) -> None:
        """Raises CANCELLED when the caller wants no more."""
        if self.hooks.should_stop():
            raise EngineFailure(FailureCode.CANCELLED)

    def listened(self, done: float) -> None:
        """Tells, now and then, how much of the listening (or watching) is done, in [0, 1]."""
        now = time.monotonic()
        if now - self._last_told >= _PROGRESS_EVERY_S:
            reach = _STARTS[Stage.LOOKING] - _STARTS[Stage.LISTENING]
            self.tell(Stage.LISTENING, _STARTS[Stage.LISTENING] + reach * done)
            self._last_told = now

    def rendered(self, rgb: np.ndarray, pts_s: float, done: float) -> None:
        """Tells of a finished frame (H, W, 3), now and then; `done` of all frames, in (0, 1]."""
        self.at_s = pts_s
        if pts_s >= self._next_thumbnail_s:
            self.hooks.on_thumbnail(_jpeg(rgb), pts_s)
            self._next_thumbnail_s = pts_s + _THUMBNAIL_EVERY_S
        self.passed(done)

    def passed(self, done: float) -> None:
        """Tells, now and then, how much of the rendering is done, in (0, 1]."""
        now = time.monotonic()
        if now - self._last_told >= _PROGRESS_EVERY_S:
            reach = _STARTS[Stage.FINISHING] - _STARTS[Stage.RENDERING]
            eta_s = (now - self._started) * (1 - done) / done
            self.tell(Stage.RENDERING, _STARTS[Stage.RENDERING] + reach * done, eta_s)
            self._last_told = now


def _jpeg(rgb: np.ndarray) -> bytes:
    height, width = rgb.shape[:2]
    scale = _THUMBNAIL_SIDE_PX / max(height, width)
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "JPEG", quality=82)
    return stream.getvalue()
