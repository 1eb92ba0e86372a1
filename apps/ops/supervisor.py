"""Keeps the whole product running on one machine: Redis, web, workers and the clock."""

import contextlib
import fcntl
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from apps.ops.children import Child, ChildSpec

TICK_S = 0.2
STOP_MAX_S = 12.0
REDIS_STOP_MAX_S = 4.0
REMIND_AFTER_S = 45.0


class AlreadyRunningError(Exception):
    """Raised when another supervisor uses the same data folder."""


@contextlib.contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Two supervisors must not share a data folder: they would share its Redis and fight over it."""
    with (data_dir / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError from None
        lock.seek(0)
        lock.truncate()
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


class Supervisor:
    """Starts `first` and waits for it, then `others`; stops them in the opposite order.

    Args:
        first: what everything else needs (the embedded Redis), or None when that runs elsewhere.
        ready_line: printed once, when everything answers.
    """

    def __init__(self, first: ChildSpec | None, others: Sequence[ChildSpec], *, cwd: Path, ready_line: str) -> None:
        self._width = max(len(spec.name) for spec in [*others, *([first] if first else [])])
        self._print_lock = threading.Lock()
        self._stop = threading.Event()
        self._ready_line = ready_line
        self._first = Child(first, cwd=cwd, tell=self.tell) if first else None
        self._others = [Child(spec, cwd=cwd, tell=self.tell) for spec in others]

    def tell(self, name: str, line: str) -> None:
        """One line of output, with who says it in front."""
        with self._print_lock, contextlib.suppress(BrokenPipeError, ValueError):
            sys.stdout.write(f"{name:<{self._width}} | {line}\n")
            sys.stdout.flush()

    def run(self) -> None:
        """Keep everything alive until SIGINT, SIGTERM or SIGHUP."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        started_at, is_told, remind_at = time.monotonic(), False, time.monotonic() + REMIND_AFTER_S
        try:
            while not self._stop.is_set():
                self._tend()
                waiting = self._waiting_for()
                if not is_told and not waiting:
                    is_told = True
                    self.tell("up", f"everything answers after {time.monotonic() - started_at:.1f} s")
                    self._say(self._ready_line)
                elif waiting and not is_told and time.monotonic() > remind_at:
                    remind_at = time.monotonic() + REMIND_AFTER_S
                    self.tell("up", f"still waiting for {', '.join(waiting)}; their lines above say why")
                self._stop.wait(TICK_S)
        finally:
            self._shut_down()

    def _say(self, line: str) -> None:
        with self._print_lock:
            sys.stdout.write(f"\n{line}\n\n")
            sys.stdout.flush()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stop.set()

    def _tend(self) -> None:
        if self._first is not None:
            self._first.tend()
            if not self._first.is_ready:  # the others would only stumble; those that run already wait by themselves
                for child in self._others:
                    if child.is_alive():
                        child.tend()
                return
        for child in self._others:
            child.tend()

    def _waiting_for(self) -> list[str]:
        children = [*([self._first] if self._first else []), *self._others]
        return [child.spec.name for child in children if not child.is_ready]

    def _shut_down(self) -> None:
        self.tell("up", "stopping; running jobs go back to the queue")
        for child in self._others:
            child.ask_to_stop()
        deadline = time.monotonic() + STOP_MAX_S
        for child in self._others:
            child.wait_until(deadline)
        if self._first is not None:
            self._first.ask_to_stop()
            self._first.wait_until(time.monotonic() + REDIS_STOP_MAX_S)
        self.tell("up", "stopped")
