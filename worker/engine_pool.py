"""As many warm engine processes as the worker has threads; each call borrows one."""

import contextlib
import queue
from collections.abc import Iterator, Sequence

from worker.engine.contracts import Hooks
from worker.engine_process import EngineProcess


class EnginePool:
    """Thread-safe. `call` waits for a free engine when all are at work."""

    def __init__(self, engines: Sequence[EngineProcess]) -> None:
        self._engines = list(engines)
        self._free: queue.LifoQueue[EngineProcess] = queue.LifoQueue()  # the one used last has the warmest caches
        for engine in reversed(self._engines):
            self._free.put(engine)

    def start(self) -> None:
        """Warm them all up; raises what EngineProcess.start raises."""
        for engine in self._engines:
            engine.start()

    @contextlib.contextmanager
    def _borrowed(self) -> Iterator[EngineProcess]:
        engine = self._free.get()
        try:
            yield engine
        finally:
            self._free.put(engine)

    def call(self, operation: str, request: object, hooks: Hooks, *, label: str = "") -> object:
        """See `EngineProcess.call`."""
        with self._borrowed() as engine:
            return engine.call(operation, request, hooks, label=label)

    def close(self) -> None:
        for engine in self._engines:
            engine.kill()
