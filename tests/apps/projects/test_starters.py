"""Templates set what they say, and what they make can be rendered as it is."""

import pytest
from django.http import Http404

from apps.projects.models import Project
from apps.projects.presenters import available_presenters
from apps.projects.services import update_project
from apps.projects.starters import STARTERS, start_from

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("starter", STARTERS, ids=lambda one: one.slug)
def test_a_template_sets_shape_captions_and_words(alice, starter):
    project = start_from(alice, starter.slug)
    facts = project.settings_now() | {"script": project.script}
    assert project.kind == starter.kind
    assert {name: facts[name] for name in starter.settings} == dict(starter.settings)
    assert (project.portrait is not None) is (project.kind == Project.Kind.TALKING_PHOTO)
    update_project(project, {"captions": "none"})


def test_every_template_has_a_presenter_that_exists():
    slugs = {presenter.slug for presenter in available_presenters()}
    assert all(one.presenter in slugs for one in STARTERS if one.kind == Project.Kind.TALKING_PHOTO)


def test_an_unknown_template_is_not_found(alice):
    with pytest.raises(Http404):
        start_from(alice, "nothing-like-it")
