"""What stays in the worker's memory from one request to the next, because making it takes longer than using it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar


class _Closable(Protocol):
    def close(self) -> object: ...


T = TypeVar("T", bound=_Closable)


class Kept(Generic[T]):
    """One thing, made when it is first wanted and lent to one user at a time; who comes meanwhile gets a new one.

    What a user fails with is closed and not lent again.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._spare: T | None = None

    @contextmanager
    def lent(self) -> Iterator[T]:
        """The thing, for the length of a block, in whatever thread."""
        with self._lock:
            thing, self._spare = self._spare, None
        if thing is None:
            thing = self._make()
        try:
            yield thing
        except BaseException:
            thing.close()
            raise
        with self._lock:
            thing, self._spare = self._spare, thing
        if thing is not None:
            thing.close()
