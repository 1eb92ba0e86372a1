"""Where the hidden mark's signs lie: a fixed pattern of cells, the same for every video but for the id it carries.

A cell is 1/32 of the picture's short side. Four fifths of the cells carry the code's signs, each sign many times over;
one fifth are pilots, known in advance, by which a reader finds size, place and time. Each cell's sign is multiplied by
a keyed pseudo-random one (spread spectrum: Cox et al., "Secure spread spectrum watermarking for multimedia", 1997), and
turns over every second, in four groups an eighth of a period apart: what stands still in a picture then cancels, the
mark does not, and no single moment shows a change everywhere.
"""

import hashlib
from functools import lru_cache

import numpy as np

from worker.compose.hidden_mark_code import CODE_BITS

CELLS_SHORT = 32  # across the short side
CANVAS_CELLS = 128  # the pattern repeats after so many, which is beyond any picture up to 4:1
PERIOD_S = 2.0
STATES = 8  # of the signs in a period
GROUPS = STATES // 2
GROUP_CELLS = 4

_KEY = b"lipsmith hidden mark 1"
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


@lru_cache(maxsize=1)
def groups() -> np.ndarray:
    """(CANVAS_CELLS, CANVAS_CELLS) int: which group a cell turns over with, 0 to GROUPS − 1."""
    side = CANVAS_CELLS // GROUP_CELLS
    coarse = _stream("groups", side * side).reshape(side, side) % GROUPS
    return coarse.repeat(GROUP_CELLS, axis=0).repeat(GROUP_CELLS, axis=1).astype(np.intp)


def signs_for(code: np.ndarray) -> np.ndarray:
    """The whole pattern, (CANVAS_CELLS, CANVAS_CELLS) int8 of −1 and +1, that carries (CODE_BITS,) signs."""
    carried = np.ones(_ROLES, np.int8)
    carried[:CODE_BITS] = code
    return spreading() * carried[roles()]


def pilots() -> np.ndarray:
    """(CANVAS_CELLS, CANVAS_CELLS) bool: the cells that are known in advance."""
    return roles() >= CODE_BITS


def state_at(pts_s: float) -> int:
    """Which of the STATES the signs are in at a time, 0 to STATES − 1."""
    return int(np.floor(pts_s * STATES / PERIOD_S + 1e-6)) % STATES


def turned(state: int) -> np.ndarray:
    """(GROUPS,) int8: the sign by which each group is multiplied in a state."""
    return np.array([1 if (state - group) % STATES < STATES // 2 else -1 for group in range(GROUPS)], np.int8)


def group_phases() -> np.ndarray:
    """(GROUPS,) complex: what turning over does to a group's sign, seen at the period's own frequency."""
    return np.exp(-2j * np.pi * np.arange(GROUPS) / STATES)
