"""Captions of a film that is made from a script: the script's own words, when its voice says them."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from worker.engine.contracts import Script, TalkingPhotoRequest
from worker.engine.failures import EngineFailure, FailureCode
from worker.process.orders import RenderOrder

if TYPE_CHECKING:
    from worker.compose.captions.cues import Cue
    from worker.compose.captions.styles import CaptionStyle


def caption_cues(order: RenderOrder) -> "tuple[tuple[Cue, ...], CaptionStyle]":
    """What is shown, and how; nothing without a style or without a script.

    The script is spoken for it: the same voice says the same words at the same times again in the render itself.

    Raises:
        EngineFailure: OPTION_INVALID for a style there is not; whatever is wrong with the script.
    """
    from worker.compose.captions.cues import timed_words
    from worker.compose.captions.stage import style_cues
    from worker.compose.captions.styles import CaptionStyle

    script = order.request.script
    if order.captions is None or script is None:
        return (), CaptionStyle.CLEAN
    if order.captions not in list(CaptionStyle):
        allowed = [style.value for style in CaptionStyle]
        raise EngineFailure(FailureCode.OPTION_INVALID, option="captions", value=str(order.captions), allowed=allowed)
    style = CaptionStyle(order.captions)
    spoken, duration_s = _spoken(order, script)
    return tuple(style_cues(timed_words(script.text, spoken, duration_s), style)), style


def _spoken(order: RenderOrder, script: Script) -> tuple[list[tuple[str, float, float]], float]:
    """(text, start_s, end_s) of what the voice reports, and how long it speaks."""
    from worker.engine.speech.voices import synthesize
    from worker.engine.voicing import speak

    request = replace(order.request, voice_dir=order.voice_dir)
    with tempfile.TemporaryDirectory(dir=order.request.output_path.parent) as folder:
        sound = Path(folder) / "voice.wav"
        if isinstance(request, TalkingPhotoRequest):
            told = speak(script, sound, request)
            words, duration_s = told.words(request.frame_rate), told.duration_s
        else:
            spoken = synthesize(script, sound, order.voice_dir)
            words, duration_s = list(spoken.words), spoken.duration_s
    return [(word.text, word.start_s, word.end_s) for word in words], duration_s
