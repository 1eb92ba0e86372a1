import numpy as np
import pytest

from tests.synth import drawn_landscape, drawn_portrait, portrait_truth
from worker.engine.face.segmentation import person_matte


def test_the_matte_holds_the_face_and_leaves_the_wall():
    rgb = drawn_portrait()
    matte = person_matte(rgb)
    assert matte.shape == rgb.shape[:2]
    assert matte.dtype == np.float32
    assert matte.min() >= 0
    assert matte.max() <= 1
    x, y = (round(v) for v in portrait_truth()["mouth"])
    assert matte[y, x] == 1.0
    assert matte[:40, :40].max() < 0.05
    assert matte[:40, -40:].max() < 0.05
    assert matte[-10:, 150:230].min() > 0.9  # the body reaches the lower border


def test_most_of_the_matte_is_sure():
    matte = person_matte(drawn_portrait())
    assert ((matte > 0.01) & (matte < 0.99)).mean() < 0.12


def test_the_matte_moves_with_the_person():
    rgb = drawn_portrait()
    moved = np.roll(rgb, 40, axis=1)
    moved[:, :40] = moved[:, 40:41]
    before, after = person_matte(rgb), person_matte(moved)
    columns = np.arange(rgb.shape[1])
    centre = [float((m[:200].sum(0) * columns).sum() / m[:200].sum()) for m in (before, after)]
    assert centre[1] - centre[0] == pytest.approx(40, abs=6)


def test_nobody_gives_an_empty_matte():
    assert person_matte(drawn_landscape()).mean() < 0.05


@pytest.mark.parametrize("size", [(1, 1), (17, 300), (300, 17)])
def test_odd_sizes_give_a_matte_of_their_size(size):
    assert person_matte(np.full((*size, 3), 90, np.uint8)).shape == size


def test_pictures_of_other_shapes_are_refused():
    with pytest.raises(ValueError, match="expected"):
        person_matte(np.zeros((10, 10), np.uint8))
