"""A mouth track as JSON: shown on the studio's timeline, edited there, and read back."""

import json
import math
from collections.abc import Sequence

import numpy as np

from worker.engine.contracts import Span
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.speech.mouth_track import ARTICULATORS, VISEMES, Accent, MouthTrack, Phoneme, Prosody

VERSION = 1
DECIMALS = 3
TIME_DECIMALS = 6
MAX_FRAMES = 600 * 60  # ten minutes at 60 frames a second
VALUE_LIMIT = 2.0
METHODS = ("script", "decoded", "learned", "edited")


def track_to_json(track: MouthTrack) -> str:
    """One JSON object: times in seconds, a list per articulator and per viseme, prosody, phonemes.

    Values are rounded to a thousandth, times to a microsecond; reading it back gives the same track within that.
    """
    prosody = track.prosody
    return json.dumps(
        {
            "version": VERSION,
            "method": track.method,
            "times_s": _rounded(track.times_s, TIME_DECIMALS),
            "articulation": {name.value: _rounded(track.column(name)) for name in ARTICULATORS},
            "visemes": {name.value: _rounded(track.viseme_weights[:, n]) for n, name in enumerate(VISEMES)},
            "energy": _rounded(prosody.energy),
            "f0_hz": _rounded(prosody.f0_hz, 1),
            "accents": [[round(a.time_s, TIME_DECIMALS), round(a.strength, DECIMALS)] for a in prosody.accents],
            "speech": [[round(s.start_s, TIME_DECIMALS), round(s.end_s, TIME_DECIMALS)] for s in prosody.speech_spans],
            "phonemes": [
                [p.symbol, round(p.start_s, TIME_DECIMALS), round(p.end_s, TIME_DECIMALS), p.stress]
                for p in track.phonemes
            ],
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def track_from_json(text: str) -> MouthTrack:
    """Reads what `track_to_json` wrote, perhaps edited since.

    Raises:
        EngineFailure: OPTION_INVALID (option="mouth_track", reason) for anything that is not such a track.
    """
    try:
        stored = json.loads(text)
        return _build(stored)
    except EngineFailure:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as error:
        raise _invalid(type(error).__name__) from error


def _build(stored: dict[str, object]) -> MouthTrack:
    if stored["version"] != VERSION:
        raise _invalid("version")
    times_s = np.array(stored["times_s"], np.float64)
    if times_s.ndim != 1 or len(times_s) > MAX_FRAMES or np.any(np.diff(times_s) <= 0):
        raise _invalid("times_s")
    frames = len(times_s)
    articulation = np.stack([_column(stored["articulation"][name.value], frames) for name in ARTICULATORS], axis=1)
    visemes = np.stack([_column(stored["visemes"][name.value], frames) for name in VISEMES], axis=1).clip(0.0, 1.0)
    total = visemes.sum(1, keepdims=True)
    if frames and float(total.min()) <= 0.0:
        raise _invalid("visemes")
    prosody = Prosody(
        energy=_column(stored["energy"], frames).clip(0.0, 1.0),
        f0_hz=_column(stored["f0_hz"], frames, limit=2000.0).clip(0.0, None),
        accents=[Accent(_number(time_s), min(1.0, max(0.0, _number(value)))) for time_s, value in stored["accents"]],
        speech_spans=[Span(_number(start_s), _number(end_s)) for start_s, end_s in stored["speech"]],
    )
    method = stored["method"] if stored["method"] in METHODS else "edited"
    return MouthTrack(
        times_s=times_s,
        articulation=articulation,
        viseme_weights=(visemes / np.maximum(total, 1e-6)).astype(np.float32),
        prosody=prosody,
        phonemes=_phonemes(stored["phonemes"]),
        method=str(method),
    )


def _phonemes(rows: Sequence[Sequence[object]]) -> list[Phoneme]:
    found = []
    for symbol, start_s, end_s, stress in rows:
        if not isinstance(symbol, str) or not 0 < len(symbol) <= 16 or stress not in (0, 1, 2):
            raise _invalid("phonemes")
        found.append(Phoneme(symbol, _number(start_s), _number(end_s), int(stress)))
    return found


def _column(values: Sequence[float], frames: int, limit: float = VALUE_LIMIT) -> np.ndarray:
    column = np.array(values, np.float32)
    if column.shape != (frames,) or not np.all(np.isfinite(column)) or np.any(np.abs(column) > limit):
        raise _invalid("values")
    return column


def _number(value: object) -> float:
    number = float(str(value))
    if not math.isfinite(number):
        raise _invalid("number")
    return number


def _rounded(values: np.ndarray, decimals: int = DECIMALS) -> list[float]:
    return np.round(np.asarray(values, np.float64), decimals).tolist()


def _invalid(reason: str) -> EngineFailure:
    return EngineFailure(FailureCode.OPTION_INVALID, option="mouth_track", reason=reason)
