from apps.jobs.models import Job
from tests.apps.api.doors import assert_hidden_from_others, assert_needs_signing_in, call, problem_of

PROJECTS = "/api/v1/projects"
CUE = {"start_s": 0.1, "end_s": 1.0, "words": [{"text": "Hullo!", "start_s": 0.1, "end_s": 0.9}]}


def find(client, project):
    return call(client, "POST", f"{PROJECTS}/{project.pk}/captions")


def change(client, project, **changes):
    return call(client, "PATCH", f"{PROJECTS}/{project.pk}", changes)


def test_captions_are_found_once_per_voice_and_text(owner, project):
    first = find(owner, project)
    assert first.status_code == 201
    Job.objects.update(state="succeeded", result={"cues": []})
    assert find(owner, project).json()["id"] == first.json()["id"]
    change(owner, project, script="Other words.")
    assert find(owner, project).json()["id"] != first.json()["id"]


def test_only_the_newest_are_kept_and_failed_ones_made_again(owner, project):
    ids = set()
    for _ in range(9):
        ids.add(find(owner, project).json()["id"])
        Job.objects.filter(state="queued").update(state="failed", failure_code="no_speech")
    assert len(ids) == 9
    assert Job.objects.filter(kind="captions").count() == 6


def test_edited_captions_are_shown_with_whether_they_count(owner, project):
    body = change(owner, project, caption_cues=[CUE]).json()
    assert (body["caption_cues"], body["caption_cues_state"]) == ([CUE], "apply")
    assert change(owner, project, script_rate=1.3).json()["caption_cues_state"] == "refit"
    assert change(owner, project, script="Other.").json()["caption_cues_state"] == "waiting"
    assert problem_of(change(owner, project, caption_cues=[{"start_s": 0}]))["code"] == "option_invalid"


def test_without_a_voice_there_are_none(owner, project):
    change(owner, project, script=" ")
    assert problem_of(find(owner, project))["code"] == "script_empty"
    change(owner, project, voice_source="audio")
    assert problem_of(find(owner, project))["code"] == "project_incomplete"
    change(owner, project, moved_by="idle")
    assert problem_of(find(owner, project))["code"] == "project_incomplete"


def test_strangers_find_nothing(owner, stranger, signed_out, project):
    address = f"{PROJECTS}/{project.pk}/captions"
    assert_hidden_from_others(stranger, "POST", address)
    assert_needs_signing_in(signed_out, "POST", address)
