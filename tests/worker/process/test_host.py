"""The engine process: warm, watched, and never able to take its worker down with it."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.worker import fake_operations as fake
from worker.engine.contracts import Progress, Stage, TalkingPhotoRequest
from worker.engine.failures import EngineFailure, FailureCode
from worker.process.host import EngineLimits, EngineProcess
from worker.process.orders import PreflightOrder, RenderOrder

REPO = Path(__file__).resolve().parents[3]


class Watcher:
    """Hooks that remember; asks for an end once `stop_at` of the work is done."""

    def __init__(self, stop_at: float = 2.0) -> None:
        self.progress: list[Progress] = []
        self.thumbnails: list[bytes] = []
        self.fragments: list[tuple[int, bytes]] = []
        self.stop_at = stop_at
        self.stopped_at = 0.0

    def on_progress(self, progress: Progress) -> None:
        self.progress.append(progress)

    def on_thumbnail(self, jpeg: bytes, pts_s: float) -> None:
        self.thumbnails.append(jpeg)

    def on_fragment(self, number: int, data: bytes) -> None:
        self.fragments.append((number, data))

    def should_stop(self) -> bool:
        wants = bool(self.progress) and self.progress[-1].fraction >= self.stop_at
        if wants and not self.stopped_at:
            self.stopped_at = time.monotonic()
        return wants


@pytest.fixture
def engine(tmp_path):
    limits = EngineLimits(
        memory_bytes=200 * 2**20, stop_grace_s=0.5, silence_max_s=dict.fromkeys(Stage, 3.0), nice=0, start_max_s=60
    )
    process = EngineProcess("tests.worker.fake_operations", limits=limits, scratch_dir=tmp_path / "scratch")
    yield process
    process.kill()


def render_order(folder: Path, behaviour: int) -> RenderOrder:
    portrait = folder / "portrait.png"
    portrait.write_bytes(b"a face")
    request = TalkingPhotoRequest(portrait, folder / "video.mp4", audio_path=portrait, seed=behaviour)
    return RenderOrder(request, folder / "poster.jpg", folder)


def test_a_render_tells_its_progress_and_thumbnails_and_returns_its_result(engine, tmp_path):
    watcher = Watcher()
    video = engine.call("talking_photo", render_order(tmp_path, fake.QUICK), watcher)
    assert video.path.read_bytes() == b"video of a face"
    fractions = [progress.fraction for progress in watcher.progress]
    assert fractions == sorted(fractions) and len(fractions) == 4
    assert watcher.thumbnails == [fake.JPEG] * 3


def test_one_warm_process_serves_call_after_call(engine, tmp_path):
    engine.start()
    pid = engine.pid
    for _ in range(3):
        engine.call("talking_photo", render_order(tmp_path, fake.QUICK), Watcher())
    assert engine.pid == pid


def test_failures_of_the_engine_arrive_with_their_code_and_leave_it_running(engine, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"bad")
    with pytest.raises(EngineFailure) as caught:
        engine.call("preflight", PreflightOrder(bad, "portrait"), Watcher())
    assert caught.value.code is FailureCode.NO_FACE
    assert engine.is_running()


@pytest.mark.parametrize(("behaviour", "code"), [(fake.FULL, FailureCode.DISK_FULL), (fake.BUG, FailureCode.INTERNAL)])
def test_errors_inside_the_engine_become_failures_and_leave_it_running(engine, tmp_path, behaviour, code):
    with pytest.raises(EngineFailure) as caught:
        engine.call("talking_photo", render_order(tmp_path, behaviour), Watcher())
    assert caught.value.code is code
    assert engine.is_running()


def test_a_segmentation_fault_is_a_crash_and_the_next_call_gets_a_new_process(engine, tmp_path):
    engine.start()
    first = engine.pid
    with pytest.raises(EngineFailure) as caught:
        engine.call("talking_photo", render_order(tmp_path, fake.CRASH), Watcher())
    assert caught.value.code is FailureCode.ENGINE_CRASHED
    assert caught.value.detail == {"ended_by": "SIGSEGV"}
    engine.call("talking_photo", render_order(tmp_path, fake.QUICK), Watcher())
    assert engine.pid not in (None, first)


def test_a_silent_engine_is_ended_by_the_watchdog(engine, tmp_path):
    started_at = time.monotonic()
    with pytest.raises(EngineFailure) as caught:
        engine.call("talking_photo", render_order(tmp_path, fake.HANG), Watcher())
    assert caught.value.code is FailureCode.TIMED_OUT
    assert caught.value.detail == {"stage": "looking"}
    assert time.monotonic() - started_at < 30
    assert not engine.is_running()


def test_a_stop_is_honoured_within_a_second_by_the_engine_itself(engine, tmp_path):
    watcher = Watcher(stop_at=0.21)
    with pytest.raises(EngineFailure) as caught:
        engine.call("talking_photo", render_order(tmp_path, fake.SLOW), watcher)
    assert caught.value.code is FailureCode.CANCELLED
    assert time.monotonic() - watcher.stopped_at < 1.0
    assert engine.is_running()


def test_an_engine_that_does_not_hear_a_stop_is_ended_within_a_second(engine, tmp_path):
    watcher = Watcher(stop_at=0.21)
    with pytest.raises(EngineFailure) as caught:
        engine.call("talking_photo", render_order(tmp_path, fake.DEAF), watcher)
    assert caught.value.code is FailureCode.CANCELLED
    assert time.monotonic() - watcher.stopped_at < 1.5
    assert not engine.is_running()


def test_too_much_memory_ends_the_engine_with_a_reason(engine, tmp_path):
    with pytest.raises(EngineFailure) as caught:
        engine.call("talking_photo", render_order(tmp_path, fake.GREEDY), Watcher())
    assert caught.value.code is FailureCode.OUT_OF_MEMORY


def test_an_engine_killed_while_idle_is_replaced_at_the_next_call(engine, tmp_path):
    engine.start()
    os.kill(engine.pid, signal.SIGKILL)
    time.sleep(0.2)
    video = engine.call("talking_photo", render_order(tmp_path, fake.QUICK), Watcher())
    assert video.width_px == 64


def test_a_stop_while_the_engine_still_warms_up_ends_the_call_and_not_the_engine(engine, tmp_path):
    watcher = Watcher(stop_at=-1.0)
    watcher.progress.append(Progress(Stage.PREPARING, 0.0))
    with pytest.raises(EngineFailure) as caught:
        engine.call("talking_photo", render_order(tmp_path, fake.QUICK), watcher)
    assert caught.value.code is FailureCode.CANCELLED
    pid = engine.pid
    engine.call("talking_photo", render_order(tmp_path, fake.QUICK), Watcher())
    assert engine.pid == pid is not None


def test_an_engine_that_cannot_start_says_so(tmp_path):
    engine = EngineProcess("tests.worker.no_such_operations", limits=EngineLimits())
    with pytest.raises(EngineFailure) as caught:
        engine.start()
    assert caught.value.code is FailureCode.ENGINE_CRASHED


def test_what_a_killed_engine_left_in_its_scratch_folder_is_gone_after_the_next_start(engine, tmp_path):
    engine.start()
    (tmp_path / "scratch" / "left-over").write_bytes(b"x")
    engine.kill()
    engine.start()
    assert list((tmp_path / "scratch").iterdir()) == []


def test_the_engine_ends_with_its_worker_even_when_that_is_killed(tmp_path):
    script = (
        "import sys, time\n"
        "from worker.process.host import EngineLimits, EngineProcess\n"
        "engine = EngineProcess('tests.worker.fake_operations', limits=EngineLimits())\n"
        "engine.start()\n"
        "sys.stdout.write(f'{engine.pid}\\n'); sys.stdout.flush()\n"
        "time.sleep(60)\n"
    )
    worker = subprocess.Popen([sys.executable, "-c", script], cwd=REPO, stdout=subprocess.PIPE, text=True)
    with worker.stdout:
        child_pid = int(worker.stdout.readline())
        worker.kill()
        worker.wait()
    give_up_at = time.monotonic() + 5
    while time.monotonic() < give_up_at and is_alive(child_pid):
        time.sleep(0.05)
    assert not is_alive(child_pid)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_stop_for_an_earlier_call_does_not_touch_the_next_one(engine, tmp_path):
    with pytest.raises(EngineFailure):
        engine.call("talking_photo", render_order(tmp_path, fake.SLOW), Watcher(stop_at=0.21))
    video = engine.call("talking_photo", render_order(tmp_path, fake.QUICK), Watcher())
    assert video.frame_count == 25


def test_pieces_to_play_come_through_in_order(engine, tmp_path):
    watcher = Watcher()
    engine.call("talking_photo", replace(render_order(tmp_path, fake.QUICK), fragments=True), watcher)
    assert watcher.fragments == [(0, b"piece 0"), (1, b"piece 1"), (2, b"piece 2")]


def test_a_crash_says_at_which_second_and_in_which_sentence(engine, tmp_path):
    with pytest.raises(EngineFailure) as caught:
        engine.call("talking_photo", render_order(tmp_path, fake.CRASH_IN_THE_MIDDLE), Watcher())
    assert caught.value.code is FailureCode.ENGINE_CRASHED
    assert (caught.value.at_s, caught.value.detail["sentence"]) == (2.5, 3)
