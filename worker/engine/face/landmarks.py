"""Names for the 478 points of the face mesh, its triangles, and the few lengths everybody measures with.

Left and right are the *person's* own: the person's left eye lies on the right of an unmirrored picture. The numbering
and the edges are MediaPipe's (Apache-2.0; Kartynnik et al. 2019, Grishchenko et al. 2020); nothing outside this file
should hold a bare point number.
"""

import importlib.util
from itertools import combinations
from pathlib import Path

import numpy as np

N_MESH = 468  # points on the skin; the ten after them are irises
N_LANDMARKS = 478

# ---- mouth. Every row runs from the person's right corner to the left one. ----------------------------------------
MOUTH_CORNER_RIGHT = 61  # outer corners of the lips
MOUTH_CORNER_LEFT = 291
MOUTH_INNER_CORNER_RIGHT = 78
MOUTH_INNER_CORNER_LEFT = 308
LIPS_INNER_UPPER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LIPS_INNER_LOWER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
LIPS_OUTER_UPPER = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
LIPS_OUTER_LOWER = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
# Rows between the outer and the inner edge, so that lip motion can be spread over the lips' thickness.
LIPS_MIDDLE_UPPER = (
    (76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306),
    (62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292),
)
LIPS_MIDDLE_LOWER = (
    (76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306),
    (62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292),
)
# Closed polygons, in drawing order.
MOUTH_OPENING = LIPS_INNER_UPPER + LIPS_INNER_LOWER[-2:0:-1]
LIPS_OUTER = LIPS_OUTER_UPPER + LIPS_OUTER_LOWER[-2:0:-1]
LIPS = tuple(
    sorted(
        {
            *LIPS_INNER_UPPER,
            *LIPS_INNER_LOWER,
            *LIPS_OUTER_UPPER,
            *LIPS_OUTER_LOWER,
            *(i for row in LIPS_MIDDLE_UPPER + LIPS_MIDDLE_LOWER for i in row),
        }
    )
)
UPPER_LIP_CENTRE = 13  # middle of the inner edges
LOWER_LIP_CENTRE = 14
UPPER_LIP_TOP = 0
LOWER_LIP_BOTTOM = 17

# ---- eyes. Rows run from the outer corner to the inner one. --------------------------------------------------------
RIGHT_EYE_UPPER = (33, 246, 161, 160, 159, 158, 157, 173, 133)
RIGHT_EYE_LOWER = (33, 7, 163, 144, 145, 153, 154, 155, 133)
LEFT_EYE_UPPER = (263, 466, 388, 387, 386, 385, 384, 398, 362)
LEFT_EYE_LOWER = (263, 249, 390, 373, 374, 380, 381, 382, 362)
RIGHT_EYE_OPENING = RIGHT_EYE_UPPER + RIGHT_EYE_LOWER[-2:0:-1]
LEFT_EYE_OPENING = LEFT_EYE_UPPER + LEFT_EYE_LOWER[-2:0:-1]
RIGHT_EYE_OUTER, RIGHT_EYE_INNER = 33, 133
LEFT_EYE_OUTER, LEFT_EYE_INNER = 263, 362
# Lid folds around the openings, next ring outwards.
RIGHT_EYE_UPPER_FOLD = (130, 247, 30, 29, 27, 28, 56, 190, 243)
RIGHT_EYE_LOWER_FOLD = (130, 25, 110, 24, 23, 22, 26, 112, 243)
LEFT_EYE_UPPER_FOLD = (359, 467, 260, 259, 257, 258, 286, 414, 463)
LEFT_EYE_LOWER_FOLD = (359, 255, 339, 254, 253, 252, 256, 341, 463)
RIGHT_IRIS_CENTRE = 468
LEFT_IRIS_CENTRE = 473
RIGHT_IRIS = (469, 470, 471, 472)  # rim
LEFT_IRIS = (474, 475, 476, 477)
IRISES = (RIGHT_IRIS_CENTRE, *RIGHT_IRIS, LEFT_IRIS_CENTRE, *LEFT_IRIS)

