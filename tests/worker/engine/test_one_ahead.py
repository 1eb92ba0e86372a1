import threading

import pytest

from worker.engine.one_ahead import one_ahead


def test_items_come_in_order_and_are_made_in_another_thread():
    makers = set()

    def numbers():
        for number in range(5):
            makers.add(threading.current_thread().name)
            yield number

    with one_ahead(numbers(), "counting") as items:
        assert list(items) == [0, 1, 2, 3, 4]
    assert all(name.startswith("counting") for name in makers)


def test_the_next_item_is_made_before_it_is_asked_for():
    made = threading.Event()

    def two():
        yield 1
        made.set()
        yield 2

    with one_ahead(two(), "ahead") as items:
        assert next(items) == 1
        assert made.wait(5)
        assert next(items) == 2


def test_a_failure_comes_in_its_items_place_and_leaving_early_leaves_no_thread():
    def broken():
        yield 1
        raise ValueError("the second one")

    with one_ahead(broken(), "broken") as items:
        assert next(items) == 1
        with pytest.raises(ValueError, match="the second one"):
            next(items)
    with one_ahead(iter(range(100)), "early") as items:
        assert next(items) == 0
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("broken", "early"))]
