"""The frame's own lower face moved to a new jaw: cheeks, chin and throat go along, nothing is taken from elsewhere.

The move is known at the mesh's points, in canonical space. It is spread over a grid of the frontal face by fixed
weights (the mesh's topology does not change), with rings around the face that fade it into ears and throat; a frame
then only needs one sparse product and a few look-ups on a grid of some thousand nodes.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from scipy.sparse import csr_matrix

from worker.engine.face import landmarks as lm
from worker.engine.face.pose import HeadPose, canonical_face
from worker.engine.render.triangles import interpolation
from worker.engine.render.warping import Region

# The grid of the frontal face, in inter-ocular distances from between the eyes.
X0, Y0, X1, Y1 = -2.0, 0.0, 2.0, 3.1
_PER_UNIT = 14
_UNIT = 1000.0  # grid coordinates are integers to the region, so units are spread
# Rings outside the face oval: (how far out, in half-widths; share of the oval's motion that is left there).
_RINGS = ((1.10, 0.55), (1.25, 0.18), (1.45, 0.0))
_BELOW_CHIN = 1.5  # rings reach farther down, where the throat follows the jaw
_TURNS = 4
_SMOOTHING_NODES = 1.0
NODE_STEP_PX = 6  # of the map in the picture, at least
_NODES_PER_UNIT = 21.0  # of large faces: half as dense again as the face's own grid
_MIN_STEPS = 12
_LEAST_PX = 0.03  # shifts below this are nothing


@lru_cache(maxsize=1)
def _grid() -> Region:
    columns, rows = round((X1 - X0) * _PER_UNIT), round((Y1 - Y0) * _PER_UNIT)
    corners = (int(v * _UNIT) for v in (X0, Y0, X1, Y1))
    return Region(*corners, columns, rows)


@lru_cache(maxsize=1)
def _weights() -> tuple[csr_matrix, np.ndarray, np.ndarray]:
    """(nodes, 468 + rings) interpolation; the oval point of each ring point, and its share of that one's motion."""
    mesh = canonical_face()[: lm.N_MESH, :2]
    oval = np.array(lm.FACE_OVAL)
    centre = mesh[oval].mean(0)
    arm = mesh[oval] - centre
    below = np.clip(arm[:, 1] / arm[:, 1].max(), 0, 1)[:, None] ** 2
    rings = [centre + arm * (1 + (reach - 1) * (1 + (_BELOW_CHIN - 1) * below)) for reach, _ in _RINGS]
    shares = np.repeat([share for _, share in _RINGS], len(oval))
    sites = np.concatenate([mesh, *rings]) * _UNIT
    return interpolation(sites, _grid()), np.tile(oval, len(_RINGS)), shares


def spread(moves: np.ndarray) -> np.ndarray:
    """(rows, columns, C) float32 on the grid: `moves` (478, C) of the mesh, fading out around the face."""
    weights, sources, shares = _weights()
    flat = weights @ np.concatenate([moves[: lm.N_MESH], moves[sources] * shares[:, None]])
    grid = _grid()
    field = flat.reshape(grid.grid_height, grid.grid_width, -1).astype(np.float32)
    return cv2.GaussianBlur(field, (0, 0), _SMOOTHING_NODES)


@lru_cache(maxsize=1)
def _relief() -> np.ndarray:
    """(rows, columns) depth of the mean face at the grid's nodes."""
    weights, sources, _ = _weights()
    depth = canonical_face()[: lm.N_MESH, 2]
    flat = weights @ np.concatenate([depth, depth[sources]])
    grid = _grid()
    return cv2.GaussianBlur(flat.reshape(grid.grid_height, grid.grid_width).astype(np.float32), (0, 0), 2.0)


def skin_moves(moves: np.ndarray) -> np.ndarray:
    """(478, 3) displacement with the lips' own motion smoothed away: what the skin around them does.

    Each lip's inner rows go along with its outer border; a patch of real mouth covers them anyway.
    """
    skin = moves.copy()
    for outer, rows in (
        (lm.LIPS_OUTER_UPPER, (*lm.LIPS_MIDDLE_UPPER, lm.LIPS_INNER_UPPER)),
        (lm.LIPS_OUTER_LOWER, (*lm.LIPS_MIDDLE_LOWER, lm.LIPS_INNER_LOWER)),
    ):
        for row in rows:
            skin[list(row)[1:-1]] = moves[list(outer)[1:-1]]
    return skin


