import json

from apps.jobs.models import Job
from tests.apps.api.doors import assert_hidden_from_others, assert_needs_signing_in, call, problem_of

PROJECTS = "/api/v1/projects"


def find(client, project):
    return call(client, "POST", f"{PROJECTS}/{project.pk}/track")


def test_a_track_is_found_once_per_voice(owner, project, make_asset):
    first = find(owner, project)
    assert first.status_code == 201
    assert find(owner, project).json()["id"] == first.json()["id"]
    Job.objects.update(state="succeeded", output=make_asset(kind="derived"))
    assert find(owner, project).json()["id"] == first.json()["id"]
    call(owner, "PATCH", f"{PROJECTS}/{project.pk}", {"script": "Other words."})
    assert find(owner, project).json()["id"] != first.json()["id"]


def test_a_failed_search_is_made_again(owner, project):
    first = find(owner, project).json()
    Job.objects.update(state="failed", failure_code="no_speech")
    assert find(owner, project).json()["id"] != first["id"]


def test_only_the_newest_tracks_are_kept(owner, project, make_asset):
    for number in range(6):
        call(owner, "PATCH", f"{PROJECTS}/{project.pk}", {"script": f"Words {number}."})
        find(owner, project)
        Job.objects.filter(state="queued").update(state="succeeded", output=make_asset(kind="derived"))
    assert Job.objects.filter(kind="track").count() == 3


def test_without_a_voice_there_is_no_track(owner, project):
    call(owner, "PATCH", f"{PROJECTS}/{project.pk}", {"script": " "})
    assert problem_of(find(owner, project))["code"] == "script_empty"
    call(owner, "PATCH", f"{PROJECTS}/{project.pk}", {"voice_source": "audio"})
    assert problem_of(find(owner, project))["code"] == "project_incomplete"


def test_strangers_find_nothing(owner, stranger, signed_out, project):
    address = f"{PROJECTS}/{project.pk}/track"
    assert_hidden_from_others(stranger, "POST", address)
    assert_needs_signing_in(signed_out, "POST", address)


def test_edits_are_shown_with_whether_they_count(owner, project):
    edit = {"kind": "scale", "start_s": 0.1, "end_s": 0.4, "amount": 0.5}
    body = call(owner, "PATCH", f"{PROJECTS}/{project.pk}", {"mouth_edits": [edit]}).json()
    assert (body["mouth_edits"], body["mouth_edits_apply"]) == ([edit], True)
    body = call(owner, "PATCH", f"{PROJECTS}/{project.pk}", {"script_rate": 1.3}).json()
    assert (body["mouth_edits"], body["mouth_edits_apply"]) == ([edit], False)


def test_a_track_is_uploaded_as_a_file_and_a_picture_is_none(owner):
    from django.core.files.uploadedfile import SimpleUploadedFile

    def send(name, content):
        file = SimpleUploadedFile(name, content)
        return owner.post("/api/v1/assets", {"kind": "track", "file": file})

    assert send("mouth.json", json.dumps({"version": 1}).encode()).status_code == 201
    assert problem_of(send("mouth.json", b"\x89PNG\r\n\x1a\n"))["code"] == "unsupported_type"
