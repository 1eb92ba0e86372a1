"""A thumbnail of any shape shows the whole face, says what it is, and is large enough for the platforms."""

import numpy as np
import pytest

from worker.compose.dressing import Design, Dressing
from worker.compose.headline import Headline
from worker.engine.contracts import FaceBox
from worker.engine.failures import EngineFailure

FACE = FaceBox(400, 60, 520, 200, 1.0)
GREY = 120


@pytest.fixture(scope="module")
def frame():
    """Grey, with a face of pure red at the right."""
    rgb = np.full((360, 640, 3), GREY, np.uint8)
    rgb[60:200, 400:520] = (250, 10, 10)
    return rgb


@pytest.mark.parametrize(
    ("shape", "size_px"),
    [("source", (1280, 720)), ("16:9", (1280, 720)), ("1:1", (720, 720)), ("4:5", (720, 900)), ("9:16", (720, 1280))],
)
def test_every_shape_shows_the_whole_face(frame, shape, size_px):
    dressing = Dressing((640, 360), Design(shape), FACE)
    picture = dressing(frame)
    assert dressing.size_px == size_px == picture.shape[1::-1]
    red = (picture[..., 0] > 200) & (picture[..., 1] < 80)
    rows, columns = np.nonzero(red)
    tall, wide = np.ptp(rows), np.ptp(columns)
    assert abs(tall / wide - 140 / 120) < 0.06, "neither cut nor stretched"
    assert rows.min() > 0 and rows.max() < picture.shape[0] - 1


@pytest.mark.parametrize("text", ["", "Words in front"])
def test_a_marked_one_always_carries_a_mark_of_its_own(frame, text):
    plain = Dressing((640, 360), Design("1:1", Headline(text)), FACE)(frame)
    marked = Dressing((640, 360), Design("1:1", Headline(text), is_marked=True), FACE)(frame)
    changed = (plain != marked).any(axis=2)
    assert 400 < changed.sum() < 0.1 * changed.size


def test_the_label_is_drawn_anew_only_where_the_shape_cuts_it_off(frame):
    def changes(shape):
        plain, labelled = (
            Dressing((640, 360), Design(shape, None, False, c), FACE)(frame) for c in (None, "bottom-left")
        )
        return int((plain != labelled).any(axis=2).sum())

    assert changes("source") == 0
    assert changes("1:1") > 500


def test_a_small_one_has_the_width_that_is_wanted(frame):
    assert Dressing((640, 360), Design("9:16"), FACE, width_px=180).size_px == (180, 320)


def test_an_unknown_shape_is_refused():
    with pytest.raises(EngineFailure):
        Design("7:3")
