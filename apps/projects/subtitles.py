"""Subtitles of a translator: SubRip and WebVTT into lines and back, for proof-reading before anything is rendered.

Read generously, as subtitle editors write them: either decimal sign, no numbers, no hours, markup, a forgotten blank
line. Pages send text; which old encoding a file has, the browser finds out.
"""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from apps.core.failures import SiteFailure
from apps.projects.lines import LINE_MAX_CHARS, LINES_MAX

SUBTITLES_MAX_CHARS = 1_000_000
OVERLAP_S = 0.5  # subtitles often overlap a little; the earlier one is shortened
_TIME = r"(?:(\d{1,2}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_ARROW = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?$")
_TAGS = re.compile(r"<[^<>]{0,200}>|\{\\[^{}]{0,200}\}")
_BLOCKS = ("NOTE", "STYLE", "REGION", "WEBVTT")


def lines_from_subtitles(text: str, *, script_voice: str) -> list[dict[str, Any]]:
    """Rows for `lines.set_lines`, by time. Raises subtitles_unreadable."""
    if len(text) > SUBTITLES_MAX_CHARS:
        raise _unreadable("the file is too large")
    cues = _cues(text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    if not cues:
        raise _unreadable("there are no subtitles with times and words in it")
    cues.sort(key=lambda cue: cue[0])
    for at in range(len(cues) - 1):
        start_s, end_s, words = cues[at]
        if cues[at + 1][0] < end_s <= cues[at + 1][0] + OVERLAP_S:
            cues[at] = start_s, cues[at + 1][0], words
    voice = {"script_voice": script_voice, "sync_mode": "silence"}
    return [{"start_s": start_s, "end_s": end_s, "script": words, **voice} for start_s, end_s, words in cues]


def as_srt(lines: Iterable[Mapping[str, Any]]) -> str:
    """The lines with words as SubRip, which every subtitle editor opens."""
    worded = [line for line in lines if line["script"].strip()]
    return "\n".join(
        f"{number}\n{_stamp(line['start_s'])} --> {_stamp(line['end_s'])}\n{_plain(line['script'])}\n"
        for number, line in enumerate(worded, start=1)
    )


def _cues(rows: Sequence[str]) -> list[tuple[float, float, str]]:
    cues: list[tuple[float, float, str]] = []
    at = 0
    while at < len(rows):
        match = _ARROW.match(rows[at][:300])
        if match is None:
            is_block = rows[at].startswith(_BLOCKS)
            at += 1
            while is_block and at < len(rows) and rows[at].strip():
                at += 1
            continue
        start_s, end_s = _seconds(match.groups()[:4]), _seconds(match.groups()[4:])
        if end_s <= start_s:
            raise _unreadable("a subtitle ends before it begins", at + 1)
        words, at = _words(rows, at + 1)
        if len(words) > LINE_MAX_CHARS:
            raise _unreadable(f"a subtitle is longer than {LINE_MAX_CHARS} characters", at)
        if words:
            cues.append((start_s, end_s, words))
        if len(cues) > LINES_MAX:
            raise _unreadable(f"there are more than {LINES_MAX} subtitles")
    return cues


def _words(rows: Sequence[str], at: int) -> tuple[str, int]:
    """Text up to the next blank line, or to the next time where the blank line was forgotten."""
    kept: list[str] = []
    while at < len(rows) and rows[at].strip() and not _ARROW.match(rows[at][:300]):
        kept.append(rows[at])
        at += 1
    if at < len(rows) and kept and _ARROW.match(rows[at][:300]) and kept[-1].strip().isdigit():
        kept.pop()  # the next subtitle's number
    plain = (html.unescape(_TAGS.sub("", row)).replace("\x00", "") for row in kept)
    return " ".join(" ".join(plain).split()), at


def _seconds(parts: Sequence[str | None]) -> float:
    hours, minutes, seconds, fraction = parts
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    return whole + int((fraction or "0").ljust(3, "0")) / 1000


def _stamp(seconds: float) -> str:
    ms = max(0, round(seconds * 1000))
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d},{ms % 1000:03d}"


def _plain(words: str) -> str:
    """Without blank lines and arrows, which would end a subtitle."""
    rows = [row.strip().replace("-->", "→") for row in words.splitlines()]
    return "\n".join(row for row in rows if row)


def _unreadable(reason: str, line: int | None = None) -> SiteFailure:
    return SiteFailure("subtitles_unreadable", reason=reason, **({} if line is None else {"line": line}))
