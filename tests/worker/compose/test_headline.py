"""Headlines are large, stay inside the picture and off the face, in every script; what cannot be drawn is refused."""

import numpy as np
import pytest

from worker.compose.headline import COLOURS, TEXT_MAX_CHARS, Headline, headline_patch
from worker.engine.contracts import FaceBox
from worker.engine.failures import EngineFailure, FailureCode

WIDTH_PX, HEIGHT_PX = 640, 360


def inked(headline: Headline, width_px=WIDTH_PX, height_px=HEIGHT_PX, **where) -> tuple[int, int, int, int]:
    """Where letters are: x0, y0, x1, y1. The soft shadow does not count."""
    patch, x, y = headline_patch(headline, width_px, height_px, **where)
    rows, columns = np.nonzero(patch.alpha > 200)
    return x + columns.min(), y + rows.min(), x + columns.max() + 1, y + rows.max() + 1


@pytest.mark.parametrize(
    "text",
    [
        "Three words that sell",
        "Почему никто не говорит об этом?",
        "これは誰も教えてくれない秘密です",
        "ما الذي لا يخبرك به أحد",
        "हर सुबह यह मत करो",
        "W" * TEXT_MAX_CHARS,
        "a " * (TEXT_MAX_CHARS // 2),
        "word 🙂 \x00 <b>",
    ],
    ids=["latin", "cyrillic", "japanese", "arabic", "devanagari", "one-word", "many-words", "odd"],
)
@pytest.mark.parametrize("size_px", [(640, 360), (180, 320)], ids=["wide", "upright"])
def test_words_of_any_script_stay_inside_the_picture(text, size_px):
    x0, y0, x1, y1 = inked(Headline(text), *size_px)
    assert 0 < x0 < x1 < size_px[0]
    assert 0 < y0 < y1 <= size_px[1]


def test_short_words_are_as_large_as_a_thumbnail_needs():
    _, top, _, bottom = inked(Headline("STOP"))
    assert bottom - top > 0.09 * HEIGHT_PX


@pytest.mark.parametrize(
    ("face", "half"), [(FaceBox(220, 150, 420, 340, 1), "top"), (FaceBox(220, 10, 420, 190, 1), "bottom")]
)
def test_words_look_for_room_beside_the_face(face, half):
    _, top, _, bottom = inked(Headline("Nobody tells you this"), face=face)
    if half == "top":
        assert bottom <= face.y0 + 0.3 * (face.y1 - face.y0)
    else:
        assert top >= face.y1 - 0.15 * (face.y1 - face.y0)


@pytest.mark.parametrize("position", ["top", "middle", "bottom"])
def test_words_go_where_they_are_wanted_and_leave_room_for_the_label(position):
    _, top, _, bottom = inked(Headline("Three words", position=position), clear_px=40)
    middle = (top + bottom) / 2 / HEIGHT_PX
    assert {"top": middle < 0.3, "middle": 0.4 < middle < 0.6, "bottom": middle > 0.6}[position]
    assert bottom <= HEIGHT_PX - 40


@pytest.mark.parametrize("colour", COLOURS)
def test_letters_and_their_outline_differ_enough_to_be_read_on_anything(colour):
    def luminance(rgb):
        linear = [((c / 255 + 0.055) / 1.055) ** 2.4 if c > 10 else c / 255 / 12.92 for c in rgb]
        return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))

    light, dark = sorted((luminance(rgb) for rgb in COLOURS[colour]), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 7


def test_no_words_change_nothing():
    assert headline_patch(Headline("  \n "), WIDTH_PX, HEIGHT_PX) is None


@pytest.mark.parametrize(
    "wrong",
    [{"text": "x" * 10_000}, {"text": "🙂🎉"}, {"font": "comic"}, {"colour": "#fff"}, {"position": "everywhere"}],
    ids=["long", "emoji-only", "font", "colour", "position"],
)
def test_what_cannot_be_drawn_is_refused(wrong):
    with pytest.raises(EngineFailure) as refused:
        Headline(**{"text": "Words"} | wrong)
    assert refused.value.code is FailureCode.OPTION_INVALID
