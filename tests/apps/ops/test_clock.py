"""The clock does each chore when it is due, and one that fails does not stop the others."""

import threading
import time

import pytest
import redis
from django.db import DatabaseError

from apps.ops.clock import Chore, chores, run_clock

pytestmark = pytest.mark.django_db


def run_for(seconds: float, todo: list[Chore]) -> None:
    stopped = threading.Event()
    timer = threading.Timer(seconds, stopped.set)
    timer.start()
    run_clock(stopped, todo)
    timer.join()


def test_chores_are_done_at_their_own_pace():
    done: list[str] = []
    todo = [
        Chore("often", lambda: done.append("often"), 0.1),
        Chore("once", lambda: done.append("once"), 60.0),
        Chore("later", lambda: done.append("later"), 60.0, delay_s=60.0),
    ]
    run_for(0.65, todo)
    assert 4 <= done.count("often") <= 8
    assert done.count("once") == 1
    assert "later" not in done


@pytest.mark.parametrize("error", [DatabaseError("locked"), redis.ConnectionError("away"), OSError("no space left")])
def test_a_chore_that_fails_is_tried_again_and_the_others_go_on(error):
    tried: list[str] = []

    def fail() -> None:
        tried.append("bad")
        raise error

    run_for(0.5, [Chore("bad", fail, 0.1), Chore("good", lambda: tried.append("good"), 0.1)])
    assert tried.count("bad") >= 2 and tried.count("good") >= 2


def test_it_stops_at_once_when_asked():
    stopped = threading.Event()
    stopped.set()
    started_at = time.monotonic()
    run_clock(stopped, [Chore("never", lambda: pytest.fail("not after the end"), 0.1)])
    assert time.monotonic() - started_at < 1


def test_lost_jobs_are_looked_for_often_enough_to_be_found_within_a_minute():
    from apps.jobs.reaper import SILENT_AFTER

    (reaper,) = [chore for chore in chores() if chore.name == "reaper"]
    assert SILENT_AFTER.total_seconds() + reaper.interval_s <= 50
