"""Small changes a creator makes to a mouth track: shut the mouth here, open it less there, move a stretch in time.

Edits are few numbers beside the track, so they can be undone, and carried over to another frame rate. The studio's
timeline draws them by the same rules (`static/js/studio/track_edits.js`); a browser test compares the two.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.speech.mouth_track import ARTICULATORS, VISEMES, Articulator, MouthTrack, Viseme

EASE_S = 0.06  # within a stretch an edit comes and goes over this long, so that nothing snaps
MAX_FACTOR = 2.0
MAX_MOVE_S = 1.0
MIN_MARGIN_S = 0.3  # what lies this close to a moved stretch gives way
_VALUE_LIMIT = 2.0  # of an articulator, as in track_json
_OPENING = (Articulator.OPENNESS, Articulator.JAW, Articulator.LOWER_DROP, Articulator.UPPER_RAISE)


class EditKind(StrEnum):
    CLOSE = "close"  # the mouth rests; `amount` is not used
    SCALE = "scale"  # openings are multiplied by `amount` in [0, 2]
    MOVE = "move"  # what happens in the stretch happens `amount` seconds later, in [-1, 1]


@dataclass(frozen=True)
class MouthEdit:
    """One change to the stretch [start_s, end_s) of a track."""

    kind: EditKind
    start_s: float
    end_s: float
    amount: float = 0.0

    @classmethod
    def from_json(cls, row: object) -> "MouthEdit":
        """{"kind", "start_s", "end_s", "amount"?} as the site keeps it.

        Raises:
            EngineFailure: OPTION_INVALID (option="mouth_edits", reason).
        """
        if not isinstance(row, Mapping):
            raise _invalid("each must be an object")
        try:
            kind = EditKind(row.get("kind"))
            start_s, end_s, amount = (float(row.get(name) or 0.0) for name in ("start_s", "end_s", "amount"))
        except (ValueError, TypeError) as error:
            raise _invalid(str(error)[:80]) from error
        if not all(map(math.isfinite, (start_s, end_s, amount))) or not 0 <= start_s < end_s:
            raise _invalid("a stretch begins before it ends")
        low, high = {EditKind.SCALE: (0.0, MAX_FACTOR), EditKind.MOVE: (-MAX_MOVE_S, MAX_MOVE_S)}.get(kind, (0.0, 0.0))
        if kind is not EditKind.CLOSE and not low <= amount <= high:
            raise _invalid(f"amount must be between {low:g} and {high:g}")
        return cls(kind, start_s, end_s, amount)


def edit_track(track: MouthTrack, edits: Iterable[MouthEdit]) -> MouthTrack:
    """`track` after all edits, in their order; itself without any."""
    edited = track
    for edit in edits:
        edited = _EDITORS[edit.kind](edited, edit)
    return edited if edited is track else replace(edited, method="edited")


def inside(times_s: np.ndarray, edit: MouthEdit) -> np.ndarray:
    """(T,) in [0, 1]: how much an edit counts at each time; a stretch shorter than two eases peaks in its middle."""
    ease_s = min(EASE_S, (edit.end_s - edit.start_s) / 2)
    return np.clip(np.minimum(times_s - edit.start_s, edit.end_s - times_s) / ease_s, 0.0, 1.0)


def moved_times_s(times_s: np.ndarray, edit: MouthEdit) -> np.ndarray:
    """(T,) where each output time comes from, so that the stretch arrives `amount` later and neighbours give way."""
    margin_s = max(MIN_MARGIN_S, 2 * abs(edit.amount))
    arrives = [edit.start_s - margin_s, edit.start_s + edit.amount, edit.end_s + edit.amount, edit.end_s + margin_s]
    departs = [edit.start_s - margin_s, edit.start_s, edit.end_s, edit.end_s + margin_s]
    within = (times_s > arrives[0]) & (times_s < arrives[-1])
    return np.where(within, np.interp(times_s, arrives, departs), times_s)


def _close(track: MouthTrack, edit: MouthEdit) -> MouthTrack:
    keep = (1.0 - inside(track.times_s, edit))[:, None].astype(np.float32)
    rest = np.zeros(len(VISEMES), np.float32)
    rest[VISEMES.index(Viseme.REST)] = 1.0
    return replace(
        track,
        articulation=track.articulation * keep,
        viseme_weights=track.viseme_weights * keep + rest * (1.0 - keep),
    )


def _scale(track: MouthTrack, edit: MouthEdit) -> MouthTrack:
    factor = 1.0 + (edit.amount - 1.0) * inside(track.times_s, edit)
    articulation = track.articulation.copy()
    for name in _OPENING:
        column = ARTICULATORS.index(name)
        articulation[:, column] = np.clip(articulation[:, column] * factor, -_VALUE_LIMIT, _VALUE_LIMIT)
    return replace(track, articulation=articulation)


def _move(track: MouthTrack, edit: MouthEdit) -> MouthTrack:
    sources_s = moved_times_s(track.times_s, edit)

    def read(values: np.ndarray) -> np.ndarray:
        columns = [np.interp(sources_s, track.times_s, column) for column in values.T]
        return np.stack(columns, axis=1).astype(np.float32)

    visemes = read(track.viseme_weights)
    phonemes = [
        replace(p, start_s=p.start_s + edit.amount, end_s=p.end_s + edit.amount)
        if edit.start_s <= (p.start_s + p.end_s) / 2 < edit.end_s
        else p
        for p in track.phonemes
    ]
    return replace(track, articulation=read(track.articulation), viseme_weights=visemes, phonemes=phonemes)


_EDITORS = {EditKind.CLOSE: _close, EditKind.SCALE: _scale, EditKind.MOVE: _move}


def _invalid(reason: str) -> EngineFailure:
    return EngineFailure(FailureCode.OPTION_INVALID, option="mouth_edits", reason=reason)
