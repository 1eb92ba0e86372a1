"""Folders are names that projects carry."""

import pytest

from apps.core.failures import SiteFailure
from apps.projects.folders import NAME_MAX_CHARS, move_to_folder, shelves_of
from apps.projects.models import Project

pytestmark = pytest.mark.django_db


def test_a_folder_is_there_while_something_lies_in_it(alice, project):
    changed_at = project.updated_at
    assert move_to_folder(alice, [project.pk], "  Client \t work ") == 1
    assert shelves_of(alice).folders == (("Client work", 1),)
    project.refresh_from_db()
    assert project.updated_at == changed_at
    move_to_folder(alice, [project.pk], "")
    assert shelves_of(alice).folders == ()


def test_upper_and_lower_case_mean_the_same_folder(alice, project):
    other = Project.objects.create(owner=alice)
    move_to_folder(alice, [project.pk], "Привет")
    move_to_folder(alice, [other.pk], "ПРИВЕТ")
    assert shelves_of(alice).folders == (("Привет", 2),)


def test_nobody_moves_what_is_not_theirs(charlie, project):
    assert move_to_folder(charlie, [project.pk], "Mine now") == 0


def test_odd_characters_go_and_too_long_a_name_is_refused(alice, project):
    move_to_folder(alice, [project.pk], "A\x00B\u202eC")
    assert shelves_of(alice).folders == (("ABC", 1),)
    with pytest.raises(SiteFailure) as refusal:
        move_to_folder(alice, [project.pk], "x" * (NAME_MAX_CHARS + 1))
    assert refusal.value.code == "option_invalid"