# ---- brows, outer end to inner end ---------------------------------------------------------------------------------
RIGHT_BROW_UPPER = (70, 63, 105, 66, 107)
RIGHT_BROW_LOWER = (46, 53, 52, 65, 55)
LEFT_BROW_UPPER = (300, 293, 334, 296, 336)
LEFT_BROW_LOWER = (276, 283, 282, 295, 285)

# ---- the rest ------------------------------------------------------------------------------------------------------
NOSE_TIP = 1
NOSE_BOTTOM = 2
NOSE_BRIDGE = (168, 6, 197, 195, 5, 4)
NOSE = (*NOSE_BRIDGE, 1, 19, 94, 2, 98, 97, 326, 327, 48, 64, 115, 220, 278, 294, 344, 440, 45, 275)
NOSE_ROOT = 168
FOREHEAD_TOP = 10
CHIN = 152
EAR_RIGHT = 234  # where the face meets the ears: their distance is the face's width
EAR_LEFT = 454
CHEEK_RIGHT = (50, 101, 205, 187, 147, 123)
CHEEK_LEFT = (280, 330, 425, 411, 376, 352)
FACE_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
JAW_LINE = FACE_OVAL[FACE_OVAL.index(EAR_LEFT) : FACE_OVAL.index(EAR_RIGHT) + 1]  # ear to ear over the chin
# Points that expression hardly moves: forehead, temples, nose bridge, cheekbones. The pose is fitted to these.
RIGID = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 234, 127, 162, 21, 54, 103, 67, 109, 151, 9, 8, 168, 6, 197, 195, 5, 4,
    1, 108, 69, 104, 68, 71, 139, 34, 143, 116, 111, 117, 337, 299, 333, 298, 301, 368, 264, 372, 345, 340, 346, 347,
    33, 133, 263, 362, 193, 417, 122, 351, 245, 465, 188, 412, 174, 399, 196, 419, 3, 248, 236, 456, 51, 281, 118,
)  # fmt: skip


def _edges() -> frozenset[tuple[int, int]]:
    # MediaPipe's table of edges is a plain Python file: load it alone, since importing the package costs seconds.
    spec = importlib.util.find_spec("mediapipe")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("mediapipe is not installed")
    path = Path(next(iter(spec.submodule_search_locations))) / "python" / "solutions" / "face_mesh_connections.py"
    file_spec = importlib.util.spec_from_file_location("_face_mesh_connections", path)
    if file_spec is None or file_spec.loader is None:
        raise ImportError("mediapipe's table of mesh edges is missing")
    module = importlib.util.module_from_spec(file_spec)
    file_spec.loader.exec_module(module)
    return module.FACEMESH_TESSELATION


def _triangles() -> np.ndarray:
    """All 3-cycles of the edge graph, less those that merely surround three smaller triangles."""
    neighbours: dict[int, set[int]] = {}
    for a, b in _edges():
        neighbours.setdefault(a, set()).add(b)
        neighbours.setdefault(b, set()).add(a)
    cycles = {
        tuple(sorted((a, b, c))) for a, around in neighbours.items() for b in around for c in around & neighbours[b]
    }
    faces_at_edge: dict[tuple[int, int], int] = {}
    for cycle in cycles:
        for edge in combinations(cycle, 2):
            faces_at_edge[edge] = faces_at_edge.get(edge, 0) + 1
    kept = sorted(c for c in cycles if any(faces_at_edge[edge] < 3 for edge in combinations(c, 2)))
    return _wind_alike(np.array(kept, np.int32))


