"""Thumbnails over the API: proposed and made of one's own finished videos, marked or clean, chosen and deleted."""

import uuid

import pytest

from apps.jobs.exports import content_key
from apps.jobs.models import Job, Quote
from apps.jobs.services import after_settling
from apps.jobs.thumbnails import KEPT
from tests.apps.api.doors import assert_hidden_from_others, assert_needs_signing_in, call, problem_of

JOBS, PROJECTS = "/api/v1/jobs", "/api/v1/projects"


@pytest.fixture
def made(owner, finished_job, make_asset):
    """Makes thumbnails and lets them be done."""

    def make(**wish) -> Job:
        answer = call(owner, "POST", f"{JOBS}/{finished_job.pk}/thumbnail", {"at_s": 1.0, **wish})
        assert answer.status_code == 201, answer.content
        picture = make_asset(kind="thumbnail", parent=finished_job.output, content_type="image/png")
        job = Job.objects.get(pk=answer.json()["id"])
        Job.objects.filter(pk=job.pk).update(state="succeeded", output=picture)
        after_settling(job)
        job.refresh_from_db()
        return job

    return make


def test_moments_are_looked_for_once(owner, finished_job):
    first = call(owner, "POST", f"{JOBS}/{finished_job.pk}/moments")
    assert first.status_code == 201
    assert call(owner, "POST", f"{JOBS}/{finished_job.pk}/moments").json()["id"] == first.json()["id"]
    Job.objects.filter(pk=first.json()["id"]).update(state="failed", failure_code="internal")
    assert call(owner, "POST", f"{JOBS}/{finished_job.pk}/moments").json()["id"] != first.json()["id"]


def test_the_newest_still_one_is_the_project_s_picture_until_another_is_chosen(owner, project, made):
    first, second, moving = made(format="png"), made(text="Two"), made(format="gif")
    project.refresh_from_db()
    assert project.thumbnail == second.output
    listed = owner.get(f"{PROJECTS}/{project.pk}/thumbnails").json()
    assert [(one["id"], one["chosen"]) for one in listed] == [
        (str(moving.pk), False), (str(second.pk), True), (str(first.pk), False),
    ]  # fmt: skip
    assert ".png" in listed[0]["download_url"]
    assert call(owner, "POST", f"{JOBS}/{first.pk}/choose").json()["chosen"] is True
    assert problem_of(call(owner, "POST", f"{JOBS}/{moving.pk}/choose"))["code"] == "option_invalid"
    assert str(first.output_id) in owner.get("/library/").content.decode()
    assert call(owner, "DELETE", f"{JOBS}/{first.pk}").status_code == 204
    project.refresh_from_db()
    assert project.thumbnail is None


def test_of_a_free_render_it_is_marked_and_of_its_clean_export_it_is_not(
    owner, alice, project, finished_job, make_asset
):
    order = {"script": {"text": "Hello there."}, "aspect": "source", "label_corner": "bottom-left"}
    Job.objects.filter(pk=finished_job.pk).update(request=order | {"max_duration_s": 60, "watermark": True})
    address = f"{JOBS}/{finished_job.pk}/thumbnail"
    free = Job.objects.get(pk=call(owner, "POST", address, {"at_s": 1}).json()["id"]).request
    assert (free["marked"], free["video_asset"], free["label_corner"]) == (
        True, str(finished_job.output_id), "bottom-left",
    )  # fmt: skip
    clean_video = make_asset(kind="output", duration_s=2.0)
    export_order = order | {"film": "talking_photo", "watermark": False, "label_corner": None, "preset": "h264"}
    quote = Quote.objects.create(
        owner=alice, project=project, request=export_order, work="talking_photo", credits=2, seconds=2,
        content_key=content_key("talking_photo", export_order), credits_per_s=1, duration_s=2.0, width_px=720,
        height_px=900, size_bytes=1, valid_until="2030-01-01T00:00Z",
    )  # fmt: skip
    export = Job.objects.create(owner=alice, kind="export", project=project, request=export_order, quote=quote)
    assert Job.objects.get(pk=call(owner, "POST", address, {"at_s": 1}).json()["id"]).request["marked"] is True
    Job.objects.filter(pk=export.pk).update(state="succeeded", output=clean_video)
    Job.objects.filter(kind="thumbnail").update(state="cancelled")
    clean = Job.objects.get(pk=call(owner, "POST", address, {"at_s": 1}).json()["id"]).request
    assert (clean["marked"], clean["video_asset"], clean["label_corner"]) == (False, str(clean_video.pk), None)
    Job.objects.filter(pk=finished_job.pk).update(request=order | {"script": {"text": "Something else."}})
    other = Job.objects.get(pk=call(owner, "POST", address, {"at_s": 1}).json()["id"]).request
    assert other["marked"] is True


