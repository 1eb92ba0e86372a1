"""What crashes leave behind is put right."""

import datetime

import pytest
from django.utils import timezone

from apps.jobs import queue, reaper
from apps.jobs.models import Job

pytestmark = pytest.mark.django_db


def age(job: Job, seconds: float, *fields: str) -> None:
    moment = timezone.now() - datetime.timedelta(seconds=seconds)
    Job.objects.filter(pk=job.pk).update(**dict.fromkeys(fields, moment))


def waiting(client, queue_name: str = "render") -> int:
    return queue.waiting_messages(client, queue_name)


def test_a_silent_workers_job_is_queued_and_sent_again(make_job, live_redis):
    job = Job.claim(make_job().pk)
    age(job, 31, "heartbeat_at")
    reaper.reap()
    job.refresh_from_db()
    assert (job.state, job.attempt) == ("queued", 1)
    assert waiting(live_redis) == 1


def test_a_worker_that_beats_keeps_its_job(make_job, live_redis):
    job = Job.claim(make_job().pk)
    age(job, 20, "heartbeat_at")
    reaper.reap()
    job.refresh_from_db()
    assert job.state == "running"
    assert waiting(live_redis) == 0


def test_a_job_lost_twice_fails_with_a_reason(make_job, live_redis):
    job = make_job()
    for _ in range(2):
        age(Job.claim(job.pk), 31, "heartbeat_at")
        reaper.reap()
    job.refresh_from_db()
    assert (job.state, job.failure_code) == ("failed", "worker_lost")


def test_a_look_at_a_file_lost_twice_refuses_the_file(portrait, make_job, live_redis):
    portrait.state = "checking"
    portrait.save()
    job = make_job(kind="preflight", asset=portrait)
    for _ in range(2):
        age(Job.claim(job.pk), 31, "heartbeat_at")
        reaper.reap()
    portrait.refresh_from_db()
    assert (portrait.state, portrait.failure_code) == ("refused", "worker_lost")


def test_an_order_that_was_committed_but_never_sent_is_sent(make_job, live_redis):
    job = make_job()
    age(job, 11, "queued_at")
    reaper.reap()
    assert waiting(live_redis) == 1
    reaper.reap()  # the wake-up is fresh now
    assert waiting(live_redis) == 1


def test_a_fresh_order_is_left_alone(make_job, live_redis):
    make_job()
    reaper.reap()
    assert waiting(live_redis) == 0


def test_a_wake_up_lost_with_redis_is_sent_again(make_job, live_redis):
    job = make_job()
    queue.send(job)
    age(job, 11, "queued_at", "sent_at")
    live_redis.flushall()
    reaper.reap()
    assert waiting(live_redis) == 1


def test_a_job_that_waits_its_turn_is_not_sent_again_all_the_time(make_job, live_redis):
    jobs = [make_job() for _ in range(3)]
    for job in jobs:
        queue.send(job)
        age(job, 30, "queued_at", "sent_at")
    reaper.reap()
    assert waiting(live_redis) == 3
    for job in jobs:
        age(job, 61, "sent_at", "queued_at")
    reaper.reap()
    assert waiting(live_redis) == 6


def test_a_cancel_that_nobody_heard_is_settled(make_job, live_redis):
    job = make_job(cancel_requested_at=timezone.now())
    reaper.reap()
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_a_cancelled_job_of_a_lost_worker_is_settled(make_job, live_redis):
    job = Job.claim(make_job().pk)
    job.request_cancel()
    age(job, 31, "heartbeat_at")
    reaper.reap()
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert waiting(live_redis) == 0


def test_without_redis_the_rows_are_still_put_right(make_job):
    job = Job.claim(make_job().pk)
    age(job, 31, "heartbeat_at")
    reaper.reap()
    job.refresh_from_db()
    assert (job.state, job.attempt) == ("queued", 1)
