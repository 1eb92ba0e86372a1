"""Displacement of mesh points → smooth displacement fields over the face, separately for upper and lower lip.

Fields are linear in the mesh's displacement, so each expression direction becomes one precomputed field and a frame
is a weighted sum of them. Beyond the mesh, rings of extra points fade the motion into hair, ears and throat.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from worker.engine.face import landmarks as lm
from worker.engine.face.pose import HeadPose
from worker.engine.render.triangles import interpolation
from worker.engine.render.warping import Region, Window, grid_nodes, invert_steep, looked_up, region_around

GRID_PER_EYE_DISTANCE = 22  # grid nodes per inter-ocular distance
_SMOOTHING_NODES = 1.1
# Rings outside the face oval: (how far out, in face half-widths; share of the oval's motion that is left there).
_RINGS = ((1.12, 0.55), (1.3, 0.15), (1.5, 0.0))
_BELOW_CHIN = 1.45  # rings reach farther down, where the throat follows the jaw

_SAME_PX = 0.05  # displacements this alike count as the same
_LIPS_MARGIN = 4  # grid nodes

_UPPER_ROWS = (lm.LIPS_OUTER_UPPER, *lm.LIPS_MIDDLE_UPPER, lm.LIPS_INNER_UPPER)
_LOWER_ROWS = (lm.LIPS_OUTER_LOWER, *lm.LIPS_MIDDLE_LOWER, lm.LIPS_INNER_LOWER)


@dataclass(frozen=True)
class FaceFields:
    """Precomputed fields of K expression directions over `region`, on the resting face.

    upper, lower: (K, grid_height · grid_width · 2) float32 forward fields in px per unit; `upper` is right above the
    lip line and continued smoothly below it, `lower` the other way round. Away from the mouth they agree.
    upper_rest, lower_rest: (grid_height, grid_width, 2) float32, from the resting face back to the photo; None where
    the photo rests already. Closing a wide open mouth is far steeper than speaking, so it is inverted once, carefully.
    """

    region: Region
    upper: np.ndarray
    lower: np.ndarray
    upper_rest: np.ndarray | None = None
    lower_rest: np.ndarray | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of one field."""
        return self.region.grid_height, self.region.grid_width, 2

    @cached_property
    def lips(self) -> Window:
        """The part of the grid where upper and lower lip move differently."""
        apart = np.abs(self.upper - self.lower).max(axis=0).reshape(self.shape).max(axis=-1)
        if self.upper_rest is not None and self.lower_rest is not None:
            apart = np.maximum(apart, np.abs(self.upper_rest - self.lower_rest).max(axis=-1))
        rows, columns = (np.flatnonzero((apart > _SAME_PX).any(axis=axis)) for axis in (1, 0))
        if not len(rows):
            return Window(0, 0, 1, 1)
        return Window(
            max(0, int(columns[0]) - _LIPS_MARGIN),
            max(0, int(rows[0]) - _LIPS_MARGIN),
            min(self.region.grid_width, int(columns[-1]) + 1 + _LIPS_MARGIN),
            min(self.region.grid_height, int(rows[-1]) + 1 + 2 * _LIPS_MARGIN),
        )

    @cached_property
    def _lips_apart(self) -> np.ndarray:
        """(K, rows, columns, 2) of `lips`: what the lower lip's fields are more than the upper lip's."""
        apart = (self.lower - self.upper).reshape(len(self.upper), *self.shape)
        return np.ascontiguousarray(apart[:, self.lips.slices[0], self.lips.slices[1]])

    def fields(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Forward fields (grid_height, grid_width, 2) of `weights` (K,) away from rest: for the upper and for the
        lower lip's side.
        """
        # Not BLAS: for so few rows, most of which are not wanted, it is slower.
        upper, lips = np.zeros(self.shape, np.float32), np.zeros(self._lips_apart.shape[1:], np.float32)
        for index in np.flatnonzero(weights).tolist():
            weight = float(weights[index])
            cv2.scaleAdd(self.upper[index].reshape(self.shape), weight, upper, upper)
            cv2.scaleAdd(self._lips_apart[index], weight, lips, lips)
        lower = upper.copy()
        lower[self.lips.slices] += lips
        return upper, lower


def build_face_fields(
    points_px: np.ndarray, pose: HeadPose, moves_px: np.ndarray, rest: np.ndarray, size: tuple[int, int]
) -> FaceFields:
    """Fields of `moves_px` (K, 478, 2), the image displacement of each mesh point per unit of K directions.

    points_px: (478, 3) mesh in the photo. rest: (K,) weights that bring the photo to its resting face. size: (width,
    height) of the photo.
    """
    mesh = points_px[:468, :2].astype(np.float64)
    ring, sources, shares = _ring_points(mesh, pose)
    sites = np.concatenate([mesh, ring])
    low, high = sites.min(axis=0), sites.max(axis=0)
    region = region_around(*low, *high, size, pose.scale_px / GRID_PER_EYE_DISTANCE)
    interpolate = interpolation(sites, region)
    fields = []
    for side in ("upper", "lower"):
        moved = _one_side(moves_px[:, :468].astype(np.float64), side)
        everywhere = np.concatenate([moved, moved[:, sources] * shares[None, :, None]], axis=1)  # (K, P, 2)
        flat = interpolate @ everywhere.transpose(1, 0, 2).reshape(len(sites), -1)
        grids = flat.reshape(region.grid_height, region.grid_width, -1).astype(np.float32)
        smooth = np.dstack([cv2.GaussianBlur(grids[..., c], (0, 0), _SMOOTHING_NODES) for c in range(grids.shape[-1])])
        smooth *= _fade_at_edges(region)[..., None]
        kept = smooth.reshape(region.grid_height, region.grid_width, len(moves_px), 2).transpose(2, 0, 1, 3)
        fields.append(np.ascontiguousarray(kept))
    if not rest.any():
        return FaceFields(region, *(field.reshape(len(moves_px), -1) for field in fields))
    rested = [_at_rest(field, rest, region) for field in fields]
    return FaceFields(region, *(field for field, _ in rested), *(back for _, back in rested))


def _at_rest(fields: np.ndarray, rest: np.ndarray, region: Region) -> tuple[np.ndarray, np.ndarray]:
    """Fields (K, grid_height, grid_width, 2) of the photo seen from its resting face, flat, and the way back to it."""
    back = invert_steep(np.tensordot(rest.astype(np.float32), fields, axes=1), region)
    at = grid_nodes(region.grid_width, region.grid_height) + back / np.array(region.step, np.float32)
    seen = np.stack([looked_up(field, at) for field in fields])
    return seen.reshape(len(fields), -1), back


def _one_side(moves: np.ndarray, side: str) -> np.ndarray:
    """Mesh motion as one lip sees it: the other lip's points are given this lip's inner-edge motion."""
    moved = moves.copy()
    inner = list(lm.LIPS_INNER_UPPER if side == "upper" else lm.LIPS_INNER_LOWER)
    for row in _LOWER_ROWS if side == "upper" else _UPPER_ROWS:
        moved[:, list(row)[1:-1]] = moves[:, inner[1:-1]]
    return moved


def _ring_points(mesh: np.ndarray, pose: HeadPose) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points around the face oval (R, 2), the oval point each follows (R,), and how much of its motion is left (R,)."""
    oval = np.array(lm.FACE_OVAL)
    centre = mesh[oval].mean(axis=0)
    down = pose.rotation[:2, 1]
    rings, shares = [], []
    for reach, share in _RINGS:
        arm = mesh[oval] - centre
        below = np.clip((arm @ down) / (np.abs(arm @ down).max() + 1e-6), 0, 1)[:, None] ** 2
        rings.append(centre + arm * (1 + (reach - 1) * (1 + (_BELOW_CHIN - 1) * below)))
        shares.append(np.full(len(oval), share))
    return np.concatenate(rings), np.tile(oval, len(_RINGS)), np.concatenate(shares)


def _fade_at_edges(region: Region, nodes: int = 3) -> np.ndarray:
    """(grid_height, grid_width): 0 on the region's rim, 1 from `nodes` nodes inside."""
    rows = np.minimum(np.arange(region.grid_height), np.arange(region.grid_height)[::-1])
    columns = np.minimum(np.arange(region.grid_width), np.arange(region.grid_width)[::-1])
    rim = np.minimum(rows[:, None], columns[None]) / nodes
    return np.clip(rim, 0, 1).astype(np.float32)
