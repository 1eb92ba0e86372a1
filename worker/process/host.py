"""One warm engine process per worker: started once, watched, ended when it hangs, crashes or must stop.

Loading torch, mediapipe, cv2 and av costs seconds and hundreds of megabytes, so it is never done per job; and whatever
happens inside - an endless loop, a segmentation fault in a native library, too much memory - ends this child alone.
"""

import contextlib
import itertools
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe
from pathlib import Path

from worker.engine.contracts import Hooks, Progress, Stage
from worker.engine.failures import EngineFailure, FailureCode
from worker.process.lifelines import resident_bytes
from worker.process.messages import Advanced, Call, Failed, Playable, Ready, Returned, Stop, Thumbnail

logger = logging.getLogger(__name__)

POLL_S = 0.05
MEMORY_CHECK_S = 0.25

# How long a stage may say nothing before it counts as hung. Generous: other programs may want the processor too.
SILENCE_MAX_S: Mapping[Stage, float] = {
    Stage.PREPARING: 120.0,
    Stage.LISTENING: 180.0,
    Stage.LOOKING: 120.0,
    Stage.RENDERING: 60.0,
    Stage.FINISHING: 120.0,
}


_NOT_IN_THE_VIDEO = frozenset({FailureCode.CANCELLED, FailureCode.OPTION_INVALID})


@dataclass(frozen=True)
class EngineLimits:
    """What one engine process may use, and how long it may be silent, per stage."""

    memory_bytes: int = 4 * 1024**3
    nice: int = 0
    start_max_s: float = 180.0
    stop_grace_s: float = 0.9  # a stop is honoured within a second, by the engine itself or by ending it
    silence_max_s: Mapping[Stage, float] = field(default_factory=lambda: dict(SILENCE_MAX_S))


