"""Captions that somebody has edited: read back, shown in a style, and laid anew on a voice that speaks differently."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from worker.compose.captions.cues import SHORTEST_S, Cue, TimedWord, cues_of, filled
from worker.compose.captions.styles import LOOKS, CaptionStyle
from worker.engine.failures import EngineFailure, FailureCode

CUES_MAX = 2000


@dataclass(frozen=True)
class EditedCue:
    """One caption as somebody wants it: when it is shown, and its words, inside that time and in order."""

    start_s: float
    end_s: float
    words: tuple[TimedWord, ...]


def edited_cues(rows: Sequence[Mapping[str, object]]) -> list[EditedCue]:
    """From {"start_s", "end_s", "words": [{"text", "start_s", "end_s"}]}, in time and not overlapping.

    Raises:
        EngineFailure: OPTION_INVALID (option="caption_cues") for rows that make no sense.
    """
    if len(rows) > CUES_MAX:
        raise _invalid()
    cues: list[EditedCue] = []
    for row in rows:
        words = row.get("words")
        if not isinstance(words, Sequence) or not words or isinstance(words, str):
            raise _invalid()
        placed = tuple(TimedWord(str(word["text"]), *_span(word)) for word in words)
        cue = EditedCue(*_span(row), placed)
        if cue.end_s <= cue.start_s or (cues and cue.start_s < cues[-1].end_s - 1e-3):
            raise _invalid()
        cues.append(cue)
    return cues


def _span(row: Mapping[str, object]) -> tuple[float, float]:
    times = [row.get("start_s"), row.get("end_s")]
    if any(isinstance(t, bool) or not isinstance(t, int | float) or not math.isfinite(t) for t in times):
        raise _invalid()
    start_s, end_s = (float(t) for t in times if isinstance(t, int | float))
    return start_s, max(start_s, end_s)


def _invalid() -> EngineFailure:
    return EngineFailure(FailureCode.OPTION_INVALID, option="caption_cues", value="", allowed=[])


def styled(edited: Sequence[EditedCue], style: CaptionStyle) -> list[Cue]:
    """Edited captions as this style shows them: what is too much for it at once comes in parts, within its time."""
    look = LOOKS[style]
    shown: list[Cue] = []
    for number, cue in enumerate(edited):
        room_s = edited[number + 1].start_s if number + 1 < len(edited) else math.inf
        parts = cues_of(
            cue.words, line_chars=look.line_chars, max_lines=look.max_lines, is_whole=not look.alone, shortest_s=0.0
        )
        for at, part in enumerate(parts):
            start_s = cue.start_s if at == 0 else max(cue.start_s, part.start_s)
            until_s = parts[at + 1].start_s if at + 1 < len(parts) else cue.end_s
            end_s = min(max(until_s, start_s + 1e-3), room_s)
            shown.append(replace(part, start_s=start_s, end_s=end_s))
    return shown


def refitted(edited: Sequence[EditedCue], words: Sequence[TimedWord]) -> list[EditedCue]:
    """Edited captions on the times of another reading of the same text.

    Words that are still said take their new times; changed ones those of what they replace; added ones stand between.
    """
    own = [word for cue in edited for word in cue.words]
    if not own or not words:
        return []
    matcher = SequenceMatcher(None, [_plain(w.text) for w in own], [_plain(w.text) for w in words], autojunk=False)
    times: list[tuple[float, float] | None] = [None] * len(own)
    for what, first, last, their_first, their_last in matcher.get_opcodes():
        if what == "equal":
            said = words[their_first:their_last]
        elif what == "replace":  # what was changed takes the time of what it stands for
            start_s, end_s = words[their_first].start_s, words[their_last - 1].end_s
            said = _shared([word.text for word in own[first:last]], start_s, end_s)
        else:
            continue
        times[first:last] = [(word.start_s, word.end_s) for word in said]
    placed = iter(filled([word.text for word in own], times, words[-1].end_s))
    groups = [tuple(next(placed) for _ in cue.words) for cue in edited]
    fitted: list[EditedCue] = []
    for number, group in enumerate(groups):
        start_s = max(group[0].start_s, fitted[-1].end_s if fitted else 0.0)
        next_s = groups[number + 1][0].start_s if number + 1 < len(groups) else math.inf
        end_s = max(start_s + 0.05, min(max(group[-1].end_s, start_s + SHORTEST_S), max(next_s, start_s)))
        fitted.append(EditedCue(start_s, end_s, group))
    return fitted


def _shared(texts: Sequence[str], start_s: float, end_s: float) -> list[TimedWord]:
    """Words that share a time by their length."""
    sizes = [max(1, len(text)) for text in texts]
    step_s, at, placed = (end_s - start_s) / sum(sizes), 0, []
    for text, size in zip(texts, sizes, strict=True):
        placed.append(TimedWord(text, start_s + at * step_s, start_s + (at + size) * step_s))
        at += size
    return placed


def _plain(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum()) or text
