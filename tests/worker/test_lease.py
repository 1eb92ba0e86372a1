"""A lease beats, tells progress without haste, and hears who wants the job to end."""

import itertools
import threading
import time

import pytest

from worker.engine.contracts import Progress, Stage
from worker.lease import PUBLISH_INTERVAL_S, Lease, StopReason


class Desk:
    def __init__(self) -> None:
        self.beats: list[Progress] = []
        self.published: list[tuple[float, Progress]] = []
        self.thumbnails: list[bytes] = []
        self.fragments: list[tuple[int, bytes]] = []
        self.holds = True
        self.cancelled = False
        self.closed_by: threading.Thread | None = None

    def heartbeat(self, progress: Progress) -> bool:
        self.beats.append(progress)
        return self.holds

    def is_cancel_wanted(self) -> bool:
        return self.cancelled

    def publish(self, progress: Progress) -> None:
        self.published.append((time.monotonic(), progress))

    def keep_fragment(self, number: int, data: bytes) -> None:
        self.fragments.append((number, data))

    def keep_thumbnail(self, jpeg: bytes) -> None:
        self.thumbnails.append(jpeg)

    def close(self) -> None:
        self.closed_by = threading.current_thread()


@pytest.fixture
def desk() -> Desk:
    return Desk()


def lease_on(desk: Desk, *, shutting_down: bool = False, beat_s: float = 60.0) -> Lease:
    return Lease(desk, is_shutting_down=lambda: shutting_down, heartbeat_interval_s=beat_s)


def wait_until(holds, within_s: float = 3.0) -> None:
    give_up_at = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


def test_it_beats_with_what_is_known_until_it_is_left(desk):
    with lease_on(desk, beat_s=0.1) as lease:
        lease.on_progress(Progress(Stage.RENDERING, 0.5, 3.0))
        wait_until(lambda: len(desk.beats) >= 2)
    beats = len(desk.beats)
    time.sleep(0.6)
    assert len(desk.beats) == beats
    assert (desk.beats[-1].stage, desk.beats[-1].fraction) == (Stage.RENDERING, 0.5)
    assert desk.closed_by is not None and desk.closed_by is not threading.current_thread()


def test_progress_is_told_at_most_four_times_a_second_and_the_last_step_is_not_lost(desk):
    with lease_on(desk) as lease:
        for step in range(100):
            lease.on_progress(Progress(Stage.RENDERING, step / 100))
            time.sleep(0.01)
        wait_until(lambda: desk.published[-1][1].fraction == 0.99)
    times = [moment for moment, _ in desk.published]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert min(gaps) > PUBLISH_INTERVAL_S * 0.9
    assert len(desk.published) >= 4


def test_the_bar_never_moves_back_nor_past_its_ends(desk):
    with lease_on(desk) as lease:
        for fraction in (0.5, 0.2, 7.0, -1.0):
            lease.on_progress(Progress(Stage.RENDERING, fraction))
            time.sleep(PUBLISH_INTERVAL_S * 1.2)
    fractions = [progress.fraction for _, progress in desk.published]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0


def test_a_cancel_is_seen_within_a_second(desk):
    with lease_on(desk) as lease:
        assert not lease.should_stop()
        desk.cancelled = True
        wait_until(lease.should_stop, within_s=1.0)
        assert lease.stop_reason is StopReason.CANCELLED


def test_a_shutdown_is_seen_within_a_second(desk):
    with lease_on(desk, shutting_down=True) as lease:
        wait_until(lease.should_stop, within_s=1.0)
        assert lease.stop_reason is StopReason.SHUTDOWN


def test_a_lost_lease_overrules_every_other_reason(desk):
    desk.cancelled = True
    desk.holds = False
    with lease_on(desk, beat_s=0.1) as lease:
        wait_until(lambda: lease.stop_reason is StopReason.LOST)


def test_thumbnails_are_passed_on(desk):
    with lease_on(desk) as lease:
        lease.on_thumbnail(b"jpeg", 1.0)
    assert desk.thumbnails == [b"jpeg"]


def test_the_first_picture_is_told_at_once_and_the_rest_without_haste(desk):
    with lease_on(desk) as lease:
        lease.on_progress(Progress(Stage.RENDERING, 0.2))
        lease.on_fragment(0, b"beginning")
        told = len(desk.published)
        lease.on_fragment(1, b"first")
        assert len(desk.published) == told + 1
        for number in range(2, 20):
            lease.on_fragment(number, b"more")
        assert len(desk.published) <= told + 2
    assert [number for number, _ in desk.fragments] == list(range(20))
