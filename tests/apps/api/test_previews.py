"""Three seconds of a dub, and a frame of a talking photo, before all of it is rendered."""

import pytest

from apps.jobs.models import Job
from apps.jobs.services import renders_today
from apps.projects import services
from tests.apps.api.doors import assert_hidden_from_others, assert_needs_signing_in, call, problem_of

PROJECTS = "/api/v1/projects"


@pytest.fixture
def dub(alice, make_asset):
    clip = make_asset(kind="clip", duration_s=8.0, preflight={"problems": [], "people": []})
    project = services.create_project(alice, kind="video_dub")
    return services.update_project(project, {"clip": str(clip.pk), "script": "New words.", "aspect": "9:16"})


def preview(client, project, moment="first", **facts):
    return call(client, "POST", f"{PROJECTS}/{project.pk}/preview", {"moment": moment, **facts})


def test_each_moment_is_rendered_once_in_the_clips_own_shape_and_not_counted(owner, alice, dub, make_asset):
    first = preview(owner, dub)
    assert first.status_code == 201
    assert preview(owner, dub).json()["id"] == first.json()["id"]
    Job.objects.update(state="succeeded", output=make_asset(kind="derived"))
    hardest = preview(owner, dub, "hardest").json()
    assert hardest["id"] != first.json()["id"]
    order = Job.objects.get(pk=hardest["id"]).request
    assert (order["moment"], order["aspect"], order["watermark"], order["film"]) == (
        "hardest", "source", True, "video_dub",
    )  # fmt: skip
    assert renders_today(alice) == 0
    assert call(owner, "GET", f"{PROJECTS}/{dub.pk}/renders").json() == []
    call(owner, "PATCH", f"{PROJECTS}/{dub.pk}", {"script": "Others."})
    assert preview(owner, dub).json()["id"] != first.json()["id"]


def test_only_the_newest_previews_are_kept(owner, dub, make_asset):
    for number in range(6):
        call(owner, "PATCH", f"{PROJECTS}/{dub.pk}", {"script": f"Words {number}."})
        preview(owner, dub)
        Job.objects.filter(state="queued").update(state="succeeded", output=make_asset(kind="derived"))
    assert Job.objects.filter(kind="preview").count() == 4


def test_a_frame_of_a_photo_is_small_marked_free_and_made_once(owner, alice, project):
    frame = preview(owner, project, "at", at_s=1.204)
    assert frame.status_code == 201
    assert preview(owner, project, "at", at_s=1.2).json()["id"] == frame.json()["id"]
    order = Job.objects.get(pk=frame.json()["id"]).request
    assert (order["at_s"], order["max_short_side_px"], order["watermark"], order["film"]) == (
        1.2, 540, True, "talking_photo",
    )  # fmt: skip
    hardest = preview(owner, project, "hardest").json()
    assert hardest["id"] != frame.json()["id"] and hardest["request"]["at_s"] is None
    assert renders_today(alice) == 0


def test_what_is_missing_and_moments_that_there_are_not_are_said(owner, project, dub):
    for refused in (
        preview(owner, project),
        preview(owner, project, "at"),
        preview(owner, project, "hardest", at_s=1),
        preview(owner, dub, "at", at_s=1),
    ):
        assert problem_of(refused)["code"] == "option_invalid"
    assert preview(owner, project, "at", at_s=-1).status_code == 422
    assert preview(owner, dub, "last").status_code == 422
    call(owner, "PATCH", f"{PROJECTS}/{dub.pk}", {"clip": None})
    problem = problem_of(preview(owner, dub))
    assert problem["code"] == "project_incomplete" and "a clip" in problem["detail"]["missing"]


def test_strangers_find_nothing(owner, stranger, signed_out, dub):
    address = f"{PROJECTS}/{dub.pk}/preview"
    assert_hidden_from_others(stranger, "POST", address, {"moment": "first"})
    assert_needs_signing_in(signed_out, "POST", address, {"moment": "first"})
