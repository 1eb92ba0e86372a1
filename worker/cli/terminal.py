"""What a command may say, and where: JSON on stdout, failures on stderr, and nothing from native libraries anywhere."""

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol, TextIO

from worker.engine.failures import EngineFailure

EXIT_OK = 0
EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130


class Describe(Protocol):
    """Code and facts → a sentence for people."""

    def __call__(self, code: str, detail: Mapping[str, object] | None = None) -> str: ...


class Terminal:
    """The two streams a command writes to.

    out, err: the real stdout and stderr, whatever the file descriptors 1 and 2 point to meanwhile.
    describe_failure, describe_warning: sentences for codes.
    """

    def __init__(self, out: TextIO, err: TextIO, describe_failure: Describe, describe_warning: Describe) -> None:
        self.out = out
        self.err = err
        self.interrupted = (
            False  # set by whoever hears the signal; `KeyboardInterrupt` alone may get lost in a callback
        )
        self._describe_failure = describe_failure
        self._describe_warning = describe_warning

    def emit(self, message: Mapping[str, object]) -> None:
        """One JSON object on a line of its own on stdout."""
        self.out.write(json.dumps(message, ensure_ascii=False, default=str) + "\n")
        self.out.flush()

    def fail(self, code: str, *, at_s: float | None, detail: Mapping[str, object]) -> int:
        """One JSON line on stderr; returns the exit code for bad input."""
        line = {"code": code, "message": self._describe_failure(code, detail), "at_s": at_s, "detail": dict(detail)}
        self.err.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
        self.err.flush()
        return EXIT_BAD_INPUT

    def fail_with(self, failure: EngineFailure) -> int:
        return self.fail(failure.code.value, at_s=failure.at_s, detail=failure.detail)

    def with_messages(self, report: dict[str, object]) -> dict[str, object]:
        """A preflight report in which every problem and warning also has its sentence as `message`."""

        def told(entry: object, describe: Callable[..., str]) -> object:
            if not isinstance(entry, dict):
                return entry
            return {**entry, "message": describe(str(entry["code"]), entry["detail"])}

        told_report = dict(report)
        for key, describe in (("problems", self._describe_failure), ("warnings", self._describe_warning)):
            entries = report.get(key)
            if isinstance(entries, list):
                told_report[key] = [told(entry, describe) for entry in entries]
        return told_report

    def status(self, text: str) -> None:
        """A line that replaces itself, for people who watch."""
        self.err.write(f"\r\033[K{text}")
        self.err.flush()


@contextlib.contextmanager
def quiet_streams(*, keep_stderr: bool = False) -> Iterator[tuple[TextIO, TextIO]]:
    """The real stdout and stderr, while descriptors 1 and 2 lead nowhere.

    MediaPipe, FFmpeg and their kin write to the descriptors themselves, past Python and past every setting.
    `keep_stderr` leaves descriptor 2 alone, for looking at exactly those lines.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    real = [os.dup(1), os.dup(2)]
    void = os.open(os.devnull, os.O_WRONLY)
    out = os.fdopen(os.dup(real[0]), "w", encoding="utf-8", errors="replace")
    err = os.fdopen(os.dup(real[1]), "w", encoding="utf-8", errors="replace")
    try:
        os.dup2(void, 1)
        if not keep_stderr:
            os.dup2(void, 2)
        with out, err:
            yield out, err
    finally:
        os.dup2(real[0], 1)
        os.dup2(real[1], 2)
        for descriptor in (*real, void):
            os.close(descriptor)
