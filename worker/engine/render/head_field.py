"""How the whole person moves with the head: one field over head, hair, neck and shoulders, and nothing else.

Every pixel gets a depth (the mesh's inside the face, an ellipsoid-like fall-off for hair and ears, the throat behind
the chin), so that turning the head gives parallax. The rotation fades out from the chin to the shoulders; shoulders
get the breathing. The field is linear in a frame's few numbers: five weights per pixel are computed once.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from worker.engine.face import landmarks as lm
from worker.engine.face.pose import HeadPose, rotation_from_angles
from worker.engine.motion.head import NECK_PIVOT
from worker.engine.render.triangles import interpolation
from worker.engine.render.warping import Region, region_around

_GRID_PER_EYE_DISTANCE = 9
# Depth behind the face oval, in inter-ocular distances: (ring's reach in oval radii, extra depth).
_DEPTH_RINGS = ((1.18, 0.22), (1.45, 0.55), (2.2, 0.9))
_NECK = (-0.25, 1.75)  # below the chin, in inter-ocular distances: from here to there the rotation fades
_ASIDE = (2.3, 3.4)  # sideways from the face's middle, likewise: arms and neighbours stay
_BORDER = (0.14, 0.62)  # no motion up to this far from the picture's borders, all of it from there on


def smoothstep(low: float, high: float, value: np.ndarray) -> np.ndarray:
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return t * t * (3 - 2 * t)


@dataclass(frozen=True)
class HeadField:
    """Five weights per grid node: (w·x, w·y, w·z, w, shoulders), coordinates in px from the pivot."""

    region: Region
    weights: np.ndarray  # (5, grid_height · grid_width) float32
    head_rotation: np.ndarray  # (3, 3), canonical → picture
    scale_px: float

    @cached_property
    def _by_node(self) -> np.ndarray:
        return np.ascontiguousarray(self.weights.T)

    def forward(self, turn_deg: np.ndarray, shift: np.ndarray, breath: float) -> np.ndarray:
        """Forward field (grid_height, grid_width, 2) float32 in px.

        turn_deg: (yaw, pitch, roll) away from the photo's pose; shift: (x, y) of the head, breath: rise of the
        shoulders, all in inter-ocular distances.
        """
        turn = self.head_rotation @ rotation_from_angles(*turn_deg) @ self.head_rotation.T
        mix = np.zeros((2, 5), np.float32)
        mix[:, :3] = (turn - np.eye(3))[:2]
        mix[:, 3] = np.asarray(shift) * self.scale_px
        mix[:, 4] = (0.25 * shift[0] * self.scale_px, -breath * self.scale_px)
        return (self._by_node @ mix.T).reshape(self.region.grid_height, self.region.grid_width, 2)


def build_head_field(
    points_px: np.ndarray, pose: HeadPose, zone: Region, content: tuple[int, int, int, int]
) -> HeadField:
    """The field's weights over `zone`. points_px: (478, 3) of the photo. content: the picture's own (x0, y0, x1,
    y1).
    """
    scale = pose.scale_px
    step = scale / _GRID_PER_EYE_DISTANCE
    region = region_around(zone.x0, zone.y0, zone.x1 - 1, zone.y1 - 1, (zone.x1, zone.y1), step)
    nodes = region.nodes_px()
    shape = (region.grid_height, region.grid_width)
    depth = _depth(points_px, pose, region).reshape(shape).astype(np.float32)
    depth = cv2.GaussianBlur(depth, (0, 0), 1.5)
    pivot = pose.from_canonical(NECK_PIVOT)
    down = pose.rotation[:2, 1] / np.linalg.norm(pose.rotation[:2, 1])
    below = ((nodes - points_px[lm.CHIN, :2]) @ down / scale).reshape(shape)
    middle = points_px[[lm.EAR_LEFT, lm.EAR_RIGHT], :2].mean(axis=0)
    aside = np.abs((nodes - middle) @ np.array([down[1], -down[0]]) / scale).reshape(shape)
    still = _border_fade(nodes, content, scale).reshape(shape)
    near = 1 - smoothstep(*_ASIDE, aside)
    head = (1 - smoothstep(*_NECK, below)) * near * still
    shoulders = smoothstep(*_NECK, below) * still
    x = nodes[:, 0].reshape(shape) - pivot[0]
    y = nodes[:, 1].reshape(shape) - pivot[1]
    weights = np.stack([head * x, head * y, head * (depth - pivot[2]), head, shoulders])
    return HeadField(region, weights.reshape(5, -1).astype(np.float32), pose.rotation, scale)


def _depth(points_px: np.ndarray, pose: HeadPose, region: Region) -> np.ndarray:
    """(nodes,) depth in px: the mesh inside the face, falling back around it."""
    oval = np.array(lm.FACE_OVAL)
    mesh = points_px[:468].astype(np.float64)
    centre = mesh[oval].mean(axis=0)
    sites, depths = [mesh[:, :2]], [mesh[:, 2]]
    for reach, extra in _DEPTH_RINGS:
        sites.append(centre[:2] + (mesh[oval, :2] - centre[:2]) * reach)
        depths.append(mesh[oval, 2] * (1 / reach) + centre[2] * (1 - 1 / reach) + extra * pose.scale_px)
    at, values = np.concatenate(sites), np.concatenate(depths)
    weights = interpolation(at, region)
    outside = np.diff(weights.indptr) == 0
    return np.where(outside, values[-len(oval) :].mean(), weights @ values)


def _border_fade(nodes: np.ndarray, content: tuple[int, int, int, int], scale: float) -> np.ndarray:
    """(nodes,) 0 on the picture's borders and beyond, 1 away from them."""
    x0, y0, x1, y1 = content
    sides = np.minimum(nodes[:, 0] - x0, x1 - 1 - nodes[:, 0]) / scale
    top, bottom = (nodes[:, 1] - y0) / scale, (y1 - 1 - nodes[:, 1]) / scale
    return smoothstep(*_BORDER, sides) * smoothstep(*_BORDER, top) * smoothstep(*_BORDER, bottom)
