"""One worker's hold on one job while it works: heartbeats, progress, and the reasons to stop."""

import contextvars
import logging
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

from worker.engine.contracts import Progress, Stage

logger = logging.getLogger(__name__)

HEARTBEAT_INTERVAL_S = 5.0
LOOK_INTERVAL_S = 0.4
PUBLISH_INTERVAL_S = 0.25  # at most four messages a second


class StopReason(StrEnum):
    CANCELLED = "cancelled"  # the creator asked for it
    LOST = "lost"  # the job belongs to somebody else by now, or is gone
    SHUTDOWN = "shutdown"  # this worker is asked to end
    GIVES_WAY = "gives_way"  # nobody waits for this job, but somebody for another


class JobDesk(Protocol):
    """What a lease needs from the site; raises nothing (a site that is away for a moment is not the job's failure)."""

    def heartbeat(self, progress: Progress) -> bool: ...
    def is_cancel_wanted(self) -> bool: ...
    def publish(self, progress: Progress) -> None: ...
    def keep_thumbnail(self, jpeg: bytes) -> None: ...
    def keep_fragment(self, number: int, data: bytes) -> None: ...
    def close(self) -> None: ...


class Lease:
    """Context manager around the work on one job; also the `Hooks` that the engine calls.

    A thread says "still at it" every few seconds, looks several times a second whether somebody wants the job to end
    (the engine sees that through `should_stop`), and tells the last progress before a quiet while.
    """

    def __init__(
        self,
        desk: JobDesk,
        *,
        is_shutting_down: Callable[[], bool],
        heartbeat_interval_s: float = HEARTBEAT_INTERVAL_S,
    ) -> None:
        self._desk = desk
        self._is_shutting_down = is_shutting_down
        self._heartbeat_interval_s = heartbeat_interval_s
        self._lock = threading.Lock()
        self._progress = Progress(Stage.PREPARING, 0.0)
        self._is_untold = False
        self._told_at = float("-inf")
        self._done = threading.Event()
        self.stop_reason: StopReason | None = None
        context = contextvars.copy_context()  # so that its log lines carry the job's id as well
        self._thread = threading.Thread(target=context.run, args=(self._keep,), name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def on_progress(self, progress: Progress) -> None:
        with self._lock:
            fraction = max(self._progress.fraction, min(max(progress.fraction, 0.0), 1.0))
            self._progress = Progress(progress.stage, fraction, progress.eta_s)
            self._is_untold = True
        self._tell()

    def on_thumbnail(self, jpeg: bytes, pts_s: float) -> None:
        self._desk.keep_thumbnail(jpeg)
        self._is_untold = True

    def on_fragment(self, number: int, data: bytes) -> None:
        self._desk.keep_fragment(number, data)
        with self._lock:
            self._is_untold = True
            if number == 1:  # the first picture: whoever waits for it should not wait longer
                self._told_at = float("-inf")
        self._tell()

    def give_way(self) -> None:
        """End the work on this job, to begin it anew later."""
        if self.stop_reason is None:
            self.stop_reason = StopReason.GIVES_WAY

    def should_stop(self) -> bool:
        return self.stop_reason is not None

    def _tell(self) -> None:
        """Publish what is new, but not too often."""
        with self._lock:
            now = time.monotonic()
            if not self._is_untold or now - self._told_at < PUBLISH_INTERVAL_S:
                return
            self._is_untold = False
            self._told_at = now
            progress = self._progress
        self._desk.publish(progress)

    def _keep(self) -> None:
        beat_at = time.monotonic()
        try:
            while not self._done.wait(LOOK_INTERVAL_S):
                self._tell()
                if self.stop_reason is None:
                    self.stop_reason = self._reason_to_stop()
                if time.monotonic() - beat_at >= self._heartbeat_interval_s:
                    beat_at = time.monotonic()
                    if not self._desk.heartbeat(self._progress):
                        self.stop_reason = StopReason.LOST
        finally:
            self._desk.close()

    def _reason_to_stop(self) -> StopReason | None:
        if self._is_shutting_down():
            return StopReason.SHUTDOWN
        return StopReason.CANCELLED if self._desk.is_cancel_wanted() else None
