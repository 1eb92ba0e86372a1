"""The mouth's shapes mean what their names say, on every face."""

import numpy as np
import pytest

from worker.engine.face import landmarks as lm
from worker.engine.motion.mouth_shapes import MODEL_PATH, load_mouth_shapes
from worker.engine.speech.mouth_track import ARTICULATORS, Articulator


@pytest.fixture(scope="module")
def shapes():
    return load_mouth_shapes()


def shape_of(shapes, articulator):
    return shapes.basis[ARTICULATORS.index(articulator)]


def gap(displacement):
    return displacement[list(lm.LIPS_INNER_LOWER[1:-1]), 1] - displacement[list(lm.LIPS_INNER_UPPER[1:-1]), 1]


def test_openness_one_opens_the_lips_by_the_range_seen_on_real_speakers(shapes):
    assert 0.15 < shapes.open_range < 0.30
    assert gap(shape_of(shapes, Articulator.OPENNESS))[4] == pytest.approx(shapes.open_range, abs=1e-6)


def test_nothing_but_openness_parts_the_lips(shapes):
    for articulator in set(ARTICULATORS) - {Articulator.OPENNESS}:
        assert np.abs(gap(shape_of(shapes, articulator))).max() < 1e-9, articulator


def test_the_jaw_takes_chin_and_lower_lip_down_and_leaves_the_eyes(shapes):
    jaw = shape_of(shapes, Articulator.JAW)
    assert jaw[lm.CHIN, 1] == pytest.approx(shapes.jaw_range, rel=0.02)
    assert jaw[lm.LOWER_LIP_BOTTOM, 1] > 0.03
    eyes = list(lm.RIGHT_EYE_OPENING + lm.LEFT_EYE_OPENING)
    assert np.abs(shapes.basis[:, eyes]).max() < 0.004


def test_spreading_widens_pursing_narrows_and_both_sides_do_alike(shapes):
    width = shape_of(shapes, Articulator.WIDTH)
    purse = shape_of(shapes, Articulator.PROTRUSION)
    across = [lm.MOUTH_INNER_CORNER_RIGHT, lm.MOUTH_INNER_CORNER_LEFT]
    assert np.diff(width[across, 0])[0] > 0.05
    assert np.diff(purse[across, 0])[0] < -0.03
    mirrored = shapes.basis[:, lm.MIRROR] * [-1.0, 1.0, 1.0]
    np.testing.assert_allclose(shapes.basis, mirrored, atol=1e-9)


def test_a_tuck_thins_the_lower_lip_and_a_press_thins_both(shapes):
    tuck, press = shape_of(shapes, Articulator.LIP_TUCK), shape_of(shapes, Articulator.PRESS)
    assert tuck[17, 1] - tuck[14, 1] < -0.03
    assert press[17, 1] - press[14, 1] < -0.005
    assert press[13, 1] - press[0, 1] < -0.005


def test_closing_brings_an_open_mouths_lips_together_and_leaves_eyes_and_nose(shapes):
    smile = shapes.mean_mesh.copy()
    smile += 0.5 * shape_of(shapes, Articulator.OPENNESS) + 0.8 * shape_of(shapes, Articulator.WIDTH)
    before = gap(smile)[4]
    closed = smile + shapes.closing(smile, -0.03)
    assert before > 0.1
    assert np.abs(gap(closed)).max() < 0.006
    moved = np.linalg.norm(closed - smile, axis=1)
    assert moved[list(lm.RIGHT_EYE_OPENING + lm.LEFT_EYE_OPENING)].max() < 1e-6
    assert moved[list(lm.NOSE_BRIDGE[:3])].max() < 0.01
    width_change = np.diff((closed - smile)[[78, 308], 0])[0]
    assert width_change == pytest.approx(-0.03, abs=0.01)


def test_the_model_stays_small():
    assert MODEL_PATH.stat().st_size < 200_000