def _wind_alike(triangles: np.ndarray) -> np.ndarray:
    """Turn triangles so that neighbours run their shared edge in opposite directions; the first one is clockwise."""
    at_edge: dict[tuple[int, int], list[int]] = {}
    for index, triangle in enumerate(triangles.tolist()):
        for edge in combinations(sorted(triangle), 2):
            at_edge.setdefault(edge, []).append(index)
    turned = triangles.tolist()
    # On screen, brow-to-brow triangle at the nose root: forehead, its left neighbour, its right neighbour.
    start = next(i for i, t in enumerate(turned) if FOREHEAD_TOP in t and 338 in t)
    third = next(i for i in turned[start] if i not in (FOREHEAD_TOP, 338))
    turned[start] = [FOREHEAD_TOP, 338, third]  # top middle, to the picture's right, then down: clockwise, y down
    todo, done = [start], {start}
    while todo:
        index = todo.pop()
        a, b, c = turned[index]
        for p, q in ((a, b), (b, c), (c, a)):
            for other in at_edge[(min(p, q), max(p, q))]:
                if other in done:
                    continue
                x, y, z = turned[other]
                if (p, q) in ((x, y), (y, z), (z, x)):
                    turned[other] = [x, z, y]
                done.add(other)
                todo.append(other)
    return np.array(turned, np.int32)


# (852, 3) int32, clockwise on screen for a face that looks at the camera. The mouth's opening and both eyes' openings
# are holes: see MOUTH_OPENING, RIGHT_EYE_OPENING, LEFT_EYE_OPENING for their rims.
TRIANGLES: np.ndarray = _triangles()
TRIANGLES.setflags(write=False)


def _fan(rim: tuple[int, ...]) -> np.ndarray:
    """Triangles that fill a hole between an upper and a lower row that share their ends, as a strip."""
    half = len(rim) // 2
    upper = list(rim[: half + 1])
    lower = [rim[0], *reversed(rim[half + 1 :]), rim[half]]
    strip = []
    for i in range(half):
        strip += [(upper[i], upper[i + 1], lower[i + 1]), (upper[i], lower[i + 1], lower[i])]
    return np.array([t for t in strip if len(set(t)) == 3], np.int32)


MOUTH_OPENING_TRIANGLES: np.ndarray = _fan(MOUTH_OPENING)  # (18, 3)
RIGHT_EYE_TRIANGLES: np.ndarray = _fan(RIGHT_EYE_OPENING)  # (14, 3)
LEFT_EYE_TRIANGLES: np.ndarray = _fan(LEFT_EYE_OPENING)  # (14, 3)

_MIRRORED_ROWS = (
    (RIGHT_EYE_UPPER, LEFT_EYE_UPPER),
    (RIGHT_EYE_LOWER, LEFT_EYE_LOWER),
    (RIGHT_BROW_UPPER, LEFT_BROW_UPPER),
    (RIGHT_BROW_LOWER, LEFT_BROW_LOWER),
    (LIPS_INNER_UPPER, LIPS_INNER_UPPER[::-1]),
    (LIPS_OUTER_UPPER, LIPS_OUTER_UPPER[::-1]),
    (LIPS_INNER_LOWER, LIPS_INNER_LOWER[::-1]),
    (LIPS_OUTER_LOWER, LIPS_OUTER_LOWER[::-1]),
    (FACE_OVAL[:1] + FACE_OVAL[:0:-1], FACE_OVAL),
    # Beside the nostrils the mesh's diagonals differ from side to side, which would lead the growing astray.
    ((60, 166), (290, 392)),
)


def _mirror_map() -> np.ndarray:
    """Grow the left-right pairing from known pairs over the mesh: triangles on paired edges pair their third points."""
    pair: dict[int, int] = {}
    for row, other in _MIRRORED_ROWS:
        for a, b in zip(row, other, strict=True):
            pair[a], pair[b] = b, a
    thirds: dict[tuple[int, int], list[int]] = {}
    for triangle in TRIANGLES.tolist():
        for skip in range(3):
            a, b = sorted(triangle[:skip] + triangle[skip + 1 :])
            thirds.setdefault((a, b), []).append(triangle[skip])
    grown = True
    while grown:
        grown = False
        for (a, b), seen in thirds.items():
            if a not in pair or b not in pair:
                continue
            p, q = sorted((pair[a], pair[b]))
            here = [t for t in seen if t not in pair]
            there = [t for t in thirds.get((p, q), []) if t not in pair]
            if len(here) == 1 and len(there) == 1:
                pair[here[0]], pair[there[0]] = there[0], here[0]
                grown = True
    pair.update({RIGHT_IRIS_CENTRE: LEFT_IRIS_CENTRE, LEFT_IRIS_CENTRE: RIGHT_IRIS_CENTRE})
    # Iris rims both start at the picture's right and run over the top to the left, so the mirror swaps 0 and 2.
    for right, left in zip(RIGHT_IRIS, (LEFT_IRIS[2], LEFT_IRIS[1], LEFT_IRIS[0], LEFT_IRIS[3]), strict=True):
        pair[right], pair[left] = left, right
    return np.array([pair[i] for i in range(N_LANDMARKS)], np.int32)


