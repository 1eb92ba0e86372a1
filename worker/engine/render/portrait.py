"""Everything about one photo that is computed once: fields, layers, eyes, lips and the mouth's inside."""

from dataclasses import dataclass

import cv2
import numpy as np

from worker.engine.face import landmarks as lm
from worker.engine.face.pose import HeadPose, head_pose
from worker.engine.motion.expressions import EXPRESSIONS, brow_raise, expression_directions, smile
from worker.engine.motion.mouth_shapes import MouthShapes, load_mouth_shapes
from worker.engine.render.eyes import Eye, build_eyes
from worker.engine.render.face_fields import FaceFields, build_face_fields
from worker.engine.render.head_field import HeadField, build_head_field
from worker.engine.render.layers import Layers, separate
from worker.engine.render.lips import CLOSED_GAP, fit_closed_line, part_lips, photo_gap, second_opinion
from worker.engine.render.mouth_interior import MouthInterior, build_interior, find_palette, find_photo_teeth
from worker.engine.render.warping import Region, region_around
from worker.engine.speech.mouth_track import ARTICULATORS, Articulator

# Expression directions after the articulators.
CLOSE, BROWS, SMILE = len(ARTICULATORS), len(ARTICULATORS) + 1, len(ARTICULATORS) + 2
DIRECTIONS = len(ARTICULATORS) + 3 + len(EXPRESSIONS)
EXPRESSION = slice(SMILE + 1, DIRECTIONS)
_RELAXED_WIDTH = 0.76  # canonical inner mouth width to which a wide smile relaxes when it closes
_RELAXING = 0.6
_ROUNDING, _MOST_ROUNDING = 0.8, 1.2  # of what a mouth is stretched by; of the widest narrowing of speech
_WIDTH, _ROUND = ARTICULATORS.index(Articulator.WIDTH), ARTICULATORS.index(Articulator.PROTRUSION)


@dataclass(frozen=True)
class Portrait:
    """A photo made ready to speak. See `prepare_portrait`."""

    rgb: np.ndarray
    points_px: np.ndarray
    pose: HeadPose
    layers: Layers
    head: HeadField
    face: FaceFields
    eyes: list[Eye]
    mouth_box: Region
    interior: MouthInterior
    upper_line: np.ndarray  # (11, 2) inner upper lip in the photo
    lower_line: np.ndarray
    upper_moves: np.ndarray  # (K, 11, 2) px per unit of each direction
    lower_moves: np.ndarray
    chin_moves: np.ndarray  # (K, 2)
    rest: np.ndarray  # (K,) weights that bring the photo to its closed, relaxed mouth
    was_open: bool  # whether the photo's lips were apart
    softness_px: float  # width of an edge in this photo
    shapes: MouthShapes
    still: np.ndarray | None = None  # what is seen where nothing moves, if that is not `rgb`

    @property
    def shown(self) -> np.ndarray:
        """(H, W, 3) uint8: the picture before anything has moved."""
        return self.rgb if self.still is None else self.still


def prepare_portrait(
    rgb: np.ndarray, points_px: np.ndarray, matte: np.ndarray, content: tuple[int, int, int, int] | None = None
) -> Portrait:
    """Precompute a photo. rgb (H, W, 3) uint8, points_px (478, 3) of the speaking face, matte (H, W) in [0, 1].

    content: (x0, y0, x1, y1) px that hold the picture itself; motion fades out towards its rim. The whole by default.
    """
    content = content or (0, 0, rgb.shape[1], rgb.shape[0])
    pose = head_pose(points_px)
    if photo_gap(points_px, pose) <= CLOSED_GAP:
        points_px = second_opinion(rgb, points_px, pose)
    is_open = photo_gap(points_px, pose) > CLOSED_GAP
    points = points_px.astype(np.float64) if is_open else fit_closed_line(rgb, points_px.astype(np.float64), pose)
    softness = edge_softness_px(rgb, points, pose)
    if is_open:
        opening = points[list(lm.MOUTH_OPENING), :2].copy()
        points = part_lips(rgb, points, pose, max(softness, 0.012 * pose.scale_px))
    shapes = load_mouth_shapes()
    canonical = pose.to_canonical(points)
    directions, rest = _directions(shapes, canonical, is_open=is_open)
    moves = (directions @ pose.rotation.T * pose.scale_px)[..., :2]
    size = (rgb.shape[1], rgb.shape[0])
    face = build_face_fields(points, pose, moves, rest, size)
    centre = points[list(lm.FACE_OVAL), :2].mean(axis=0)
    layers = separate(rgb, within(matte, content), centre, pose.scale_px)
    head = build_head_field(points, pose, layers.zone, content)
    upper, lower = list(lm.LIPS_INNER_UPPER), list(lm.LIPS_INNER_LOWER)
    box = _mouth_box(points, pose, face.region, size)
    closed = canonical + np.tensordot(rest, directions, axes=1)
    interior = build_interior(
        pose,
        box,
        (closed[13] + closed[14]) / 2,
        float(closed[308, 0] - closed[78, 0]),
        find_palette(*_face_colours(rgb, points, pose)),
        softness * 0.6,
        find_photo_teeth(rgb, pose, box, opening, softness) if is_open else None,
    )
    return Portrait(
        rgb=rgb,
        points_px=points,
        pose=pose,
        layers=layers,
        head=head,
        face=face,
        eyes=build_eyes(rgb, points),
        mouth_box=box,
        interior=interior,
        upper_line=points[upper, :2],
        lower_line=points[lower, :2],
        upper_moves=moves[:, upper],
        lower_moves=moves[:, lower],
        chin_moves=moves[:, lm.CHIN],
        rest=rest,
        was_open=is_open,
        softness_px=softness,
        shapes=shapes,
    )


