"""As many warm engine processes as the worker has threads; each call borrows one."""

import contextlib
import logging
import queue
from collections.abc import Iterator, Sequence

from worker.engine.contracts import Hooks
from worker.engine.failures import EngineFailure, FailureCode
from worker.process.host import EngineProcess

logger = logging.getLogger(__name__)

WAIT_S = 0.1


class EnginePool:
    """Thread-safe. `call` waits for a free engine when all are at work.

    Engines are warmed up one by one: the first makes the worker ready, the others follow while it works already.
    """

    def __init__(self, engines: Sequence[EngineProcess]) -> None:
        self._cold = list(engines)
        self._engines = list(engines)
        self._free: queue.LifoQueue[EngineProcess] = queue.LifoQueue()  # the one used last has the warmest caches

    def start(self) -> None:
        """Warm up the first engine; raises what EngineProcess.start raises."""
        engine = self._cold.pop(0)
        engine.start()
        self._free.put(engine)

    def warm_next(self) -> None:
        """Warm up one more: one that was never started, or a free one that crashed or was ended.

        One that does not start is tried again when it is needed.
        """
        try:
            engine = self._cold.pop(0) if self._cold else self._free.get_nowait()
        except queue.Empty:
            return
        try:
            engine.start()
        except EngineFailure as failure:
            logger.error("an engine does not start: %s", failure)
        finally:
            self._free.put(engine)

    @contextlib.contextmanager
    def _borrowed(self, hooks: Hooks) -> Iterator[EngineProcess]:
        engine = None
        while engine is None:
            with contextlib.suppress(queue.Empty):
                engine = self._free.get(timeout=WAIT_S)
            if engine is None and hooks.should_stop():
                raise EngineFailure(FailureCode.CANCELLED)
        try:
            yield engine
        finally:
            self._free.put(engine)

    def call(self, operation: str, request: object, hooks: Hooks, *, label: str = "") -> object:
        """See `EngineProcess.call`."""
        with self._borrowed(hooks) as engine:
            return engine.call(operation, request, hooks, label=label)

    def close(self) -> None:
        for engine in self._engines:
            engine.kill()
