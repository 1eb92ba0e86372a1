"""One supervised process: started, watched, restarted with patience, ended."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

RESTART_DELAY_S = 0.5
RESTART_DELAY_MAX_S = 15.0
HEALTHY_AFTER_S = 30.0  # a process that lived this long starts again without delay

_PR_SET_PDEATHSIG = 1
# Looked up before any fork: between fork and exec nothing may be loaded.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class ChildSpec:
    """What to run. `is_ready` gets the process id; it must answer within a second or two."""

    name: str
    command: Sequence[str]
    is_ready: Callable[[int], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: int = signal.SIGTERM
    hint: str = ""  # where to look when it ends by itself


class Child:
    """A process that is kept alive until `stop`.

    The kernel ends it when this process ends, however that happens. That wish is tied to the *thread* that starts it,
    so `tend` must always be called from the main thread.
    """

    def __init__(self, spec: ChildSpec, *, cwd: Path, tell: Callable[[str, str], None]) -> None:
        self.spec = spec
        self._cwd = cwd
        self._tell = tell
        self._process: subprocess.Popen[str] | None = None
        self._started_at = 0.0
        self._start_at = 0.0
        self._delay_s = RESTART_DELAY_S
        self.is_ready = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def tend(self) -> None:
        """Start it when it is due, notice its end, ask whether it is ready."""
        if self._process is None:
            if time.monotonic() >= self._start_at:
                self._start()
        elif self._process.poll() is not None:
            self._note_end(self._process.returncode)
        elif not self.is_ready:
            self.is_ready = self.spec.is_ready(self._process.pid)

    def _start(self) -> None:
        parent = os.getpid()

        def in_child() -> None:
            os.setsid()  # Ctrl-C is for the supervisor, which ends the others in order
            if _LIBC is not None:
                _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:
                os._exit(1)

        self._process = subprocess.Popen(
            self.spec.command,
            cwd=self._cwd,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self.spec.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            preexec_fn=in_child,
        )
        self._started_at = time.monotonic()
        self.is_ready = False
        assert self._process.stdout is not None
        threading.Thread(target=self._forward, args=(self._process.stdout,), daemon=True).start()

    def _forward(self, lines: IO[str]) -> None:
        with lines:
            for line in lines:
                if line.strip():
                    self._tell(self.spec.name, line.rstrip())

    def _note_end(self, status: int) -> None:
        lived_s = time.monotonic() - self._started_at
        if lived_s > HEALTHY_AFTER_S:
            self._delay_s = RESTART_DELAY_S
        how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        hint = f" ({self.spec.hint})" if self.spec.hint else ""
        self._tell(self.spec.name, f"{how} after {lived_s:.0f} s{hint}; starting it again in {self._delay_s:.1f} s")
        self._process = None
        self.is_ready = False
        self._start_at = time.monotonic() + self._delay_s
        self._delay_s = min(self._delay_s * 2, RESTART_DELAY_MAX_S)

    def ask_to_stop(self) -> None:
        if self.is_alive():
            assert self._process is not None
            self._process.send_signal(self.spec.stop_signal)

    def wait_until(self, deadline: float) -> None:
        """Wait for its end until `deadline` (monotonic), then end it by force."""
        if self._process is None:
            return
        try:
            self._process.wait(timeout=max(deadline - time.monotonic(), 0.0))
        except subprocess.TimeoutExpired:
            self._tell(self.spec.name, "does not end by itself; ending it by force")
            self._process.kill()
            self._process.wait()
        self._process = None
        self.is_ready = False
