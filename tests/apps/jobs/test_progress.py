"""Progress in Redis: forward only, short-lived, and never a reason to fail."""

import uuid

import pytest

from apps.jobs import progress


def state(fraction: float, **fields) -> progress.ProgressState:
    return {"stage": "rendering", "fraction": fraction, "eta_s": 3.5, "thumbnail": 0, **fields}


def test_the_latest_state_is_kept_for_those_who_come_later(live_redis):
    job_id = uuid.uuid4()
    assert progress.latest(job_id) == progress.NOTHING_YET
    progress.publish(job_id, state(0.25))
    assert progress.latest(job_id) == state(0.25)


def test_a_second_attempt_does_not_move_the_bar_back(live_redis):
    job_id = uuid.uuid4()
    progress.publish(job_id, state(0.6, thumbnail=4))
    progress.publish(job_id, state(0.0, stage="listening", eta_s=None))
    assert progress.latest(job_id) == {"stage": "listening", "fraction": 0.6, "eta_s": None, "thumbnail": 4}


@pytest.mark.parametrize("fraction", [0.0, 1.0])
def test_whole_fractions_stay_numbers(live_redis, fraction):
    job_id = uuid.uuid4()
    progress.publish(job_id, state(fraction))
    assert progress.latest(job_id)["fraction"] == fraction


def test_what_is_kept_goes_away_by_itself(live_redis):
    job_id = uuid.uuid4()
    progress.publish(job_id, state(0.1))
    progress.keep_thumbnail(job_id, b"jpeg")
    progress.flag_cancel(job_id)
    keys = list(live_redis.scan_iter(match=f"*{job_id}*"))
    assert len(keys) == 3
    assert all(0 < live_redis.ttl(key) <= progress.KEEP_S for key in keys)


def test_a_thumbnail_that_is_too_large_is_dropped(live_redis):
    job_id = uuid.uuid4()
    assert not progress.keep_thumbnail(job_id, b"x" * (progress.MAX_THUMBNAIL_BYTES + 1))
    assert progress.latest_thumbnail(job_id) is None
    assert progress.keep_thumbnail(job_id, b"small")
    assert progress.latest_thumbnail(job_id) == b"small"


def test_nothing_fails_when_redis_is_away(settings):
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    job_id = uuid.uuid4()
    progress.publish(job_id, state(0.5))
    progress.publish_change(job_id)
    progress.flag_cancel(job_id)
    assert progress.latest(job_id) == progress.NOTHING_YET
    assert not progress.keep_thumbnail(job_id, b"x")
    assert progress.latest_thumbnail(job_id) is None
    assert not progress.is_cancel_flagged(job_id)
