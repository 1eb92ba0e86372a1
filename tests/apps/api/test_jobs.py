import pytest

from apps.jobs.models import Job
from apps.uploads.models import Asset
from tests.apps.api.doors import (
    assert_hidden_from_others,
    assert_needs_signing_in,
    assert_unknown_ids_are_not_found,
    assert_wrong_methods_are_refused,
    call,
    problem_of,
)

JOBS = "/api/v1/jobs"


def test_a_waiting_job_says_that_it_waits(owner, job):
    body = owner.get(f"{JOBS}/{job.pk}").json()
    assert (body["type"], body["stage"], body["ahead"], body["output_url"]) == ("progress", "queued", 0, None)


def test_a_finished_job_says_where_its_video_is(owner, finished_job):
    body = owner.get(f"{JOBS}/{finished_job.pk}").json()
    assert (body["type"], body["state"], body["fraction"]) == ("done", "succeeded", 1.0)
    assert (body["duration_s"], body["width_px"]) == (2.0, 720)
    assert body["output_url"] != body["download_url"]


def test_a_failed_job_says_what_to_do(owner, job):
    Job.objects.filter(pk=job.pk).update(state="failed", failure_code="engine_crashed", failure_at_s=1.5)
    failure = owner.get(f"{JOBS}/{job.pk}").json()["failure"]
    assert (failure["code"], failure["at_s"], failure["retryable"]) == ("engine_crashed", 1.5, True)
    assert failure["next_step"]


def test_a_waiting_job_can_be_stopped_once(owner, job):
    assert call(owner, "POST", f"{JOBS}/{job.pk}/cancel").json()["state"] == "cancelled"
    again = call(owner, "POST", f"{JOBS}/{job.pk}/cancel")
    assert (again.status_code, problem_of(again)["code"]) == (409, "job_not_cancellable")


def test_a_stopped_job_can_be_ordered_again(owner, job):
    call(owner, "POST", f"{JOBS}/{job.pk}/cancel")
    again = call(owner, "POST", f"{JOBS}/{job.pk}/retry")
    assert again.status_code == 201
    assert again.json()["id"] != str(job.pk)
    assert again.json()["request"] == {"seed": 1}


def test_a_running_job_cannot_be_ordered_again(owner, job):
    assert problem_of(call(owner, "POST", f"{JOBS}/{job.pk}/retry"))["code"] == "job_not_retryable"


def test_deleting_a_finished_job_deletes_its_files(owner, finished_job):
    made = {finished_job.output_id, finished_job.thumbnail_id}
    assert call(owner, "DELETE", f"{JOBS}/{finished_job.pk}").status_code == 204
    assert not Job.objects.exists()
    assert not Asset.objects.filter(pk__in=made).exists()


def test_a_job_in_the_making_has_to_be_stopped_before_it_is_deleted(owner, job):
    response = call(owner, "DELETE", f"{JOBS}/{job.pk}")
    assert (response.status_code, problem_of(response)["code"]) == (409, "asset_in_use")
    assert Job.objects.exists()


ENDPOINTS = [("GET", "/{}"), ("DELETE", "/{}"), ("POST", "/{}/cancel"), ("POST", "/{}/retry")]


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_a_stranger_finds_nothing(stranger, job, method, path):
    assert_hidden_from_others(stranger, method, JOBS + path.format(job.pk))
    assert Job.objects.get(pk=job.pk).state == "queued"


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_ids_that_do_not_exist_are_not_found(owner, method, path):
    assert_unknown_ids_are_not_found(owner, method, JOBS + path)


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_it_needs_signing_in(signed_out, job, method, path):
    assert_needs_signing_in(signed_out, method, JOBS + path.format(job.pk))


def test_wrong_methods_are_refused(owner, job):
    assert_wrong_methods_are_refused(owner, f"{JOBS}/{job.pk}", "POST", "PUT", "PATCH")
    assert_wrong_methods_are_refused(owner, f"{JOBS}/{job.pk}/cancel", "GET")
    assert_wrong_methods_are_refused(owner, f"{JOBS}/{job.pk}/retry", "GET")
