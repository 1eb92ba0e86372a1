"""What is said in a dub, and when: one voice over the whole clip, or lines of it, each listened to or spoken."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from worker.engine.contracts import MIN_AUDIO_S, DubSegment, FaceChoice, Script, SyncMode, VideoDubRequest
from worker.engine.dub.adaptation import Habits
from worker.engine.dub.ears import Listen
from worker.engine.dub.fitting import fit_speech
from worker.engine.dub.segments import check_segments
from worker.engine.dub.timing import Stretch, Timeline, plan_timeline
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.audio import Audio, load_audio, measure_level, require_audible
from worker.engine.speech.mouth_track import ARTICULATORS, Phoneme
from worker.engine.speech.track import mouth_track_from_audio, mouth_track_from_phonemes

_EASE_FRAMES = 3  # at a line's ends the clip's own mouth eases into the new one
_AFTER_S = 0.12  # after a voice's end the lips close over this time


@dataclass(frozen=True)
class Line:
    """One voice and its stretch of the clip. sound_path: the voice as a file. phonemes: known when it was spoken here.

    face: whose mouth says it. whole: the stretch is the whole clip. chars_to_cut: how much of its text is too long for
    its slot, 0 when it fits.
    """

    start_s: float
    end_s: float
    sound_path: Path
    audio: Audio
    phonemes: Sequence[Phoneme]
    face: FaceChoice
    mode: SyncMode
    whole: bool
    chars_to_cut: int = 0

    @property
    def stretch(self) -> Stretch:
        return Stretch(self.start_s, self.end_s, self.audio.duration_s, self.mode, whole=self.whole)


def find_lines(request: VideoDubRequest, clip_s: float, folder: Path) -> list[Line]:
    """The voices of `request`, by time; `folder` takes what is spoken here.

    Raises:
        EngineFailure: OPTION_INVALID when there is no voice, or more than one kind of it; what is wrong with sounds,
            scripts and segments.
    """
    given = [request.audio_path is not None, request.script is not None, bool(request.segments)]
    if sum(given) != 1:
        reason = "give a recording, a text, or segments" if not any(given) else "give only one kind of voice"
        raise EngineFailure(FailureCode.OPTION_INVALID, option="audio", reason=reason)
    if request.segments:
        checked = check_segments(request.segments, clip_s)
        return [_line(request, segment, folder / f"line-{n}.wav") for n, segment in enumerate(checked)]
    whole = DubSegment(0.0, clip_s, request.audio_path, request.script)
    return [_line(request, whole, folder / "voice.wav", whole=True)]


def _line(request: VideoDubRequest, segment: DubSegment, spoken_path: Path, *, whole: bool = False) -> Line:
    phonemes: Sequence[Phoneme] = ()
    path, chars_to_cut = segment.audio_path, 0
    mode = segment.sync_mode or request.sync_mode
    if path is None:
        assert segment.script is not None
        path = spoken_path
        if whole or mode not in (SyncMode.CUT_OFF, SyncMode.SILENCE):  # otherwise the picture goes by the voice
            phonemes = _spoken(segment.script, spoken_path, request.voice_dir)
        else:
            fitted = fit_speech(segment.script, segment.end_s - segment.start_s, spoken_path, request.voice_dir)
            phonemes, chars_to_cut = tuple(fitted.synthesis.phonemes), fitted.chars_to_cut
    audio = load_audio(path, max_duration_s=request.max_duration_s)
    if audio.duration_s < MIN_AUDIO_S:
        raise EngineFailure(FailureCode.AUDIO_TOO_SHORT, duration_s=audio.duration_s, min_s=MIN_AUDIO_S)
    require_audible(measure_level(audio))
    return Line(
        segment.start_s,
        segment.end_s,
        path,
        audio,
        phonemes,
        segment.face or request.face,
        mode,
        whole,
        chars_to_cut,
    )


def line_warnings(lines: Sequence[Line]) -> list[str]:
    """Texts too long for their slots even when spoken fast: "code start-end characters to cut"."""
    too_long = [line for line in lines if line.chars_to_cut]
    return [f"text_too_long {line.start_s:.2f}-{line.end_s:.2f} {line.chars_to_cut}" for line in too_long]


def _spoken(script: Script, path: Path, voice_dir: Path | None) -> Sequence[Phoneme]:
    from worker.engine.speech.voices import synthesize

    return tuple(synthesize(script, path, voice_dir).phonemes)


def lay_out(lines: Sequence[Line], pts_s: np.ndarray, end_s: float, frame_rate: Fraction | None) -> Timeline:
    """The output's frames for these lines."""
    return plan_timeline(pts_s, end_s, frame_rate, [line.stretch for line in lines])


def articulation_of(
    lines: Sequence[Line],
    timeline: Timeline,
    habits: Sequence[Habits | None] | None = None,
    listen: Listen = mouth_track_from_audio,
) -> np.ndarray:
    """(N, A) float32 for every output frame; rows of zeros where nothing new is said.

    habits: of each line's speaker, for voices that are listened to.
    """
    articulation = np.zeros((len(timeline), len(ARTICULATORS)), np.float32)
    for number, line in enumerate(lines):
        frames = np.flatnonzero(timeline.stretch == number)
        if not len(frames):
            continue
        times_s = timeline.sound_s[frames]
        inside = np.clip(times_s, 0.0, line.audio.duration_s)
        if line.phonemes:
            track = mouth_track_from_phonemes(line.phonemes, line.audio, inside)
        else:
            track = listen(line.audio, inside)
        own = None if habits is None or line.phonemes else habits[number]
        said = track.articulation if own is None else own.applied(track)
        outside_s = np.maximum(-times_s, times_s - line.audio.duration_s)
        articulation[frames] = said * np.clip(1 - outside_s / _AFTER_S, 0, 1)[:, None]
    return articulation


def voices_to_hear(lines: Sequence[Line], own_voice: Audio | None) -> list[Audio]:
    """The voices whose mouths are not known from a text, and then the clip's own, which teaches how theirs move."""
    by_ear = [line.audio for line in lines if not line.phonemes]
    return [*by_ear, own_voice] if by_ear and own_voice is not None else by_ear


def presence_of(lines: Sequence[Line], timeline: Timeline, number_of: Sequence[int], person: int) -> np.ndarray:
    """(N,) float32 in [0, 1]: how much of a new mouth `person` gets in each output frame.

    number_of: which person says each line. A line that borders on untouched frames eases in and out within itself.
    """
    presence = np.zeros(len(timeline), np.float32)
    for piece in timeline.pieces:
        if piece.stretch is None or number_of[piece.stretch] != person:
            continue
        count = piece.end - piece.first
        ramp = np.ones(count, np.float32)
        if not lines[piece.stretch].whole:
            steps = np.arange(1, count + 1, dtype=np.float32) / (_EASE_FRAMES + 1)
            ramp = np.minimum(1.0, np.minimum(steps, steps[::-1]))
        presence[piece.first : piece.end] = ramp
    return presence
