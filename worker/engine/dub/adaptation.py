"""The speaker's own habits: how far this mouth opens for this voice, learned from the clip itself.

Ridge regression (Hoerl & Kennard 1970) from the general mouth track to how the clip's own mouth differed from it. It is
used only when it does better on seconds it has not seen: the clip is cut into four stretches, and two by two one pair
says about the other. Clips are often a little out of sync: their mouths are compared with their sound as if they were
together, or the lag would be learned for a habit. A clip far out of sync teaches nothing.
"""

from dataclasses import dataclass

import numpy as np

from worker.engine.dub.speaker_shape import SpeakerFrames, SpeakerRange
from worker.engine.media.audio import Audio
from worker.engine.quality.signals import agreement
from worker.engine.speech.mouth_track import ARTICULATORS, Articulator, MouthTrack

LEAST_S = 6.0  # of a clip with a face and a voice
LEAST_GAIN = 0.05  # of correlation on unseen seconds, below which the general track stays
MAX_LAG_MS = 150.0  # of the clip's own mouth against its own sound
LEAST_AGREEMENT = 0.2
_PENALTY = 300.0  # clips are short: only what is plain in them is learned
_STRETCHES = 4
_USABLE = 0.8
_SHUT = 0.12  # where the general track is nearly shut, it decides: closures are its surest knowledge
_OPENNESS = ARTICULATORS.index(Articulator.OPENNESS)


@dataclass(frozen=True)
class Habits:
    """A speaker's map from the general track to openness. gain: of correlation, on seconds it was not fitted to."""

    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    gain: float

    def applied(self, track: MouthTrack) -> np.ndarray:
        """(T, A) float32 articulation of `track`, its openness as this speaker would have it."""
        found = track.openness + ((_features(track) - self.mean) / self.scale) @ self.weights[:-1] + self.weights[-1]
        shut = np.clip(track.openness / _SHUT, 0.0, 1.0)
        articulation = track.articulation.astype(np.float32).copy()
        articulation[:, _OPENNESS] = np.maximum(found, 0.0) * shut
        return articulation


def learn_habits(frames: SpeakerFrames, reach: SpeakerRange, voice: Audio, track: MouthTrack) -> Habits | None:
    """The habits of a clip's speaker, or None where they would not help.

    voice: the clip's own sound. track: the general mouth track of it, at the clip's frame times.
    """
    lesson = _lesson(frames, reach, voice, track)
    gain = None if lesson is None else lesson.unseen_gain()
    if lesson is None or gain is None or gain < LEAST_GAIN:
        return None
    fit = _fit(lesson.features, lesson.wanted - lesson.general)
    return Habits(fit.mean, fit.scale, fit.weights, gain)


def unseen_gain(frames: SpeakerFrames, reach: SpeakerRange, voice: Audio, track: MouthTrack) -> float | None:
    """By how much the correlation with the clip's own mouth rises on seconds that were not learned from; None where
    the clip is too short, or its sound and picture are not together.
    """
    lesson = _lesson(frames, reach, voice, track)
    return None if lesson is None else lesson.unseen_gain()


@dataclass(frozen=True)
class _Lesson:
    """A clip's frames with a mouth and a voice: features (N, F) and `general` openness (N,) of the mouth track, both
    brought together with the clip's own mouth, `wanted` (N,), at times_s (N,).
    """

    times_s: np.ndarray
    features: np.ndarray
    general: np.ndarray
    wanted: np.ndarray

    def unseen_gain(self) -> float | None:
        stretch = np.minimum((np.arange(len(self.wanted)) * _STRETCHES) // len(self.wanted), _STRETCHES - 1)
        predicted = np.empty(len(self.wanted))
        for fold in (0, 1):
            seen, unseen = stretch % 2 == fold, stretch % 2 != fold
            fit = _fit(self.features[seen], (self.wanted - self.general)[seen])
            predicted[unseen] = self.general[unseen] + fit.applied_to(self.features[unseen])
        predicted = np.maximum(predicted, 0.0) * np.clip(self.general / _SHUT, 0.0, 1.0)
        gain = self._agrees(predicted) - self._agrees(self.general)
        return float(gain) if np.isfinite(gain) else None

    def _agrees(self, openness: np.ndarray) -> float:
        return agreement(self.times_s, openness, self.times_s, self.wanted).r


def _lesson(frames: SpeakerFrames, reach: SpeakerRange, voice: Audio, track: MouthTrack) -> _Lesson | None:
    use = _useful(frames, voice)
    times_s = frames.pts_s[use]
    if not use.any() or use.sum() * float(np.median(np.diff(frames.pts_s))) < LEAST_S:
        return None
    wanted = _opened(frames, reach)[use]
    together = agreement(times_s, track.openness[use], times_s, wanted)
    if not (abs(together.lag_ms) <= MAX_LAG_MS and together.best_r >= LEAST_AGREEMENT):  # also when unknown
        return None
    read_s = times_s + together.lag_ms / 1000  # a late track is read later
    columns = np.column_stack([track.openness, _features(track)])
    moved = np.column_stack([np.interp(read_s, track.times_s, column) for column in columns.T])
    return _Lesson(times_s, moved[:, 1:], moved[:, 0], wanted)


def _useful(frames: SpeakerFrames, voice: Audio) -> np.ndarray:
    return frames.found & (frames.usable > _USABLE) & (frames.pts_s < voice.duration_s)


def _opened(frames: SpeakerFrames, reach: SpeakerRange) -> np.ndarray:
    """(T,) openness of the clip's own mouth, as mouth tracks count it."""
    return (frames.features[:, 0] - reach.closed_gap) / (reach.open_gap - reach.closed_gap)


@dataclass(frozen=True)
class _Fit:
    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray

    def applied_to(self, features: np.ndarray) -> np.ndarray:
        return ((features - self.mean) / self.scale) @ self.weights[:-1] + self.weights[-1]


def _fit(features: np.ndarray, wanted: np.ndarray) -> _Fit:
    mean, scale = features.mean(0), features.std(0) + 1e-3
    design = (features - mean) / scale
    middle = float(wanted.mean())
    gram = design.T @ design + _PENALTY * np.eye(design.shape[1])
    weights = np.linalg.solve(gram, design.T @ (wanted - middle))
    return _Fit(mean, scale, np.append(weights, middle))


def _features(track: MouthTrack) -> np.ndarray:
    """(T, F): articulation, visemes and loudness at each moment."""
    return np.concatenate(
        [track.articulation, track.viseme_weights, track.prosody.energy[:, None]], axis=1, dtype=np.float64
    )