@dataclass(frozen=True)
class LowerFaceMap:
    """Where the pixels that move come from. box: (x0, y0, x1, y1) of all of them, inside the one asked for; None when
    nothing moves. shift_px: (h, w, 2) float32 over `box`, by how much each has moved.
    """

    box: tuple[int, int, int, int] | None
    shift_px: np.ndarray

    def source_px(self, origin: tuple[int, int] = (0, 0)) -> np.ndarray:
        """(h, w, 2) float32 over `box`: where each pixel comes from, counted from the picture's pixel `origin`."""
        if self.box is None:
            return self.shift_px
        x0, x1 = (x - origin[0] for x in self.box[::2])
        y0, y1 = (y - origin[1] for y in self.box[1::2])
        side = 512 * -(-max(x1, y1) // 512)
        return cv2.subtract(_counted(side)[y0:y1, x0:x1], self.shift_px)


def lower_face_map(pose: HeadPose, moves: np.ndarray, box: tuple[int, int, int, int]) -> LowerFaceMap:
    """The backward map within `box` (x0, y0, x1, y1) when the mesh moves by `moves` (478, 3), canonical."""
    field = spread(skin_moves(moves))
    turned = (pose.scale_px * pose.rotation[:2]).astype(np.float32)  # (2, 3)
    shift = cv2.transform(field, turned)  # (rows, columns, 2) px, by which a place of the face moves
    x0, y0, x1, y1 = box
    step_px = max(NODE_STEP_PX, pose.scale_px / _NODES_PER_UNIT)
    columns = max(_MIN_STEPS, round((x1 - x0) / step_px))
    rows = max(_MIN_STEPS, round((y1 - y0) / step_px))
    region = Region(x0, y0, x1, y1, columns, rows)
    nodes = region.nodes_px().reshape(rows, columns, 2).astype(np.float32)
    moved = cv2.remap(shift, *_frontal_places(pose, nodes), cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    # The field is known where the face was, and asked for where it is now: one step back is enough, it is gentle.
    at = _frontal_places(pose, cv2.subtract(nodes, moved))
    moved = cv2.remap(shift, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    rim = _faded_rim(rows, columns)
    moved = cv2.multiply(moved, cv2.merge([rim, rim]))
    return _where_it_moves(moved, region)


def _where_it_moves(moved: np.ndarray, region: Region) -> LowerFaceMap:
    """The full-size map of the part of `region` in which `moved` (rows, columns, 2) px is not nothing."""
    far = (cv2.max(*cv2.split(np.abs(moved))) > _LEAST_PX).astype(np.uint8)
    column, row, width, height = cv2.boundingRect(far)
    if width == 0:
        return LowerFaceMap(None, np.zeros((0, 0, 2), np.float32))
    step_x, step_y = region.step
    c0, r0 = max(0, column - 1), max(0, row - 1)
    c1, r1 = min(region.grid_width, column + width + 1), min(region.grid_height, row + height + 1)
    x0, y0 = region.x0 + int(np.ceil(c0 * step_x)), region.y0 + int(np.ceil(r0 * step_y))
    x1, y1 = region.x0 + int(c1 * step_x), region.y0 + int(r1 * step_y)
    # all of it, so that nothing shifts by where the part was cut
    full = cv2.resize(moved, (region.width, region.height), interpolation=cv2.INTER_LINEAR)
    inside = np.s_[y0 - region.y0 : y1 - region.y0, x0 - region.x0 : x1 - region.x0]
    return LowerFaceMap((x0, y0, x1, y1), full[inside])


@lru_cache(maxsize=2)
def _counted(side: int) -> np.ndarray:
    ys, xs = np.mgrid[:side, :side].astype(np.float32)
    return np.stack([xs, ys], axis=-1)


def _frontal_places(pose: HeadPose, points_px: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(h, w) float32 columns and rows on the grid of the face seen at picture points (h, w, 2)."""
    depth = _relief()
    back = np.linalg.inv(pose.scale_px * pose.rotation[:2, :2])
    to_grid = _grid().to_grid.astype(np.float64)
    to_grid[:, :2] *= _UNIT
    back = to_grid[:, :2] @ back
    offset = to_grid[:, 2] - back @ pose.translation_px[:2]
    frontal = cv2.split(cv2.transform(points_px, np.hstack([back, offset[:, None]]).astype(np.float32)))
    lean = (back @ (pose.scale_px * pose.rotation[:2, 2])).tolist()  # per unit of depth
    at = frontal
    for _ in range(_TURNS):
        deep = cv2.remap(depth, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        at = tuple(cv2.scaleAdd(deep, -by, flat) for by, flat in zip(lean, frontal, strict=True))
    return at


@lru_cache(maxsize=32)
def _faded_rim(rows: int, columns: int, nodes: int = 3) -> np.ndarray:
    down = np.minimum(np.arange(rows), np.arange(rows)[::-1]) / nodes
    across = np.minimum(np.arange(columns), np.arange(columns)[::-1]) / nodes
    return np.clip(np.minimum(down[:, None], across[None]), 0, 1).astype(np.float32)


def face_box(pose: HeadPose, size_px: tuple[int, int], x_reach: float = 1.55) -> tuple[int, int, int, int] | None:
    """The part of the picture that a moving jaw can change, even-aligned, or None when it lies outside.

    size_px: (width, height) of the picture.
    """
    corners = np.array([[x, y, z] for x in (-x_reach, x_reach) for y in (0.45, 2.55) for z in (-0.4, 0.2)])
    points = pose.from_canonical(corners)[:, :2]
    low, high = np.floor(points.min(0)).astype(int), np.ceil(points.max(0)).astype(int)
    x0, y0 = max(0, low[0]) // 2 * 2, max(0, low[1]) // 2 * 2
    x1, y1 = min(size_px[0], high[0]), min(size_px[1], high[1])
    return None if x1 - x0 < 8 or y1 - y0 < 8 else (int(x0), int(y0), int(x1), int(y1))
