"""Values at scattered points → values at a grid's nodes, linearly over triangles."""

import cv2
import numpy as np
from scipy.sparse import csr_matrix
from scipy.spatial import Delaunay

from worker.engine.render.warping import Region

_SHIFT = 6  # fractional bits of the corners when triangles are filled


def interpolation(sites: np.ndarray, region: Region) -> csr_matrix:
    """(nodes, sites) barycentric weights on the Delaunay triangulation of `sites` (N, 2) px; rows outside it are zero.

    Which triangle a node lies in is found by filling them in turn: a node on an edge may be given to a neighbour, whose
    plane it continues by less than half a node. (SciPy's own search inverts one matrix per triangle with a threaded
    LAPACK, which takes seconds on a busy machine.)
    """
    triangles = Delaunay(sites).simplices
    columns_rows = sites @ region.to_grid[:, :2].T.astype(np.float64) + region.to_grid[:, 2]
    corners = np.round(columns_rows * (1 << _SHIFT)).astype(np.int32)
    owner = np.full((region.grid_height, region.grid_width), -1, np.int32)
    for index, triangle in enumerate(triangles):
        cv2.fillConvexPoly(owner, corners[triangle], index, cv2.LINE_8, _SHIFT)
    inside = np.flatnonzero(owner.ravel() >= 0)
    chosen = triangles[owner.ravel()[inside]]
    weights = _barycentric(sites[chosen], region.nodes_px()[inside])
    shape = (region.grid_height * region.grid_width, len(sites))
    return csr_matrix((weights.ravel(), (np.repeat(inside, 3), chosen.ravel())), shape=shape)


def _barycentric(corners: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(n, 3) weights of triangles' corners (n, 3, 2) at points (n, 2)."""
    first, second = corners[:, 0] - corners[:, 2], corners[:, 1] - corners[:, 2]
    away = points - corners[:, 2]
    area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    area = np.where(np.abs(area) < 1e-9, 1e-9, area)
    one = (away[:, 0] * second[:, 1] - away[:, 1] * second[:, 0]) / area
    two = (first[:, 0] * away[:, 1] - first[:, 1] * away[:, 0]) / area
    # Slivers continued beyond their edges could say anything; half a node outside is never more than this.
    weights = np.clip(np.stack([one, two, 1 - one - two], axis=1), -0.5, 1.5)
    return weights / weights.sum(axis=1, keepdims=True)
