"""Two stages at once: what comes next is made while what is there is used."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def one_ahead(items: Iterator[T], name: str) -> Iterator[Iterator[T]]:
    """`items` in order; the next one is made in a thread called `name` while the one before it is used.

    What `items` raises is raised where that item would have come. Leaving early waits for the item in the making.
    """
    end = object()
    with ThreadPoolExecutor(1, thread_name_prefix=name) as beside:

        def taken() -> Iterator[T]:
            coming = beside.submit(next, items, end)
            while (item := coming.result()) is not end:
                coming = beside.submit(next, items, end)
                yield item  # type: ignore[misc]

        yield taken()
