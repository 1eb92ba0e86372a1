"""Scattered values become smooth grids, and steep closings are undone exactly."""

import numpy as np

from worker.engine.render.triangles import interpolation
from worker.engine.render.warping import Region, followed, full_size, invert, invert_steep


def test_a_plane_through_scattered_points_is_met_at_every_node():
    evenly = np.stack(np.meshgrid(np.linspace(0, 100, 9), np.linspace(0, 100, 9)), axis=-1).reshape(-1, 2)
    sites = evenly + np.random.default_rng(0).uniform(-3, 3, evenly.shape)
    region = Region(10, 10, 90, 90, 20, 20)
    got = interpolation(sites, region) @ (2 * sites[:, 0] - sites[:, 1] + 3)
    nodes = region.nodes_px()
    np.testing.assert_allclose(got, 2 * nodes[:, 0] - nodes[:, 1] + 3, atol=1e-3)


def test_nodes_outside_all_triangles_get_nothing():
    weights = interpolation(np.array([[40.0, 40.0], [60.0, 40.0], [50.0, 60.0]]), Region(0, 0, 100, 100, 25, 25))
    filled = np.diff(weights.indptr).reshape(25, 25) > 0
    assert filled[12, 12]
    assert not filled[0].any()
    assert not filled[:, -1].any()


def steep(region):
    """Two lips' worth of skin pushed down: stretched above, squeezed to a quarter below."""
    down = np.interp(region.nodes_px()[:, 1], [0, 40, 60, 128], [0.0, 15.0, 0.0, 0.0])
    field = np.stack([np.zeros_like(down), down], axis=1)
    return field.reshape(region.grid_height, region.grid_width, 2).astype(np.float32)


def worst_px(forward, backward, region):
    at = region.nodes_px()[:, 1] + backward[..., 1].ravel()
    moved = at + np.interp(at, [0, 40, 60, 128], [0.0, 15.0, 0.0, 0.0])
    return np.abs(moved - region.nodes_px()[:, 1]).max()


def test_a_steep_closing_is_undone_where_few_steps_are_not_enough():
    region = Region(0, 0, 32, 128, 32, 128)
    forward = steep(region)
    assert worst_px(forward, invert_steep(forward, region), region) < 0.1
    assert worst_px(forward, invert(forward, region), region) > 0.5


def test_going_back_through_two_motions_adds_up():
    region = Region(0, 0, 64, 64, 32, 32)
    first = np.full((32, 32, 2), (3.0, 0.0), np.float32)
    second = np.full((32, 32, 2), (0.0, -2.0), np.float32)
    both = full_size(followed(first, second, region), region)
    np.testing.assert_allclose(both, np.broadcast_to([3.0, -2.0], both.shape), atol=1e-5)
