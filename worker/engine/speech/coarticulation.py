"""Phonemes → articulation: neighbours bend each mouth shape (dominance functions), then rules that always hold.

Method: Cohen & Massaro, "Modeling coarticulation in synthetic visual speech" (1993), with the timing constants of
JALI (2016) and the OpenFaceFX tables: anticipation 120 ms after a pause and 60 ms after a vowel, decay 120 ms,
rounding up to 150 ms early.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worker.engine.contracts import Span
from worker.engine.speech.mouth_track import ARTICULATORS, VISEMES, Articulator, Phoneme, Viseme
from worker.engine.speech.phonemes import is_vowel
from worker.engine.speech.visemes import REST, Shape, shapes_of

GRID_HZ = 100  # articulation is worked out on this grid, then read at the output's frame times
MOUTH_LEAD_S = 0.050  # inside speech: 60-70 ms are reported, GRID's lips lead by 10
ANTICIPATION_AFTER_PAUSE_S, ANTICIPATION_AFTER_VOWEL_S = 0.120, 0.060
ROUNDING_ANTICIPATION_S = 0.150
DECAY_S = 0.120
ABSORBED_SILENCE_S = 0.27  # shorter gaps do not move the mouth
MAX_HOLD_S = 0.24
FALLEN_TO = 3.0  # a dominance is down to e^-3 when its time constant is over
DIPHTHONG_TURN = 0.55
BLOCK_FRAMES = 512
STRESS_GAIN = (0.82, 0.92, 1.06)

ROUNDING = np.array([articulator in (Articulator.WIDTH, Articulator.PROTRUSION) for articulator in ARTICULATORS])
OPENING = np.array(
    [
        articulator in (Articulator.OPENNESS, Articulator.JAW, Articulator.LOWER_DROP, Articulator.UPPER_RAISE)
        for articulator in ARTICULATORS
    ]
)


@dataclass(frozen=True)
class ShapeSpan:
    """A mouth shape in time, with how early each articulator starts towards it."""

    shape: Shape
    start_s: float
    end_s: float
    anticipation_s: float
    gain: float  # on opening targets: stress and loudness


def grid_times(duration_s: float) -> np.ndarray:
    """(G,) float64 times of the working grid that covers [0, duration_s]."""
    return np.arange(int(np.ceil(duration_s * GRID_HZ)) + 2) / GRID_HZ


def shape_spans(phonemes: Sequence[Phoneme], loudness: np.ndarray | None = None) -> list[ShapeSpan]:
    """Phonemes → shapes with rests in the silences, ordered in time.

    Args:
        phonemes: ordered, not overlapping.
        loudness: (G,) in [0, 1] on the working grid; louder syllables open wider.
    """
    spans: list[ShapeSpan] = []
    previous: Phoneme | None = None
    for index, phoneme in enumerate(phonemes):
        next_start_s = phonemes[index + 1].start_s if index + 1 < len(phonemes) else np.inf
        gap_before_s = np.inf if previous is None else phoneme.start_s - previous.end_s
        gap_after_s = next_start_s - phoneme.end_s
        end_s = next_start_s if gap_after_s <= min(ABSORBED_SILENCE_S, MAX_HOLD_S) else phoneme.end_s
        after_vowel = previous is not None and gap_before_s < ABSORBED_SILENCE_S and is_vowel(previous.symbol)
        anticipation_s = ANTICIPATION_AFTER_VOWEL_S if after_vowel else ANTICIPATION_AFTER_PAUSE_S
        if gap_before_s > ABSORBED_SILENCE_S and previous is not None:
            spans.append(ShapeSpan(REST, previous.end_s + 0.02, phoneme.start_s - 0.06, 0.08, 1.0))
        spans += _phoneme_spans(phoneme, end_s, anticipation_s, _gain(phoneme, loudness))
        previous = phoneme
    if spans:
        first, last = spans[0], spans[-1]
        spans.insert(0, ShapeSpan(REST, first.start_s - 10.0, first.start_s - 0.06, 0.08, 1.0))
        spans.append(ShapeSpan(REST, last.end_s + 0.02, last.end_s + 10.0, 0.08, 1.0))
    return spans


def _gain(phoneme: Phoneme, loudness: np.ndarray | None) -> float:
    gain = STRESS_GAIN[phoneme.stress] if is_vowel(phoneme.symbol) else 1.0
    if loudness is None or not len(loudness):
        return gain
    first = min(int(phoneme.start_s * GRID_HZ), len(loudness) - 1)
    last = min(max(int(phoneme.end_s * GRID_HZ), first + 1), len(loudness))
    return gain * (0.68 + 0.4 * float(loudness[first:last].max()))


def _phoneme_spans(phoneme: Phoneme, end_s: float, anticipation_s: float, gain: float) -> list[ShapeSpan]:
    shapes = shapes_of(phoneme.symbol)
    if len(shapes) == 1:
        return [ShapeSpan(shapes[0], phoneme.start_s, end_s, anticipation_s, gain)]
    turn = DIPHTHONG_TURN if len(shapes) == 2 else 1 / len(shapes)
    edges = [phoneme.start_s + min(1.0, turn * index) * (end_s - phoneme.start_s) for index in range(len(shapes))]
    edges.append(end_s)
    return [
        ShapeSpan(shape, edges[index], edges[index + 1], anticipation_s, gain) for index, shape in enumerate(shapes)
    ]


def coarticulate(spans: Sequence[ShapeSpan], times_s: np.ndarray, *, lead_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Blends shapes by dominance at each time.

    Args:
        spans: from `shape_spans`.
        times_s: (T,) increasing.
        lead_s: how much earlier than the sound the mouth moves.

    Returns:
        articulation (T, A) float32 in the units of `Articulator`; viseme_weights (T, V) float32, rows sum to 1.
    """
    articulation = np.zeros((len(times_s), len(ARTICULATORS)), np.float32)
    visemes = np.zeros((len(times_s), len(VISEMES)), np.float32)
    visemes[:, VISEMES.index(Viseme.REST)] = 1.0
    if not spans:
        return articulation, visemes
    starts_s = np.array([span.start_s for span in spans])
    ends_s = np.array([span.end_s for span in spans])
    early_s = np.array([span.anticipation_s for span in spans])
    targets = np.array([span.shape.targets() for span in spans])
    targets[:, OPENING] *= np.array([[span.gain] for span in spans])
    dominances = np.array([span.shape.dominances() for span in spans])
    visible = np.zeros((len(spans), len(VISEMES)))
    visible[np.arange(len(spans)), [VISEMES.index(span.shape.viseme) for span in spans]] = 1.0
    for first in range(0, len(times_s), BLOCK_FRAMES):
        block = slice(first, min(first + BLOCK_FRAMES, len(times_s)))
        at_s = times_s[block] + lead_s
        near = np.flatnonzero((ends_s > at_s[0] - 0.5) & (starts_s < at_s[-1] + 0.5))
        if not len(near):
            continue
        before_s = np.maximum(starts_s[near] - at_s[:, None], 0.0)[..., None]
        after_s = np.maximum(at_s[:, None] - ends_s[near], 0.0)[..., None]
        rise_s = np.where(ROUNDING, np.maximum(early_s[near, None], ROUNDING_ANTICIPATION_S), early_s[near, None])
        dominance = dominances[near] * np.exp(-FALLEN_TO * (before_s / rise_s + after_s / DECAY_S)) + 1e-9
        articulation[block] = (dominance * targets[near]).sum(1) / dominance.sum(1)
        weight = dominance.mean(-1)
        visemes[block] = (weight / weight.sum(1, keepdims=True)) @ visible[near]
    return articulation, visemes


def speaking_spans(phonemes: Sequence[Phoneme], pause_s: float) -> list[Span]:
    """Runs of phonemes without a gap of `pause_s` or more."""
    spans: list[Span] = []
    for phoneme in phonemes:
        if spans and phoneme.start_s - spans[-1].end_s < pause_s:
            spans[-1] = Span(spans[-1].start_s, max(spans[-1].end_s, phoneme.end_s))
        else:
            spans.append(Span(phoneme.start_s, phoneme.end_s))
    return spans
