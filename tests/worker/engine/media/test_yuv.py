"""RGB becomes the planes that BT.709 says."""

import numpy as np
import pytest

from worker.engine.media.yuv import to_i420


def planes(rgb):
    height, width = rgb.shape[:2]
    out = np.zeros((height * 3 // 2, width), np.uint8)
    to_i420(rgb, out)
    return out[:height], *out[height:].reshape(2, height // 2, width // 2)


@pytest.mark.parametrize(
    ("colour", "stored"),
    [
        ((0, 0, 0), (16, 128, 128)),
        ((255, 255, 255), (235, 128, 128)),
        ((255, 0, 0), (63, 102, 240)),
        ((0, 255, 0), (173, 42, 26)),
        ((0, 0, 255), (32, 240, 118)),
    ],
)
def test_the_corners_of_the_colour_cube_are_stored_as_the_standard_says(colour, stored):
    for plane, level in zip(planes(np.full((4, 6, 3), colour, np.uint8)), stored, strict=True):
        assert np.abs(plane.astype(int) - level).max() <= 1


def test_greys_have_no_colour_at_all():
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    _, blue, red = planes(np.repeat(ramp, 2, axis=0))
    assert (blue == 128).all()
    assert (red == 128).all()


def test_every_pixel_keeps_its_own_brightness_and_four_share_their_colour():
    rgb = np.random.default_rng(0).integers(0, 256, (32, 48, 3), dtype=np.uint8)
    luma, blue, _ = planes(rgb)
    exact = 16 + rgb @ (np.array([0.2126, 0.7152, 0.0722]) * 219 / 255)
    assert np.abs(luma - exact).max() <= 1.5
    mean = rgb.reshape(16, 2, 24, 2, 3).mean(axis=(1, 3))
    exact = 128 + (mean[..., 2] - mean @ [0.2126, 0.7152, 0.0722]) / 1.8556 * 224 / 255
    assert np.abs(blue - exact).max() <= 1.5
