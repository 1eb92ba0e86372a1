"""Who writes next, among the threads of one process.

SQLite has one writer at a time, and others look again after pauses that grow to a tenth of a second: with many people
at once, most of an order's time would be spent asleep. Threads that ask for their turn are woken when it comes.
Other databases, and SQLite between processes, do their own waiting.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_LONGEST_WAIT_S = 5.0  # then as without a turn: the database has the last word
_turn = threading.Lock()


@contextmanager
def writing_turn() -> Iterator[None]:
    """For a short transaction, begun inside and ended inside. Within one that has begun already it does nothing."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    has_turn = _turn.acquire(timeout=_LONGEST_WAIT_S)
    try:
        yield
    finally:
        if has_turn:
            _turn.release()
