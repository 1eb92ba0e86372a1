"""The life of a job's row: every step is taken once, by whoever holds the lease."""

import datetime
import uuid

import pytest
from django.utils import timezone

from apps.jobs.models import Job

pytestmark = pytest.mark.django_db


def stale(job: Job, seconds: float = 31) -> datetime.datetime:
    """Make the job's worker silent for that long; returns since when silence counts."""
    Job.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - datetime.timedelta(seconds=seconds))
    job.refresh_from_db()
    return timezone.now() - datetime.timedelta(seconds=30)


def claimed(job: Job) -> Job:
    mine = Job.claim(job.pk)
    assert mine is not None
    return mine


def test_a_claim_gives_a_lease_and_counts_the_attempt(make_job):
    job = claimed(make_job())
    assert (job.state, job.attempt) == ("running", 1)
    assert job.lease_token is not None and job.heartbeat_at is not None and job.started_at is not None


def test_a_job_is_claimed_once_however_often_its_message_arrives(make_job):
    job = make_job()
    assert [Job.claim(job.pk) is not None for _ in range(3)] == [True, False, False]


def test_a_job_that_is_not_there_cannot_be_claimed(db):
    assert Job.claim(uuid.uuid4()) is None


@pytest.mark.parametrize("state", ["running", "succeeded", "failed", "cancelled"])
def test_only_a_queued_job_can_be_claimed(make_job, state):
    assert Job.claim(make_job(state=state).pk) is None


def test_a_heartbeat_keeps_the_lease_and_remembers_how_far_it_is(make_job):
    job = claimed(make_job())
    stale(job)
    assert job.heartbeat(stage="rendering", fraction=0.5)
    job.refresh_from_db()
    assert (job.stage, job.fraction) == ("rendering", 0.5)
    assert timezone.now() - job.heartbeat_at < datetime.timedelta(seconds=5)


def test_success_settles_the_job_for_good(make_job):
    job = claimed(make_job())
    assert job.succeed(output=None, thumbnail=None, result={"frames": 3})
    assert not job.succeed(output=None, thumbnail=None, result={"frames": 4})
    assert not job.fail("internal")
    job.refresh_from_db()
    assert (job.state, job.fraction, job.result, job.lease_token) == ("succeeded", 1.0, {"frames": 3}, None)
    assert job.finished_at is not None


def test_a_failure_keeps_its_reason_second_and_facts(make_job):
    job = claimed(make_job())
    assert job.fail("no_speech", at_s=1.5, detail={"peak_dbfs": -70})
    job.refresh_from_db()
    assert (job.state, job.failure_code, job.failure_at_s) == ("failed", "no_speech", 1.5)
    assert job.failure_detail == {"peak_dbfs": -70}


def test_a_crash_is_run_once_more_and_then_fails_with_its_reason(make_job):
    job = make_job()
    first = claimed(job)
    assert first.release_for_retry("engine_crashed")
    job.refresh_from_db()
    assert (job.state, job.attempt, job.failure_code) == ("queued", 1, "")
    second = claimed(job)
    assert second.attempt == 2
    assert second.release_for_retry("engine_crashed", detail={"ended_by": "SIGSEGV"})
    job.refresh_from_db()
    assert (job.state, job.failure_code) == ("failed", "engine_crashed")
    assert job.failure_detail == {"ended_by": "SIGSEGV"}


def test_giving_back_on_shutdown_does_not_cost_an_attempt(make_job):
    job = make_job()
    for _ in range(3):
        assert claimed(job).release_on_shutdown()
    job.refresh_from_db()
    assert (job.state, job.attempt) == ("queued", 0)


def test_a_silent_workers_job_is_queued_again_and_the_revived_worker_changes_nothing(make_job):
    job = make_job()
    lost = claimed(job)
    assert lost.expire(silent_since=stale(lost))
    heir = claimed(job)
    assert heir.lease_token != lost.lease_token
    assert not lost.heartbeat(stage="rendering", fraction=0.9)
    assert not lost.succeed(output=None, thumbnail=None, result={})
    assert not lost.fail("internal")
    assert not lost.release_for_retry("engine_crashed")
    assert not lost.release_on_shutdown()
    assert not lost.settle_cancelled()
    job.refresh_from_db()
    assert (job.state, job.attempt, job.lease_token) == ("running", 2, heir.lease_token)


def test_a_worker_lost_twice_fails_the_job(make_job):
    job = make_job()
    for _ in range(2):
        mine = claimed(job)
        assert mine.expire(silent_since=stale(mine))
    job.refresh_from_db()
    assert (job.state, job.failure_code) == ("failed", "worker_lost")


def test_a_heartbeat_just_in_time_saves_the_lease(make_job):
    job = claimed(make_job())
    since = stale(job)
    job.heartbeat(stage="rendering", fraction=0.1)
    assert not job.expire(silent_since=since)


def test_a_waiting_job_is_cancelled_at_once(make_job):
    job = make_job()
    assert job.request_cancel()
    job.refresh_from_db()
    assert (job.state, job.failure_code) == ("cancelled", "cancelled")
    assert Job.claim(job.pk) is None


def test_a_running_job_is_asked_to_end_and_its_worker_settles_it(make_job):
    job = claimed(make_job())
    assert job.request_cancel()
    job.refresh_from_db()
    assert (job.state, job.cancel_requested_at is not None) == ("running", True)
    assert job.settle_cancelled()
    job.refresh_from_db()
    assert job.state == "cancelled"


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
def test_a_settled_job_cannot_be_cancelled(make_job, state):
    job = make_job(state=state)
    assert not job.request_cancel()
    job.refresh_from_db()
    assert (job.state, job.cancel_requested_at) == (state, None)


def test_a_job_cancelled_on_its_way_back_to_the_queue_is_never_run_again(make_job):
    job = claimed(make_job())
    job.request_cancel()
    assert job.release_for_retry("engine_crashed")
    assert Job.claim(job.pk) is None
    assert job.settle_cancelled_in_queue()
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_a_cancelled_job_of_a_lost_worker_is_settled_instead_of_run_again(make_job):
    job = claimed(make_job())
    job.request_cancel()
    assert job.expire(silent_since=stale(job))
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_a_wake_up_is_noted_once_per_interval(make_job):
    job = make_job()
    since = timezone.now() - datetime.timedelta(seconds=10)
    assert job.mark_sent(unless_since=since)
    assert not job.mark_sent(unless_since=since)
    assert job.mark_sent()
