import json

import pytest

from apps.jobs.models import Job
from apps.projects.models import Project
from apps.uploads.models import Asset
from tests.apps.api.doors import (
    assert_hidden_from_others,
    assert_needs_signing_in,
    assert_unknown_ids_are_not_found,
    assert_wrong_methods_are_refused,
    call,
    problem_of,
)

PROJECTS = "/api/v1/projects"


def change(client, project, **changes):
    return call(client, "PATCH", f"{PROJECTS}/{project.pk}", changes)


def test_a_project_can_be_made_seen_and_listed(owner):
    made = call(owner, "POST", PROJECTS, {"title": "  My   talk "})
    assert made.status_code == 201
    assert made.json()["title"] == "My talk"
    assert made.json()["script_voice"] == "en-us:female"
    assert owner.get(f"{PROJECTS}/{made.json()['id']}").json() == made.json()
    assert [row["id"] for row in owner.get(PROJECTS).json()] == [made.json()["id"]]


def test_a_list_holds_only_ones_own_newest_first(owner, stranger, alice):
    for title in ("first", "second"):
        Project.objects.create(owner=alice, title=title)
    assert [row["title"] for row in owner.get(PROJECTS).json()] == ["second", "first"]
    assert [row["title"] for row in owner.get(f"{PROJECTS}?limit=1&offset=1").json()] == ["first"]
    assert stranger.get(PROJECTS).json() == []


TIMES = ("start_s", "end_s", "fade_s")


def test_a_list_takes_as_many_queries_for_thirty_projects_as_for_one(
    owner, alice, portrait, django_assert_max_num_queries
):
    Project.objects.create(owner=alice, portrait=portrait)
    with django_assert_max_num_queries(4) as one:  # the session, the user, the projects, what is stated
        owner.get(PROJECTS)
    Project.objects.bulk_create([Project(owner=alice, portrait=portrait) for _ in range(29)])
    with django_assert_max_num_queries(len(one)):
        assert len(owner.get(f"{PROJECTS}?limit=100").json()) == 30
    scenes = [{"id": "1", "project": str(Project.objects.first().pk), "asset": None, **dict.fromkeys(TIMES, 0.0)}]
    films = [Project(owner=alice, kind="film", options={"scenes": scenes}) for _ in range(9)]
    Project.objects.bulk_create(films)
    with django_assert_max_num_queries(len(one) + 1):  # what all of their scenes show
        assert sum(bool(row["scenes"]) for row in owner.get(f"{PROJECTS}?limit=100").json()) == 9


def test_changes_are_kept(owner, project, voice):
    changes = {
        "title": "Second",
        "voice": str(voice.pk),
        "voice_source": "audio",
        "script_rate": 1.5,
        "aspect": "9:16",
        "style": "expressive",
        "frames_per_second": "30",
        "seed": 7,
        "label_corner": "top-right",
        "face_index": 0,
    }
    body = change(owner, project, **changes).json()
    assert body["voice"]["id"] == str(voice.pk)
    assert {name: body[name] for name in changes if name != "voice"} == {
        name: value for name, value in changes.items() if name != "voice"
    }


def test_null_clears_what_can_be_cleared_and_nothing_else(owner, project):
    assert change(owner, project, portrait=None).json()["portrait"] is None
    for name in ("title", "script", "style", "seed"):
        assert change(owner, project, **{name: None}).status_code == 400, name


def test_another_portrait_forgets_the_chosen_face(owner, project, make_asset):
    change(owner, project, face_index=0)
    assert change(owner, project, portrait=str(make_asset().pk)).json()["face_index"] is None


@pytest.mark.parametrize(
    "changes",
    [
        {"aspect": "3:2"},
        {"style": "wild"},
        {"frames_per_second": "1000"},
        {"seed": -1},
        {"seed": 2**31},
        {"seed": True},
        {"blink": 2.5},
        {"intensity": -0.1},
        {"emotion": "bored"},
        {"idle_s": 1},
        {"background": "beach"},
        {"kind": "video_dub"},
        {"strength": 0.5},
        {"version": "new"},
        {"script_rate": 9},
        {"script_rate": "fast"},
        {"title": "x" * 121},
        {"script": "x" * 10_001},
        {"portrait": "1 OR 1=1"},
        {"owner": "somebody"},
        {"face_index": 5},
        {"script_voice": "nobody"},
    ],
)
def test_impossible_settings_are_refused_in_words_and_change_nothing(owner, project, changes):
    before = Project.objects.values().get(pk=project.pk)
    response = change(owner, project, **changes)
    assert response.status_code in (400, 404, 413, 422)
    problem_of(response)
    assert Project.objects.values().get(pk=project.pk) == before


