"""The page of sets of variants."""

import pytest
from django.urls import reverse

from apps.batches import services
from apps.batches.plans import Choices
from apps.jobs.exports import ExportChoice

pytestmark = pytest.mark.django_db


def page_of(client, project):
    return client.get(reverse("variants", args=[project.pk]))


def test_the_lists_start_from_the_project(owner, project):
    project.options = {"aspect": "1:1", "captions": "pop"}
    project.save()
    html = page_of(owner, project).content.decode()
    assert 'value="pop" checked' in html
    assert 'value="1:1" checked' in html
    assert '"hook": "Hello there."' in html
    assert html.count(" checked") == 3  # and free renders


def test_a_recording_offers_shapes_only(owner, project, voice):
    project.voice, project.voice_source = voice, "audio"
    project.save()
    html = page_of(owner, project).content.decode()
    assert 'name="shapes"' in html
    assert 'id="hooks"' not in html
    assert 'name="captions"' not in html


def test_what_was_made_is_there_again(owner, alice, project):
    batch = services.start(alice, project, Choices(shapes=("9:16", "1:1")), "free", ExportChoice())
    assert str(batch.pk) in page_of(owner, project).content.decode()


def test_nobody_else_sees_it(stranger, signed_out, project):
    assert page_of(stranger, project).status_code == 404
    assert page_of(signed_out, project).status_code == 302
