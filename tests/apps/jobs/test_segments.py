"""Segments of a project: kept on this machine, under one mark, and thrown away with what they belong to."""

import os
import time

import pytest

from apps.jobs import segments
from apps.jobs.deletion import delete_job, delete_jobs_of
from apps.jobs.models import Job
from apps.jobs.segments import own_id, project_segments
from apps.jobs.takedown import files_of_render, render_of
from apps.projects.services import create_project
from apps.uploads.models import Asset

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(alice, settings, tmp_path):
    settings.SEGMENTS_DIR = tmp_path / "segments"
    return create_project(alice)


def kept(root, job):
    folder, render_id = project_segments(root, job)
    (folder / ("ab" * 20 + ".seg")).write_bytes(b"pictures")
    return folder, render_id


def test_renders_of_a_project_share_a_folder_and_the_mark_of_the_first(project, make_job, settings):
    first, second = make_job(project=project), make_job(project=project)
    folder, render_id = project_segments(settings.SEGMENTS_DIR, first)
    assert render_id == own_id(first)
    assert project_segments(settings.SEGMENTS_DIR, second) == (folder, own_id(first))
    assert folder.stat().st_mode & 0o077 == 0


def test_without_a_project_or_a_place_nothing_is_shared(project, make_job, settings):
    alone, here = make_job(), make_job(project=project)
    assert project_segments(settings.SEGMENTS_DIR, alone) == (None, own_id(alone))
    assert project_segments(None, here) == (None, own_id(here))


@pytest.mark.parametrize("written", ["", "zz", "../../../etc", "0" * 12])
def test_a_mark_that_leads_nowhere_is_not_used_again(project, make_job, settings, written):
    folder, _ = kept(settings.SEGMENTS_DIR, make_job(project=project))
    (folder / "render_id").write_text(written)
    second = make_job(project=project)
    assert project_segments(settings.SEGMENTS_DIR, second) == (folder, own_id(second))
    assert [path.name for path in folder.iterdir()] == ["render_id"]


def test_another_projects_render_is_not_taken_for_ones_own(project, alice, make_job, settings):
    foreign = make_job(project=create_project(alice))
    job = make_job(project=project)
    folder, _ = kept(settings.SEGMENTS_DIR, job)
    (folder / "render_id").write_text(own_id(foreign))
    assert project_segments(settings.SEGMENTS_DIR, job)[1] == own_id(job)


def test_they_go_with_the_project_and_with_any_deleted_render(project, make_job, settings):
    job = make_job(project=project, state=Job.State.SUCCEEDED)
    folder, _ = kept(settings.SEGMENTS_DIR, job)
    delete_job(job)
    assert not folder.exists()
    kept(settings.SEGMENTS_DIR, make_job(project=project))
    delete_jobs_of(project)
    assert not folder.exists()


def test_what_a_film_kept_of_its_scenes_goes_with_the_film_and_with_the_scenes_project(project, make_job, settings):
    scene = settings.SEGMENTS_DIR / str(project.pk) / ("ab" * 20 + ".scene.mp4")

    def keep():
        scene.parent.mkdir(parents=True, exist_ok=True)
        scene.write_bytes(b"pictures of somebody")

    keep()
    delete_jobs_of(project)  # it was never rendered by itself
    assert not scene.parent.exists()
    keep()
    film = make_job(
        state=Job.State.SUCCEEDED, request={"scenes": [{"project": str(project.pk)}, {"picture_asset": "x"}]}
    )
    delete_job(film)  # as a film is when one of its pictures is taken down
    assert not scene.parent.exists()


def test_the_sweep_takes_what_is_old_foreign_or_nobodys(project, alice, make_job, settings):
    now, _ = kept(settings.SEGMENTS_DIR, make_job(project=project))
    old, _ = kept(settings.SEGMENTS_DIR, make_job(project=create_project(alice)))
    long_ago = time.time() - segments.KEPT_S - 60
    for path in old.iterdir():
        os.utime(path, (long_ago, long_ago))
    (settings.SEGMENTS_DIR / "something").mkdir()
    gone = create_project(alice)
    kept(settings.SEGMENTS_DIR, make_job(project=gone))
    gone.delete()
    assert segments.sweep() == 3
    assert list(settings.SEGMENTS_DIR.iterdir()) == [now]
    settings.SEGMENTS_DIR = settings.SEGMENTS_DIR / "nowhere"
    assert segments.sweep() == 0


def test_a_mark_leads_to_every_render_that_carries_it(project, alice, make_job):
    def video(name):
        return Asset.objects.create(owner=alice, kind="output", state="ready", storage_key=f"files/{name}.mp4")

    first = make_job(project=project, state="succeeded", output=video("a"))
    for job in (first, make_job(project=project, state="succeeded", output=video("b"))):
        Job.objects.filter(pk=job.pk).update(result={"render_id": own_id(first)})
    make_job(project=project, state="succeeded", output=video("c"), result={"render_id": "c" * 12})
    assert {asset.storage_key for asset in files_of_render(render_id=own_id(first))} == {"files/a.mp4", "files/b.mp4"}
    mark = own_id(first)
    Job.objects.filter(pk=first.pk).delete()
    assert render_of(mark) is not None, "the first one was deleted, the other still carries its mark"
