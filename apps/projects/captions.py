"""What captions show: a script's own words, or what the creator wrote down of a recording; edited, if they wish.

Edited captions are kept with two fingerprints. While the voice is the same they are used as they are; when the same
words are said differently (another voice, another speed) their times are found anew; when the words are others, they
are kept but not used, and count again when the words come back.
"""

import hashlib
import json
import math
import unicodedata
from collections.abc import Mapping
from typing import Any

from apps.core.failures import SiteFailure
from apps.projects import options
from apps.projects.lines import lines_of
from apps.projects.models import Project
from apps.projects.pronunciations import pronunciations_for, spelled
from apps.projects.recordings import part_of

CUES_MAX = 2000
WORDS_MAX = 60  # of one caption
WORD_MAX_CHARS = 120
TEXT_MAX_CHARS = 40_000
LATEST_S = 3600.0
SHORTEST_S = 0.05
TOLERANCE_S = 0.002  # times travel in milliseconds
_TRANSCRIPT, _CUES = "transcript", "caption_cues"


def set_transcript(project: Project, value: Any) -> None:
    """Raises script_too_long."""
    text = str(value).replace("\x00", "")
    if len(text) > options.SCRIPT_MAX_CHARS:
        raise SiteFailure("script_too_long", chars=len(text), max_chars=options.SCRIPT_MAX_CHARS)
    kept = {name: old for name, old in project.options.items() if name != _TRANSCRIPT}
    project.options = {**kept, _TRANSCRIPT: text} if text.strip() else kept


def transcript_of(project: Project) -> str:
    return str(project.options.get(_TRANSCRIPT, ""))


def set_cues(project: Project, rows: Any) -> None:
    """Keep edited captions for the voice as it is now; none: captions come by themselves. Raises option_invalid."""
    if not isinstance(rows, list):
        raise _invalid("give a list")
    if len(rows) > CUES_MAX:
        raise _invalid(f"at most {CUES_MAX} captions fit")
    cues: list[dict[str, Any]] = []
    for number, row in enumerate(rows, start=1):
        cue = _checked(row, number)
        if cues and cue["start_s"] < cues[-1]["end_s"] - TOLERANCE_S:
            raise _invalid(f"caption {number} begins before the one before it ends")
        cues.append(cue)
    if sum(len(word["text"]) for cue in cues for word in cue["words"]) > TEXT_MAX_CHARS:
        raise _invalid(f"at most {TEXT_MAX_CHARS} characters fit")
    kept = {name: value for name, value in project.options.items() if name != _CUES}
    stored = {"cues": cues, "of": _reading(project), "words": _text(project)}
    project.options = {**kept, _CUES: stored} if cues else kept


def cues_of(project: Project) -> list[dict[str, Any]]:
    return list(project.options.get(_CUES, {}).get("cues", []))


def cues_state(project: Project) -> str:
    """One of: none, apply, refit, waiting."""
    stored = project.options.get(_CUES)
    if not stored:
        return "none"
    if stored["of"] == _reading(project):
        return "apply"
    return "refit" if stored["words"] == _text(project) else "waiting"


def captions_order(project: Project, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What a render has to know: {"captions": style or None, "caption_text": besides a script, or None}."""
    if project.voice_source == Project.VoiceSource.LINES:
        has_words = any(line["script"].strip() and not line["voice"] for line in lines_of(project))
        is_wanted = has_words and settings["captions"] != "none"
        return {"captions": settings["captions"] if is_wanted else None, "caption_text": None}
    is_heard = settings.get("moved_by") in (None, "voice")
    is_typed = project.voice_source == Project.VoiceSource.SCRIPT
    if not is_heard or not (is_typed or project.voice_source == Project.VoiceSource.AUDIO):
        return {"captions": None, "caption_text": None}
    text = caption_text(project)
    is_known = is_typed or text is not None
    style = settings["captions"] if is_known and settings["captions"] != "none" else None
    return {"captions": style, "caption_text": text}


def caption_text(project: Project) -> dict[str, Any] | None:
    """What captions show besides a script; None where there is nothing."""
    transcript = transcript_of(project).strip() if project.voice_source == Project.VoiceSource.AUDIO else ""
    state = cues_state(project)
    cues = cues_of(project) if state in ("apply", "refit") else []
    if not transcript and not cues:
        return None
    is_english = project.settings_now()["transcript_language"] == "english"
    return {"transcript": transcript, "is_english": is_english, "cues": cues, "refit": state == "refit"}


def _reading(project: Project) -> str:
    """Names a voice that says something: the same only for the same words at the same times."""
    is_typed = project.voice_source == Project.VoiceSource.SCRIPT
    spoken: list[Any] = [project.script_voice, project.script_rate, project.script_pitch]
    spoken += spelled(project.script, pronunciations_for(project)).values()
    voice = spoken if is_typed else [str(project.voice_id), *part_of(project)]
    return _hash([*voice, _text(project)])


def _text(project: Project) -> str:
    """Names what is said."""
    if project.voice_source == Project.VoiceSource.AUDIO:
        return _hash([str(project.voice_id), transcript_of(project).split()])
    return _hash([project.voice_source, project.script.split()])


def _hash(facts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


def _checked(row: Any, number: int) -> dict[str, Any]:
    if not isinstance(row, Mapping) or not set(row) <= {"start_s", "end_s", "words"}:
        raise _invalid("each caption has start_s, end_s and words")
    start_s, end_s = _span(row)
    if end_s - start_s < SHORTEST_S - TOLERANCE_S:
        raise _invalid(f"caption {number} ends before anybody could read it")
    words = row.get("words")
    if not isinstance(words, list) or not 1 <= len(words) <= WORDS_MAX:
        raise _invalid(f"caption {number} needs 1 to {WORDS_MAX} words")
    placed: list[dict[str, Any]] = []
    for word in words:
        one = _checked_word(word, number)
        if placed and one["start_s"] < placed[-1]["start_s"] - TOLERANCE_S:
            raise _invalid(f"the words of caption {number} come one after the other")
        placed.append(one)
    return {"start_s": start_s, "end_s": end_s, "words": placed}


def _checked_word(word: Any, number: int) -> dict[str, Any]:
    if not isinstance(word, Mapping) or not set(word) <= {"text", "start_s", "end_s", "unsure"}:
        raise _invalid("each word has text, start_s and end_s")
    text = word.get("text")
    if not isinstance(text, str) or len(text) > WORD_MAX_CHARS:
        raise _invalid(f"a word of caption {number} has more than {WORD_MAX_CHARS} characters")
    shown = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cs", "Co")).strip()
    if not shown:
        raise _invalid(f"a word of caption {number} is empty")
    start_s, end_s = _span(word)
    one = {"text": shown, "start_s": start_s, "end_s": end_s}
    return {**one, "unsure": True} if word.get("unsure") is True else one


def _span(row: Mapping[str, Any]) -> tuple[float, float]:
    times = [row.get(name) for name in ("start_s", "end_s")]
    if any(isinstance(t, bool) or not isinstance(t, int | float) or not math.isfinite(t) for t in times):
        raise _invalid("times are numbers of seconds")
    start_s, end_s = (round(float(t), 3) for t in times if isinstance(t, int | float))
    if not 0 <= start_s <= end_s <= LATEST_S:
        raise _invalid("everything begins before it ends")
    return start_s, end_s


def _invalid(reason: str) -> SiteFailure:
    return SiteFailure("option_invalid", option="caption_cues", reason=reason)
