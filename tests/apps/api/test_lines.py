"""Lines of a dub through the API: changing them, subtitles in and out, and trying how a line fits."""

import pytest

from apps.jobs.models import Job
from apps.projects.models import Project
from tests.apps.api.doors import call, problem_of

PROJECTS = "/api/v1/projects"
LINE = {"id": "a", "start_s": 1.0, "end_s": 2.5, "script": "New words.", "script_voice": "en-us:female"}
SRT = "1\n00:00:01,000 --> 00:00:02,500\nGuten Morgen.\n"


@pytest.fixture
def dub(alice, make_asset) -> Project:
    clip = make_asset(kind="clip", duration_s=8.0, width_px=640, height_px=360)
    return Project.objects.create(owner=alice, kind="video_dub", clip=clip, script_voice="de:male")


def patch(client, project, **changes):
    return call(client, "PATCH", f"{PROJECTS}/{project.pk}", changes)


def test_lines_are_kept_with_their_recordings(owner, dub, voice):
    said = patch(owner, dub, voice_source="lines", lines=[{**LINE, "voice": str(voice.pk)}]).json()
    (line,) = said["lines"]
    assert (line["voice"]["id"], line["script"], line["sync_mode"]) == (str(voice.pk), "New words.", "silence")
    assert owner.get(f"{PROJECTS}/{dub.pk}").json()["lines"] == said["lines"]


def test_lines_of_many_projects_cost_no_more_queries_than_of_one(owner, alice, dub, voice, django_assert_num_queries):
    patch(owner, dub, lines=[{**LINE, "voice": str(voice.pk)}])
    with django_assert_num_queries(6):
        owner.get(PROJECTS)
    options = Project.objects.get(pk=dub.pk).options
    Project.objects.bulk_create([Project(owner=alice, kind="video_dub", options=options) for _ in range(9)])
    with django_assert_num_queries(6):
        assert len(owner.get(PROJECTS).json()) == 10


def test_lines_changed_in_an_older_tab_are_refused(owner, dub):
    version = owner.get(f"{PROJECTS}/{dub.pk}").json()["version"]
    assert patch(owner, dub, version=version, lines=[LINE]).status_code == 200
    assert problem_of(patch(owner, dub, version=version, lines=[]))["code"] == "project_changed"
    late = call(owner, "PUT", f"{PROJECTS}/{dub.pk}/lines/subtitles", {"text": SRT, "version": version})
    assert problem_of(late)["code"] == "project_changed"


def test_ten_thousand_lines_are_refused_in_words(owner, dub):
    problem = problem_of(patch(owner, dub, lines=[{**LINE, "id": str(n)} for n in range(10_000)]))
    assert problem["code"] == "option_invalid" and "300" in problem["sentence"]


def test_subtitles_become_lines_and_come_back(owner, dub):
    said = call(owner, "PUT", f"{PROJECTS}/{dub.pk}/lines/subtitles", {"text": SRT}).json()
    (line,) = said["lines"]
    assert (said["voice_source"], line["script"], line["script_voice"]) == ("lines", "Guten Morgen.", "de:male")
    back = owner.get(f"{PROJECTS}/{dub.pk}/lines/subtitles")
    assert (back.content.decode(), back["Content-Disposition"]) == (SRT, 'attachment; filename="lines.srt"')


def test_subtitles_that_are_none_change_nothing(owner, dub):
    patch(owner, dub, lines=[LINE])
    problem = problem_of(call(owner, "PUT", f"{PROJECTS}/{dub.pk}/lines/subtitles", {"text": "hello"}))
    assert problem["code"] == "subtitles_unreadable"
    assert len(owner.get(f"{PROJECTS}/{dub.pk}").json()["lines"]) == 1


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_subtitles_are_the_owners_alone(stranger, signed_out, dub, method):
    address = f"{PROJECTS}/{dub.pk}/lines/subtitles"
    body = {"text": SRT} if method == "PUT" else None
    assert call(stranger, method, address, body).status_code == 404
    assert call(signed_out, method, address, body).status_code == 401


@pytest.mark.usefixtures("nobody_is_woken", "two_voices")
def test_a_line_can_be_tried_in_its_time(owner):
    said = call(owner, "POST", "/api/v1/speech", {"text": "Hello.", "voice": "de:male", "slot_s": 1.5}).json()
    assert Job.objects.get(pk=said["id"]).request["slot_s"] == 1.5
    refused = call(owner, "POST", "/api/v1/speech", {"text": "Hello.", "voice": "de:male", "slot_s": 0})
    assert refused.status_code in (400, 422)
