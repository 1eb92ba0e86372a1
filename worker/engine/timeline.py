"""A render's timeline: segments that are moved and rendered each on their own, and join without a jump.

A segment's motion depends on its own sound, its own seed and the pose at its ends, which is always the same: the head
as in the photo, eyes open and on the camera. So a segment looks the same wherever it comes to stand, and changing one
leaves the others as they were.
"""

import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from worker.engine.contracts import Span
from worker.engine.motion.head import least_jerk
from worker.engine.motion.plan import MotionPlan, shift_of
from worker.engine.speech.mouth_track import Accent, MouthTrack, Phoneme

PAUSE_S = 0.4  # shorter ones are no place to cut
SHORTEST_S = 1.2
_HEAD_EDGE_S, _BREATH_EDGE_S, _BROW_EDGE_S, _BLINK_EDGE_S, _GLANCE_EDGE_S = 0.9, 0.8, 0.2, 0.12, 0.09
_PASSING_S = 1.2  # around a join the head is on its way through the shared pose


@dataclass(frozen=True)
class Segment:
    """A stretch of the video.

    start, frames: where it begins and how long it is, in frames. plan: makes the motion of its frames when it is their
    turn, in times from the segment's own beginning. said: the sentence, where it is known.
    """

    start: int
    frames: int
    plan: Callable[[], MotionPlan] = field(compare=False)
    said: str = ""


def whole(plan: MotionPlan) -> tuple[Segment, ...]:
    """A timeline of one segment."""
    return (Segment(0, len(plan), lambda: plan),)


def frames_between(start: int, end: int, frame_rate: Fraction) -> np.ndarray:
    """(T,) exact times of frames `start` to `end`, from the first of them on."""
    return np.array([float(index / frame_rate) for index in range(end - start)])


def cut_at_pauses(speech: Sequence[Span], frames: int, frame_rate: Fraction) -> list[int]:
    """Frames at which segments begin: 0, and the middle of every pause that leaves segments long enough."""
    cuts = [0]
    shortest = SHORTEST_S * frame_rate
    for before, after in itertools.pairwise(speech):
        if after.start_s - before.end_s < PAUSE_S:
            continue
        middle = round(Fraction((before.end_s + after.start_s) / 2).limit_denominator(10_000) * frame_rate)
        if middle - cuts[-1] >= shortest and frames - middle >= shortest:
            cuts.append(middle)
    return cuts


def part_of(track: MouthTrack, start: int, end: int, frame_rate: Fraction) -> MouthTrack:
    """Frames `start` to `end` of a track, with times from the first of them on."""
    begin_s, end_s = float(start / frame_rate), float(end / frame_rate)
    prosody = track.prosody
    spans = [
        Span(max(0.0, span.start_s - begin_s), min(end_s, span.end_s) - begin_s)
        for span in prosody.speech_spans
        if span.end_s > begin_s and span.start_s < end_s
    ]
    own = replace(
        prosody,
        energy=prosody.energy[start:end],
        f0_hz=prosody.f0_hz[start:end],
        accents=[Accent(a.time_s - begin_s, a.strength) for a in prosody.accents if begin_s <= a.time_s < end_s],
        speech_spans=spans,
    )
    return replace(
        track,
        times_s=frames_between(start, end, frame_rate),
        articulation=track.articulation[start:end],
        viseme_weights=track.viseme_weights[start:end],
        prosody=own,
        phonemes=_moved(track.phonemes, begin_s, end_s),
    )


def _moved(phonemes: Sequence[Phoneme], begin_s: float, end_s: float) -> list[Phoneme]:
    return [
        replace(one, start_s=one.start_s - begin_s, end_s=one.end_s - begin_s)
        for one in phonemes
        if begin_s <= one.start_s < end_s
    ]


def joined(parts: Sequence[tuple[int, MouthTrack]], frame_rate: Fraction) -> MouthTrack:
    """One track from those of segments that follow each other; with each, the frame at which it begins."""
    first = parts[0][1]
    frames = sum(len(part.times_s) for _, part in parts)
    placed = [(float(start / frame_rate), part) for start, part in parts]
    prosody = replace(
        first.prosody,
        energy=np.concatenate([part.prosody.energy for _, part in parts]),
        f0_hz=np.concatenate([part.prosody.f0_hz for _, part in parts]),
        accents=[replace(a, time_s=a.time_s + at_s) for at_s, part in placed for a in part.prosody.accents],
        speech_spans=[
            Span(span.start_s + at_s, span.end_s + at_s) for at_s, part in placed for span in part.prosody.speech_spans
        ],
    )
    return replace(
        first,
        times_s=frames_between(0, frames, frame_rate),
        articulation=np.concatenate([part.articulation for _, part in parts]),
        viseme_weights=np.concatenate([part.viseme_weights for _, part in parts]),
        prosody=prosody,
        phonemes=[
            replace(one, start_s=one.start_s + at_s, end_s=one.end_s + at_s)
            for at_s, part in placed
            for one in part.phonemes
        ],
    )


class Seeds:
    """A seed for every segment, from what it says: another sentence elsewhere does not change it."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._times: dict[bytes, int] = {}

    def next_for(self, content: bytes) -> int:
        """The seed for a segment with this content; the same content later on gets another."""
        digest = hashlib.sha256(content).digest()
        occurrence = self._times[digest] = self._times.get(digest, 0) + 1
        mixed = hashlib.sha256(digest + f"{self._seed} {occurrence}".encode()).digest()
        return int.from_bytes(mixed[:8], "big")


def settled(plan: MotionPlan, frame_rate: Fraction, passing_deg_s: np.ndarray | float = 0.0) -> MotionPlan:
    """`plan` with both ends in the pose that all segments share, reached and left smoothly.

    passing_deg_s: (3,) how fast the head passes through that pose; a head that stopped there between all sentences
    would look like a machine's.
    """
    times_s = plan.times_s
    end_s = float(len(times_s) / frame_rate)

    def edge(width_s: float) -> np.ndarray:
        """(T,) 0 at the ends, 1 inside, without a kink."""
        return least_jerk(np.minimum(times_s, end_s - times_s) / min(width_s, max(end_s / 2, 1e-6)))

    turns = plan.turn_deg * edge(_HEAD_EDGE_S)[:, None]
    turns = turns + _passing_s(times_s, end_s)[:, None] * passing_deg_s
    return replace(
        plan,
        blink=plan.blink * edge(_BLINK_EDGE_S),
        glance=plan.glance * edge(_GLANCE_EDGE_S)[:, None],
        brows=plan.brows * edge(_BROW_EDGE_S),
        turn_deg=turns,
        shift=shift_of(turns),
        breath=plan.breath * edge(_BREATH_EDGE_S),
    )


def _passing_s(times_s: np.ndarray, end_s: float) -> np.ndarray:
    """(T,) how far something has come that goes through zero at both ends at a speed of one, and rests in between."""
    reach_s = min(_PASSING_S, max(end_s / 2, 1e-6))
    before, after = np.clip((times_s - end_s) / reach_s, -1, 0), np.clip(times_s / reach_s, 0, 1)
    return reach_s * (after * (1 - after) ** 2 + before * (1 + before) ** 2)


def content_of(plan: MotionPlan) -> bytes:
    """Everything the pixels of a plan depend on, as bytes: equal plans, equal bytes."""
    digest = hashlib.sha256()
    for name in sorted(vars(plan)):
        values = getattr(plan, name)
        if values is not None:
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(values, np.float64).tobytes())
    return digest.digest()
