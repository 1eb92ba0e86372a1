"""Where the lips part: inner contours fitted to the picture, and their smooth outlines."""

from functools import cache, partial

import cv2
import numpy as np

from worker.engine.face.landmarks import LIPS_INNER_LOWER, LIPS_INNER_UPPER, LIPS_OUTER_LOWER, LIPS_OUTER_UPPER
from worker.engine.face.mesh import FaceMesh
from worker.engine.face.pose import HeadPose
from worker.engine.kept import Kept

CLOSED_GAP = 0.030  # inner-lip gap ÷ inter-ocular distance under which the photo's mouth counts as closed
COLUMNS = len(LIPS_INNER_UPPER)
_SURELY_OPEN = 0.10  # the plain mesh's gap on closed mouths stays under 0.08
_OPINION_SIDE_PX = 640
_SMOOTH = 61  # points of a smooth contour, corner to corner
_SEARCH = 0.045  # how far the true lip line may lie from the mesh's, in inter-ocular distances
_SAMPLES = 25
_ALONG = 49
_LIP_SAMPLES, _MOST_CLINGING = 33, 0.4


def spline_matrix(samples: int = _SMOOTH) -> np.ndarray:
    """(samples, 11): Catmull-Rom interpolation from one row of lip landmarks to a smooth contour."""
    knots = np.linspace(0, COLUMNS - 1, samples)
    matrix = np.zeros((samples, COLUMNS))
    for row, knot in enumerate(knots):
        i = min(int(knot), COLUMNS - 2)
        t = knot - i
        weights = (
            -0.5 * t + t**2 - 0.5 * t**3,
            1 - 2.5 * t**2 + 1.5 * t**3,
            0.5 * t + 2 * t**2 - 1.5 * t**3,
            -0.5 * t**2 + 0.5 * t**3,
        )
        for offset, weight in zip((-1, 0, 1, 2), weights, strict=True):
            matrix[row, min(max(i + offset, 0), COLUMNS - 1)] += weight
    return matrix


def photo_gap(points_px: np.ndarray, pose: HeadPose) -> float:
    """Inner-lip gap of the photo ÷ inter-ocular distance, at the mouth's middle."""
    return float(np.linalg.norm(points_px[13, :2] - points_px[14, :2]) / pose.scale_px)


@cache
def _kept_mesh() -> Kept[FaceMesh]:
    return Kept(partial(FaceMesh, tracking=False, refined=False))


def second_opinion(rgb: np.ndarray, points_px: np.ndarray, pose: HeadPose) -> np.ndarray:
    """Mesh (478, 3) with its lips opened where the plain mesh clearly sees them open and the refined one does not.

    The refined mesh sometimes draws closed lips over a turned smile with teeth.
    """
    low, high = points_px[:468, :2].min(axis=0), points_px[:468, :2].max(axis=0)
    pad = 0.35 * (high - low).max()
    x0, y0 = np.maximum(low - pad, 0).astype(int)
    x1, y1 = np.minimum(high + pad, [rgb.shape[1], rgb.shape[0]]).astype(int)
    crop = rgb[y0:y1, x0:x1]
    scale = min(1.0, _OPINION_SIDE_PX / max(crop.shape[:2]))
    crop = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else crop
    with _kept_mesh().lent() as mesh:
        found = mesh.detect(np.ascontiguousarray(crop))
    if not found:
        return points_px
    seen = found[0].points_px[:, :2] / scale + [x0, y0]
    gap = float(np.linalg.norm(seen[13] - seen[14]) / pose.scale_px)
    if gap < _SURELY_OPEN or np.linalg.norm(seen[1] - points_px[1, :2]) > 0.3 * pose.scale_px:
        return points_px
    opened = points_px.copy()
    for row in (LIPS_INNER_UPPER, LIPS_INNER_LOWER):
        opened[list(row), :2] = seen[list(row)]
    return opened


def part_lips(rgb: np.ndarray, points_px: np.ndarray, pose: HeadPose, margin_px: float) -> np.ndarray:
    """Mesh (478, 3) whose inner lips are moved off the teeth and then by `margin_px` into the lips: no tooth may cling
    to a lip's edge.
    """
    down = pose.rotation[:2, 1] / np.linalg.norm(pose.rotation[:2, 1])
    share = np.minimum(1.0, np.sin(np.linspace(0, np.pi, COLUMNS)) * 2.0)[:, None]
    parted = points_px.copy()
    for inner, outer, way in ((LIPS_INNER_UPPER, LIPS_OUTER_UPPER, -1.0), (LIPS_INNER_LOWER, LIPS_OUTER_LOWER, 1.0)):
        clinging = _teeth_on_lip(rgb, points_px[list(inner), :2], points_px[list(outer), :2])
        parted[list(inner), :2] += share * clinging[:, None] * (points_px[list(outer), :2] - points_px[list(inner), :2])
        parted[list(inner), :2] += share * way * margin_px * down
    return parted


