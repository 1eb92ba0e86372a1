"""Waiting for a program that was started."""

import subprocess
import time

import pytest

from worker.engine.failures import EngineFailure
from worker.engine.media import ffmpeg
from worker.engine.media.ffmpeg import await_exit, run_ffmpeg


def started(command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sh", "-c", command])


def test_the_exit_code_is_there_as_soon_as_the_program_ends():
    process = started("sleep 0.3; exit 7")
    assert await_exit(process, 20.0) == 7
    assert await_exit(process, 20.0) == 7  # and whenever it is asked for again


@pytest.mark.parametrize("has_descriptors", [True, False])
def test_a_program_that_does_not_end_in_time_is_said_to(monkeypatch, has_descriptors):
    if not has_descriptors:
        monkeypatch.delattr("os.pidfd_open")
    process = started("exec sleep 30")
    try:
        began = time.monotonic()
        with pytest.raises(EngineFailure) as failure:
            await_exit(process, 0.2)
        assert failure.value.code == "timed_out" and failure.value.detail["limit_s"] == 0.2
        assert time.monotonic() - began < 10
    finally:
        process.kill()
        process.wait()


def test_what_takes_too_long_is_ended(monkeypatch, tmp_path):
    running = []
    popen = subprocess.Popen
    monkeypatch.setattr(
        ffmpeg.subprocess, "Popen", lambda *args, **how: running.append(popen(*args, **how)) or running[0]
    )
    endless = ["-f", "lavfi", "-re", "-i", "testsrc", "-f", "null", str(tmp_path / "a")]
    with pytest.raises(EngineFailure) as failure:
        run_ffmpeg(endless, 0.3)
    assert failure.value.code == "timed_out"
    assert running[0].poll() is not None
