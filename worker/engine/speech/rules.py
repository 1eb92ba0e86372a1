"""Rules of articulation that hold on every track, whatever produced it: applied last, on the 100 Hz grid.

Smoothing comes first, so that nothing jitters; closures and rests after it, so that nothing blurs them.
"""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from worker.engine.contracts import Span
from worker.engine.speech.coarticulation import GRID_HZ
from worker.engine.speech.mouth_track import ARTICULATORS, VISEMES, Articulator, Phoneme, Viseme
from worker.engine.speech.phonemes import base_letters, is_bilabial, is_labiodental, is_sibilant

PAUSE_S = 0.4  # pauses this long close the mouth and keep it still
SMOOTHING_S = 0.018  # Gaussian sigma: -3 dB at 7.4 Hz, no ringing, no delay
OPENING_EASE_S = 0.17  # the mouth prepares before the first sound …
OPEN_READY_S = 0.05  # … has its shape when its lead over the sound says so …
CLOSING_EASE_S = 0.10  # … and comes to rest after the last
CLOSURE_EARLY_S, CLOSURE_RAMP_S = 0.030, 0.070
RELEASE_SHARE = 0.62  # of a voiceless stop is closure, the rest is aspiration with the lips apart
MIN_CLOSURE_S = 0.055  # longer than a frame at 24 fps, so at least one frame shows it
SIBILANT_JAW_MAX, SIBILANT_OPENNESS_MAX = 0.35, 0.45
LABIODENTAL_TUCK_MIN, LABIODENTAL_OPENNESS_MAX, LABIODENTAL_JAW_MAX = 0.8, 0.12, 0.4
SIBILANT_RAMP_S = 0.045  # shorter than a lip closure's: the short vowel between two still opens
MAX_OPENNESS, WIDE_OPENNESS = 1.25, 0.9  # beyond the second, openness is bent towards the first

_COLUMN = {articulator: index for index, articulator in enumerate(ARTICULATORS)}


def apply_rules(
    articulation: np.ndarray, visemes: np.ndarray, phonemes: Sequence[Phoneme], speaking: Sequence[Span]
) -> tuple[np.ndarray, np.ndarray]:
    """Projects a track onto what a mouth does.

    Args:
        articulation: (G, A) on the working grid, any values.
        visemes: (G, V), rows sum to 1.
        phonemes: as known; closures, F/V and sibilants are enforced for these.
        speaking: spans of speech; between those 0.4 s or more apart the mouth rests, all articulators at 0.

    Returns:
        The same shapes: openness 0 in closures and pauses, smooth, rows of visemes still summing to 1.
    """
    track = ndimage.gaussian_filter1d(articulation.astype(np.float32), SMOOTHING_S * GRID_HZ, axis=0, mode="nearest")
    visemes = ndimage.gaussian_filter1d(visemes.astype(np.float32), SMOOTHING_S * GRID_HZ, axis=0, mode="nearest")
    _limit_sibilants(track, phonemes)
    _tuck_lip(track, phonemes)
    for column in (_COLUMN[Articulator.OPENNESS], _COLUMN[Articulator.JAW]):
        track[:, column] = _bounded(track[:, column])
    _close_lips(track, visemes, phonemes)
    active = activity(speaking, len(track))[:, None]
    track *= active
    rest = np.zeros(len(VISEMES), np.float32)
    rest[VISEMES.index(Viseme.REST)] = 1.0
    visemes = visemes * active + rest * (1.0 - active)
    return track, visemes / visemes.sum(axis=1, keepdims=True)


def _bounded(openness: np.ndarray) -> np.ndarray:
    """Never below 0 nor above `MAX_OPENNESS`; wide openings are bent, not cut off, so that they keep their peaks."""
    reach = MAX_OPENNESS - WIDE_OPENNESS
    bent = WIDE_OPENNESS + reach * np.tanh((openness - WIDE_OPENNESS) / reach)
    return np.where(openness > WIDE_OPENNESS, bent, np.maximum(openness, 0.0))


def activity(speaking: Sequence[Span], frames: int) -> np.ndarray:
    """(G,) 1 while speaking, exactly 0 at rest, eased in before and out after."""
    times_s = np.arange(frames) / GRID_HZ
    active = np.zeros(frames, np.float32)
    for span in _bridge(speaking):
        a, b = _window(span.start_s - OPENING_EASE_S, span.end_s + CLOSING_EASE_S, frames)
        rise = smoothstep((times_s[a:b] - (span.start_s - OPENING_EASE_S)) / (OPENING_EASE_S - OPEN_READY_S))
        fall = smoothstep((span.end_s + CLOSING_EASE_S - times_s[a:b]) / CLOSING_EASE_S)
        active[a:b] = np.maximum(active[a:b], np.minimum(rise, fall))
    return active


def smoothstep(x: np.ndarray) -> np.ndarray:
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)


def _bridge(speaking: Sequence[Span]) -> list[Span]:
    bridged: list[Span] = []
    for span in speaking:
        if bridged and span.start_s - bridged[-1].end_s < PAUSE_S:
            bridged[-1] = Span(bridged[-1].start_s, max(span.end_s, bridged[-1].end_s))
        else:
            bridged.append(span)
    return bridged


def _window(start_s: float, end_s: float, frames: int) -> tuple[int, int]:
    return max(0, int(start_s * GRID_HZ) - 1), min(frames, int(end_s * GRID_HZ) + 3)


