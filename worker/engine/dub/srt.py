"""Subtitles in and out: SubRip (.srt) and WebVTT (.vtt), as a translator's proof copy of the lines to be spoken.

Read generously – byte-order marks, old encodings, either decimal sign, missing numbers and hours – and refused only
when there is nothing to speak in it.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from worker.engine.contracts import MAX_SCRIPT_CHARS, DubSegment, FaceChoice, Script, SyncMode
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.containers import check_file

MAX_CUES = 1000
MAX_FILE_BYTES = 4 << 20
MAX_OVERLAP_S = 0.5  # up to which a cue is shortened so that the next one can begin; subtitles often overlap a little
_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_ARROW = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?$")
_TAGS = re.compile(r"<[^<>]{0,200}>|\{\\[^{}]{0,200}\}")
_BLOCKS = ("NOTE", "STYLE", "REGION", "WEBVTT")


@dataclass(frozen=True)
class Cue:
    """One subtitle: when, and plain text without markup; lines are joined by "\\n"."""

    start_s: float
    end_s: float
    text: str


def read_cues(path: Path) -> list[Cue]:
    """The cues of an .srt or .vtt file, by time; those without words are left out.

    Raises:
        EngineFailure: FILE_MISSING, FILE_EMPTY, SUBTITLES_UNREADABLE(reason, line).
    """
    check_file(path)
    if path.stat().st_size > MAX_FILE_BYTES:
        raise _unreadable("the file is too large")
    return parse_cues(_decoded(path.read_bytes()))


def parse_cues(text: str) -> list[Cue]:
    """As `read_cues`, from text."""
    lines = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    cues: list[Cue] = []
    at = 0
    while at < len(lines):
        match = _ARROW.match(lines[at][:300])
        if match is None:
            is_block = lines[at].startswith(_BLOCKS)
            at += 1
            while is_block and at < len(lines) and lines[at].strip():
                at += 1
            continue
        start_s, end_s = _seconds(match.groups()[:4]), _seconds(match.groups()[4:])
        if end_s <= start_s:
            raise _unreadable("a subtitle ends before it begins", at + 1)
        body, at = _body(lines, at + 1)
        if body:
            cues.append(Cue(start_s, end_s, body))
        if len(cues) > MAX_CUES:
            raise _unreadable(f"there are more than {MAX_CUES} subtitles")
    if not cues:
        raise _unreadable("there are no subtitles with times and words in it")
    return sorted(cues, key=lambda cue: cue.start_s)


def segments_from_cues(
    cues: Sequence[Cue], voice: str, *, face: FaceChoice | None = None, sync_mode: SyncMode | None = SyncMode.SILENCE
) -> tuple[DubSegment, ...]:
    """Lines to be spoken by `voice`, each in its subtitle's time; small overlaps are taken off the earlier one."""
    segments: list[DubSegment] = []
    for index, cue in enumerate(cues):
        following = cues[index + 1] if index + 1 < len(cues) else None
        end_s = cue.end_s
        if following is not None and cue.end_s - MAX_OVERLAP_S <= following.start_s < cue.end_s:
            end_s = following.start_s
        words = " ".join(cue.text.split())[:MAX_SCRIPT_CHARS]
        segments.append(DubSegment(cue.start_s, end_s, None, Script(words, voice), face, sync_mode))
    return tuple(segments)


def cues_from_segments(segments: Sequence[DubSegment]) -> list[Cue]:
    """The lines with words, as subtitles."""
    return [Cue(s.start_s, s.end_s, s.script.text) for s in segments if s.script is not None and s.script.text.strip()]


def as_srt(cues: Sequence[Cue]) -> str:
    """SubRip, which every subtitle editor opens."""
    blocks = [
        f"{number}\n{_stamp(cue.start_s, ',')} --> {_stamp(cue.end_s, ',')}\n{_safe(cue.text)}\n"
        for number, cue in enumerate(cues, start=1)
    ]
    return "\n".join(blocks)


def as_vtt(cues: Sequence[Cue]) -> str:
    """WebVTT, which browsers show."""
    blocks = [
        f"{_stamp(cue.start_s, '.')} --> {_stamp(cue.end_s, '.')}\n{html.escape(_safe(cue.text), quote=False)}\n"
        for cue in cues
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def _body(lines: Sequence[str], at: int) -> tuple[str, int]:
    """Text up to the next blank line, or the next time line when the blank one was forgotten."""
    kept: list[str] = []
    while at < len(lines) and lines[at].strip() and not _ARROW.match(lines[at][:300]):
        kept.append(lines[at])
        at += 1
    if at < len(lines) and kept and _ARROW.match(lines[at][:300]) and kept[-1].strip().isdigit():
        kept.pop()  # the next subtitle's number
    plain = [" ".join(html.unescape(_TAGS.sub("", line)).replace("\0", "").split()) for line in kept]
    return "\n".join(line for line in plain if line), at


def _seconds(parts: Sequence[str | None]) -> float:
    hours, minutes, seconds, fraction = parts
    return (
        int(hours or 0) * 3600
        + int(minutes or 0) * 60
        + int(seconds or 0)
        + int((fraction or "0").ljust(3, "0")) / 1000
    )


def _stamp(seconds: float, decimal_sign: str) -> str:
    ms = max(0, round(seconds * 1000))
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}{decimal_sign}{ms % 1000:03d}"


def _safe(text: str) -> str:
    """Without blank lines and arrows, which would end a subtitle."""
    lines = [line.strip().replace("-->", "→") for line in text.splitlines()]
    return "\n".join(line for line in lines if line)


def _decoded(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")  # what Western subtitle editors wrote for decades


def _unreadable(reason: str, line: int | None = None) -> EngineFailure:
    return EngineFailure(FailureCode.SUBTITLES_UNREADABLE, reason=reason, line=line)
