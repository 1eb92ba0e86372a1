"""Ordering, stopping and repeating work; and the limits of one account."""

import datetime
import json
import uuid

import pytest
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from apps.core.failures import SiteFailure
from apps.jobs import progress, services
from apps.jobs.models import Job
from apps.projects.models import Project
from apps.uploads.models import Asset
from apps.uploads.services import delete_asset
from apps.uploads.signals import asset_received

pytestmark = pytest.mark.django_db
RENDER = {"portrait_asset": "p", "voice_asset": "v"}


def messages(client, queue_name: str) -> list[dict]:
    ids = client.lrange(f"dramatiq:{queue_name}", 0, -1)
    return [json.loads(client.hget(f"dramatiq:{queue_name}.msgs", key)) for key in ids]


def order(user, kind=Job.Kind.TALKING_PHOTO, **options) -> Job:
    return services.submit(user, kind, request=options.pop("request", RENDER), **options)


def refused(call) -> str:
    with pytest.raises(SiteFailure) as caught:
        call()
    return caught.value.code


@pytest.mark.parametrize(
    ("kind", "queue_name", "actor"),
    [
        ("talking_photo", "render", "talking_photo"),
        ("preflight", "interactive", "preflight"),
        ("speech", "interactive", "speech"),
    ],
)
def test_an_order_wakes_the_right_worker_with_nothing_but_the_jobs_id(
    alice, live_redis, django_capture_on_commit_callbacks, kind, queue_name, actor
):
    with django_capture_on_commit_callbacks(execute=True):
        job = order(alice, kind)
    (message,) = messages(live_redis, queue_name)
    assert (message["actor_name"], message["args"], message["kwargs"]) == (actor, [str(job.pk)], {})
    job.refresh_from_db()
    assert job.sent_at is not None


