"""Hooks for one part of a job."""

from dataclasses import replace

from worker.engine.contracts import Hooks, Progress, Stage


class Part:
    """Hooks for one part of a job: its progress takes up the part [start, end] of the whole.

    Fragments go nowhere unless `is_live`: they are of another format than what is delivered.
    """

    def __init__(self, hooks: Hooks, start: float, end: float, *, is_live: bool = False) -> None:
        self._hooks, self._start, self._end, self._is_live = hooks, start, end, is_live

    def on_progress(self, progress: Progress) -> None:
        fraction = self._start + progress.fraction * (self._end - self._start)
        eta_s = progress.eta_s if self._end >= 1.0 else None  # known where nothing comes after it
        self._hooks.on_progress(replace(progress, fraction=fraction, eta_s=eta_s))

    def tell(self, fraction: float) -> None:
        self.on_progress(Progress(Stage.FINISHING, fraction))

    def on_thumbnail(self, jpeg: bytes, pts_s: float) -> None:
        self._hooks.on_thumbnail(jpeg, pts_s)

    def on_fragment(self, number: int, data: bytes) -> None:
        if self._is_live:
            self._hooks.on_fragment(number, data)

    def should_stop(self) -> bool:
        return self._hooks.should_stop()
