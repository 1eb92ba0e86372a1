"""Phone posteriors → articulation, visemes and the phonemes heard: coarticulation without deciding what was said."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from worker.engine.contracts import Span
from worker.engine.speech.coarticulation import DECAY_S, FALLEN_TO, ROUNDING, ROUNDING_ANTICIPATION_S
from worker.engine.speech.mouth_track import ARTICULATORS, VISEMES, Phoneme, Viseme
from worker.engine.speech.phonemes import is_bilabial, is_labiodental, is_sibilant
from worker.engine.speech.phones import PHONES, SILENCE, phone_shapes
from worker.engine.speech.rules import smoothstep

FRAMES_PER_S = 100
ANTICIPATION_S = 0.08  # between the 60 ms after vowels and the 120 ms after pauses
MIN_PHONEME_FRAMES = 3
HEARD_SMOOTHING_FRAMES = 1.0
LEAST_TAIL = 1e-7
# What lips must do (touch, tuck, hide behind the teeth) is enforced as strongly as phones and visemes together believe
# in it: from the belief that is right about half the time to the one that is right three times in four, both counted on
# synthetic speech in rooms and noise that nothing was taught with (a missing closure is seen sooner than one too many).
# Sibilants, which the encoder hears best, from nine times in ten. Phones, visemes that show it, both beliefs:
RULED = (
    (is_bilabial, (Viseme.PP,), 0.42, 0.75),
    (is_labiodental, (Viseme.FF,), 0.32, 0.60),
    (is_sibilant, (Viseme.SS, Viseme.SH), 0.35, 0.65),
)


def soft_articulation(posteriors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Dominance coarticulation of expected shapes.

    Every frame speaks for each phone as much as it believes in it; the dominance functions of `coarticulation` then act
    as two one-pole filters, one forwards in time and one backwards.

    Args:
        posteriors: (T, 44) of `PHONES`, rows sum to 1.

    Returns:
        articulation (T, A) float32 and viseme weights (T, V) float32, rows sum to 1; at the times of the frames, no
        lead yet.
    """
    shapes = phone_shapes()
    targets = np.array([shape.targets() for shape in shapes])
    dominances = np.array([shape.dominances() for shape in shapes])
    articulation = np.empty((len(posteriors), len(ARTICULATORS)), np.float32)
    for rounding in (False, True):
        columns = np.flatnonzero(ROUNDING if rounding else ~ROUNDING)
        rise_s = ROUNDING_ANTICIPATION_S if rounding else ANTICIPATION_S
        wanted = _spread(posteriors @ (targets * dominances)[:, columns], rise_s)
        weight = _spread(posteriors @ dominances[:, columns], rise_s)
        articulation[:, columns] = wanted / (weight + 1e-6)
    visible = np.zeros((len(shapes), len(VISEMES)))
    visible[np.arange(len(shapes)), [VISEMES.index(shape.viseme) for shape in shapes]] = dominances.mean(1)
    visemes = _spread(posteriors @ visible, ANTICIPATION_S) + 1e-6
    return articulation, (visemes / visemes.sum(1, keepdims=True)).astype(np.float32)


def _spread(values: np.ndarray, rise_s: float) -> np.ndarray:
    """Adds exponential tails: DECAY_S after, `rise_s` before."""
    after = _decaying(values, np.exp(-FALLEN_TO / (DECAY_S * FRAMES_PER_S)))
    before = _decaying(values[::-1], np.exp(-FALLEN_TO / (rise_s * FRAMES_PER_S)))[::-1]
    return after + before - values


def _decaying(values: np.ndarray, keep: float) -> np.ndarray:
    """(T, C) each row plus `keep` times the result of the row before: a one-pole filter, by doubling its memory."""
    result = np.array(values)
    step = 1
    while step < len(values) and keep**step > LEAST_TAIL:
        result[step:] += keep**step * result[:-step]
        step *= 2
    return result


@dataclass(frozen=True)
class Beliefs:
    """What is heard, frame by frame, small enough to keep for a whole recording.

    likeliest: (T,) int8, the likeliest phone that lips owe nothing (index into `PHONES`).
    owed: (T, 3) float32 in [0, 1], how sure it is that lips touch, are tucked or hide behind the teeth (`RULED`).
    owing: (T, 3) int8, the likeliest phone of each of these kinds.
    """

    likeliest: np.ndarray
    owed: np.ndarray
    owing: np.ndarray


def beliefs(posteriors: np.ndarray, visemes: np.ndarray | None = None) -> Beliefs:
    """What is believed of (T, 44) posteriors; visemes: (T, V), a second opinion on what is seen, of equal weight."""
    phones = ndimage.gaussian_filter1d(posteriors, HEARD_SMOOTHING_FRAMES, axis=0)
    members = _ruled_phones()
    owed = np.stack([phones[:, own].sum(1) for own in members], axis=1)
    if visemes is not None:
        groups = [[VISEMES.index(viseme) for viseme in seen] for _, seen, _, _ in RULED]
        second = np.stack([visemes[:, group].sum(1) for group in groups], axis=1)
        owed = (owed + ndimage.gaussian_filter1d(second, HEARD_SMOOTHING_FRAMES, axis=0)) / 2
    return Beliefs(
        likeliest=np.where(np.any(members, axis=0), -1.0, phones).argmax(1).astype(np.int8),
        owed=owed.astype(np.float32),
        owing=np.stack([np.where(own, phones, -1.0).argmax(1) for own in members], axis=1).astype(np.int8),
    )


def _ruled_phones() -> list[np.ndarray]:
    """For each rule of `RULED`, (44,) bool: the phones it is about."""
    return [np.array([phone != SILENCE and belongs(phone) for phone in PHONES]) for belongs, *_ in RULED]


def heard_phonemes(believed: Beliefs, spans: Sequence[Span]) -> list[Phoneme]:
    """The likeliest sounds inside the spans, for display and for the rules; `certainty` says how sure the rules are."""
    half, sure = (np.array([rule[column] for rule in RULED]) for column in (2, 3))
    strength = (believed.owed - half) / (sure - half)
    kind = strength.argmax(1)
    strongest, owing = strength[np.arange(len(kind)), kind], believed.owing[np.arange(len(kind)), kind]
    best = np.where(strongest > 0, owing, believed.likeliest)
    certainty = smoothstep(strongest)
    ruled = np.any(_ruled_phones(), axis=0)
    found: list[Phoneme] = []
    for span in spans:
        first, last = int(span.start_s * FRAMES_PER_S), min(len(best), int(np.ceil(span.end_s * FRAMES_PER_S)))
        found += _runs(best[first:last], first, np.where(ruled[best[first:last]], certainty[first:last], 1.0))
    return found


def _runs(best: np.ndarray, offset: int, certainty: np.ndarray) -> list[Phoneme]:
    """Runs of one sound; a run is as certain as its most certain frame."""
    edges = [0, *(np.flatnonzero(np.diff(best)) + 1).tolist(), len(best)]
    at_s = (np.array(edges) + offset) / FRAMES_PER_S
    return [
        Phoneme(PHONES[int(best[a])], float(start_s), float(end_s), certainty=float(certainty[a:b].max()))
        for a, b, start_s, end_s in zip(edges[:-1], edges[1:], at_s[:-1], at_s[1:], strict=True)
        if b - a >= MIN_PHONEME_FRAMES and PHONES[int(best[a])] != SILENCE
    ]
