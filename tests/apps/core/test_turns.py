import threading
import time

import pytest
from django.db import connection, transaction

from apps.core.turns import writing_turn

pytestmark = pytest.mark.django_db(transaction=True)


def test_threads_that_write_take_turns():
    inside, most = [], []

    def write():
        with writing_turn():
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.02)
            inside.pop()
        connection.close()

    threads = [threading.Thread(target=write) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 5


def test_a_turn_ends_with_an_error_too_and_can_be_had_inside_a_transaction_that_began_without():
    with pytest.raises(ValueError, match="wrong"), writing_turn():
        raise ValueError("wrong")
    started_at = time.monotonic()
    with writing_turn(), transaction.atomic(), writing_turn():  # the inner one would wait for the outer one
        pass
    assert time.monotonic() - started_at < 1