def test_numbers_that_are_none_are_refused(owner, project):
    body = '{"script_rate": NaN}'
    response = owner.patch(f"{PROJECTS}/{project.pk}", data=body, content_type="application/json")
    assert response.status_code in (400, 422)
    problem_of(response)


def test_all_changes_are_made_or_none(owner, project):
    assert change(owner, project, title="New", script_voice="nobody").status_code == 422
    project.refresh_from_db()
    assert project.title == "Hello"


def test_a_change_made_to_an_older_version_is_refused_and_says_which_is_there(owner, project):
    seen = owner.get(f"{PROJECTS}/{project.pk}").json()["version"]
    assert change(owner, project, version=seen, title="In this tab").json()["version"] == seen + 1
    refused = change(owner, project, version=seen, title="In that tab")
    assert (refused.status_code, problem_of(refused)["code"]) == (409, "project_changed")
    assert problem_of(refused)["detail"]["version"] == seen + 1
    assert owner.get(f"{PROJECTS}/{project.pk}").json()["title"] == "In this tab"
    assert change(owner, project, title="Whatever it was").status_code == 200


def test_a_photo_has_no_settings_of_a_dub(owner, project):
    body = owner.get(f"{PROJECTS}/{project.pk}").json()
    assert (body["kind"], body["style"], body["sync_mode"]) == ("talking_photo", "natural", None)


def test_a_kind_that_cannot_be_made_yet_is_refused(owner):
    response = call(owner, "POST", PROJECTS, {"kind": "hologram"})
    assert problem_of(response)["code"] == "option_invalid"
    assert not Project.objects.exists()


def test_half_a_body_is_refused(owner, project):
    response = owner.patch(f"{PROJECTS}/{project.pk}", data='{"title": ', content_type="application/json")
    assert response.status_code in (400, 422)
    problem_of(response)


def test_somebody_elses_portrait_is_not_found(owner, project, make_asset, charlie):
    theirs = make_asset(owner=charlie)
    assert change(owner, project, portrait=str(theirs.pk)).status_code == 404


def test_a_voice_is_no_portrait(owner, project, voice):
    response = change(owner, project, portrait=str(voice.pk))
    assert problem_of(response)["code"] == "asset_wrong_kind"


def test_a_presenter_becomes_the_portrait_and_is_copied_only_once(owner, project):
    first = change(owner, project, presenter="mara").json()["portrait"]
    assert first["state"] == "checking"
    change(owner, project, presenter="kofi")
    assert change(owner, project, presenter="mara").json()["portrait"]["id"] == first["id"]
    assert change(owner, project, presenter="nobody").status_code == 404


def test_a_copy_has_the_same_settings_and_its_own_life(owner, project):
    copy = call(owner, "POST", f"{PROJECTS}/{project.pk}/duplicate").json()
    assert copy["id"] != str(project.pk)
    assert (copy["title"], copy["script"], copy["portrait"]["id"]) == (
        "Hello (copy)",
        "Hello there.",
        str(project.portrait_id),
    )
    call(owner, "DELETE", f"{PROJECTS}/{project.pk}")
    assert owner.get(f"{PROJECTS}/{copy['id']}").json()["portrait"]["id"] == copy["portrait"]["id"]


def test_deleting_a_project_deletes_its_renders_and_files(owner, finished_job, project):
    assert call(owner, "DELETE", f"{PROJECTS}/{project.pk}").status_code == 204
    assert not Project.objects.exists()
    assert not Job.objects.exists()
    assert not Asset.objects.exists()


def test_a_render_is_ordered_with_everything_it_depends_on(owner, project, portrait):
    response = call(owner, "POST", f"{PROJECTS}/{project.pk}/render")
    assert response.status_code == 201
    body = response.json()
    assert (body["type"], body["state"], body["stage"], body["fraction"]) == ("progress", "queued", "queued", 0)
    order = Job.objects.get(pk=body["id"]).request
    assert order == {
        "portrait_asset": str(portrait.pk),
        "voice_asset": None,
        "script": {"text": "Hello there.", "voice": "en-us:female", "rate": 1.0, "pitch": 1.0},
        "drive_asset": None,
        "track_asset": None,
        "captions": None,
        "caption_text": None,
        "mouth_edits": [],
        "mute": False,
        "idle_s": None,
        "face": {},
        "aspect": "source",
        "background": "photo",
        "style": "natural",
        "life": {"blink": 1.0, "gaze": 1.0, "brow": 1.0, "head": 1.0},
        "emotion": "auto",
        "intensity": 0.6,
        "fps": "25",
        "seed": 0,
        "watermark": True,
        "label_corner": "bottom-left",
        "max_short_side_px": 720,
        "max_duration_s": 60.0,
    }
    assert [row["id"] for row in owner.get(f"{PROJECTS}/{project.pk}/renders").json()] == [body["id"]]


