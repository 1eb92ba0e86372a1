"""From articulators to a deformed face mesh: a Gaussian model of real speaking faces, asked "given these lips, what
else?".

The shipped model (see `engine/models/mouth_shapes.md`) holds the principal directions in which tracked faces moved
while speaking. An articulation fixes a few measurements (where both lips, both lip borders and the chin are, how wide
the mouth is); the rest of the face follows as the conditional mean of the Gaussian (Bishop 2006, §2.3.1), so cheeks,
chin and throat move with the jaw as they did on real people, and the inner-lip gap is met exactly.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from worker.engine.face.landmarks import LIPS_INNER_LOWER, LIPS_INNER_UPPER, LIPS_OUTER_LOWER, LIPS_OUTER_UPPER, MIRROR
from worker.engine.face.pose import canonical_face
from worker.engine.speech.mouth_track import ARTICULATORS, Articulator

MODEL_PATH = Path(__file__).parents[1] / "models" / "mouth_shapes.npz"

# What an articulation fixes, in this order; all in units of the distance between the eyes.
_CONTROLS = ("upper_lip", "lower_lip", "chin", "width", "upper_border", "lower_border")
# Local stiffness of skin, added to the statistics so that any set of control values has an answer.
_LOCAL_DEVIATION = 0.012
_LOCAL_LENGTH = 0.16
# How an open mouth closes: the upper lip's share of the gap, and how much of its way each lip's outer border goes
# along.
_UPPER_SHARE, _UPPER_BORDER, _LOWER_BORDER = 0.45, 0.5, 0.55
_CHIN_SHARE = 0.35
_NEARLY_EXACT = 1e-7
_EXACT = 1e-9  # variance of the control measurements: none


@dataclass(frozen=True)
class MouthShapes:
    """The model, and the linear map from articulators to mesh displacement.

    mean_mesh: (478, 3) canonical neutral mesh, unit = distance between the eye centres.
    basis: (A, 478, 3) displacement for one unit of each articulator, in the order of `ARTICULATORS`.
    open_range: the inner-lip gap at openness 1.
    """

    mean_mesh: np.ndarray
    components: np.ndarray
    deviations: np.ndarray
    basis: np.ndarray
    open_range: float
    jaw_range: float

    def closing(self, points: np.ndarray, width_change: float) -> np.ndarray:
        """(478, 3) displacement that brings the inner lips of a canonical mesh together.

        points: canonical mesh (478, 3) of a face whose mouth is open. width_change: by how much the mouth gets wider.
        A smile stretches lips thin, so their outer borders move less than their edges and the lips get fuller again.
        """
        rows, targets = [], []
        columns = zip(LIPS_INNER_UPPER, LIPS_INNER_LOWER, LIPS_OUTER_UPPER, LIPS_OUTER_LOWER, strict=True)
        for upper, lower, above, below in list(columns)[1:-1]:
            gap = points[lower, 1] - points[upper, 1]
            drop, lift = _UPPER_SHARE * gap, (1 - _UPPER_SHARE) * gap
            rows += [{(upper, 1): 1.0}, {(lower, 1): 1.0}, {(above, 1): 1.0}, {(below, 1): 1.0}]
            targets += [drop, -lift, _UPPER_BORDER * drop, -_LOWER_BORDER * lift]
            rows.append({(lower, 0): 1.0, (upper, 0): -1.0})
            targets.append(points[upper, 0] - points[lower, 0])
        rows += [{(308, 0): 1.0, (78, 0): -1.0}, {(291, 0): 1.0, (61, 0): -1.0}]
        targets += [width_change, width_change]
        middle_gap = points[14, 1] - points[13, 1]
        for point, share in ((152, _CHIN_SHARE), (2, 0.0), (98, 0.0), (327, 0.0)):
            rows.append({(point, 1): 1.0})
            targets.append(-share * (1 - _UPPER_SHARE) * middle_gap)
        response = _condition(self.mean_mesh, self.components, self.deviations, rows, _NEARLY_EXACT)
        moved = response @ np.array(targets) * _speaking_part(self.mean_mesh)
        moved[:, 2] = 0.0  # depth is not measured here, and the tracker's is too coarse to be led by
        return moved


def _condition(
    mean: np.ndarray,
    components: np.ndarray,
    deviations: np.ndarray,
    rows: list[dict[tuple[int, int], float]],
    variance: float,
) -> np.ndarray:
    """(478, 3, R): mean displacement of every point per unit of each of R measurements (sparse rows over (point,
    axis)).
    """
    points = len(mean)
    scaled = components.astype(np.float64) * deviations[:, None, None]  # (K, N, 3)
    touched = sorted({key for row in rows for key in row})
    weights = np.array([[row.get(key, 0.0) for key in touched] for row in rows])  # (R, M)
    at = np.stack([scaled[:, point, axis] for point, axis in touched], axis=1)  # (K, M)
    covariance = np.einsum("kna,km->nam", scaled, at)  # (N, 3, M)
    squared = ((mean[:, None, :2] - mean[[point for point, _ in touched]][None, :, :2]) ** 2).sum(-1)
    local = _LOCAL_DEVIATION**2 * np.exp(-squared / (2 * _LOCAL_LENGTH**2))
    for column, (_, axis) in enumerate(touched):
        covariance[:, axis, column] += local[:, column]
    cross = covariance.reshape(points * 3, -1) @ weights.T  # (3N, R)
    index = [point * 3 + axis for point, axis in touched]
    gram = weights @ cross[index] + variance * np.eye(len(rows))
    return np.linalg.solve(gram, cross.T).T.reshape(points, 3, len(rows))


def _control_matrix(open_range: float, jaw_range: float, width_range: tuple[float, float]) -> np.ndarray:
    """(A, controls): what one unit of each articulator asks of the control measurements.

    The shares (how much the upper lip rises with the gap, how lip thickness follows jaw and width) are the regression
    coefficients found on the same clips; press, tuck and protrusion use the extremes seen there.
    """
    narrow, wide = abs(width_range[0]), width_range[1]
    mean_width = (narrow + wide) / 2
    asked = {
        Articulator.OPENNESS: {"gap": open_range},
        Articulator.JAW: {"jaw": jaw_range},
        Articulator.WIDTH: {"width": mean_width},
        Articulator.PROTRUSION: {"width": -0.45 * narrow, "upper_thick": 0.018, "lower_thick": 0.024},
        Articulator.PRESS: {"upper_thick": -0.016, "lower_thick": -0.012, "shift": -0.004},
        Articulator.LIP_TUCK: {"lower_thick": -0.045, "shift": -0.014},
        Articulator.UPPER_RAISE: {"shift": -0.030, "upper_thick": -0.008},
        Articulator.LOWER_DROP: {"shift": 0.022, "lower_thick": -0.006},
        Articulator.TONGUE: {},
    }
    matrix = np.zeros((len(ARTICULATORS), len(_CONTROLS)))
    for row, articulator in enumerate(ARTICULATORS):
        want = asked[articulator]
        gap, jaw, width = want.get("gap", 0.0), want.get("jaw", 0.0), want.get("width", 0.0)
        upper_lip = -0.36 * gap + 0.45 * jaw - 0.17 * width + want.get("shift", 0.0)
        lower_lip = upper_lip + gap
        upper_thick = -0.12 * gap + 0.22 * jaw - 0.04 * width + want.get("upper_thick", 0.0)
        lower_thick = -0.07 * gap + 0.36 * jaw - 0.16 * width + want.get("lower_thick", 0.0)
        matrix[row] = (upper_lip, lower_lip, jaw, width, upper_lip - upper_thick, lower_lip + lower_thick)
    return matrix


@lru_cache(maxsize=1)
def load_mouth_shapes() -> MouthShapes:
    """The shipped model, read once per process."""
    with np.load(MODEL_PATH, allow_pickle=False) as stored:
        components = stored["components"].astype(np.float64)
        deviations = stored["deviations"].astype(np.float64)
        open_range, jaw_range = float(stored["open_range"]), float(stored["jaw_range"])
        width_range = (float(stored["width_range"][0]), float(stored["width_range"][1]))
    mean = canonical_face()
    rows = [
        {(13, 1): 1.0},
        {(14, 1): 1.0},
        {(152, 1): 1.0},
        {(308, 0): 1.0, (78, 0): -1.0},
        {(0, 1): 1.0},
        {(17, 1): 1.0},
    ]
    response = _condition(mean, components, deviations, rows, _EXACT)
    basis = np.einsum("ar,nxr->anx", _control_matrix(open_range, jaw_range, width_range), response)
    basis *= _speaking_part(mean)
    _close_pairs(basis)
    basis = (basis + basis[:, MIRROR] * np.array([-1.0, 1.0, 1.0])) / 2  # both sides alike
    return MouthShapes(mean, components, deviations, basis, open_range, jaw_range)


def _speaking_part(mean: np.ndarray) -> np.ndarray:
    """(478, 1): 1 from the nose's tip down, 0 from the lower lids up. Eyes have their own motion, whatever
    correlates.
    """
    t = np.clip((mean[:, 1] - 0.22) / 0.4, 0.0, 1.0)
    return (t * t * (3 - 2 * t))[:, None]


def _close_pairs(basis: np.ndarray) -> None:
    """Only openness parts the lips: for every other articulator each inner pair moves as one, in place."""
    upper, lower = list(LIPS_INNER_UPPER[1:-1]), list(LIPS_INNER_LOWER[1:-1])
    for row, articulator in enumerate(ARTICULATORS):
        if articulator is not Articulator.OPENNESS:
            together = (basis[row, upper, 1] + basis[row, lower, 1]) / 2
            basis[row, upper, 1] = together
            basis[row, lower, 1] = together