# (478,) int32: the point on the other side; points on the middle line map to themselves. An involution.
MIRROR: np.ndarray = _mirror_map()
MIRROR.setflags(write=False)

_UPPER_INNER = list(LIPS_INNER_UPPER[1:-1])
_LOWER_INNER = list(LIPS_INNER_LOWER[1:-1])


def _checked(points_px: np.ndarray) -> np.ndarray:
    points = np.asarray(points_px)
    if points.shape[-2] < N_MESH or points.shape[-1] not in (2, 3):
        raise ValueError(f"expected (…, 468+, 2 or 3) points, got {points.shape}")
    return points


def inter_ocular_px(points_px: np.ndarray) -> np.ndarray:
    """Distance between the two eyes' centres. `points_px` (…, 478, 3) → (…); 3D, so turning the head keeps it."""
    points = _checked(points_px)
    right = (points[..., RIGHT_EYE_OUTER, :] + points[..., RIGHT_EYE_INNER, :]) / 2
    left = (points[..., LEFT_EYE_OUTER, :] + points[..., LEFT_EYE_INNER, :]) / 2
    return np.linalg.norm(right - left, axis=-1)


def face_width_px(points_px: np.ndarray) -> np.ndarray:
    """Inter-ear width of the face. `points_px` (…, 478, 3) → (…); 3D, so turning the head keeps it."""
    points = _checked(points_px)
    return np.linalg.norm(points[..., EAR_RIGHT, :] - points[..., EAR_LEFT, :], axis=-1)


def mouth_openness(points_px: np.ndarray) -> np.ndarray:
    """Inner lip gap ÷ inter-ocular distance: 0 = touching, 0.1-0.3 = ordinary vowels. `points_px` (…, 478, 3) → (…).

    The gap is the mean over the nine pairs of the inner lip line: less noisy than the middle pair alone.
    """
    points = _checked(points_px)
    gap = np.linalg.norm(points[..., _UPPER_INNER, :] - points[..., _LOWER_INNER, :], axis=-1).mean(-1)
    return gap / inter_ocular_px(points)


def mouth_width(points_px: np.ndarray) -> np.ndarray:
    """Distance of the lips' outer corners ÷ inter-ocular distance. `points_px` (…, 478, 3) → (…)."""
    points = _checked(points_px)
    width = np.linalg.norm(points[..., MOUTH_CORNER_RIGHT, :] - points[..., MOUTH_CORNER_LEFT, :], axis=-1)
    return width / inter_ocular_px(points)


def _eye_openness(points: np.ndarray, upper: tuple[int, ...], lower: tuple[int, ...]) -> np.ndarray:
    middle = slice(2, -2)  # the ends hardly move
    gap = np.linalg.norm(points[..., list(upper[middle]), :] - points[..., list(lower[middle]), :], axis=-1).mean(-1)
    return gap / np.linalg.norm(points[..., upper[0], :] - points[..., upper[-1], :], axis=-1)


def eye_openness(points_px: np.ndarray) -> np.ndarray:
    """Lid gap ÷ eye width, (right, left): about 0.3 open, under 0.12 shut. `points_px` (…, 478, 3) → (…, 2)."""
    points = _checked(points_px)
    right = _eye_openness(points, RIGHT_EYE_UPPER, RIGHT_EYE_LOWER)
    left = _eye_openness(points, LEFT_EYE_UPPER, LEFT_EYE_LOWER)
    return np.stack([right, left], axis=-1)
