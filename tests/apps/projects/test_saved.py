"""Presenters of one's own keep who speaks, the voice and the manner, and with the file what was stated about it."""

import uuid

import pytest
from django.http import Http404

from apps.core.failures import SiteFailure
from apps.projects import saved
from apps.projects.models import SavedPresenter
from apps.projects.services import create_project, delete_project, render_request, update_project
from apps.uploads.models import Asset

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara(project):
    update_project(project, {"style": "expressive", "script_rate": 1.2, "face_index": 0, "captions": "pop"})
    return saved.save_presenter(project, "  Mara \n of ours ")


def test_a_saved_presenter_speaks_in_a_new_video_as_in_the_old_one(alice, mara, portrait):
    new = saved.use_any_presenter(create_project(alice), str(mara.pk))
    update_project(new, {"script": "Hello again."})
    assert mara.name == "Mara of ours"
    assert (new.portrait, new.face_index, new.script_voice, new.script_rate) == (portrait, 0, "en-us:female", 1.2)
    assert new.settings_now()["style"] == "expressive"
    assert new.settings_now()["captions"] == "none"  # that belongs to the video
    assert render_request(new)["portrait_asset"] == str(portrait.pk)  # what was stated once counts here too


def test_the_manner_of_before_does_not_stay(alice, mara):
    new = create_project(alice)
    update_project(new, {"emotion": "angry"})
    assert saved.use_saved(new, mara).settings_now()["emotion"] == "auto"


def test_the_file_outlives_its_video_and_goes_with_the_presenter(alice, mara, project, portrait):
    delete_project(project)
    assert Asset.objects.filter(pk=portrait.pk).exists()
    saved.delete_saved(saved.get_saved_for(alice, mara.pk))
    assert not Asset.objects.filter(pk=portrait.pk).exists()


def test_removing_a_presenter_leaves_videos_as_they_are(alice, mara, project, portrait):
    saved.delete_saved(mara)
    project.refresh_from_db()
    assert project.portrait == portrait


def test_presenters_are_nobody_elses(charlie, mara):
    assert list(saved.saved_presenters(charlie)) == []
    for wrong in (mara.pk, uuid.uuid4(), "x"):
        with pytest.raises(Http404):
            saved.get_saved_for(charlie, wrong)


def test_what_cannot_be_saved_is_refused(alice, project, portrait, monkeypatch):
    def refused(one, name):
        with pytest.raises(SiteFailure) as refusal:
            saved.save_presenter(one, name)
        return refusal.value.code

    assert refused(create_project(alice), "Nobody") == "project_incomplete"
    assert refused(project, " \x00 ") == "option_invalid"
    assert refused(project, "x" * 61) == "option_invalid"
    monkeypatch.setattr("apps.trust.attestations.standing_of", lambda assets: (set(), False))
    assert refused(project, "Somebody") == "attestation_missing"
    Asset.objects.filter(pk=portrait.pk).update(state="checking")
    project.refresh_from_db()
    assert refused(project, "Somebody") == "asset_not_ready"
    assert not SavedPresenter.objects.exists()


def test_there_is_a_most_that_one_keeps(project, mara, monkeypatch):
    monkeypatch.setattr(saved, "SAVED_MAX", 1)
    with pytest.raises(SiteFailure):
        saved.save_presenter(project, "One more")


def test_a_photo_does_not_speak_in_a_dub(alice, mara):
    with pytest.raises(SiteFailure):
        saved.use_saved(create_project(alice, kind="video_dub"), mara)
