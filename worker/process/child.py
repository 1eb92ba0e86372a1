"""The engine process: loads everything heavy once, then does one call after the other for its worker.

Run by `host.EngineProcess` as `python -m worker.process.child`; knows nothing of the site.
"""

import argparse
import errno
import importlib
import logging
import os
import resource
import sys
import threading
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection

from worker.engine.contracts import Hooks, Progress
from worker.engine.failures import EngineFailure, FailureCode
from worker.logs import configure_logging, job_in_logs
from worker.process.lifelines import be_killed_first, die_with_parent
from worker.process.messages import Advanced, Call, Failed, Playable, Ready, Returned, Stop, Thumbnail

logger = logging.getLogger(__name__)

Operation = Callable[[object, Hooks], object]


class PipeHooks:
    """A render's hooks, at the other end of the pipe."""

    def __init__(self, connection: Connection, number: int) -> None:
        self._connection = connection
        self._number = number
        self.stop_requested = threading.Event()

    def on_progress(self, progress: Progress) -> None:
        self._connection.send(Advanced(self._number, progress))

    def on_thumbnail(self, jpeg: bytes, pts_s: float) -> None:
        self._connection.send(Thumbnail(self._number, jpeg, pts_s))

    def on_fragment(self, number: int, data: bytes) -> None:
        self._connection.send(Playable(self._number, number, data))

    def should_stop(self) -> bool:
        return self.stop_requested.is_set()


class EngineChild:
    """Answers calls until the worker hangs up."""

    def __init__(self, connection: Connection, operations: Mapping[str, Operation]) -> None:
        self._connection = connection
        self._operations = operations
        self._calls: list[tuple[Call, PipeHooks]] = []
        self._arrived = threading.Condition()

    def listen(self) -> None:
        """Takes in calls and stops, also while a call is worked on. The worker hanging up ends the process at once."""
        while True:
            try:
                message = self._connection.recv()
            except (EOFError, OSError):
                os._exit(0)
            with self._arrived:
                if isinstance(message, Call):
                    self._calls.append((message, PipeHooks(self._connection, message.number)))
                    self._arrived.notify()
                elif isinstance(message, Stop):
                    for call, hooks in self._calls:
                        if call.number == message.number:
                            hooks.stop_requested.set()

    def serve(self) -> None:
        while True:
            with self._arrived:
                self._arrived.wait_for(lambda: bool(self._calls))
                call, hooks = self._calls[0]
            with job_in_logs(call.label):
                answer = self._answer(call, hooks)
            self._connection.send(answer)
            with self._arrived:
                self._calls.pop(0)

    def _answer(self, call: Call, hooks: PipeHooks) -> Returned | Failed:
        try:
            return Returned(call.number, self._operations[call.operation](call.request, hooks))
        except EngineFailure as failure:
            logger.info("%s ended with: %s", call.operation, failure)
            return Failed(call.number, failure)
        except MemoryError:
            return Failed(call.number, EngineFailure(FailureCode.OUT_OF_MEMORY))
        except OSError as error:
            logger.exception("%s could not read or write", call.operation)
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            return Failed(call.number, EngineFailure(FailureCode.DISK_FULL if full else FailureCode.INTERNAL))
        except Exception:
            logger.exception("%s failed unexpectedly", call.operation)
            return Failed(call.number, EngineFailure(FailureCode.INTERNAL))


def limit_memory(data_bytes: int) -> None:
    """A backstop far above what is watched from outside; graphics drivers reserve more than any limit, so not there."""
    if data_bytes and not os.path.exists("/dev/nvidiactl"):  # noqa: PTH110 (a device node)
        resource.setrlimit(resource.RLIMIT_DATA, (data_bytes, data_bytes))


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="worker.process.child")
    parser.add_argument("--connection", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--operations", required=True)
    parser.add_argument("--nice", type=int, default=0)
    parser.add_argument("--data-limit-bytes", type=int, default=0)
    options = parser.parse_args(arguments)
    die_with_parent(options.parent)
    be_killed_first()
    if options.nice:
        os.nice(options.nice)
    os.dup2(2, 1)  # nothing but log lines leaves this process, and they go to stderr
    configure_logging()
    connection = Connection(options.connection)
    operations = importlib.import_module(options.operations)
    operations.warm_up()
    limit_memory(options.data_limit_bytes)
    child = EngineChild(connection, operations.OPERATIONS)
    threading.Thread(target=child.listen, name="listen", daemon=True).start()
    connection.send(Ready())
    child.serve()


if __name__ == "__main__":
    main(sys.argv[1:])
