"""How the head, the brows and the breath go along with a voice. Pure functions of times, prosody and a seed.

Nods and brow raises hang on accents (Munhall et al. 2004; Flecha-García 2010), idle sway is a sum of slow sines whose
periods share no common multiple, breathing runs at 0.2-0.3 Hz.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worker.engine.contracts import Style
from worker.engine.speech.mouth_track import Accent, Prosody

NECK_PIVOT = np.array([0.0, 1.35, 0.95])  # canonical: where the skull sits on the neck, behind the jaw
_NOD_ATTACK_S, _NOD_RELEASE_S, _NOD_DELAY_S = 0.19, 0.32, 0.03
_BROW_ATTACK_S, _BROW_RELEASE_S, _BROW_GAP_S = 0.10, 0.22, 0.4
_SWAY_HZ = ((0.113, 0.271, 0.433), (0.127, 0.293, 0.389), (0.097, 0.241, 0.367))  # yaw, pitch, roll
_LIMIT_DEG = np.array([4.0, 3.2, 2.4])
_PASSING_DEG_S = np.array([1.6, -0.6, 0.4])


@dataclass(frozen=True)
class Liveliness:
    """How much a style moves. Angles in degrees, others as factors."""

    sway_deg: tuple[float, float, float]  # yaw, pitch, roll
    nod_deg: float
    turn_deg: float  # slow turns with phrases
    brows: float
    glance: float
    smile: float


LIVELINESS = {
    Style.STILL: Liveliness((0.0, 0.0, 0.0), 0.0, 0.0, 0.0, 0.0, 0.0),
    Style.NATURAL: Liveliness((1.3, 0.8, 0.6), 2.1, 1.2, 0.55, 1.0, 0.0),
    Style.EXPRESSIVE: Liveliness((1.9, 1.2, 1.0), 3.2, 2.0, 1.0, 1.3, 0.25),
}


def _pulse(times_s: np.ndarray, at_s: float, attack_s: float, release_s: float) -> np.ndarray:
    """(T,) a smooth bump that reaches 1 at `at_s`."""
    return least_jerk((times_s - at_s + attack_s) / attack_s) * (1 - least_jerk((times_s - at_s) / (2 * release_s)))


def least_jerk(share: np.ndarray) -> np.ndarray:
    """The way from 0 to 1 while `share` goes from 0 to 1, as bodies go it (Flash and Hogan 1985); beyond, its ends."""
    t = np.clip(share, 0, 1)
    return t**3 * (10 - 15 * t + 6 * t * t)


def passing_deg_s(style: Style, scale: float) -> np.ndarray:
    """(3,) how fast yaw, pitch and roll pass through the pose that all segments share, so that no head stops there."""
    return _PASSING_DEG_S * (min(scale, 1.5) * LIVELINESS[style].turn_deg / LIVELINESS[Style.NATURAL].turn_deg)


def head_turns_deg(
    times_s: np.ndarray, prosody: Prosody, style: Style, rng: np.random.Generator, scale: float = 1.0
) -> np.ndarray:
    """(T, 3) float64: yaw, pitch, roll in degrees away from the photo's pose. Starts near zero, never jumps.

    scale: how much of it, in [0, 2]; the limits widen by half of what is asked beyond 1.
    """
    live = LIVELINESS[style]
    turns = np.zeros((len(times_s), 3))
    for axis, (reach, rates) in enumerate(zip(live.sway_deg, _SWAY_HZ, strict=True)):
        shares = np.array([0.55, 0.3, 0.15])
        for share, rate in zip(shares, rates, strict=True):
            phase = rng.uniform(0, 2 * np.pi)
            turns[:, axis] += reach * share * np.sin(2 * np.pi * rate * times_s + phase)
    side = 1.0
    for accent in prosody.accents:
        bump = _pulse(times_s, accent.time_s + _NOD_DELAY_S, _NOD_ATTACK_S, _NOD_RELEASE_S)
        size = accent.strength * rng.uniform(0.6, 1.1)
        turns[:, 1] += live.nod_deg * size * bump
        side = -side if rng.random() < 0.4 else side
        turns[:, 2] += 0.22 * live.nod_deg * size * side * bump
    for span in prosody.speech_spans:  # each phrase looks a little elsewhere, and comes back in the pause
        aim = rng.uniform(-1, 1) * live.turn_deg
        turns[:, 0] += aim * _pulse(
            times_s, (span.start_s + span.end_s) / 2, 0.5 * span.duration_s + 0.3, 0.3 * span.duration_s + 0.3
        )
    ease_in = np.clip(times_s / 0.6, 0, 1)[:, None]
    limit_deg = _LIMIT_DEG * (1 + 0.5 * max(0.0, scale - 1))
    return limit_deg * np.tanh(scale * turns / limit_deg) * ease_in * ease_in * (3 - 2 * ease_in)


def brow_track(times_s: np.ndarray, accents: Sequence[Accent], style: Style) -> np.ndarray:
    """(T,) float64 in [0, 1]: brow raises on strong accents, at least 0.4 s apart."""
    raised = np.zeros(len(times_s))
    last_s = -np.inf
    for accent in sorted(accents, key=lambda one: one.time_s):
        if accent.strength < 0.45 or accent.time_s - last_s < _BROW_GAP_S:
            continue
        last_s = accent.time_s
        raised = np.maximum(raised, accent.strength * _pulse(times_s, accent.time_s, _BROW_ATTACK_S, _BROW_RELEASE_S))
    return raised * LIVELINESS[style].brows


def breath_track(times_s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(T,) float64: rise of the shoulders in inter-ocular distances, 0.2-0.3 Hz, starting at zero."""
    rate_hz = rng.uniform(0.21, 0.28)
    drift = 0.15 * np.sin(2 * np.pi * 0.037 * times_s)
    return 0.011 * (1 - np.cos(2 * np.pi * rate_hz * times_s + drift)) / 2
