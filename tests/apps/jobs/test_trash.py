"""What goes into the trash stops, can come back for a while, and is then really gone."""

import datetime

import pytest
from django.utils import timezone

from apps.jobs import trash
from apps.jobs.models import Job
from apps.jobs.services import submit
from apps.projects.models import Project
from apps.projects.services import get_project_for, render_request
from apps.uploads.limits import used_bytes
from apps.uploads.models import Asset

pytestmark = pytest.mark.django_db


def age(project, days):
    Project.objects.filter(pk=project.pk).update(trashed_at=timezone.now() - datetime.timedelta(days=days))


def test_what_is_being_made_stops_and_can_be_ordered_again_after_restoring(alice, project):
    job = submit(alice, Job.Kind.TALKING_PHOTO, project=project, request=render_request(project))
    assert trash.put_in_trash(alice, [project.pk]) == 1
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED
    assert trash.restore(alice, [project.pk]) == 1
    assert get_project_for(alice, project.pk).trashed_at is None


def test_others_can_neither_trash_nor_restore_nor_delete(alice, charlie, project):
    assert trash.put_in_trash(charlie, [project.pk]) == 0
    trash.put_in_trash(alice, [project.pk])
    assert trash.restore(charlie, [project.pk]) == 0
    assert trash.delete_for_good(charlie, [project.pk]) == 0
    assert trash.delete_for_good(charlie) == 0
    assert Project.objects.get(pk=project.pk).trashed_at is not None


def test_only_what_lies_in_the_trash_is_deleted_for_good(alice, project):
    assert trash.delete_for_good(alice, [project.pk]) == 0
    assert Project.objects.filter(pk=project.pk).exists()


def test_files_count_while_they_lie_there_and_no_longer_after(alice, finished_job, project):
    Asset.objects.filter(owner=alice).update(size_bytes=1000)
    before = used_bytes(alice)
    trash.put_in_trash(alice, [project.pk])
    assert used_bytes(alice) == before == 3000
    trash.delete_for_good(alice, [project.pk])
    assert used_bytes(alice) == 0
    assert not Job.objects.filter(pk=finished_job.pk).exists()


def test_a_file_that_another_video_uses_stays(alice, project, portrait):
    Project.objects.create(owner=alice, portrait=portrait)
    trash.put_in_trash(alice, [project.pk])
    trash.delete_for_good(alice, [project.pk])
    assert Asset.objects.filter(pk=portrait.pk).exists()


def test_after_its_days_it_is_gone_and_not_before(alice, project):
    trash.put_in_trash(alice, [project.pk])
    age(project, trash.KEPT_DAYS - 1)
    assert trash.empty_old(timezone.now()) == 0
    age(project, trash.KEPT_DAYS + 1)
    assert trash.empty_old(timezone.now()) == 1
    assert not Project.objects.filter(pk=project.pk).exists()


def test_trashing_twice_does_not_start_the_days_anew(alice, project):
    trash.put_in_trash(alice, [project.pk])
    age(project, 10)
    assert trash.put_in_trash(alice, [project.pk]) == 0
    assert trash.days_left(Project.objects.get(pk=project.pk).trashed_at) == trash.KEPT_DAYS - 10