def test_the_same_key_orders_once(owner, project):
    def order():
        return owner.post(f"{PROJECTS}/{project.pk}/render", headers={"Idempotency-Key": "abc"})

    assert order().json()["id"] == order().json()["id"]
    assert Job.objects.count() == 1
    change(owner, project, seed=5)
    conflict = order()
    assert (conflict.status_code, problem_of(conflict)["code"]) == (409, "idempotency_conflict")


def test_a_key_that_is_too_long_is_refused(owner, project):
    response = owner.post(f"{PROJECTS}/{project.pk}/render", headers={"Idempotency-Key": "x" * 256})
    assert response.status_code == 422
    problem_of(response)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"portrait": None}, "a portrait"),
        ({"script": "  "}, "a script"),
        ({"voice_source": "audio"}, "a voice"),
        ({"portrait": None, "script": ""}, "a portrait and a script"),
    ],
)
def test_what_is_missing_is_said(owner, project, changes, words):
    change(owner, project, **changes)
    problem = problem_of(call(owner, "POST", f"{PROJECTS}/{project.pk}/render"))
    assert problem["code"] == "project_incomplete"
    assert words in problem["sentence"]


@pytest.mark.parametrize(
    ("portrait_fields", "code"),
    [
        ({"state": "checking"}, "asset_not_ready"),
        ({"state": "refused", "failure_code": "no_face"}, "no_face"),
        (
            {"preflight": {"faces": [], "auto_face_failure": {"code": "several_faces", "detail": {"count": 2}}}},
            "several_faces",
        ),
    ],
)
def test_a_portrait_that_cannot_be_used_is_said_before_any_waiting(owner, project, make_asset, portrait_fields, code):
    project.portrait = make_asset(**portrait_fields)
    project.save()
    assert problem_of(call(owner, "POST", f"{PROJECTS}/{project.pk}/render"))["code"] == code


def test_a_recording_of_more_than_a_minute_is_refused(owner, project, make_asset):
    change(owner, project, voice=str(make_asset(kind="voice", duration_s=75.0).pk), voice_source="audio")
    problem = problem_of(call(owner, "POST", f"{PROJECTS}/{project.pk}/render"))
    assert problem["code"] == "too_long_for_free"
    assert "75 s" in problem["sentence"] and "with credits" in problem["next_step"]


def test_the_eleventh_render_of_a_day_is_refused(owner, project, alice, settings):
    settings.FREE_RENDERS_PER_DAY = 2
    Job.objects.bulk_create(
        [Job(owner=alice, kind="talking_photo", state="succeeded", project=project) for _ in range(2)]
    )
    response = call(owner, "POST", f"{PROJECTS}/{project.pk}/render")
    assert (response.status_code, problem_of(response)["code"]) == (429, "daily_limit")


ENDPOINTS = [
    ("GET", "/{}", None),
    ("PATCH", "/{}", {"title": "Mine now"}),
    ("DELETE", "/{}", None),
    ("POST", "/{}/duplicate", {}),
    ("GET", "/{}/renders", None),
    ("POST", "/{}/render", {}),
]


@pytest.mark.parametrize(("method", "path", "body"), ENDPOINTS)
def test_a_stranger_finds_nothing(stranger, project, method, path, body):
    before = json.dumps(Project.objects.values().get(pk=project.pk), default=str)
    assert_hidden_from_others(stranger, method, PROJECTS + path.format(project.pk), body)
    assert json.dumps(Project.objects.values().get(pk=project.pk), default=str) == before


@pytest.mark.parametrize(("method", "path", "body"), ENDPOINTS)
def test_ids_that_do_not_exist_are_not_found(owner, method, path, body):
    assert_unknown_ids_are_not_found(owner, method, PROJECTS + path, body)


@pytest.mark.parametrize(("method", "path", "body"), [*ENDPOINTS, ("GET", "", None), ("POST", "", {})])
def test_it_needs_signing_in(signed_out, project, method, path, body):
    assert_needs_signing_in(signed_out, method, PROJECTS + path.format(project.pk), body)


def test_wrong_methods_are_refused(owner, project):
    assert_wrong_methods_are_refused(owner, PROJECTS, "PUT", "PATCH", "DELETE")
    assert_wrong_methods_are_refused(owner, f"{PROJECTS}/{project.pk}", "PUT", "POST")
    assert_wrong_methods_are_refused(owner, f"{PROJECTS}/{project.pk}/render", "GET", "DELETE")
    assert_wrong_methods_are_refused(owner, f"{PROJECTS}/{project.pk}/duplicate", "GET")
    assert_wrong_methods_are_refused(owner, f"{PROJECTS}/{project.pk}/renders", "POST")
