"""The sheet of a finished render tells what went wrong in its pixels."""

import numpy as np
import pytest

from tests.synth import drawn_portrait
from tests.worker.engine.render.test_renderer import motion, prepare
from worker.engine.quality.sheet import MetricSheet
from worker.engine.render.renderer import Renderer


@pytest.fixture(scope="module")
def portrait():
    return prepare(drawn_portrait())


def sheet_of(portrait, frames):
    moves = np.zeros(portrait.rgb.shape[:2], bool)
    moves[portrait.layers.zone.slices] = portrait.layers.reach > 0
    sheet = MetricSheet(portrait.rgb, portrait.points_px, moves, len(frames))
    for index, frame in enumerate(frames):
        sheet.see(index, frame)
    return sheet.numbers()


def test_a_good_render_has_a_still_background_and_no_seam(portrait):
    renderer = Renderer(portrait)
    frames = [
        renderer.render(motion(openness=share, jaw=share, turn=(share, 0, 0))) for share in np.linspace(0, 0.6, 9)
    ]
    numbers = sheet_of(portrait, frames)
    assert numbers["background_motion"] == 0
    assert numbers["seam"] < 1.3
    assert numbers["seam_delta_e"] < 2


def test_a_background_that_moves_is_told(portrait):
    shifted = [np.roll(portrait.rgb, shift, axis=1) for shift in range(9)]
    assert sheet_of(portrait, shifted)["background_motion"] > 0.5


def test_no_frames_say_nothing(portrait):
    assert sheet_of(portrait, []) == {}
