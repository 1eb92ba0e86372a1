import pytest

from apps.jobs.models import Job
from apps.jobs.services import after_settling
from tests.apps.api.doors import assert_hidden_from_others, assert_needs_signing_in, call, problem_of

JOBS = "/api/v1/jobs"
SCRIPT = {"text": "Hello there.", "voice": "en-us:female", "rate": 1.0, "pitch": 1.0}


def test_a_frame_becomes_the_picture_of_its_video(owner, finished_job, make_asset):
    answer = call(owner, "POST", f"{JOBS}/{finished_job.pk}/still", {"at_s": 1.25})
    assert answer.status_code == 201
    still = Job.objects.get(pk=answer.json()["id"])
    assert still.request["at_s"] == 1.25
    picture = make_asset(kind="thumbnail", parent=finished_job.output)
    Job.objects.filter(pk=still.pk).update(state="succeeded", output=picture)
    still.refresh_from_db()
    after_settling(still)
    finished_job.refresh_from_db()
    assert finished_job.thumbnail == picture


@pytest.mark.parametrize("at_s", [-1, 99, "soon", None])
def test_a_moment_that_the_video_does_not_have_is_refused(owner, finished_job, at_s):
    answer = call(owner, "POST", f"{JOBS}/{finished_job.pk}/still", {"at_s": at_s})
    assert answer.status_code in (400, 422)
    problem_of(answer)
    assert not Job.objects.filter(kind="still").exists()


def test_words_are_found_once_for_a_video_made_from_a_script(owner, finished_job):
    Job.objects.filter(pk=finished_job.pk).update(request={"script": SCRIPT, "fps": "30"})
    first = call(owner, "POST", f"{JOBS}/{finished_job.pk}/words").json()
    assert Job.objects.get(pk=first["id"]).request["fps"] == "30"
    Job.objects.filter(pk=first["id"]).update(state="succeeded", result={"cues": []})
    assert call(owner, "POST", f"{JOBS}/{finished_job.pk}/words").json()["id"] == first["id"]


def test_a_video_of_a_recording_has_no_known_words(owner, finished_job):
    assert problem_of(call(owner, "POST", f"{JOBS}/{finished_job.pk}/words"))["code"] == "project_incomplete"


@pytest.mark.parametrize("what", ["still", "words"])
def test_only_finished_videos_of_ones_own(owner, stranger, signed_out, job, what):
    body = {"at_s": 0.5} if what == "still" else None
    address = f"{JOBS}/{job.pk}/{what}"
    assert problem_of(call(owner, "POST", address, body))["code"] == "render_not_ready"
    assert_hidden_from_others(stranger, "POST", address, body)
    assert_needs_signing_in(signed_out, "POST", address, body)


def test_what_was_not_as_it_could_be_is_said_in_sentences(owner, finished_job):
    Job.objects.filter(pk=finished_job.pk).update(result={"warnings": ["driver_face_missing 0.50-1.20", "unknown_one"]})
    (warning,) = owner.get(f"{JOBS}/{finished_job.pk}").json()["warnings"]
    assert (warning["at_s"], "0.50" in warning["sentence"]) == (0.5, True)
