"""Captions in an engine process: what is shown when, for the list that is edited, subtitle files, and burning in.

Words come from a typed script (its voice knows their times), or from what somebody wrote down of a recording; edited
captions replace both.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from worker.compose.film_plan import FilmRequest
from worker.engine.contracts import Hooks, Script, TalkingPhotoRequest, VideoDubRequest
from worker.engine.failures import EngineFailure, FailureCode
from worker.process.line_captions import line_cues
from worker.process.orders import CaptionsOrder, CaptionText, RenderOrder

if TYPE_CHECKING:
    from worker.compose.captions.cues import Cue, TimedWord
    from worker.compose.captions.edits import EditedCue
    from worker.compose.captions.styles import CaptionStyle
    from worker.engine.speech.transcripts import TimedTranscript

LIST_CHARS = 26  # on a line, two lines at most: what every style but the largest shows at once


def caption_cues(order: RenderOrder) -> "tuple[tuple[Cue, ...], CaptionStyle]":
    """What is shown, and how; nothing without a style, or where nobody has said what is spoken.

    The script is spoken for it: the same voice says the same words at the same times again in the render itself.

    Raises:
        EngineFailure: OPTION_INVALID for a style there is not; whatever is wrong with the script or the recording.
    """
    from worker.compose.captions.edits import edited_cues, refitted, styled
    from worker.compose.captions.stage import style_cues
    from worker.compose.captions.styles import CaptionStyle

    request = order.request
    if order.captions is None or isinstance(request, FilmRequest):
        return (), CaptionStyle.CLEAN
    text = order.caption_text or CaptionText()
    in_lines = isinstance(request, VideoDubRequest) and any(one.script is not None for one in request.segments)
    is_known = in_lines or request.script is not None or bool(text.transcript) or bool(text.cues)
    if not is_known:
        return (), CaptionStyle.CLEAN
    if order.captions not in list(CaptionStyle):
        allowed = [style.value for style in CaptionStyle]
        raise EngineFailure(FailureCode.OPTION_INVALID, option="captions", value=str(order.captions), allowed=allowed)
    style = CaptionStyle(order.captions)
    if in_lines:
        assert isinstance(request, VideoDubRequest)
        return tuple(line_cues(replace(request, voice_dir=order.voice_dir), style)), style
    edited = edited_cues(text.cues)
    if edited and not text.refit:
        return tuple(styled(edited, style)), style
    words = _words_of(replace(request, voice_dir=order.voice_dir), text)
    return tuple(styled(refitted(edited, words), style) if edited else style_cues(words, style)), style


def make_captions(order: CaptionsOrder, hooks: Hooks) -> dict[str, object]:
    """The captions of a voice, JSON-able: {"cues", "timing", "is_found", "duration_s", "fitted"}.

    "cues": as they come by themselves; "fitted": the order's edited ones, on this voice's times where they were made
    for another reading of the same text, or None without any. Words that somebody has to check carry "unsure".

    Raises:
        EngineFailure: whatever is wrong with the script or the recording; NO_SPEECH; SCRIPT_EMPTY.
    """
    from worker.compose.captions.cues import TimedWord, cues_of
    from worker.compose.captions.edits import edited_cues, refitted
    from worker.engine.media.audio import load_audio, measure_level, require_audible
    from worker.engine.speech.transcripts import draft_transcript

    timing, is_found, is_english_only, unsure = "exact", True, False, frozenset[TimedWord]()
    if order.request.script is not None:
        words, duration_s = _script_words(order.request, order.request.script)
    else:
        assert order.request.audio_path is not None
        audio = load_audio(order.request.audio_path, max_duration_s=order.request.max_duration_s)
        require_audible(measure_level(audio))
        duration_s = audio.duration_s
        is_draft = not order.text.transcript.strip()
        made = draft_transcript(audio, order.whisper_dir) if is_draft else _timed(order.request, order.text)
        words = _plain_words(made)
        unsure = frozenset(word for word, one in zip(words, made.words, strict=True) if not one.is_sure)
        timing, is_found = made.timing.value, made.is_found
        is_english_only = is_draft and not made.knows_languages
    cues = cues_of(words, line_chars=LIST_CHARS)
    edited = edited_cues(order.text.cues)
    fitted = refitted(edited, words) if order.text.refit else edited
    return {
        "cues": [_cue_row(cue, unsure) for cue in cues],
        "fitted": [_cue_row(cue, unsure) for cue in fitted] or None,
        "timing": timing,
        "is_found": is_found,
        "is_english_only": is_english_only,
        "duration_s": round(duration_s, 3),
    }


def _cue_row(cue: "Cue | EditedCue", unsure: "frozenset[TimedWord]") -> dict[str, object]:
    rows = []
    for word in cue.words:
        row: dict[str, object] = {"text": word.text, "start_s": round(word.start_s, 3), "end_s": round(word.end_s, 3)}
        rows.append({**row, "unsure": True} if word in unsure else row)
    return {"start_s": round(cue.start_s, 3), "end_s": round(cue.end_s, 3), "words": rows}


def _words_of(request: TalkingPhotoRequest | VideoDubRequest, text: CaptionText) -> "Sequence[TimedWord]":
    if request.script is not None:
        return _script_words(request, request.script)[0]
    return _plain_words(_timed(request, text)) if text.transcript else []


def _timed(request: TalkingPhotoRequest | VideoDubRequest, text: CaptionText) -> "TimedTranscript":
    from worker.compose.captions.cues import written_words
    from worker.engine.media.audio import load_audio
    from worker.engine.speech.transcripts import time_transcript

    assert request.audio_path is not None
    audio = load_audio(request.audio_path, max_duration_s=request.max_duration_s)
    return time_transcript(audio, written_words(text.transcript), is_english=text.is_english)


def _plain_words(made: "TimedTranscript") -> "list[TimedWord]":
    from worker.compose.captions.cues import TimedWord

    return [TimedWord(word.text, word.start_s, word.end_s) for word in made.words]


def _script_words(
    request: TalkingPhotoRequest | VideoDubRequest, script: Script
) -> "tuple[Sequence[TimedWord], float]":
    """The script's words as its voice says them, and how long it speaks."""
    from worker.compose.captions.cues import timed_words
    from worker.engine.speech.voices import synthesize
    from worker.engine.voicing import speak

    with tempfile.TemporaryDirectory(dir=request.output_path.parent) as folder:
        sound = Path(folder) / "voice.wav"
        if isinstance(request, TalkingPhotoRequest):
            told = speak(script, sound, request)
            words, duration_s = told.words(request.frame_rate), told.duration_s
        else:
            spoken = synthesize(script, sound, request.voice_dir)
            words, duration_s = list(spoken.words), spoken.duration_s
    said = [(word.text, word.start_s, word.end_s) for word in words]
    return timed_words(script.text, said, duration_s), duration_s
