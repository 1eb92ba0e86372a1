"""Listening without speaking, as a loop: every part of the motion is periodic, so the last frame leads to the first.

Heads sway by sines that fit the loop a whole number of times, breath too; blinks and glances sit on a circle.
"""

from fractions import Fraction

import numpy as np

from worker.engine.contracts import LifeScales, Style
from worker.engine.motion.blinks import BLINKS_PER_MIN, one_blink
from worker.engine.motion.head import LIVELINESS
from worker.engine.motion.plan import MotionPlan, shift_of
from worker.engine.speech.mouth_track import ARTICULATORS

_SWAY_HZ = ((0.11, 0.27, 0.43), (0.13, 0.29, 0.39), (0.10, 0.24, 0.37))  # yaw, pitch, roll
_SHARES = (0.55, 0.30, 0.15)
_SWAY_GAIN = 1.4  # of a speaker's sway: without nods and turns, all there is
_BREATH_HZ, _BREATH = 0.25, 0.013
_BLINK_S = 0.35  # room a blink takes
_BROW_HZ, _BROW = 0.14, 0.12
_LISTENING_SMILE = 0.12
_GLANCE_REACH = np.array([0.035, 0.014])
_SACCADE_S = 0.045


def idle_plan(frames: int, frame_rate: Fraction, style: Style, seed: int, life: LifeScales) -> MotionPlan:
    """Motion of `frames` frames that can be repeated for ever: frame `frames` would equal frame 0."""
    times_s = np.array([float(index / frame_rate) for index in range(frames)])
    loop_s = float(frames / frame_rate)
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(4)]
    live = LIVELINESS[style]
    turns = life.head * _SWAY_GAIN * _sway_deg(times_s, loop_s, live.sway_deg, streams[0])
    breathing = style is not Style.STILL
    breath = _BREATH * (1 - np.cos(_turns_of(_BREATH_HZ, loop_s) * times_s)) / 2 * min(life.head, 1.5) * breathing
    brows = live.brows * life.brow * _BROW * (1 - np.cos(_turns_of(_BROW_HZ, loop_s) * times_s)) / 2
    return MotionPlan(
        times_s=times_s,
        articulation=np.zeros((frames, len(ARTICULATORS))),
        blink=_blinks(times_s, loop_s, streams[1], life.blink),
        glance=_glances(times_s, loop_s, streams[2]) * live.glance * life.gaze,
        brows=brows,
        smile=np.full(frames, max(live.smile, _LISTENING_SMILE if breathing else 0.0)),
        turn_deg=turns,
        shift=shift_of(turns),
        breath=breath,
    )


def _turns_of(rate_hz: float, loop_s: float) -> float:
    """Radians per second nearest to `rate_hz` that fit the loop a whole number of times, at least once."""
    return 2 * np.pi * max(1, round(rate_hz * loop_s)) / loop_s


def _sway_deg(
    times_s: np.ndarray, loop_s: float, reach_deg: tuple[float, float, float], rng: np.random.Generator
) -> np.ndarray:
    turns = np.zeros((len(times_s), 3))
    for axis, rates in enumerate(_SWAY_HZ):
        for share, rate_hz in zip(_SHARES, rates, strict=True):
            phase = rng.uniform(0, 2 * np.pi)
            # In a short loop the slowest sway is faster than it should be, and so smaller.
            calm = min(1.0, rate_hz * loop_s)
            turns[:, axis] += reach_deg[axis] * share * calm * np.sin(_turns_of(rate_hz, loop_s) * times_s + phase)
    return turns


def _blinks(times_s: np.ndarray, loop_s: float, rng: np.random.Generator, rate: float) -> np.ndarray:
    """(T,) blinks around the loop, at uneven gaps; one that begins near the end goes on at the beginning."""
    shut = np.zeros(len(times_s))
    if rate <= 0:
        return shut
    count = max(1, round(rate * BLINKS_PER_MIN * loop_s / 60))
    count = min(count, max(1, int(loop_s / (2.5 * _BLINK_S))))
    gaps = rng.uniform(0.6, 1.4, count)
    starts = np.cumsum(gaps) / gaps.sum() * loop_s + rng.uniform(0, loop_s)
    for start in starts:
        shut = np.maximum(shut, one_blink((times_s - start) % loop_s, rng))
    return shut


def _glances(times_s: np.ndarray, loop_s: float, rng: np.random.Generator) -> np.ndarray:
    """(T, 2) small jumps of the eyes, from the camera and back to it before the loop ends."""
    glances = np.zeros((len(times_s), 2))
    moment, here = float(rng.uniform(0.4, 0.9)), np.zeros(2)
    while moment < loop_s - 0.3:
        following = moment + float(rng.uniform(0.5, 2.4))
        last = following >= loop_s - 0.3
        there = np.zeros(2) if last or rng.random() < 0.5 else rng.uniform(-1, 1, 2) * _GLANCE_REACH
        step = np.clip((times_s - moment) / _SACCADE_S, 0, 1)[:, None]
        glances = np.where(times_s[:, None] >= moment, here + (there - here) * step, glances)
        here, moment = there, following
    return glances
