"""Captions of a dub's single lines: each line's words, shown while it is said; what stays as it is has none."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from worker.engine.contracts import DubSegment, SyncMode, VideoDubRequest

if TYPE_CHECKING:
    from worker.compose.captions.cues import Cue
    from worker.compose.captions.styles import CaptionStyle

KEEPS_LENGTH = (SyncMode.CUT_OFF, SyncMode.SILENCE)


def line_cues(request: VideoDubRequest, style: "CaptionStyle") -> "list[Cue]":
    """What is shown of the lines that have words, in the dub's own time, to within a frame for each line before.

    The words are spoken for it, as they will be in the render itself.

    Raises:
        EngineFailure: whatever is wrong with a line's words or its recording.
    """
    from worker.compose.captions.cues import timed_words
    from worker.compose.captions.stage import shifted, style_cues

    cues: list[Cue] = []
    later_s = 0.0  # by which lines before have moved the picture
    with tempfile.TemporaryDirectory(dir=request.output_path.parent) as folder:
        for segment in sorted(request.segments, key=lambda one: one.start_s):
            slot_s = segment.end_s - segment.start_s
            mode = segment.sync_mode or request.sync_mode
            said, spoken_s = _said(segment, mode, slot_s, Path(folder) / "line.wav", request)
            shown_s = min(spoken_s, slot_s) if mode in KEEPS_LENGTH else spoken_s
            if segment.script is not None:
                words = timed_words(segment.script.text, said, spoken_s)
                heard = [replace(word, end_s=min(word.end_s, shown_s)) for word in words if word.start_s < shown_s]
                own = shifted(style_cues(heard, style), segment.start_s + later_s)
                end_s = segment.start_s + later_s + max(shown_s, slot_s)
                cues += [replace(cue, end_s=min(cue.end_s, end_s)) for cue in own if cue.start_s < end_s]
            if mode is SyncMode.REMAP or (mode not in KEEPS_LENGTH and spoken_s > slot_s):
                later_s += spoken_s - slot_s
    return cues


def _said(
    segment: DubSegment, mode: SyncMode, slot_s: float, sound: Path, request: VideoDubRequest
) -> tuple[Sequence[tuple[str, float, float]], float]:
    """(text, start_s, end_s) of what is heard in a line, and how long it lasts; of a recording, the length alone."""
    from worker.engine.dub.fitting import fit_speech
    from worker.engine.media.audio import load_audio
    from worker.engine.speech.voices import synthesize

    if segment.script is None:
        assert segment.audio_path is not None
        moves = mode not in KEEPS_LENGTH  # otherwise nobody asks
        return (), load_audio(segment.audio_path, max_duration_s=request.max_duration_s).duration_s if moves else slot_s
    if mode in KEEPS_LENGTH:
        spoken = fit_speech(segment.script, slot_s, sound, request.voice_dir).synthesis
    else:
        spoken = synthesize(segment.script, sound, request.voice_dir)
    return [(word.text, word.start_s, word.end_s) for word in spoken.words], spoken.duration_s
