"""Which of several people is meant: the one who was clicked, the one with a number, or the one who speaks.

Who speaks is judged by lips that move more while the clip's own voice is heard than while it is not, and whose opening
goes with the loudness of the voice. Mouths lead their sound a little, and clips are often somewhat out of sync, so the
best agreement within a quarter of a second counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worker.engine.contracts import FaceBox, FaceChoice
from worker.engine.dub.people import ClipPeople, Person, is_large_enough
from worker.engine.face import landmarks
from worker.engine.face.detection import box_of_points
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.audio import Audio
from worker.engine.speech.waveform import LEVEL_HZ, level_db, speech_samples

MIN_SHARED_S = 1.0  # of voice and face together, below which nothing is concluded
MAX_LAG_S = 0.24
CLEAR_MARGIN = 0.10
_RATE_HZ = 25.0
_CLICK_NEAR_S = 0.5


@dataclass(frozen=True)
class Speaking:
    """How much each person's lips go with the voice: `scores` by person's index; `index` who speaks, or None."""

    scores: tuple[float, ...]
    index: int | None


def choose_person(people: ClipPeople, choice: FaceChoice, voice: Audio | None = None) -> Person:
    """The person that is meant.

    Args:
        choice: by index, by a point in the frame at `choice.at_s`, or automatic: who speaks, else the most seen.
        voice: the clip's own sound.

    Raises:
        EngineFailure: NO_FACE, NO_FACE_AT_POINT(count) with the second, FACE_INDEX_OUT_OF_RANGE(count, index).
    """
    everybody = people.people
    if not everybody:
        raise EngineFailure(FailureCode.NO_FACE, where="clip")
    if choice.index is not None:
        if not 0 <= choice.index < len(everybody):
            raise EngineFailure(FailureCode.FACE_INDEX_OUT_OF_RANGE, count=len(everybody), index=choice.index)
        return everybody[choice.index]
    if choice.point is not None:
        return _person_at(people, choice.point, choice.at_s)
    candidates = [person for person in everybody if is_large_enough(person)] or list(everybody)
    if len(candidates) > 1 and voice is not None:
        speaking = who_speaks(people, voice)
        if speaking.index is not None:
            return everybody[speaking.index]
    return candidates[0]


def _person_at(people: ClipPeople, point: tuple[float, float], at_s: float) -> Person:
    """Whoever's face is at the point in the frame shown at `at_s`, or, if that frame lost it, within half a second."""
    frame = max(0, int(np.searchsorted(people.pts_s, at_s + 1e-3, side="right")) - 1)
    near = np.flatnonzero(np.abs(people.pts_s - people.pts_s[frame]) <= _CLICK_NEAR_S)
    here = 0
    for index in sorted(near, key=lambda i: abs(int(i) - frame)):
        boxes = [(person, box) for person in people.people if (box := _box_in(person, int(index))) is not None]
        here = max(here, len(boxes))
        hit = [(distance, person.index) for person, box in boxes if (distance := _hit(box, point)) is not None]
        if hit:
            return people.people[min(hit)[1]]
        if boxes and int(index) == frame:
            break  # the frame that was clicked shows faces, only elsewhere
    raise EngineFailure(FailureCode.NO_FACE_AT_POINT, at_s=at_s, count=here)


def _box_in(person: Person, index: int) -> FaceBox | None:
    points = person.stable_landmarks_px[index]
    return box_of_points(points, 1.0) if np.isfinite(points[0, 0]) else None


def _hit(box: FaceBox, point: tuple[float, float]) -> float | None:
    """Distance of the point from the face's middle, None when it is not on the face; hair and chin count too."""
    margin = 0.2 * (box.x1 - box.x0)
    x, y = point
    if not (box.x0 - margin <= x <= box.x1 + margin and box.y0 - 2 * margin <= y <= box.y1 + margin):
        return None
    return float(np.hypot(x - (box.x0 + box.x1) / 2, y - (box.y0 + box.y1) / 2))


def who_speaks(people: ClipPeople, voice: Audio) -> Speaking:
    """Compare everybody's lips with the clip's voice."""
    levels = level_db(speech_samples(voice))
    times_s = np.arange(0.0, min(people.end_s, len(levels) / LEVEL_HZ), 1 / _RATE_HZ)
    if len(times_s) < MIN_SHARED_S * _RATE_HZ or not people.people:
        return Speaking(tuple(0.0 for _ in people.people), None)
    loudness = np.interp(times_s, np.arange(len(levels)) / LEVEL_HZ, levels)
    floor_db, top_db = np.percentile(loudness, [5, 95])
    loudness = np.clip((loudness - floor_db) / max(top_db - floor_db, 6.0), 0.0, 1.2)
    scores = tuple(_agreement(people.pts_s, person, times_s, loudness) for person in people.people)
    ranked = sorted(range(len(scores)), key=lambda i: -scores[i])
    clear = len(ranked) == 1 or scores[ranked[0]] >= scores[ranked[1]] + CLEAR_MARGIN
    return Speaking(scores, ranked[0] if clear and scores[ranked[0]] > CLEAR_MARGIN else None)


def _agreement(pts_s: np.ndarray, person: Person, times_s: np.ndarray, loudness: np.ndarray) -> float:
    """Correlation of lip activity and lip opening with the voice, weighted by the share of the voice it can explain."""
    present = np.flatnonzero(person.present)
    if len(present) < 5 or not is_large_enough(person):
        return 0.0
    opening = np.asarray(landmarks.mouth_openness(np.asarray(person.stable_landmarks_px[present])))
    aperture = np.interp(times_s, pts_s[present], opening)
    seen = np.interp(times_s, pts_s, person.present.astype(float)) > 0.5
    if seen.sum() < MIN_SHARED_S * _RATE_HZ:
        return 0.0
    activity = _smooth(np.abs(np.gradient(aperture)), 0.25)
    lags = range(-round(MAX_LAG_S * _RATE_HZ), round(MAX_LAG_S * _RATE_HZ) + 1)
    moving = max(_correlation(activity, _smooth(loudness, 0.25), seen, lag) for lag in lags)
    opening_with = max(_correlation(aperture, loudness, seen, lag) for lag in lags)
    liveliness = min(1.0, float(np.std(aperture[seen])) / 0.05)  # a still mouth says nothing however well it fits
    heard = float(loudness[seen].sum() / max(loudness.sum(), 1e-6))
    return (0.5 * moving + 0.5 * opening_with) * liveliness * heard


def _smooth(values: np.ndarray, width_s: float) -> np.ndarray:
    kernel = np.hanning(max(3, round(2 * width_s * _RATE_HZ)) + 2)[1:-1]
    return np.convolve(values, kernel / kernel.sum(), mode="same")


def _correlation(a: np.ndarray, b: np.ndarray, mask: np.ndarray, lag: int) -> float:
    """Pearson r of a(t) and b(t + lag) where `mask` holds."""
    keep = np.flatnonzero(mask)
    keep = keep[(keep + lag >= 0) & (keep + lag < len(b))]
    if len(keep) < 5:
        return 0.0
    x, y = a[keep] - a[keep].mean(), b[keep + lag] - b[keep + lag].mean()
    return float((x * y).sum() / max(float(np.sqrt((x * x).sum() * (y * y).sum())), 1e-9))


def box_at(person: Person, pts_s: Sequence[float] | np.ndarray, at_s: float) -> FaceBox | None:
    """The person's face in the frame shown at `at_s`, if it is seen there."""
    frame = max(0, int(np.searchsorted(np.asarray(pts_s), at_s + 1e-3, side="right")) - 1)
    return _box_in(person, frame)
