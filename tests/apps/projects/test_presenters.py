import pytest
from django.http import Http404
from PIL import Image

from apps.projects.presenters import available_presenters, get_presenter, presenter_portrait


def test_every_presenter_has_a_name_a_description_a_picture_and_a_thumb():
    presenters = available_presenters()
    assert len(presenters) >= 4
    for presenter in presenters:
        assert presenter.name
        assert len(presenter.description) > 15
        with Image.open(presenter.path) as picture:
            assert min(picture.size) >= 700
        assert presenter.thumb_static_name.endswith("-thumb.jpg")


def test_an_unknown_presenter_is_not_found():
    for slug in ("nobody", "../settings", "mara-thumb"):
        with pytest.raises(Http404):
            get_presenter(slug)


def test_a_user_gets_one_copy_of_a_presenter(alice, bob):
    mara = get_presenter("mara")
    first = presenter_portrait(alice, mara)
    assert presenter_portrait(alice, mara).pk == first.pk
    assert presenter_portrait(bob, mara).pk != first.pk
    assert first.sha256 == mara.sha256


def test_a_presenter_speaks_with_a_voice_that_fits_until_another_one_is_chosen(project, settings, tmp_path):
    from apps.projects.services import update_project, use_presenter

    voices = [{"id": name} for name in ("en-us:female", "en-us:male", "de:male")]
    (tmp_path / "voices.json").write_text(str(voices).replace("'", '"'))
    assert use_presenter(project, "kofi").script_voice == "en-us:male"
    assert use_presenter(project, "mara").script_voice == "en-us:female"
    update_project(project, {"script_voice": "de:male"})
    assert use_presenter(project, "kofi").script_voice == "de:male"