def within(matte: np.ndarray, content: tuple[int, int, int, int]) -> np.ndarray:
    """`matte` (H, W), zero outside `content` (x0, y0, x1, y1) px."""
    x0, y0, x1, y1 = content
    inside = np.zeros_like(matte)
    inside[y0:y1, x0:x1] = matte[y0:y1, x0:x1]
    return inside


def _directions(shapes: MouthShapes, canonical: np.ndarray, *, is_open: bool) -> tuple[np.ndarray, np.ndarray]:
    """(K, 478, 3) canonical displacement directions, and the (K,) weights of the photo's own relaxed mouth."""
    directions = np.zeros((DIRECTIONS, lm.N_LANDMARKS, 3))
    directions[: len(ARTICULATORS)] = shapes.basis
    directions[BROWS] = brow_raise(canonical)
    directions[SMILE] = smile(canonical)
    directions[EXPRESSION] = expression_directions(canonical)
    rest = np.zeros(DIRECTIONS)
    width = canonical[308, 0] - canonical[78, 0]
    stretched = max(0.0, width - _RELAXED_WIDTH)
    # Lips that smile have a longer way to a round mouth.
    per_unit = shapes.basis[_WIDTH, 308, 0] - shapes.basis[_WIDTH, 78, 0]
    directions[_ROUND] -= min(_ROUNDING * stretched / per_unit, _MOST_ROUNDING) * shapes.basis[_WIDTH]
    if is_open:
        directions[CLOSE] = shapes.closing(canonical, -_RELAXING * stretched)
        rest[CLOSE] = 1.0
    return directions, rest


def _mouth_box(points: np.ndarray, pose: HeadPose, face: Region, size: tuple[int, int]) -> Region:
    lips = points[list(lm.LIPS), :2]
    low, high = lips.min(axis=0), lips.max(axis=0)
    pad = 0.16 * pose.scale_px
    box = region_around(low[0] - pad, low[1] - 1.2 * pad, high[0] + pad, high[1] + 0.34 * pose.scale_px, size, 8.0)
    return Region(
        max(box.x0, face.x0),
        max(box.y0, face.y0),
        min(box.x1, face.x1),
        min(box.y1, face.y1),
        box.grid_width,
        box.grid_height,
    )


def edge_softness_px(rgb: np.ndarray, points: np.ndarray, pose: HeadPose) -> float:
    """How wide an edge is in this photo, in px: the ratio of gradient to second derivative over the face's strong
    edges.
    """
    low, high = points[:468, :2].min(axis=0).astype(int), points[:468, :2].max(axis=0).astype(int)
    x0, y0 = np.maximum(low, 0)
    grey = cv2.cvtColor(rgb[y0 : high[1], x0 : high[0]], cv2.COLOR_RGB2GRAY).astype(np.float32)
    if min(grey.shape) < 8:
        return 1.0
    gradient = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=1 / 8))
    strong = gradient > np.percentile(gradient, 97)
    second = np.abs(cv2.Laplacian(grey, cv2.CV_32F, ksize=1))
    dilated = cv2.dilate(second, np.ones((3, 3)))
    width = float(np.median(gradient[strong] / np.maximum(dilated[strong], 1e-3)))
    return float(np.clip(1.6 * width, 0.9, max(1.2, 0.02 * pose.scale_px)))


def _face_colours(rgb: np.ndarray, points: np.ndarray, pose: HeadPose) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pixels of cheeks, eye whites and lips, each (N, 3)."""
    patches = []
    for groups in (
        (lm.CHEEK_RIGHT, lm.CHEEK_LEFT),
        (lm.RIGHT_EYE_OPENING, lm.LEFT_EYE_OPENING),
        (lm.LIPS_OUTER_LOWER + lm.LIPS_INNER_LOWER[::-1],),
    ):
        mask = np.zeros(rgb.shape[:2], np.uint8)
        for group in groups:
            outline = points[list(group), :2]
            if len(groups) == 2 and len(group) == len(lm.CHEEK_RIGHT):
                outline = cv2.convexHull(outline.astype(np.float32))[:, 0]
            cv2.fillPoly(mask, [np.round(outline).astype(np.int32).reshape(-1, 1, 2)], 1)
        if groups[0] == lm.RIGHT_EYE_OPENING:
            for iris in (lm.RIGHT_IRIS_CENTRE, lm.LEFT_IRIS_CENTRE):
                centre = tuple(round(float(v)) for v in points[iris, :2])
                cv2.circle(mask, centre, max(1, round(0.105 * pose.scale_px)), 0, -1)
        patches.append(rgb[mask > 0])
    return patches[0], patches[1], patches[2]