@pytest.mark.parametrize(
    "wrong",
    [
        {"at_s": -0.1},
        {"at_s": 2.5},
        {"at_s": 1e9},
        {"at_s": None},
        {"text": "x" * 10_000},
        {"text": "x" * 121},
        {"font": "comic"},
        {"colour": "#ff0000"},
        {"position": "left"},
        {"shape": "2:1"},
        {"format": "svg"},
        {"format": "gif", "length_s": 60},
        {"format": "gif", "width_px": 4000},
        {"watermark": False},
    ],
    ids=str,
)
def test_what_cannot_be_made_is_refused_before_anything_is_ordered(owner, finished_job, wrong):
    answer = call(owner, "POST", f"{JOBS}/{finished_job.pk}/thumbnail", {"at_s": 1.0} | wrong)
    assert answer.status_code in (400, 422)
    assert problem_of(answer)["sentence"]
    assert not Job.objects.filter(kind="thumbnail").exists()


@pytest.mark.parametrize(
    "text", ["مرحبا بالعالم", "🎉 שלום 🎉", "日本語", "a\u202eb\x00c\nd", "<script>alert(1)</script>"]
)
def test_words_of_any_script_are_taken_as_words(owner, finished_job, text):
    answer = call(owner, "POST", f"{JOBS}/{finished_job.pk}/thumbnail", {"at_s": 1.0, "text": text})
    assert answer.status_code == 201
    assert Job.objects.get(pk=answer.json()["id"]).request["text"] == " ".join(text.split())


@pytest.mark.parametrize("what", ["moments", "thumbnail"])
def test_only_finished_videos_of_ones_own(owner, stranger, signed_out, job, what):
    body = {"at_s": 0.5} if what == "thumbnail" else None
    address = f"{JOBS}/{job.pk}/{what}"
    assert problem_of(call(owner, "POST", address, body))["code"] == "render_not_ready"
    assert_hidden_from_others(stranger, "POST", address, body)
    assert_needs_signing_in(signed_out, "POST", address, body)
    assert call(owner, "POST", f"{JOBS}/{uuid.uuid4()}/{what}", body).status_code == 404


def test_only_ones_own_thumbnails_are_chosen_and_listed(owner, stranger, signed_out, job, project, made):
    thumbnail = made()
    assert problem_of(call(owner, "POST", f"{JOBS}/{job.pk}/choose"))["code"] == "render_not_ready"
    for method, address in (("POST", f"{JOBS}/{thumbnail.pk}/choose"), ("GET", f"{PROJECTS}/{project.pk}/thumbnails")):
        assert_hidden_from_others(stranger, method, address)
        assert_needs_signing_in(signed_out, method, address)


def test_the_oldest_make_room_but_never_the_chosen_one(owner, project, made):
    chosen = made()
    for _ in range(KEPT):
        made(format="gif")
    assert Job.objects.filter(kind="thumbnail").count() == KEPT + 1
    assert Job.objects.filter(pk=chosen.pk).exists()