def closure_span(phoneme: Phoneme) -> Span:
    """When the lips touch for a bilabial: from a little before it until its release."""
    share = RELEASE_SHARE if "p" in base_letters(phoneme.symbol) else 1.0
    length_s = phoneme.end_s - phoneme.start_s
    release_s = phoneme.start_s + share * length_s - 0.008
    return Span(min(phoneme.start_s - CLOSURE_EARLY_S, release_s - MIN_CLOSURE_S), release_s)


def _presence(span: Span, rise_s: float, frames: int, fall_s: float | None = None) -> tuple[slice, np.ndarray]:
    """1 inside the span, eased in over `rise_s` before it and out over `fall_s` (or the same) after it."""
    fall_s = rise_s if fall_s is None else fall_s
    a, b = _window(span.start_s - rise_s, span.end_s + fall_s, frames)
    times_s = np.arange(a, max(a, b)) / GRID_HZ
    rise = smoothstep((times_s - (span.start_s - rise_s)) / rise_s)
    fall = smoothstep((span.end_s + fall_s - times_s) / fall_s)
    return slice(a, max(a, b)), np.minimum(rise, fall).astype(np.float32)


def _closures(phonemes: Sequence[Phoneme]) -> list[tuple[Span, float, float, float]]:
    """Closures in order, with the time there is to close and to open, since a short vowel between two still opens, and
    how certain they are."""
    sounds = [phoneme for phoneme in phonemes if is_bilabial(phoneme.symbol)]
    spans = [closure_span(phoneme) for phoneme in sounds]
    closures = []
    for index, (span, sound) in enumerate(zip(spans, sounds, strict=True)):
        gap_before_s = span.start_s - spans[index - 1].end_s if index else np.inf
        if gap_before_s < 2 * CLOSURE_RAMP_S:  # give back the early start
            span = Span(min(span.start_s + CLOSURE_EARLY_S, span.end_s - MIN_CLOSURE_S), span.end_s)
            gap_before_s = span.start_s - spans[index - 1].end_s
        gap_after_s = spans[index + 1].start_s + CLOSURE_EARLY_S - span.end_s if index + 1 < len(spans) else np.inf
        rise_s, fall_s = (float(np.clip(0.45 * gap_s, 0.012, CLOSURE_RAMP_S)) for gap_s in (gap_before_s, gap_after_s))
        closures.append((span, rise_s, fall_s, sound.certainty))
    return closures


def _close_lips(track: np.ndarray, visemes: np.ndarray, phonemes: Sequence[Phoneme]) -> None:
    openness, press, jaw = _COLUMN[Articulator.OPENNESS], _COLUMN[Articulator.PRESS], _COLUMN[Articulator.JAW]
    lips = [_COLUMN[Articulator.UPPER_RAISE], _COLUMN[Articulator.LOWER_DROP], _COLUMN[Articulator.LIP_TUCK]]
    for span, rise_s, fall_s, certainty in _closures(phonemes):
        where, closed = _presence(span, rise_s, len(track), fall_s)
        closed *= np.float32(certainty)
        track[where, openness] *= 1.0 - closed
        track[where, jaw] = np.minimum(track[where, jaw], 1.0 - 0.75 * closed)
        track[where, press] = np.maximum(track[where, press], 0.8 * closed)
        for column in lips:
            track[where, column] *= 1.0 - closed
        visemes[where] *= (1.0 - 0.9 * closed)[:, None]
        visemes[where, VISEMES.index(Viseme.PP)] += 0.9 * closed
        visemes[where] /= visemes[where].sum(axis=1, keepdims=True)


def _tuck_lip(track: np.ndarray, phonemes: Sequence[Phoneme]) -> None:
    openness, tuck, jaw = _COLUMN[Articulator.OPENNESS], _COLUMN[Articulator.LIP_TUCK], _COLUMN[Articulator.JAW]
    for phoneme in phonemes:
        if not is_labiodental(phoneme.symbol):
            continue
        span = Span(phoneme.start_s - 0.01, phoneme.end_s - 0.01)
        where, held = _presence(span, CLOSURE_RAMP_S, len(track))
        held *= np.float32(phoneme.certainty)
        track[where, tuck] = np.maximum(track[where, tuck], LABIODENTAL_TUCK_MIN * held)
        for column, most in ((openness, LABIODENTAL_OPENNESS_MAX), (jaw, LABIODENTAL_JAW_MAX)):
            limit = most + (MAX_OPENNESS - most) * (1.0 - held)
            track[where, column] = np.minimum(track[where, column], limit)


def _limit_sibilants(track: np.ndarray, phonemes: Sequence[Phoneme]) -> None:
    openness, jaw = _COLUMN[Articulator.OPENNESS], _COLUMN[Articulator.JAW]
    for phoneme in phonemes:
        if not is_sibilant(phoneme.symbol):
            continue
        where, held = _presence(Span(phoneme.start_s, phoneme.end_s - 0.01), SIBILANT_RAMP_S, len(track))
        held *= np.float32(phoneme.certainty)
        for column, most in ((jaw, SIBILANT_JAW_MAX), (openness, SIBILANT_OPENNESS_MAX)):
            limit = most + (MAX_OPENNESS - most) * (1.0 - held)
            track[where, column] = np.minimum(track[where, column], limit)
