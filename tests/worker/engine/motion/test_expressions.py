"""Expressions move the parts of the face they are named after, both sides alike, and nothing far away."""

import numpy as np
import pytest

from worker.engine.face import landmarks as lm
from worker.engine.face.pose import canonical_face
from worker.engine.motion.expressions import EXPRESSIONS, Expression, brow_raise, expression_directions, smile

FACE = canonical_face()
MOVES = dict(zip(EXPRESSIONS, expression_directions(FACE), strict=True))
CORNERS = [lm.MOUTH_CORNER_RIGHT, lm.MOUTH_CORNER_LEFT]
INNER_RIGHT, INNER_LEFT = lm.RIGHT_BROW_LOWER[-1], lm.LEFT_BROW_LOWER[-1]


def test_a_smile_lifts_and_a_frown_drops_the_corners():
    assert (smile(FACE)[CORNERS, 1] < -0.02).all()
    assert smile(FACE)[CORNERS[0], 0] < 0 < smile(FACE)[CORNERS[1], 0]
    assert (MOVES[Expression.FROWN][CORNERS, 1] > 0.02).all()


def test_furrowed_brows_come_down_and_together_and_grief_lifts_their_inner_ends():
    furrow, grief = MOVES[Expression.FURROW], MOVES[Expression.GRIEF]
    assert furrow[INNER_RIGHT, 0] > 0.005 > -0.005 > furrow[INNER_LEFT, 0]
    assert furrow[INNER_RIGHT, 1] > 0.01
    assert grief[INNER_RIGHT, 1] < -0.015
    assert abs(grief[lm.RIGHT_BROW_UPPER[0], 1]) < 0.2 * abs(grief[INNER_RIGHT, 1])


@pytest.mark.parametrize("move", [*MOVES.values(), brow_raise(FACE), smile(FACE)])
def test_both_sides_move_alike_and_the_nose_tip_hardly_moves(move):
    np.testing.assert_allclose(move, move[lm.MIRROR] * [-1.0, 1.0, 1.0], atol=2e-3)
    assert np.abs(move[lm.NOSE_TIP]).max() < 0.008
    assert np.isfinite(move).all()


def test_eyes_only_move_when_they_widen():
    lids = list(lm.RIGHT_EYE_UPPER[3:-3])
    for name, move in MOVES.items():
        if name is Expression.WIDE_EYES:
            assert (move[lids, 1] < -0.015).all()
        else:
            assert np.abs(move[lids]).max() < 0.004, name
