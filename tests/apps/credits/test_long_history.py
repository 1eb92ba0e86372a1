"""A balance is read as fast after a million entries as after ten."""

import time

import pytest

from apps.credits import services
from apps.credits.history import history_page
from apps.credits.models import Movement, Pool
from apps.ops.order_load import fill_history

MOVEMENTS = 500_000  # with two entries each: a million
READS = 15


def seconds_for(work) -> float:
    """The best of several rounds: what else runs on the machine must not count."""
    rounds = []
    for _ in range(5):
        begun = time.perf_counter()
        for _ in range(READS):
            work()
        rounds.append((time.perf_counter() - begun) / READS)
    return min(rounds)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.django_db
def test_a_million_entries_do_not_slow_down_balance_history_or_holds(alice, record_property):
    services.grant(alice, 1000, pool=Pool.PACK, key="pack")
    works = {
        "balance": lambda: services.balance_of(alice),
        "history": lambda: history_page(alice, before=None),
        "hold and release": lambda: services.release(services.hold(alice, 1, key=f"job:{time.perf_counter_ns()}")),
    }
    before = {name: seconds_for(work) for name, work in works.items()}
    fill_history(alice, 2 * MOVEMENTS)
    assert Movement.objects.count() > MOVEMENTS
    after = {name: seconds_for(work) for name, work in works.items()}
    for name in works:
        record_property(name, f"{before[name] * 1000:.2f} ms → {after[name] * 1000:.2f} ms")
        assert after[name] < before[name] * 3 + 0.002, (name, before, after)
