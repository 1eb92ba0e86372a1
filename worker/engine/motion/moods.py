"""An emotion over the whole motion: a little in the brows, the mouth's corners, the lids and the head, never a mask.

Which muscles say what is the Facial Action Coding System's (Ekman & Friesen 1978; EMFACS): happiness AU6+12, sadness
AU1+15, anger AU4+7, surprise AU1+2+5.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from worker.engine.contracts import Emotion
from worker.engine.motion.expressions import EXPRESSIONS, Expression
from worker.engine.motion.plan import MotionPlan

_RESTING_SHARE = 0.7  # of the expression that is there when nothing is said
_SWELL_S = 0.35


@dataclass(frozen=True)
class Mood:
    """What an emotion at full intensity adds. droop: how far the lids come down, of their whole way; nod_deg: chin
    down; energy: factor of the head's motion.
    """

    smile: float = 0.0
    brows: float = 0.0
    droop: float = 0.0
    nod_deg: float = 0.0
    energy: float = 1.0
    expression: dict[Expression, float] = field(default_factory=dict)


MOODS = {
    Emotion.NEUTRAL: Mood(),
    Emotion.CALM: Mood(smile=0.5, droop=0.05, energy=0.8),
    Emotion.HAPPY: Mood(smile=2.2, brows=0.2, droop=0.14, nod_deg=-0.6, energy=1.25),
    Emotion.SAD: Mood(droop=0.2, nod_deg=1.8, energy=0.65, expression={Expression.GRIEF: 1.0, Expression.FROWN: 1.2}),
    Emotion.ANGRY: Mood(
        droop=0.10, nod_deg=1.2, energy=1.2, expression={Expression.FURROW: 1.15, Expression.FROWN: 0.5}
    ),
    Emotion.SURPRISED: Mood(brows=0.85, nod_deg=-1.0, energy=1.1, expression={Expression.WIDE_EYES: 1.0}),
}


def in_mood(plan: MotionPlan, emotion: Emotion, intensity: float, energy: np.ndarray | None = None) -> MotionPlan:
    """`plan` with an emotion of `intensity` in [0, 1] over it.

    energy: (T,) loudness in [0, 1]; the expression swells with the voice and rests in pauses. None = even.
    """
    mood = MOODS[emotion]
    if intensity <= 0 or emotion is Emotion.NEUTRAL:
        return plan
    felt = intensity * _swell(plan.times_s, energy)
    added = np.array([mood.expression.get(one, 0.0) for one in EXPRESSIONS])
    expression = felt[:, None] * added + (0.0 if plan.expression is None else plan.expression)
    turns = plan.turn_deg * (1 + (mood.energy - 1) * intensity)
    turns[:, 1] += mood.nod_deg * intensity
    return replace(
        plan,
        smile=plan.smile + mood.smile * felt,
        brows=plan.brows + mood.brows * felt,
        blink=1 - (1 - plan.blink) * (1 - mood.droop * felt),
        turn_deg=turns,
        expression=expression,
    )


def _swell(times_s: np.ndarray, energy: np.ndarray | None) -> np.ndarray:
    """(T,) in [resting share, 1]: loudness, smoothed over a third of a second both ways; at rest at both ends, where
    another stretch may join.
    """
    if energy is None or not len(energy) or float(np.max(energy)) <= 0:
        return np.ones(len(times_s))
    step_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.04
    width = max(1, round(_SWELL_S / step_s))
    kernel = np.hanning(2 * width + 3)
    padded = np.pad(np.asarray(energy, np.float64), width + 1, mode="edge")
    smooth = np.convolve(padded, kernel / kernel.sum(), mode="valid")
    inside = np.clip(np.minimum(times_s - times_s[0], times_s[-1] + step_s - times_s) / _SWELL_S, 0, 1)
    swollen = np.clip(smooth / max(float(smooth.max()), 1e-6), 0, 1) * inside * inside * (3 - 2 * inside)
    return _RESTING_SHARE + (1 - _RESTING_SHARE) * swollen
