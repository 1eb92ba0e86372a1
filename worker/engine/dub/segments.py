"""Lines of a clip that get new words: read from a file, and checked before anything is rendered.

A file of segments is JSON, either a list or an object with a list under "segments":

    [{"start_s": 1.2, "end_s": 3.4, "audio": "line.wav"},
     {"start_s": 5.0, "end_s": 7.5, "text": "Bonjour.", "voice": "fr", "rate": 1.1, "sync_mode": "remap", "face": 1}]

`audio` lies beside the file unless its path is absolute. `face` is "auto", a number, or "X,Y@SECONDS". `rate`, `pitch`,
`sync_mode` and `face` may be left out.
"""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from worker.engine.contracts import DubSegment, FaceChoice, Script, SyncMode
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.containers import check_file

MIN_SEGMENT_S = 0.2
MAX_SEGMENTS = 1000
MAX_FILE_BYTES = 4 << 20
TOLERANCE_S = 0.05  # by which a line may reach past the clip's end: containers disagree about where that is
_KEYS = frozenset({"start_s", "end_s", "audio", "text", "voice", "rate", "pitch", "sync_mode", "face"})


def read_segments(path: Path) -> tuple[DubSegment, ...]:
    """The segments of a file, by time. Overlaps and ends are for `check_segments`.

    Raises:
        EngineFailure: FILE_MISSING, FILE_EMPTY, SEGMENTS_UNREADABLE(reason, line).
    """
    check_file(path)
    if path.stat().st_size > MAX_FILE_BYTES:
        raise _unreadable("the file is too large")
    try:
        loaded = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise _unreadable("it is not JSON") from None
    entries = loaded.get("segments") if isinstance(loaded, dict) else loaded
    if not isinstance(entries, list) or not entries:
        raise _unreadable("there is no list of segments in it")
    if len(entries) > MAX_SEGMENTS:
        raise _unreadable(f"there are more than {MAX_SEGMENTS} segments")
    found = [_segment(entry, number, path.parent) for number, entry in enumerate(entries, start=1)]
    return tuple(sorted(found, key=lambda segment: segment.start_s))


def check_segments(segments: Sequence[DubSegment], duration_s: float) -> tuple[DubSegment, ...]:
    """The segments by time, each inside the clip and after the one before it; an end just past the clip's is moved.

    Raises:
        EngineFailure: SEGMENT_EMPTY, SEGMENTS_OVERLAP, SEGMENT_PAST_END, SEGMENTS_UNREADABLE (neither sound nor words,
            or both).
    """
    checked: list[DubSegment] = []
    for line, segment in enumerate(sorted(segments, key=lambda s: s.start_s), start=1):
        start_s, end_s = segment.start_s, segment.end_s
        if not (math.isfinite(start_s) and math.isfinite(end_s)) or start_s < 0:
            raise _unreadable("start and end must be seconds from the clip's beginning", line)
        if (segment.audio_path is None) == (segment.script is None):
            raise _unreadable("a line needs either a recording or a text", line)
        if end_s - start_s < MIN_SEGMENT_S:
            raise EngineFailure(
                FailureCode.SEGMENT_EMPTY, at_s=start_s, line=line, start_s=start_s, end_s=end_s, needed_s=MIN_SEGMENT_S
            )
        if end_s > duration_s + TOLERANCE_S:
            raise EngineFailure(FailureCode.SEGMENT_PAST_END, at_s=end_s, line=line, end_s=end_s, clip_s=duration_s)
        if checked and start_s < checked[-1].end_s - 1e-6:
            raise EngineFailure(
                FailureCode.SEGMENTS_OVERLAP, at_s=start_s, line=line, start_s=start_s, end_s=checked[-1].end_s
            )
        checked.append(_ending(segment, min(end_s, duration_s)))
    return tuple(checked)


