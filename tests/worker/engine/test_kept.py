"""Things that stay in memory: made once, lent to one at a time, never lent again after a failure."""

import pytest

from worker.engine.kept import Kept


class Thing:
    def __init__(self) -> None:
        self.is_closed = False

    def close(self) -> None:
        self.is_closed = True


def test_a_thing_is_made_when_it_is_wanted_and_then_lent_again() -> None:
    made: list[Thing] = []
    kept = Kept(lambda: made.append(Thing()) or made[-1])
    assert not made
    with kept.lent() as first:
        pass
    with kept.lent() as again:
        assert again is first and not again.is_closed


def test_two_users_at_once_get_two_things_of_which_one_is_kept() -> None:
    kept = Kept(Thing)
    with kept.lent() as first, kept.lent() as second:
        assert second is not first
    assert [first.is_closed, second.is_closed] == [False, True]
    with kept.lent() as again:
        assert again is first


def test_what_somebody_failed_with_is_closed_and_not_lent_again() -> None:
    kept = Kept(Thing)
    with pytest.raises(RuntimeError), kept.lent() as broken:
        raise RuntimeError
    assert broken.is_closed
    with kept.lent() as fresh:
        assert fresh is not broken
