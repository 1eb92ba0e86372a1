"""Where the hidden mark's signs lie: a fixed pattern of cells, the same for every video but for the id it carries.

A cell is 1/32 of the picture's short side. Four fifths of the cells carry the code's signs, each sign many times over;
one fifth are pilots, known in advance, by which a reader finds size, place and time. Each cell's sign is multiplied by
a keyed pseudo-random one (spread spectrum: Cox et al., "Secure spread spectrum watermarking for multimedia", 1997). All
signs turn over at every keyframe, so that what stands still in a picture cancels and the mark does not: encoders begin
anew there, and hardly a byte is spent on the turn. Once more they turn after the first second, for very short videos.

Until November 2026 (layout 1) signs turned over every second, in four groups an eighth of a period apart; videos of
then are still read.
"""

import hashlib
from functools import lru_cache

import numpy as np

from worker.compose.hidden_mark_code import CODE_BITS

CELLS_SHORT = 32  # across the short side
CANVAS_CELLS = 128  # the pattern repeats after so many, which is beyond any picture up to 4:1
TURN_S = 2.0  # between keyframes, see `worker.engine.media.encode`
FIRST_TURN_S = 1.0
LAYOUTS = (2, 1)  # as readers try them; only the first is written
PERIODS_S = {2: (2 * FIRST_TURN_S, 2 * TURN_S), 1: (2.0,)}  # in which signs come round

_KEY = b"lipsmith hidden mark 1"
_EARLIER_STATES, _EARLIER_GROUPS, _EARLIER_GROUP_CELLS = 8, 4, 4
_ROLES = 400
_ROLE_STEP = 91  # of all steps, the one whose lattice is nearest to square: shortest distance 21 cells


def _stream(purpose: str, count: int) -> np.ndarray:
    """`count` keyed pseudo-random bytes, the same for ever: generators of libraries may change, SHAKE-256 may not."""
    return np.frombuffer(hashlib.shake_256(_KEY + purpose.encode()).digest(count), np.uint8)


@lru_cache(maxsize=1)
def spreading() -> np.ndarray:
    """(CANVAS_CELLS, CANVAS_CELLS) int8 of −1 and +1."""
    bits = _stream("signs", CANVAS_CELLS**2).reshape(CANVAS_CELLS, CANVAS_CELLS) & 1
    return (1 - 2 * bits.astype(np.int8)).astype(np.int8)


@lru_cache(maxsize=1)
def roles() -> np.ndarray:
    """(CANVAS_CELLS, CANVAS_CELLS) int: which of the code's signs a cell carries; CODE_BITS and above are pilots.

    Roles lie on a lattice, so that a window of 20 × 20 cells, wherever it is cut, holds every one about once.
    """
    order = np.argsort(_stream("roles", 8 * _ROLES).view(np.uint64), kind="stable")
    y, x = np.mgrid[:CANVAS_CELLS, :CANVAS_CELLS]
    return order[(x + _ROLE_STEP * y) % _ROLES]


def signs_for(code: np.ndarray) -> np.ndarray:
    """The whole pattern, (CANVAS_CELLS, CANVAS_CELLS) int8 of −1 and +1, that carries (CODE_BITS,) signs."""
    carried = np.ones(_ROLES, np.int8)
    carried[:CODE_BITS] = code
    return spreading() * carried[roles()]


def pilots() -> np.ndarray:
    """(CANVAS_CELLS, CANVAS_CELLS) bool: the cells that are known in advance."""
    return roles() >= CODE_BITS


def sign_at(pts_s: float) -> int:
    """The sign, −1 or +1, by which the whole pattern is multiplied at a time."""
    turns = window_at(pts_s)
    if turns == 0:
        return 1 if pts_s < FIRST_TURN_S - 1e-6 else -1
    return 1 if turns % 2 else -1


def window_at(pts_s: float) -> int:
    """How many keyframes have passed since the first."""
    return int(np.floor(pts_s / TURN_S + 1e-6))


@lru_cache(maxsize=len(LAYOUTS))
def expected(layout: int) -> np.ndarray:
    """(CANVAS_CELLS, CANVAS_CELLS) complex64: a cell's sign without the code's, as it turns with time."""
    if layout == 2:
        return spreading().astype(np.complex64)
    side = CANVAS_CELLS // _EARLIER_GROUP_CELLS
    coarse = _stream("groups", side * side).reshape(side, side) % _EARLIER_GROUPS
    groups = coarse.repeat(_EARLIER_GROUP_CELLS, axis=0).repeat(_EARLIER_GROUP_CELLS, axis=1)
    return (spreading() * np.exp(-2j * np.pi * groups / _EARLIER_STATES)).astype(np.complex64)