def segments_as_json(segments: Sequence[DubSegment]) -> list[dict[str, object]]:
    """What `read_segments` reads, as JSON types."""
    entries = []
    for segment in segments:
        entry: dict[str, object] = {"start_s": round(segment.start_s, 4), "end_s": round(segment.end_s, 4)}
        if segment.audio_path is not None:
            entry["audio"] = str(segment.audio_path)
        if segment.script is not None:
            script = segment.script
            entry |= {"text": script.text, "voice": script.voice, "rate": script.rate, "pitch": script.pitch}
        if segment.sync_mode is not None:
            entry["sync_mode"] = segment.sync_mode.value
        if segment.face is not None:
            entry["face"] = _face_text(segment.face)
        entries.append(entry)
    return entries


def parse_face_choice(value: object) -> FaceChoice:
    """`"auto"`, a number, or a point in a frame, `"320,180@1.5"` (without @: in the first frame).

    Raises:
        ValueError: anything else.
    """
    if value == "auto":
        return FaceChoice()
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(value)
    if isinstance(value, int) or "," not in value:
        index = int(value)
        if not 0 <= index < 1000:
            raise ValueError(value)
        return FaceChoice(index=index)
    point, _, at = value.partition("@")
    x, y = (float(part) for part in point.split(","))
    at_s = float(at) if at else 0.0
    if not (0 <= x < 1e6 and 0 <= y < 1e6 and 0 <= at_s < 1e6):  # also refuses NaN
        raise ValueError(value)
    return FaceChoice(point=(x, y), at_s=at_s)


def _face_text(face: FaceChoice) -> str | int:
    if face.index is not None:
        return face.index
    return "auto" if face.point is None else f"{face.point[0]:g},{face.point[1]:g}@{face.at_s:g}"


def _ending(segment: DubSegment, end_s: float) -> DubSegment:
    return DubSegment(segment.start_s, end_s, segment.audio_path, segment.script, segment.face, segment.sync_mode)


def _segment(entry: object, line: int, folder: Path) -> DubSegment:
    if not isinstance(entry, dict) or not all(isinstance(key, str) for key in entry):
        raise _unreadable("each segment is an object", line)
    unknown = sorted(entry.keys() - _KEYS)
    if unknown:
        raise _unreadable(f"“{unknown[0][:40]}” is not known", line)
    start_s, end_s = _number(entry, "start_s", line), _number(entry, "end_s", line)
    audio, script = _audio(entry, line, folder), _script(entry, line)
    if (audio is None) == (script is None):
        raise _unreadable("give either “audio” or “text”", line)
    mode = face = None
    try:
        if entry.get("sync_mode") is not None:
            mode = SyncMode(entry["sync_mode"])
    except (ValueError, TypeError):
        raise _unreadable(f"“sync_mode” is one of {', '.join(SyncMode)}", line) from None
    try:
        if entry.get("face") is not None:
            face = parse_face_choice(entry["face"])
    except ValueError:
        raise _unreadable("“face” is “auto”, a number, or “X,Y@SECONDS”", line) from None
    return DubSegment(start_s, end_s, audio, script, face, mode)


def _audio(entry: Mapping[str, object], line: int, folder: Path) -> Path | None:
    name = entry.get("audio")
    if name is None:
        return None
    if not isinstance(name, str) or not name or "\0" in name:
        raise _unreadable("“audio” is the path of a recording", line)
    return folder / name


def _script(entry: Mapping[str, object], line: int) -> Script | None:
    text, voice = entry.get("text"), entry.get("voice")
    if text is None:
        return None
    if not isinstance(text, str) or not isinstance(voice, str) or not voice:
        raise _unreadable("“text” needs a “voice” to speak it", line)
    return Script(text, voice, _number(entry, "rate", line, 1.0), _number(entry, "pitch", line, 1.0))


def _number(entry: Mapping[str, object], key: str, line: int, default: float | None = None) -> float:
    value = entry.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _unreadable(f"“{key}” must be a number", line)
    return float(value)


def _unreadable(reason: str, line: int | None = None) -> EngineFailure:
    return EngineFailure(FailureCode.SEGMENTS_UNREADABLE, reason=reason, line=line)