class _Watch:
    """When a call must be ended, and why."""

    def __init__(self, limits: EngineLimits, pid: int) -> None:
        self._limits = limits
        self._pid = pid
        self._stage = Stage.PREPARING
        self._heard_at = time.monotonic()
        self._memory_at = 0.0
        self._reached: Progress | None = None
        self.stop_sent_at: float | None = None

    def heard(self, progress: Progress | None = None) -> None:
        self._heard_at = time.monotonic()
        if progress is not None:
            self._stage, self._reached = progress.stage, progress

    def placed(self, failure: EngineFailure) -> EngineFailure:
        """The failure with the second and the sentence that were being made, where it does not say so itself."""
        reached = self._reached
        if reached is None or reached.at_s is None or failure.code in _NOT_IN_THE_VIDEO or failure.at_s is not None:
            return failure
        sentence = {} if reached.sentence is None else {"sentence": reached.sentence}
        return EngineFailure(failure.code, at_s=reached.at_s, **(sentence | failure.detail))

    def verdict(self) -> EngineFailure | None:
        """The failure for which the child has to be killed now, if any."""
        now = time.monotonic()
        if self.stop_sent_at is not None and now - self.stop_sent_at > self._limits.stop_grace_s:
            return EngineFailure(FailureCode.CANCELLED)
        if now - self._heard_at > self._limits.silence_max_s.get(self._stage, 120.0):
            return EngineFailure(FailureCode.TIMED_OUT, stage=self._stage.value)
        if now - self._memory_at > MEMORY_CHECK_S:
            self._memory_at = now
            used = resident_bytes(self._pid)
            if used > self._limits.memory_bytes:
                return EngineFailure(FailureCode.OUT_OF_MEMORY, used_mb=used // 2**20)
        return None


class EngineProcess:
    """The worker's end of the pipe. One call at a time; not for use from two threads at once.

    Args:
        operations: module whose `OPERATIONS` the child serves and whose `warm_up()` loads everything heavy.
        scratch_dir: where the child's temporary files go.
    """

    def __init__(
        self, operations: str = "worker.process.operations", *, limits: EngineLimits, scratch_dir: Path | None = None
    ) -> None:
        self._operations = operations
        self._limits = limits
        self._scratch_dir = scratch_dir
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._is_warm = False
        self._started_at = 0.0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, should_stop: Callable[[], bool] = lambda: False) -> None:
        """Start the child and wait until it is warm; does nothing when it is.

        Raises EngineFailure: ENGINE_CRASHED, TIMED_OUT; CANCELLED when `should_stop` says so, and the child goes on
        warming up for the next call.
        """
        if not self.is_running():
            self.close()
            self._spawn()
        if not self._is_warm:
            self._await_ready(should_stop)

    def _spawn(self) -> None:
        ours, theirs = Pipe()
        environment = dict(os.environ)
        if self._scratch_dir is not None:
            shutil.rmtree(self._scratch_dir, ignore_errors=True)  # what a killed child left behind
            self._scratch_dir.mkdir(mode=0o700, parents=True)
            environment["TMPDIR"] = str(self._scratch_dir)
        command = [sys.executable, "-m", "worker.process.child"]
        command += ["--connection", str(theirs.fileno()), "--parent", str(os.getpid())]
        command += ["--operations", self._operations, "--nice", str(self._limits.nice)]
        command += ["--data-limit-bytes", str(4 * self._limits.memory_bytes)]
        self._is_warm = False
        self._started_at = time.monotonic()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            env=environment,
            start_new_session=True,  # so that it can be ended together with what it started
        )
        theirs.close()
        self._connection = ours

    def _await_ready(self, should_stop: Callable[[], bool]) -> None:
        assert self._connection is not None and self._process is not None
        while time.monotonic() - self._started_at < self._limits.start_max_s:
            if should_stop():
                raise EngineFailure(FailureCode.CANCELLED)
            try:
                if self._connection.poll(POLL_S):
                    assert isinstance(self._connection.recv(), Ready)
                    self._is_warm = True
                    warm_after_s = time.monotonic() - self._started_at
                    logger.info("engine is warm after %.1f s (pid %d)", warm_after_s, self._process.pid)
                    return
            except (EOFError, OSError):
                raise self._crash() from None
        self.kill()
        raise EngineFailure(FailureCode.TIMED_OUT, stage="starting")

    def call(self, operation: str, request: object, hooks: Hooks, *, label: str = "") -> object:
        """Have the child do `operation`; returns what it returns.

        Raises EngineFailure: the operation's own, or CANCELLED, TIMED_OUT, OUT_OF_MEMORY, ENGINE_CRASHED after the
        child was ended or ended itself; the next call then starts a new one.
        """
        self.start(hooks.should_stop)
        if hooks.should_stop():  # before anything is begun, so that nothing has to be ended
            raise EngineFailure(FailureCode.CANCELLED)
        assert self._connection is not None and self._process is not None
        call = Call(next(self._numbers), operation, request, label)
        watch = _Watch(self._limits, self._process.pid)
        try:
            self._connection.send(call)
            while True:
                answer = self._next_message(call, watch, hooks)
                if isinstance(answer, Returned):
                    return answer.result
                if isinstance(answer, Failed):
                    raise watch.placed(answer.failure)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            if watch.stop_sent_at is not None:
                self.kill()
                raise EngineFailure(FailureCode.CANCELLED) from None
            raise watch.placed(self._crash()) from None

    def _next_message(self, call: Call, watch: _Watch, hooks: Hooks) -> object:
        """Wait a moment, pass on what the child says, and look after it."""
        assert self._connection is not None
        message = self._connection.recv() if self._connection.poll(POLL_S) else None
        if getattr(message, "number", None) == call.number:
            if isinstance(message, Advanced):
                watch.heard(message.progress)
                hooks.on_progress(message.progress)
            elif isinstance(message, Thumbnail):
                watch.heard()
                hooks.on_thumbnail(message.jpeg, message.pts_s)
            elif isinstance(message, Playable):
                watch.heard()
                hooks.on_fragment(message.index, message.data)
            else:
                return message
        if watch.stop_sent_at is None and hooks.should_stop():
            self._connection.send(Stop(call.number))
            watch.stop_sent_at = time.monotonic()
        failure = watch.verdict()
        if failure is not None:
            logger.warning("ending the engine process: %s", failure)
            self.kill()
            raise watch.placed(failure)
        return None

    def _crash(self) -> EngineFailure:
        """The child is gone, nobody asked it to: say how."""
        assert self._process is not None
        try:
            status = self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            status = None
        self.kill()
        name = signal.Signals(-status).name if status is not None and status < 0 else f"exit {status}"
        logger.error("the engine process ended by itself: %s", name)
        return EngineFailure(FailureCode.ENGINE_CRASHED, ended_by=name)

    def kill(self) -> None:
        """End the child, with everything it started, now."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self.close()

    def close(self) -> None:
        """Hang up; the child ends itself when it is idle or busy alike."""
        if self._connection is not None:
            self._connection.close()
        if self._process is not None and self._process.poll() is None:
            try:
                self._process.wait(timeout=2)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
        self._connection = None
        self._process = None