def test_nothing_is_sent_when_the_transaction_is_rolled_back(alice, live_redis, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(RuntimeError), transaction.atomic():
        order(alice)
        raise RuntimeError
    assert messages(live_redis, "render") == []
    assert not Job.objects.exists()


def test_an_order_is_kept_when_redis_is_away(alice, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        job = order(alice)
    assert Job.objects.get(pk=job.pk).state == "queued"


def test_the_same_key_with_the_same_order_gives_the_same_job(alice):
    first = order(alice, idempotency_key="k1")
    assert order(alice, idempotency_key="k1") == first
    assert order(alice, idempotency_key="k2") != first
    assert Job.objects.count() == 2


def test_the_same_key_with_another_order_is_refused(alice):
    order(alice, idempotency_key="k1")
    assert refused(lambda: order(alice, idempotency_key="k1", request={"seed": 2})) == "idempotency_conflict"


def test_keys_of_different_accounts_do_not_meet(alice, bob):
    assert order(alice, idempotency_key="k1") != order(bob, idempotency_key="k1")


def test_too_many_at_once_are_refused_per_account(alice, bob, settings):
    settings.CONCURRENT_JOBS_MAX = 2
    order(alice)
    order(alice)
    assert refused(lambda: order(alice)) == "too_many_jobs"
    assert order(bob).state == "queued"


def test_looking_at_files_is_never_refused_for_being_too_much(alice, settings):
    settings.CONCURRENT_JOBS_MAX = 1
    assert [order(alice, "preflight").state for _ in range(5)] == ["queued"] * 5


def test_ten_free_renders_a_day_and_failures_do_not_count(alice, make_job, settings):
    settings.FREE_RENDERS_PER_DAY = 3
    for state in ("succeeded", "succeeded", "failed", "cancelled"):
        make_job(state=state)
    assert order(alice).state == "queued"
    assert refused(lambda: order(alice)) == "daily_limit"


def test_yesterdays_renders_do_not_count_today(alice, make_job, settings):
    settings.FREE_RENDERS_PER_DAY = 1
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    job = make_job(state="succeeded")
    Job.objects.filter(pk=job.pk).update(queued_at=midnight - datetime.timedelta(microseconds=1))
    assert order(alice).state == "queued"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Adak"])
def test_a_day_of_free_renders_is_a_day_in_utc_wherever_the_reader_is(alice, make_job, settings, zone):
    settings.FREE_RENDERS_PER_DAY = 1
    midnight = timezone.now().astimezone(datetime.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    job = make_job(state="succeeded")
    with timezone.override(zone):
        Job.objects.filter(pk=job.pk).update(queued_at=midnight)
        assert services.renders_today(alice) == 1
        Job.objects.filter(pk=job.pk).update(queued_at=midnight - datetime.timedelta(seconds=1))
        assert services.renders_today(alice) == 0


def test_the_owner_gets_a_job_and_strangers_do_not(alice, charlie, make_job):
    job = make_job()
    assert services.get_job_for(alice, job.pk) == job
    assert services.get_job_for(alice, str(job.pk)) == job
    with pytest.raises(Http404):
        services.get_job_for(charlie, job.pk)


@pytest.mark.parametrize("job_id", ["", "1", "../../etc", "x" * 5000, uuid.UUID(int=4), None])
def test_unknown_and_malformed_ids_are_not_found(alice, job_id):
    with pytest.raises(Http404):
        services.get_job_for(alice, job_id)


def test_a_waiting_job_is_cancelled_at_once_and_costs_nothing(alice, settings):
    settings.FREE_RENDERS_PER_DAY = 1
    job = services.cancel(order(alice))
    assert job.state == "cancelled"
    assert services.renders_today(alice) == 0


def test_cancelling_a_running_job_raises_a_flag_that_its_worker_sees(alice, make_job, live_redis):
    job = Job.claim(make_job().pk)
    assert not progress.is_cancel_flagged(job.pk)
    services.cancel(job)
    assert progress.is_cancel_flagged(job.pk)
    assert services.job_message(job)["state"] == "cancelling"


def test_what_is_over_cannot_be_cancelled(alice, make_job):
    assert refused(lambda: services.cancel(make_job(state="succeeded"))) == "job_not_cancellable"


def test_a_failed_job_is_ordered_again_with_the_same_request(alice, make_job):
    failed = make_job(state="failed", request=RENDER, project=Project.objects.create(owner=alice))
    again = services.retry(failed)
    assert again.pk != failed.pk
    assert (again.state, again.request, again.project_id) == ("queued", RENDER, failed.project_id)


@pytest.mark.parametrize("state", ["queued", "running", "succeeded"])
def test_only_failed_and_cancelled_jobs_can_be_ordered_again(make_job, state):
    assert refused(lambda: services.retry(make_job(state=state))) == "job_not_retryable"


def test_a_received_file_is_looked_at(alice, portrait):
    asset_received.send(sender=Asset, asset=portrait)
    job = Job.objects.get()
    assert (job.kind, job.asset, job.owner) == ("preflight", portrait, alice)


def test_a_file_whose_look_failed_is_refused_with_the_reason(alice, portrait, make_job):
    Asset.objects.filter(pk=portrait.pk).update(state="checking")
    portrait.refresh_from_db()
    job = Job.claim(make_job(kind="preflight", asset=portrait).pk)
    job.fail("engine_crashed")
    services.after_settling(job)
    portrait.refresh_from_db()
    assert (portrait.state, portrait.failure_code) == ("refused", "engine_crashed")


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_file_that_a_render_needs_cannot_be_deleted_under_it(alice, portrait, make_job, state):
    make_job(state=state, request={"portrait_asset": str(portrait.pk)})
    assert refused(lambda: delete_asset(portrait)) == "asset_in_use"


def test_a_file_can_be_deleted_when_its_renders_are_over(alice, portrait, make_job):
    make_job(state="succeeded", request={"portrait_asset": str(portrait.pk)})
    make_job(state="queued", kind="preflight", asset=portrait)
    delete_asset(portrait)
    assert not Asset.objects.exists()


def test_a_waiting_job_says_how_many_are_before_it(alice, make_job):
    first, second = make_job(), make_job()
    make_job(kind="preflight")  # another queue
    assert services.job_message(first)["ahead"] == 0
    message = services.job_message(second)
    assert (message["type"], message["state"], message["stage"], message["ahead"]) == (
        "progress",
        "queued",
        "queued",
        1,
    )
    assert (message["fraction"], message["eta_s"], message["thumbnail_url"]) == (0.0, None, None)


def test_a_failed_job_says_what_is_the_matter_and_what_to_do(alice, make_job):
    job = Job.claim(make_job().pk)
    job.fail("face_too_small", detail={"face_px": 38, "needed_px": 64})
    message = services.job_message(services.get_job_for(alice, job.pk))
    assert message["type"] == "done" and message["state"] == "failed" and message["output_url"] is None
    assert message["failure"]["code"] == "face_too_small"
    assert "38" in message["failure"]["sentence"] and message["failure"]["next_step"]


def test_a_finished_job_links_to_its_video_and_its_poster(alice, make_job):
    video = Asset.objects.create(
        owner=alice, kind="output", state="ready", storage_key="files/bb/v.mp4", content_type="video/mp4"
    )
    project = Project.objects.create(owner=alice, title="Hello")
    job = Job.claim(make_job(project=project).pk)
    job.succeed(output=video, thumbnail=None, result={})
    message = services.job_message(services.get_job_for(alice, job.pk))
    assert (message["type"], message["state"], message["fraction"]) == ("done", "succeeded", 1.0)
    assert message["output_asset"] == str(video.pk)
    assert message["output_url"].startswith("/media/") and "Hello" in message["download_url"]
    assert message["failure"] is None
