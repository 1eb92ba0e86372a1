"""A pool lends each engine to one caller at a time, and warms up what has gone cold."""

import threading
import time

from worker.engine.contracts import SilentHooks
from worker.engine.failures import EngineFailure, FailureCode
from worker.process.pool import EnginePool


class CountingEngine:
    def __init__(self, *, starts: bool = True) -> None:
        self.calls_now = 0
        self.calls_max = 0
        self.started = 0
        self.starts = starts

    def start(self) -> None:
        self.started += 1
        if not self.starts:
            raise EngineFailure(FailureCode.ENGINE_CRASHED)

    def call(self, operation, request, hooks, *, label=""):
        self.calls_now += 1
        self.calls_max = max(self.calls_max, self.calls_now)
        time.sleep(0.05)
        self.calls_now -= 1
        return request

    def kill(self) -> None:
        self.started = 0


def test_the_first_engine_makes_the_pool_ready_and_the_others_follow():
    engines = [CountingEngine(), CountingEngine()]
    pool = EnginePool(engines)
    pool.start()
    assert [engine.started for engine in engines] == [1, 0]
    assert pool.call("any", 7, SilentHooks()) == 7
    pool.warm_next()
    assert [engine.started for engine in engines] == [1, 1]


def test_each_engine_serves_one_caller_at_a_time():
    engines = [CountingEngine(), CountingEngine()]
    pool = EnginePool(engines)
    pool.start()
    pool.warm_next()
    callers = [threading.Thread(target=pool.call, args=("any", n, SilentHooks())) for n in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert [engine.calls_max for engine in engines] == [1, 1]


def test_an_engine_that_does_not_start_again_is_still_there_for_the_next_call():
    engine = CountingEngine()
    pool = EnginePool([engine])
    pool.start()
    engine.starts = False
    pool.warm_next()
    assert pool.call("any", 1, SilentHooks()) == 1


def test_nothing_is_warmed_up_while_every_engine_is_at_work():
    pool = EnginePool([])
    pool.warm_next()
