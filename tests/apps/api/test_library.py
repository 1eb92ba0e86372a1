"""The library over the API: folders, and several videos in one archive."""

import io
import uuid
import zipfile

import pytest
from asgiref.sync import async_to_sync
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from apps.jobs.downloads import VIDEOS_MAX, _entries
from apps.jobs.models import Job
from apps.jobs.trash import put_in_trash
from apps.projects.models import Project
from apps.uploads.models import Asset
from tests.apps.api.doors import assert_needs_signing_in, call, problem_of

ARCHIVES, FOLDERS = "/api/v1/archives", "/api/v1/folders"


@pytest.fixture
def film(finished_job):
    default_storage.save(finished_job.output.storage_key, ContentFile(b"marked" * 100_000))
    return finished_job


@pytest.fixture
def second(alice, film, make_asset):
    """Another project of the same title, exported clean, with a thumbnail of its own."""
    project = Project.objects.create(owner=alice, title="Hello")
    video, picture = make_asset(kind="output"), make_asset(kind="thumbnail", content_type="image/png")
    default_storage.save(video.storage_key, ContentFile(b"clean"))
    default_storage.save(picture.storage_key, ContentFile(b"picture"))
    Project.objects.filter(pk=project.pk).update(thumbnail=picture)
    Job.objects.create(owner=alice, kind="export", project=project, state="succeeded", output=video)
    marked = make_asset(kind="output")
    Job.objects.create(owner=alice, kind="talking_photo", project=project, state="succeeded", output=marked)
    return project


def ask(door, *projects):
    return call(door, "POST", ARCHIVES, {"projects": [str(getattr(one, "pk", one)) for one in projects]})


def unpacked(door, url):
    async def gather(parts):
        return b"".join([part async for part in parts])

    content = async_to_sync(gather)(door.get(url).streaming_content)
    return zipfile.ZipFile(io.BytesIO(content))


@pytest.mark.django_db(transaction=True)
def test_an_archive_has_the_best_video_of_each_project_under_names_of_their_own(owner, signed_out, film, second, alice):
    draft = Project.objects.create(owner=alice, title="Nothing yet")
    told = ask(owner, film.project, second, draft).json()
    assert (told["videos"], told["left_out"]) == (2, 1)
    archive = unpacked(signed_out, told["url"])
    assert archive.testzip() is None
    contents = {name: archive.read(name)[:6] for name in archive.namelist()}
    assert contents in (
        {"Hello.mp4": b"marked", "Hello_2.mp4": b"clean", "Hello_2.png": b"pictur"},
        {"Hello_2.mp4": b"marked", "Hello.mp4": b"clean", "Hello.png": b"pictur"},
    )


def test_no_two_files_of_an_archive_have_one_name(alice, make_asset):
    def video(title):
        return Job(project=Project(owner=alice, title=title), output=make_asset(kind="output"))

    names = [name for name, _ in _entries([video(title) for title in ("Hello", "hello", "Hello 2", "Hello_2")])]
    assert len({name.casefold() for name in names}) == 4
    assert names[0] == "Hello.mp4"


def test_only_finished_videos_of_ones_own_are_downloaded(owner, stranger, signed_out, film, second, alice):
    assert problem_of(ask(stranger, film.project))["code"] == "render_not_ready"
    assert_needs_signing_in(signed_out, "POST", ARCHIVES, {"projects": [str(film.project_id)]})
    put_in_trash(alice, [film.project_id])
    assert problem_of(ask(owner, film.project, uuid.uuid4()))["code"] == "render_not_ready"
    assert ask(owner, film.project, second).json()["videos"] == 1


def test_too_many_or_too_large_is_refused_in_words(owner, film):
    many = ask(owner, *(uuid.uuid4() for _ in range(VIDEOS_MAX + 1)))
    assert many.status_code == 422
    Asset.objects.filter(pk=film.output_id).update(size_bytes=9 * 2**30)
    assert "9.0 GB" in problem_of(ask(owner, film.project))["sentence"]
    for body in ({"projects": []}, {"projects": ["x"]}, {}):
        assert call(owner, "POST", ARCHIVES, body).status_code == 422


@pytest.mark.parametrize("token", ["x", "a:b:c", "%00", "..%2fetc"])
def test_links_that_we_did_not_sign_give_nothing(owner, token):
    assert owner.get(f"/videos/{token}.zip").status_code == 404


def test_a_link_runs_out_and_shows_nothing_from_the_trash(owner, signed_out, film, alice, monkeypatch):
    url = ask(owner, film.project).json()["url"]
    assert signed_out.get(url).status_code == 200
    put_in_trash(alice, [film.project_id])
    assert signed_out.get(url).status_code == 404
    monkeypatch.setattr("apps.jobs.downloads.LINK_S", -1)
    assert signed_out.get(url).status_code == 403


def test_projects_are_put_into_folders_that_can_be_renamed(owner, stranger, signed_out, project):
    move = {"projects": [str(project.pk)], "folder": " Clients "}
    assert call(stranger, "POST", f"{FOLDERS}/move", move).json() == {"moved": 0}
    assert call(owner, "POST", f"{FOLDERS}/move", move).json() == {"moved": 1}
    assert owner.get(FOLDERS).json() == [{"name": "Clients", "videos": 1}]
    assert owner.get(f"/api/v1/projects/{project.pk}").json()["folder"] == "Clients"
    assert stranger.get(FOLDERS).json() == []
    rename = {"name": "Clients", "new_name": "clients 2025"}
    assert problem_of(call(stranger, "POST", f"{FOLDERS}/rename", rename))["code"] == "option_invalid"
    assert call(owner, "POST", f"{FOLDERS}/rename", rename).json() == {"moved": 1, "folder": rename["new_name"].strip()}
    assert owner.get(FOLDERS).json()[0]["name"] == "clients 2025"
    assert_needs_signing_in(signed_out, "GET", FOLDERS)
    assert_needs_signing_in(signed_out, "POST", f"{FOLDERS}/move", move)
    assert_needs_signing_in(signed_out, "POST", f"{FOLDERS}/rename", rename)


@pytest.mark.parametrize("wrong", ["x" * 61, None, 7])
def test_odd_names_of_folders_are_refused(owner, project, wrong):
    call(owner, "POST", f"{FOLDERS}/move", {"projects": [str(project.pk)], "folder": "A"})
    for path, body in (
        ("move", {"projects": [str(project.pk)], "folder": wrong}),
        ("rename", {"name": "A", "new_name": wrong}),
    ):
        assert call(owner, "POST", f"{FOLDERS}/{path}", body).status_code == 422
    assert owner.get(FOLDERS).json() == [{"name": "A", "videos": 1}]


def test_renaming_to_another_folder_puts_both_together(owner, alice, project):
    other = Project.objects.create(owner=alice, folder="Two")
    Project.objects.filter(pk=project.pk).update(folder="One")
    call(owner, "POST", f"{FOLDERS}/rename", {"name": "One", "new_name": "two"})
    assert owner.get(FOLDERS).json() == [{"name": "Two", "videos": 2}]
    other.refresh_from_db()
    assert other.folder == "Two"
