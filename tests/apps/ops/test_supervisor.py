"""The supervisor with small processes of its own: it restarts what dies, in time, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from apps.ops.supervisor import AlreadyRunningError, only_one

REPO = Path(__file__).resolve().parents[3]
# A child that notes each of its starts, and each kind of process ends in its own way.
PROGRAM = """
import sys, signal, time, os
from pathlib import Path
folder = Path({folder!r})
sys.path.insert(0, {repo!r})
from apps.ops.children import ChildSpec
from apps.ops.supervisor import Supervisor

def child(name, body):
    code = (
        "import os, sys, time, signal\\n"
        f"open({folder!r} + '/{{name}}.starts', 'a').write(str(os.getpid()) + '\\\\n')\\n" + body
    )
    return ChildSpec(name, [sys.executable, "-c", code.replace("{{name}}", name)],
        is_ready=lambda pid: (folder / f"{{name}}.starts").exists())

sleeper = "print('hello from', os.getpid(), flush=True)\\ntime.sleep(600)"
stubborn = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\\ntime.sleep(600)"
Supervisor(child("first", sleeper), [child("steady", sleeper), {extra}], cwd=folder, ready_line="ALL READY").run()
"""


class Running:
    def __init__(self, folder: Path, extra: str) -> None:
        self.folder = folder
        self.log = folder / "log"
        code = PROGRAM.format(folder=str(folder), repo=str(REPO), extra=extra)
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", code], stdout=output, stderr=output, start_new_session=True
            )

    def starts(self, name: str) -> list[int]:
        path = self.folder / f"{name}.starts"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def said(self) -> str:
        return self.log.read_text()


@pytest.fixture
def run(tmp_path):
    started: list[Running] = []

    def start(extra: str = "") -> Running:
        started.append(Running(tmp_path, extra))
        return started[-1]

    yield start
    for running in started:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()


def wait_until(holds: Callable[[], bool], *, within_s: float = 15) -> None:
    give_up_at = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < give_up_at, "it did not happen in time"
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_it_says_once_that_everything_answers_and_prefixes_every_line(run):
    running = run()
    wait_until(lambda: "ALL READY" in running.said())
    time.sleep(1)
    assert running.said().count("ALL READY") == 1
    wait_until(lambda: f"steady | hello from {running.starts('steady')[0]}" in running.said())


def test_what_is_killed_is_started_again(run):
    running = run()
    wait_until(lambda: "ALL READY" in running.said())
    for name in ("steady", "first"):
        os.kill(running.starts(name)[0], signal.SIGKILL)
        wait_until(lambda name=name: len(running.starts(name)) == 2)
        assert f"{name:<6} | was ended by SIGKILL" in running.said()
    assert running.said().count("ALL READY") == 1


def test_what_keeps_dying_is_started_again_ever_more_patiently(run):
    running = run('child("broken", "sys.exit(3)")')
    wait_until(lambda: len(running.starts("broken")) == 3)
    said = running.said()
    assert "ended with status 3" in said
    assert said.index("again in 0.5 s") < said.index("again in 1.0 s")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything_in_seconds(run, number):
    running = run()
    wait_until(lambda: "ALL READY" in running.said())
    asked_at = time.monotonic()
    running.process.send_signal(number)
    assert running.process.wait(10) == 0
    assert time.monotonic() - asked_at < 5
    assert not any(is_alive(pid) for name in ("first", "steady") for pid in running.starts(name))


def test_what_does_not_end_by_itself_is_ended_by_force(run, monkeypatch):
    running = run('child("deaf", stubborn)')
    wait_until(lambda: "ALL READY" in running.said())
    time.sleep(0.5)  # until it ignores the signal
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(30) == 0
    assert "deaf   | does not end by itself" in running.said()
    assert not is_alive(running.starts("deaf")[0])


def test_nothing_outlives_a_supervisor_that_is_killed(run):
    running = run()
    wait_until(lambda: "ALL READY" in running.said())
    running.process.kill()
    running.process.wait()
    pids = running.starts("first") + running.starts("steady")
    wait_until(lambda: not any(is_alive(pid) for pid in pids), within_s=5)


def test_only_one_supervisor_uses_a_data_folder(tmp_path):
    with only_one(tmp_path):
        code = (
            "import sys; from pathlib import Path; from apps.ops.supervisor import AlreadyRunningError, only_one\n"
            f"try:\n    with only_one(Path({str(tmp_path)!r})): sys.exit(0)\n"
            "except AlreadyRunningError: sys.exit(7)"
        )
        assert subprocess.run([sys.executable, "-c", code], cwd=REPO).returncode == 7
    with only_one(tmp_path):
        pass


def test_the_lock_can_be_taken_again_in_the_same_process_only_after_it_is_given_back(tmp_path):
    with only_one(tmp_path), pytest.raises(AlreadyRunningError), only_one(tmp_path):
        pass
