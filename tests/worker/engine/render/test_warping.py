"""Fields are inverted and pixels sampled exactly where they should be."""

import numpy as np
import pytest

from worker.engine.render.warping import Region, full_size, invert, region_around, sample


def test_sampling_moves_a_tiny_picture_by_whole_pixels():
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    region = Region(0, 0, 4, 3, 4, 3)
    one_to_the_right = region.pixels() + np.array([1.0, 0.0], np.float32)
    np.testing.assert_array_equal(sample(image, one_to_the_right), [[1, 2, 3, 3], [5, 6, 7, 7], [9, 10, 11, 11]])


def test_sampling_between_pixels_is_their_mean():
    image = np.array([[0, 100, 200]], np.uint8)
    at = np.array([[[0.5, 0.0], [1.25, 0.0]]], np.float32)
    np.testing.assert_allclose(sample(image, at), [[50, 125]], atol=1)


def test_a_constant_shift_is_inverted_exactly():
    region = region_around(10, 10, 90, 70, (200, 200), 4.0)
    forward = np.full((region.grid_height, region.grid_width, 2), (3.0, -2.0), np.float32)
    np.testing.assert_allclose(invert(forward, region), -forward, atol=1e-5)


def test_going_there_and_back_ends_where_it_began():
    region = Region(0, 0, 128, 128, 64, 64)
    nodes = region.nodes_px().reshape(64, 64, 2)
    away = nodes - 64
    bump = np.exp(-(away**2).sum(-1, keepdims=True) / (2 * 22.0**2))
    forward = (bump * np.array([6.0, 9.0])).astype(np.float32)
    backward = full_size(invert(forward, region), region)
    there = full_size(forward, region)
    pixels = region.pixels()
    source = pixels + backward
    moved = sample(there[..., 0], source) * 0  # shape only
    assert moved.shape == (128, 128)
    again = source + np.stack([sample(there[..., axis], source) for axis in (0, 1)], axis=-1)
    assert np.abs(again - pixels)[8:-8, 8:-8].max() < 0.08


def test_a_grid_at_full_size_is_right_at_every_pixel_of_a_ramp():
    region = Region(5, 7, 69, 39, 16, 8)
    ramp = region.nodes_px().reshape(8, 16, 2).astype(np.float32)
    inner = np.s_[2:-2, 2:-2]
    np.testing.assert_allclose(full_size(ramp, region)[inner], region.pixels()[inner], atol=1e-3)


@pytest.mark.parametrize("box", [(-20, -20, 30, 30), (0, 0, 99, 99), (80, 80, 300, 300)])
def test_regions_stay_inside_the_picture(box):
    region = region_around(*box, (100, 100), 8.0)
    assert 0 <= region.x0 < region.x1 <= 100
    assert 0 <= region.y0 < region.y1 <= 100