def _teeth_on_lip(rgb: np.ndarray, inner: np.ndarray, outer: np.ndarray) -> np.ndarray:
    """(11,) how far from a lip's inner (11, 2) to its outer edge the picture still shows teeth, as a share of the way.

    Lips are taken to look like their own middle; what is clearly paler and brighter from the inner edge on is tooth.
    """
    at = inner[None] + np.linspace(0, 1, _LIP_SAMPLES)[:, None, None] * (outer - inner)[None]
    at = at.astype(np.float32)
    colours = cv2.remap(rgb, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(float)
    luma = colours @ np.array([0.299, 0.587, 0.114])
    red = (colours[..., 0] - colours[..., 1]) / (luma + 8)
    middle = np.s_[int(0.45 * _LIP_SAMPLES) : int(0.85 * _LIP_SAMPLES)]
    lip_luma, lip_red = np.median(luma[middle], axis=0), np.median(red[middle], axis=0)
    tooth = (luma > 1.22 * lip_luma + 6) & ((red < 0.62 * lip_red) | (np.abs(lip_red) < 0.06))
    reach = int(_MOST_CLINGING * _LIP_SAMPLES)
    clinging = np.zeros(COLUMNS)
    for column in range(COLUMNS):
        found = np.flatnonzero(tooth[:reach, column])
        clinging[column] = (found[-1] + 1) / (_LIP_SAMPLES - 1) if len(found) else 0.0
    # One column's highlight is no tooth: neighbours have to agree.
    return cv2.medianBlur(clinging[None].astype(np.float32), 3)[0].astype(float)


def fit_closed_line(rgb: np.ndarray, points_px: np.ndarray, pose: HeadPose) -> np.ndarray:
    """Mesh (478, 3) whose inner lips lie on the dark line of a closed mouth.

    The darkest smooth path along the mouth is found by dynamic programming (seam search; Kass et al. 1988 in spirit),
    because the mesh is often a few pixels off on paintings and under moustaches.
    """
    upper, lower = points_px[list(LIPS_INNER_UPPER), :2], points_px[list(LIPS_INNER_LOWER), :2]
    middle = (upper + lower) / 2
    down = pose.rotation[:2, 1] / np.linalg.norm(pose.rotation[:2, 1])
    reach = _SEARCH * pose.scale_px
    grey = cv2.GaussianBlur(
        cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), max(0.6, 0.006 * pose.scale_px)
    )
    offsets = np.linspace(-reach, reach, _SAMPLES)
    line = spline_matrix(_ALONG) @ middle
    at = (line[None] + offsets[:, None, None] * down).astype(np.float32)
    value = cv2.remap(grey, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    spread = value.std() + 1e-3
    cost = (value - value.mean(axis=0)) / spread + 1.1 * (offsets[:, None] / reach) ** 2
    path = _cheapest_path(cost)
    shift = np.interp(
        np.linspace(0, _ALONG - 1, COLUMNS), np.arange(_ALONG), cv2.blur(offsets[path][:, None], (1, 5))[:, 0]
    )
    shift *= np.minimum(1.0, np.sin(np.linspace(0, np.pi, COLUMNS)) * 2.5)  # the corners stay
    fitted = points_px.copy()
    moved = middle + shift[:, None] * down
    for row in (LIPS_INNER_UPPER, LIPS_INNER_LOWER):
        fitted[list(row), :2] = moved
    return fitted


def _cheapest_path(cost: np.ndarray, bend: float = 0.12) -> np.ndarray:
    """(columns,) row indices of the cheapest left-to-right path through `cost` (rows, columns)."""
    rows, columns = cost.shape
    penalty = bend * (np.arange(rows)[:, None] - np.arange(rows)[None]) ** 2
    total, back = cost[:, 0].copy(), np.zeros((rows, columns), np.int64)
    for column in range(1, columns):
        step = total[None, :] + penalty
        back[:, column] = np.argmin(step, axis=1)
        total = step[np.arange(rows), back[:, column]] + cost[:, column]
    path = np.empty(columns, np.int64)
    path[-1] = int(np.argmin(total))
    for column in range(columns - 1, 0, -1):
        path[column - 1] = back[path[column], column]
    return path
