"""Hooks for one part of a job."""

from dataclasses import replace

from worker.engine.contracts import Hooks, Progress, Stage


class Part:
    """Hooks for one part of a job: its progress takes up the part [start, end] of the whole.

    Fragments go nowhere: they are of another format than what is delivered.
    """

    def __init__(self, hooks: Hooks, start: float, end: float) -> None:
        self._hooks, self._start, self._end = hooks, start, end

    def on_progress(self, progress: Progress) -> None:
        fraction = self._start + progress.fraction * (self._end - self._start)
        self._hooks.on_progress(replace(progress, fraction=fraction, eta_s=None))

    def tell(self, fraction: float) -> None:
        self.on_progress(Progress(Stage.FINISHING, fraction))

    def on_thumbnail(self, jpeg: bytes, pts_s: float) -> None:
        self._hooks.on_thumbnail(jpeg, pts_s)

    def on_fragment(self, number: int, data: bytes) -> None: ...

    def should_stop(self) -> bool:
        return self._hooks.should_stop()
