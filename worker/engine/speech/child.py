"""A voice program in its own process: asked over pipes, with a deadline, kept warm, restarted when it dies.

Voices under the GPL (espeak-ng, Piper) run this way, at arm's length from Lipsmith's own code.
"""

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from worker.engine.failures import EngineFailure, FailureCode

READ_BYTES = 1 << 18
MAX_HEADER_BYTES = 64 << 20


class ChildProcess:
    """One warm child that answers JSON lines with a JSON line and, when it says so, raw bytes.

    Safe to use from several threads: requests queue at a lock. The child ends when its stdin closes, so it never
    outlives its owner.
    """

    def __init__(self, program: Path, arguments: Sequence[str] = ()) -> None:
        # -P: the folder of the program must not become importable for it.
        self._command = [sys.executable, "-P", str(program), *arguments]
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner_pid = 0
        self._unread = bytearray()

    def ask(self, request: dict[str, object], timeout_s: float) -> tuple[dict[str, object], bytes]:
        """The child's answer: (header, payload).

        Raises:
            EngineFailure: TIMED_OUT when the child is too slow, ENGINE_CRASHED when it dies twice on one request.
        """
        with self._lock:
            for attempt in (1, 2):
                try:
                    return self._exchange(request, time.monotonic() + timeout_s)
                except (BrokenPipeError, EOFError):
                    # A warm child may have been killed since the last request: one fresh start is fair.
                    self.close()
                    if attempt == 2:
                        raise EngineFailure(FailureCode.ENGINE_CRASHED, part="voice") from None
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Ends the child, if any. A later `ask` starts a new one."""
        process, self._process, self._unread = self._process, None, bytearray()
        if process is None or self._owner_pid != os.getpid():
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def _exchange(self, request: dict[str, object], deadline_s: float) -> tuple[dict[str, object], bytes]:
        process = self._running()
        assert process.stdin is not None
        process.stdin.write(json.dumps(request, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        process.stdin.flush()
        line = self._read_line(process, deadline_s)
        header = json.loads(line)
        payload = self._read_exactly(process, int(header.get("pcm_bytes", 0)), deadline_s)
        return header, payload

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is not None and self._owner_pid == os.getpid() and self._process.poll() is None:
            return self._process
        self.close()
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._owner_pid = os.getpid()
        return self._process

    def _fill(self, process: "subprocess.Popen[bytes]", deadline_s: float) -> None:
        assert process.stdout is not None
        wait_s = deadline_s - time.monotonic()
        ready = select.select([process.stdout], [], [], max(0.0, wait_s))[0] if wait_s > 0 else []
        if not ready:
            self.close()  # it is still working on an answer nobody wants: the next request gets a fresh child
            raise EngineFailure(FailureCode.TIMED_OUT, part="voice")
        chunk = os.read(process.stdout.fileno(), READ_BYTES)
        if not chunk:
            raise EOFError
        self._unread += chunk

    def _read_line(self, process: "subprocess.Popen[bytes]", deadline_s: float) -> bytes:
        searched = 0
        while (end := self._unread.find(b"\n", searched)) < 0:
            searched = len(self._unread)
            if searched > MAX_HEADER_BYTES:
                raise EOFError
            self._fill(process, deadline_s)
        line = bytes(self._unread[:end])
        del self._unread[: end + 1]
        return line

    def _read_exactly(self, process: "subprocess.Popen[bytes]", count: int, deadline_s: float) -> bytes:
        while len(self._unread) < count:
            self._fill(process, deadline_s)
        payload = bytes(self._unread[:count])
        del self._unread[:count]
        return payload
