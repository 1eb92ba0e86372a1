"""The video while it is made: in order, within limits, forgotten soon, and never a reason to fail."""

import uuid

import pytest

from apps.jobs import live, progress
from apps.jobs.live import LiveStream
from apps.jobs.models import Job
from apps.jobs.services import job_message

BEGINNING = b"....ftyp....moov....avcC\x01\x64\x00\x1f\xff....mp4a...."


def test_pieces_come_back_in_order_with_what_a_browser_has_to_know(live_redis):
    job_id = uuid.uuid4()
    stream = LiveStream(job_id, "a")
    assert stream.keep(0, BEGINNING)
    assert stream.state is None, "a beginning alone shows nothing"
    assert stream.keep(1, b"one") and stream.keep(2, b"two")
    assert stream.state == {"stream": "a", "count": 3, "codecs": "avc1.64001f,mp4a.40.2"}
    assert live.pieces(job_id, "a", 1, 5) == [b"one", b"two"]


def test_a_gap_ends_the_stream_and_another_attempt_begins_its_own(live_redis):
    job_id = uuid.uuid4()
    first, second = LiveStream(job_id, "a"), LiveStream(job_id, "b")
    assert first.keep(0, BEGINNING) and first.keep(1, b"one")
    assert not first.keep(3, b"three")
    assert not first.keep(2, b"two")
    assert first.state["count"] == 2
    assert second.keep(0, BEGINNING)
    assert live.pieces(job_id, "b", 0, 9) == [BEGINNING]


def test_there_are_limits_for_a_piece_a_stream_and_an_answer(live_redis, monkeypatch):
    monkeypatch.setattr(live, "MAX_PIECE_BYTES", 10)
    monkeypatch.setattr(live, "MAX_STREAM_BYTES", 25)
    monkeypatch.setattr(live, "MAX_ANSWER_BYTES", 15)
    job_id = uuid.uuid4()
    assert not LiveStream(job_id, "large").keep(0, b"x" * 11)
    stream = LiveStream(job_id, "long")
    assert [stream.keep(number, b"x" * 10) for number in range(4)] == [True, True, False, False]
    assert len(live.pieces(job_id, "long", 0, 9)) == 1


def test_it_goes_away_by_itself_and_sooner_when_the_render_is_over(live_redis):
    job_id = uuid.uuid4()
    stream = LiveStream(job_id, "a")
    stream.keep(0, BEGINNING)
    (key,) = live_redis.scan_iter(match=f"live:{job_id}*")
    assert live.KEEP_AFTER_END_S < live_redis.ttl(key) <= live.KEEP_S
    stream.let_go()
    assert 0 < live_redis.ttl(key) <= live.KEEP_AFTER_END_S


def test_a_redis_that_has_forgotten_ends_the_stream(live_redis):
    stream = LiveStream(uuid.uuid4(), "a")
    stream.keep(0, BEGINNING)
    live_redis.flushall()
    assert not stream.keep(1, b"one")


def test_nothing_fails_when_redis_is_away(settings):
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    stream = LiveStream(uuid.uuid4(), "a")
    assert not stream.keep(0, BEGINNING)
    stream.let_go()
    assert live.pieces(uuid.uuid4(), "a", 0, 1) == []


@pytest.mark.django_db
def test_watchers_are_told_where_the_pieces_are(make_job, live_redis):
    job = make_job(state=Job.State.RUNNING)
    state = {"stage": "rendering", "fraction": 0.3, "eta_s": 2.0, "thumbnail": 0}
    progress.publish(job.pk, state)
    assert job_message(job)["live"] is None
    progress.publish(job.pk, {**state, "live": {"stream": "a1", "count": 3, "codecs": "avc1.64001f"}})
    told = job_message(job)["live"]
    assert told == {"stream": "a1", "count": 3, "codecs": "avc1.64001f", "url": f"/jobs/{job.pk}/live/a1/"}
