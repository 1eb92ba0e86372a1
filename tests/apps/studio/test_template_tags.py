import re
from pathlib import Path

import pytest
from django import forms
from django.conf import settings

from apps.studio.templatetags.studio import clock_time, icon, round_size, styled


@pytest.mark.parametrize(("seconds", "words"), [(0, "0:00"), (7.4, "0:07"), (59.6, "0:59"), (92, "1:32"), (None, "–")])
def test_times_are_shown_as_a_player_shows_them(seconds, words):
    assert clock_time(seconds) == words


def test_an_icon_is_decoration():
    assert 'aria-hidden="true"' in icon("play")
    assert 'img/icons.svg#play"' in icon("play")


def test_every_icon_that_is_asked_for_is_drawn():
    base = Path(settings.BASE_DIR)
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (base / "static/img/icons.svg").read_text()))
    asked = set()
    for page in (base / "templates").rglob("*.html"):
        asked |= set(re.findall(r'{% icon "([\w-]+)"', page.read_text()))
    for script in (base / "static/js").rglob("*.js"):
        asked |= set(re.findall(r'\bicon\("([\w-]+)"', script.read_text()))
    assert asked
    assert asked <= drawn


class _Form(forms.Form):
    email = forms.EmailField(help_text="Yours.")


def test_a_field_says_where_its_help_and_its_errors_are():
    assert 'aria-describedby="id_email_helptext"' in styled(_Form()["email"])
    wrong = styled(_Form({"email": "nobody"})["email"])
    assert 'aria-invalid="true"' in wrong
    assert 'aria-describedby="id_email_error"' in wrong


@pytest.mark.parametrize(
    ("size_bytes", "words"), [(250 * 2**20, "250\xa0MB"), (3 * 2**29, "1.5\xa0GB"), (0, "0\xa0bytes")]
)
def test_sizes_have_no_naught_behind_the_point(size_bytes, words):
    assert round_size(size_bytes) == words
