"""What a face can express besides speaking: directions of the canonical mesh, and lids.

Displacements follow the action units of the Facial Action Coding System (Ekman & Friesen 1978): a smile is AU12 with a
little AU6, a frown AU15, a furrowed brow AU4, grief's raised inner brows AU1, raised lids AU5.
"""

from enum import StrEnum

import numpy as np

from worker.engine.face import landmarks as lm

_CORNER_REACH, _BROW_REACH, _INNER_BROW_REACH, _LID_REACH = 0.17, 0.16, 0.13, 0.07
_INNER_BROWS = (
    (lm.RIGHT_BROW_UPPER[-2:] + lm.RIGHT_BROW_LOWER[-2:], 1.0),
    (lm.LEFT_BROW_UPPER[-2:] + lm.LEFT_BROW_LOWER[-2:], -1.0),
)


class Expression(StrEnum):
    """Directions of expression after brow raises and smiles, each in about [0, 1]."""

    FROWN = "frown"  # mouth corners down
    FURROW = "furrow"  # inner brows down and together
    GRIEF = "grief"  # inner brows up
    WIDE_EYES = "wide_eyes"  # upper lids up


EXPRESSIONS: tuple[Expression, ...] = tuple(Expression)


def brow_raise(canonical: np.ndarray) -> np.ndarray:
    """(478, 3) displacement of a canonical mesh (478, 3) at a full raise of both brows."""
    rows = (lm.RIGHT_BROW_UPPER + lm.RIGHT_BROW_LOWER, lm.LEFT_BROW_UPPER + lm.LEFT_BROW_LOWER)
    return sum((_around(canonical, row, _BROW_REACH, (0.0, -0.055)) for row in rows), np.zeros_like(canonical)) * (
        _above_eyes(canonical)
    )


def smile(canonical: np.ndarray) -> np.ndarray:
    """(478, 3) displacement at a full smile: corners out and up, cheeks along."""
    return _corners(canonical, 0.03, -0.03)


def expression_directions(canonical: np.ndarray) -> np.ndarray:
    """(E, 478, 3) displacement per unit of each of `EXPRESSIONS`."""
    moves = {
        Expression.FROWN: _corners(canonical, -0.004, 0.032),
        Expression.FURROW: _inner_brows(canonical, 0.020, 0.030),
        Expression.GRIEF: _inner_brows(canonical, 0.010, -0.040),
        Expression.WIDE_EYES: _upper_lids(canonical, -0.018),
    }
    return np.stack([moves[expression] for expression in EXPRESSIONS])


def _corners(canonical: np.ndarray, outward: float, down: float) -> np.ndarray:
    moved = np.zeros((lm.N_LANDMARKS, 3))
    for corner, side in ((lm.MOUTH_CORNER_RIGHT, -1.0), (lm.MOUTH_CORNER_LEFT, 1.0)):
        moved += _around(canonical, (corner,), _CORNER_REACH, (side * outward, down))
    return moved


def _inner_brows(canonical: np.ndarray, together: float, down: float) -> np.ndarray:
    moved = np.zeros((lm.N_LANDMARKS, 3))
    for row, inward in _INNER_BROWS:
        moved += _around(canonical, row, _INNER_BROW_REACH, (inward * together, down))
    return moved * _above_eyes(canonical)


def _upper_lids(canonical: np.ndarray, down: float) -> np.ndarray:
    moved = np.zeros((lm.N_LANDMARKS, 3))
    for row in (lm.RIGHT_EYE_UPPER, lm.LEFT_EYE_UPPER):
        moved += _around(canonical, row[2:-2], _LID_REACH, (0.0, down))
    return moved


def _around(canonical: np.ndarray, points: tuple[int, ...], reach: float, move: tuple[float, float]) -> np.ndarray:
    """(478, 3): `move` (x, y) at the points, falling off like a Gaussian with the distance to the nearest of them."""
    squared = ((canonical[:, None, :2] - canonical[list(points)][None, :, :2]) ** 2).sum(-1).min(axis=1)
    return np.exp(-squared / (2 * reach**2))[:, None] * np.array([*move, 0.0])


def _above_eyes(canonical: np.ndarray) -> np.ndarray:
    """(478, 1): 0 at the eyes and below, which stay, 1 from the brows up."""
    eyes = canonical[list(lm.RIGHT_EYE_OPENING + lm.LEFT_EYE_OPENING), 1].mean()
    return np.clip((eyes - 0.02 - canonical[:, 1]) / 0.2, 0, 1)[:, None]
