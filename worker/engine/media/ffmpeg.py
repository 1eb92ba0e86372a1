"""The only door to the ffmpeg binary (GPL, so always a process of its own): argument lists, time limits, kept logs."""

import contextlib
import functools
import logging
import os
import select
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import IO

from worker.engine.failures import EngineFailure, FailureCode

log = logging.getLogger(__name__)

# ffmpeg exits with the low byte of its error number: -ENOSPC (28) reads as 228, -EDQUOT (122) as 134.
_EXIT_DISK_FULL = frozenset({228, 134})
_LOG_TAIL_BYTES = 4000
_NEARLY_FULL_BYTES = 1 << 20


@functools.cache
def ffmpeg_binary() -> str:
    """Path of the ffmpeg program that came with the dependencies (or the machine's own, where the wheel has none)."""
    import imageio_ffmpeg

    return imageio_ffmpeg.get_ffmpeg_exe()


def base_arguments() -> list[str]:
    """What every call starts with: no questions, no banner, errors only."""
    return [ffmpeg_binary(), "-hide_banner", "-nostdin", "-loglevel", "error", "-y"]


def run_ffmpeg(args: list[str], timeout_s: float) -> None:
    """Run ffmpeg with `args` (without the program's name) to its end.

    Raises:
        EngineFailure: TIMED_OUT, DISK_FULL, or ENCODER_FAILED. What ffmpeg said is in the log, not in the failure.
    """
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [*base_arguments(), *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors
        )
        try:
            exit_code = await_exit(process, timeout_s)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if exit_code != 0:
            raise failure_of(exit_code, errors, output=Path(args[-1]) if args else None)


def await_exit(process: subprocess.Popen[bytes], limit_s: float) -> int:
    """The exit code, as soon as there is one: `Popen.wait` with a limit only looks every 50 ms.

    Raises:
        EngineFailure: TIMED_OUT.
    """
    if process.poll() is not None:
        return process.returncode
    with contextlib.suppress(AttributeError, OSError):  # not every system has it
        ending = os.pidfd_open(process.pid)
        try:
            waiting = select.poll()
            waiting.register(ending, select.POLLIN)
            waiting.poll(1000 * limit_s)
            is_over = process.poll() is not None
        finally:
            os.close(ending)
        if not is_over:
            raise EngineFailure(FailureCode.TIMED_OUT, limit_s=limit_s)
    try:
        return process.wait(limit_s)
    except subprocess.TimeoutExpired as error:
        raise EngineFailure(FailureCode.TIMED_OUT, limit_s=limit_s) from error


def start_ffmpeg(
    args: list[str],
    *,
    errors: IO[bytes],
    pass_fds: tuple[int, ...] = (),
    folder: Path | None = None,
    reads_output: bool = False,
) -> subprocess.Popen[bytes]:
    """Start ffmpeg reading its first input from a pipe (`pipe:0`); the caller writes, closes and waits.

    folder: where relative names lie. reads_output: the caller reads what it writes to `pipe:1`.

    It gets a session of its own, so that Ctrl-C in a terminal reaches us first and the half-written file is removed.
    """
    return subprocess.Popen(
        [*base_arguments(), *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE if reads_output else subprocess.DEVNULL,
        stderr=errors,
        bufsize=0,
        pass_fds=pass_fds,
        cwd=folder,
        start_new_session=True,
    )


def failure_of(exit_code: int, errors: IO[bytes], *, output: Path | None) -> EngineFailure:
    """The failure that an exit code means; ffmpeg's own words go to the log."""
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, size - _LOG_TAIL_BYTES))
    log.error("ffmpeg ended with %d: %s", exit_code, errors.read().decode("utf-8", "replace").strip())
    if exit_code in _EXIT_DISK_FULL or (output is not None and _disk_is_full(output)):
        return EngineFailure(FailureCode.DISK_FULL)
    return EngineFailure(FailureCode.ENCODER_FAILED, exit_code=exit_code)


def _disk_is_full(output: Path) -> bool:
    try:
        return shutil.disk_usage(output.parent).free < _NEARLY_FULL_BYTES
    except OSError:
        return False
