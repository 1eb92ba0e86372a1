"""Workers as real processes on a real Redis: what they do, and what is left when they are killed."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers import running_redis
from tests.worker import fake_operations as fake
from tests.worker.stage import DATABASE, PORTRAIT, Stage, is_running, is_settled

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def migrated_database(tmp_path_factory):
    """An empty database with all tables, made once."""
    with running_redis() as url:
        return Stage(tmp_path_factory.mktemp("template"), url).data_dir / DATABASE


@pytest.fixture
def stage(tmp_path, migrated_database):
    with running_redis() as url:
        made = Stage(
            tmp_path, url, template=migrated_database, INTERACTIVE_THREADS="1", FAKE_ENGINE_MARK=str(tmp_path / "mark")
        )
        yield made
        made.close()


def stored_files(stage: Stage) -> list[Path]:
    return [path for path in (stage.data_dir / "media" / "files").rglob("*") if path.is_file()]


def test_a_render_is_made_stored_and_settled(stage):
    stage.worker("render")
    (job_id,) = stage.order_render(fake.QUICK)
    stage.wait_for(job_id, is_settled, within_s=40)
    row = stage.row(job_id)
    assert (row["state"], row["attempt"], row["fraction"], row["lease_token"]) == ("succeeded", 1, 1.0, None)
    assert row["output_id"] and row["thumbnail_id"]
    assert b"video of a face" in [path.read_bytes() for path in stored_files(stage)]


def test_crashes_hangs_and_mistakes_end_the_job_and_not_the_worker(stage):
    worker = stage.worker("render")
    expected = {
        fake.CRASH: ("failed", "engine_crashed", 2),
        fake.CRASH_ONCE: ("succeeded", "", 2),
        fake.FULL: ("failed", "disk_full", 1),
        fake.BUG: ("failed", "internal", 1),
    }
    for behaviour, (state, code, attempts) in expected.items():
        (job_id,) = stage.order_render(behaviour)
        stage.wait_for(job_id, is_settled, within_s=60)
        row = stage.row(job_id)
        assert (row["state"], row["failure_code"], row["attempt"]) == (state, code, attempts)
    assert worker.poll() is None


def test_a_running_render_is_cancelled_within_two_seconds_and_nothing_of_it_is_kept(stage):
    stage.worker("render")
    (job_id,) = stage.order_render(fake.SLOW)
    stage.wait_for(job_id, is_running, within_s=40)
    before = stored_files(stage)
    stage.python(f"services.cancel(Job.objects.get(pk={job_id!r})); sys.stdout.write('1')")
    assert stage.wait_for(job_id, is_settled, within_s=3) < 2
    assert stage.row(job_id)["state"] == "cancelled"
    assert stored_files(stage) == before


def test_a_worker_that_is_asked_to_end_gives_its_job_back_and_the_next_one_takes_it(stage):
    worker = stage.worker("render")
    (job_id,) = stage.order_render(fake.SLOW)
    stage.wait_for(job_id, is_running, within_s=40)
    asked_at = time.monotonic()
    worker.send_signal(signal.SIGTERM)
    worker.wait(10)
    assert time.monotonic() - asked_at < 8
    assert worker.returncode == 0
    row = stage.row(job_id)
    assert (row["state"], row["attempt"]) == ("queued", 0)
    stage.clock()
    stage.worker("render")
    stage.wait_for(job_id, is_running, within_s=60)


@pytest.mark.slow
def test_a_worker_killed_mid_render_is_noticed_within_a_minute_and_the_job_run_once_more_then_failed(stage):
    stage.clock()
    first = stage.worker("render")
    (job_id,) = stage.order_render(fake.SLOW)
    stage.wait_for(job_id, is_running, within_s=40)
    os.kill(first.pid, signal.SIGKILL)
    second = stage.worker("render")
    stage.wait_for(job_id, lambda row: is_running(row) and row["attempt"] == 2, within_s=60)
    os.kill(second.pid, signal.SIGKILL)
    stage.wait_for(job_id, is_settled, within_s=60)
    row = stage.row(job_id)
    assert (row["state"], row["failure_code"]) == ("failed", "worker_lost")
    assert [path for path in stored_files(stage) if path.read_bytes().startswith(b"video")] == []


def test_a_file_is_looked_at_while_a_render_runs(stage):
    stage.worker("render")
    stage.worker("interactive")
    (render,) = stage.order_render(fake.SLOW)
    stage.wait_for(render, is_running, within_s=40)
    look = stage.python(
        PORTRAIT + "portrait.state = 'checking'; portrait.save()\n"
        "job = services.submit(user, 'preflight', asset=portrait); sys.stdout.write(json.dumps(str(job.pk)))"
    )
    assert stage.wait_for(look, is_settled, within_s=40) < 20
    assert stage.row(look)["state"] == "succeeded"
    assert stage.row(render)["state"] == "running"
    state = stage.python(
        f"a = Job.objects.get(pk={look!r}).asset; sys.stdout.write(json.dumps([a.state, a.preflight]))"
    )
    assert state == ["ready", {"kind": "portrait", "size": 6}]


def test_a_script_is_spoken_into_a_file_to_listen_to_and_the_voices_are_told(stage):
    stage.worker("interactive")
    order = '{"script": {"text": "Hello", "voice": "test"}}'
    job_id = stage.python(
        f"j = services.submit(user, 'speech', request={order}); sys.stdout.write(json.dumps(str(j.pk)))"
    )
    stage.wait_for(job_id, is_settled, within_s=40)
    row = stage.row(job_id)
    assert row["state"] == "succeeded" and row["output_id"]
    assert '"id": "test"' in (stage.data_dir / "voices.json").read_text()


def test_what_a_killed_worker_left_in_its_folder_is_gone_when_it_comes_back(stage):
    worker = stage.worker("render")
    (job_id,) = stage.order_render(fake.SLOW)
    stage.wait_for(job_id, is_running, within_s=40)
    folder = stage.data_dir / "work" / "render-1"

    def is_there() -> bool:
        return bool(list(folder.glob("lipsmith-*")))

    wait_until(is_there, within_s=10)
    worker.kill()
    worker.wait()
    assert is_there()
    stage.worker("render")
    wait_until(lambda: not is_there(), within_s=30)


def wait_until(holds: Callable[[], bool], *, within_s: float) -> None:
    give_up_at = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < give_up_at, "it did not happen in time"
        time.sleep(0.05)


def test_a_worker_whose_engine_does_not_start_ends_with_an_error_instead_of_taking_jobs(stage):
    command = ["-m", "worker.serve", "render", "--operations", "tests.worker.no_such_operations"]
    worker = stage.start(*command)
    try:
        assert worker.wait(40) == 1
    except subprocess.TimeoutExpired:
        pytest.fail(stage.logs())
