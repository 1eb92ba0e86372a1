"""The whole motion of a talking photo, decided before the first pixel: cheap, seeded, the same for the same request."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from worker.engine.contracts import LifeScales, Style
from worker.engine.motion.blinks import blink_track, glance_track
from worker.engine.motion.expressions import EXPRESSIONS
from worker.engine.motion.head import LIVELINESS, breath_track, brow_track, head_turns_deg
from worker.engine.speech.mouth_track import MouthTrack

_AS_THE_STYLE_HAS_IT = LifeScales()


@dataclass(frozen=True)
class FrameMotion:
    """What one frame does. articulation: (A,); blink in [0, 1]; glance (x, y) in eye widths; brows, smile in [0, 1].

    expression: (E,) in the order of `EXPRESSIONS`.
    turn_deg: (yaw, pitch, roll) from the photo's pose; shift (x, y) and breath in inter-ocular distances.
    """

    articulation: np.ndarray
    blink: float
    glance: np.ndarray
    brows: float
    smile: float
    turn_deg: np.ndarray
    shift: np.ndarray
    breath: float
    expression: np.ndarray = field(default_factory=lambda: np.zeros(len(EXPRESSIONS)))


@dataclass(frozen=True)
class MotionPlan:
    """Motion at every frame; arrays have T rows in the units of `FrameMotion`."""

    times_s: np.ndarray
    articulation: np.ndarray
    blink: np.ndarray
    glance: np.ndarray
    brows: np.ndarray
    smile: np.ndarray
    turn_deg: np.ndarray
    shift: np.ndarray
    breath: np.ndarray
    expression: np.ndarray | None = None  # (T, E); None = no expression beyond brows and smile

    def __len__(self) -> int:
        return len(self.times_s)

    def __iter__(self) -> Iterator[FrameMotion]:
        return (self.frame(index) for index in range(len(self)))

    def frame(self, index: int) -> FrameMotion:
        return FrameMotion(
            articulation=self.articulation[index],
            blink=float(self.blink[index]),
            glance=self.glance[index],
            brows=float(self.brows[index]),
            smile=float(self.smile[index]),
            turn_deg=self.turn_deg[index],
            shift=self.shift[index],
            breath=float(self.breath[index]),
            expression=np.zeros(len(EXPRESSIONS)) if self.expression is None else self.expression[index],
        )


def plan_motion(track: MouthTrack, style: Style, seed: int, life: LifeScales = _AS_THE_STYLE_HAS_IT) -> MotionPlan:
    """Decide every frame's motion from the mouth track; each part draws from its own stream of the seed.

    life: how much of each part; what one factor does never changes what another part does.
    """
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(4)]
    times_s, prosody = track.times_s, track.prosody
    live = LIVELINESS[style]
    turns = head_turns_deg(times_s, prosody, style, streams[0], life.head)
    blink = blink_track(times_s, prosody.speech_spans, streams[1], life.blink)
    breath = breath_track(times_s, streams[3]) * min(life.head, 1.5)
    if style is Style.STILL:
        breath = np.zeros_like(breath)
    return MotionPlan(
        times_s=times_s,
        articulation=track.articulation.astype(np.float64),
        blink=blink,
        glance=glance_track(times_s, live.glance * life.gaze, streams[2]),
        brows=brow_track(times_s, prosody.accents, style) * life.brow,
        smile=np.full(len(times_s), live.smile),
        turn_deg=turns,
        shift=shift_of(turns),
        breath=breath,
    )


def shift_of(turns_deg: np.ndarray) -> np.ndarray:
    """(T, 2) shift of the head that goes with its turns (T, 3): the neck bends, so the head travels a little, sideways
    with roll and yaw, down with the nod.
    """
    return np.stack([0.012 * turns_deg[:, 0] + 0.010 * turns_deg[:, 2], 0.006 * turns_deg[:, 1]], axis=1)
