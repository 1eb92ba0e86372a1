"""How far a dub is: looking at the clip takes about as long as rendering it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from worker.engine.contracts import Stage
from worker.engine.media.planes import NativePicture
from worker.engine.telling import Telling

_STARTS = {
    Stage.PREPARING: 0.0,
    Stage.LOOKING: 0.02,
    Stage.LISTENING: 0.46,
    Stage.RENDERING: 0.50,
    Stage.FINISHING: 0.98,
}
_TOLD_EVERY_S, _PICTURE_EVERY_S = 0.25, 2.0
_PICTURE_SIDE_PX = 480


class DubTelling(Telling):
    """Tells of a dub, with shares of its own."""

    _began_s = 0.0
    _told_s = 0.0
    _next_picture_s = 0.0

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[None]:
        self.check()
        self.tell(stage, _STARTS[stage])
        self._began_s = self._told_s = time.monotonic()
        began = self._began_s
        yield
        self.seconds[stage.value] = self.seconds.get(stage.value, 0.0) + time.monotonic() - began

    def looked(self, share: float) -> None:
        """Tells, now and then, how much of the clip has been seen, in [0, 1]."""
        self._pass(Stage.LOOKING, Stage.LISTENING, share, None)

    def dubbed(self, picture: NativePicture, pts_s: float, done: float) -> None:
        """Tells of a finished frame, now and then; `done` of all frames, in (0, 1]."""
        self.at_s = pts_s
        if pts_s >= self._next_picture_s:
            self.hooks.on_thumbnail(_jpeg(picture.rgb(_PICTURE_SIDE_PX)), pts_s)
            self._next_picture_s = pts_s + _PICTURE_EVERY_S
        eta_s = (time.monotonic() - self._began_s) * (1 - done) / done
        self._pass(Stage.RENDERING, Stage.FINISHING, done, eta_s)

    def _pass(self, stage: Stage, following: Stage, share: float, eta_s: float | None) -> None:
        now = time.monotonic()
        if now - self._told_s >= _TOLD_EVERY_S:
            self.tell(stage, _STARTS[stage] + (_STARTS[following] - _STARTS[stage]) * share, eta_s)
            self._told_s = now


def _jpeg(rgb: np.ndarray) -> bytes:
    import cv2

    _, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 82])
    return data.tobytes()
