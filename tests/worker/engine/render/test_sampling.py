"""The photo is read where displacements say, whatever part of it is asked for."""

import numpy as np
import pytest

from worker.engine.render.sampling import CpuSampler
from worker.engine.render.warping import Window

MARGIN_PX = 12
CORNER = (5, 7)


@pytest.fixture(scope="module")
def photo():
    return np.random.default_rng(0).integers(0, 256, (60, 80, 4), dtype=np.uint8)


def sampled(photo, away, windows):
    out = np.full((*away.shape[:2], 4), 7, np.uint8)
    CpuSampler(photo, CORNER, MARGIN_PX).sample(away + np.float32(MARGIN_PX), windows, out)
    return out


def test_no_displacement_reads_the_photo_itself(photo):
    still = np.zeros((50, 70, 2), np.float32)
    np.testing.assert_array_equal(sampled(photo, still, (Window(0, 0, 70, 50),)), photo[7:57, 5:75])


def test_half_a_pixel_is_the_mean_of_two_and_beyond_the_rim_the_rim_goes_on(photo):
    away = np.zeros((50, 70, 2), np.float32)
    away[10, 20] = (0.5, 0)
    away[0, 0] = (-9, -9)
    got = sampled(photo, away, (Window(0, 0, 70, 50),))
    mean = (photo[17, 25].astype(float) + photo[17, 26]) / 2
    assert np.abs(got[10, 20] - mean).max() <= 0.5
    np.testing.assert_array_equal(got[0, 0], photo[0, 0])


def test_windows_are_filled_as_the_whole_would_be_and_nothing_else_is_touched(photo):
    xs, ys = np.meshgrid(np.arange(70), np.arange(50))
    away = np.stack([4 * np.sin(ys / 9), 3 * np.cos(xs / 7)], axis=-1).astype(np.float32)
    windows = (Window(10, 0, 40, 20), Window(12, 20, 60, 45))
    whole, parts = sampled(photo, away, (Window(0, 0, 70, 50),)), sampled(photo, away, windows)
    inside = np.zeros(whole.shape[:2], bool)
    for window in windows:
        inside[window.slices] = True
    np.testing.assert_array_equal(parts[inside], whole[inside])
    assert (parts[~inside] == 7).all()
