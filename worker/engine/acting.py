"""What moves the photo: a voice, a mouth track, a clip of somebody, or nothing but life. Each becomes one plan."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from worker.engine.contracts import MIN_AUDIO_S, Emotion, Span, TalkingPhotoRequest
from worker.engine.face.tracks import track_faces
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.audio import Audio, load_audio
from worker.engine.media.decode import decode_video
from worker.engine.media.probe import MediaInfo, probe
from worker.engine.motion.driving import (
    MIN_FACE_FRAMES,
    MIN_FACE_SHARE,
    DriverFrame,
    measure_face,
    perform,
    plan_from_performance,
)
from worker.engine.motion.idling import idle_plan
from worker.engine.motion.moods import in_mood
from worker.engine.motion.plan import MotionPlan, plan_motion
from worker.engine.speech.emotion import propose_emotion
from worker.engine.speech.mouth_track import MouthTrack
from worker.engine.speech.track import mouth_track_from_audio, mouth_track_from_phonemes
from worker.engine.speech.track_json import track_from_json
from worker.engine.speech.voices import synthesize
from worker.engine.telling import Telling

MAX_TRACK_BYTES = 64_000_000
_SILENT_RMS = 1e-4  # -80 dBFS


@dataclass(frozen=True)
class Acting:
    """plan: the motion of every frame. sound: the file whose sound the video gets, None for a silent video."""

    plan: MotionPlan
    sound: Path | None
    warnings: tuple[str, ...] = ()
    emotion: Emotion = Emotion.NEUTRAL


def find_acting(request: TalkingPhotoRequest, folder: Path, telling: Telling) -> Acting:
    """The motion that `request` asks for; `folder` takes what has to be made on the way.

    Raises:
        EngineFailure: whatever is wrong with the voice, the script, the track or the clip.
    """
    if request.drive_path is not None:
        acting = _from_clip(request, telling)
    elif request.idle_s is not None:
        acting = _idle(request.idle_s, request)
    else:
        return _from_voice(request, folder)
    return replace(acting, plan=in_mood(acting.plan, request.emotion, request.intensity), emotion=request.emotion)


def _idle(idle_s: float, request: TalkingPhotoRequest) -> Acting:
    frames = max(2, round(Fraction(idle_s).limit_denominator(1000) * request.frame_rate))
    return Acting(idle_plan(frames, request.frame_rate, request.style, request.seed, request.life), None)


# -- a voice -----------------------------------------------------------------------------------------------------------


def _from_voice(request: TalkingPhotoRequest, folder: Path) -> Acting:
    track, sound = listen(request, folder)
    emotion, intensity = request.emotion, request.intensity
    if emotion is Emotion.AUTO:
        assert sound is not None
        proposal = propose_emotion(load_audio(sound, max_duration_s=request.max_duration_s))
        emotion = Emotion.NEUTRAL if proposal is None else proposal.emotion
        intensity = 0.0 if proposal is None else intensity * proposal.intensity
    plan = plan_motion(track, request.style, request.seed, request.life)
    return Acting(in_mood(plan, emotion, intensity, track.prosody.energy), sound, emotion=emotion)


def listen(request: TalkingPhotoRequest, folder: Path) -> tuple[MouthTrack, Path | None]:
    """What the mouth does at every frame, and the file whose sound the video gets (None for a silent one).

    Raises:
        EngineFailure: whatever is wrong with the recording, the script or the mouth track; NO_SPEECH.
    """
    spoken, sound = None, request.audio_path
    if request.script is not None:
        spoken = synthesize(request.script, folder / "voice.wav", request.voice_dir)
        sound = Path(spoken.audio_path)
    audio = None if sound is None else _audible(sound, request)
    if request.track_path is not None:
        return _track_at_frames(read_track(request.track_path), audio, request), sound
    assert audio is not None
    times_s = frame_times_s(audio.duration_s, request.frame_rate)
    if spoken is not None:
        track = mouth_track_from_phonemes(spoken.phonemes, audio, times_s)
    else:
        track = mouth_track_from_audio(audio, times_s)
    if not track.prosody.speech_spans:
        raise EngineFailure(FailureCode.NO_SPEECH)
    return track, sound


def _audible(sound: Path, request: TalkingPhotoRequest) -> Audio:
    audio = load_audio(sound, max_duration_s=request.max_duration_s)
    if audio.duration_s < MIN_AUDIO_S:
        raise EngineFailure(FailureCode.AUDIO_TOO_SHORT, duration_s=audio.duration_s, min_s=MIN_AUDIO_S)
    if float(np.sqrt(np.mean(np.square(audio.samples, dtype=np.float64)))) < _SILENT_RMS:
        raise EngineFailure(FailureCode.AUDIO_SILENT)
    return audio


def frame_times_s(duration_s: float, frame_rate: Fraction) -> np.ndarray:
    """(T,) exact presentation times of the frames that cover `duration_s`."""
    frames = max(1, math.ceil(duration_s * frame_rate - 1e-6))
    return np.array([float(index / frame_rate) for index in range(frames)])


def read_track(path: Path) -> MouthTrack:
    """A mouth track from a JSON file.

    Raises:
        EngineFailure: FILE_MISSING, FILE_EMPTY, FILE_TOO_LARGE, FILE_UNREADABLE; OPTION_INVALID for what is no track.
    """
    try:
        size = path.stat().st_size
        if size > MAX_TRACK_BYTES:
            raise EngineFailure(FailureCode.FILE_TOO_LARGE, size_bytes=size, max_bytes=MAX_TRACK_BYTES)
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise EngineFailure(FailureCode.FILE_MISSING) from error
    except (OSError, UnicodeDecodeError) as error:
        raise EngineFailure(FailureCode.FILE_UNREADABLE) from error
    if not text.strip():
        raise EngineFailure(FailureCode.FILE_EMPTY)
    track = track_from_json(text)
    if not len(track.times_s):
        raise EngineFailure(FailureCode.OPTION_INVALID, option="mouth_track", reason="it has no frames")
    return track


def _track_at_frames(track: MouthTrack, audio: Audio | None, request: TalkingPhotoRequest) -> MouthTrack:
    """An edited track read at this video's frame times; after its end the mouth rests."""
    gap_s = float(np.median(np.diff(track.times_s))) if len(track.times_s) > 1 else float(1 / request.frame_rate)
    end_s = float(track.times_s[-1]) + gap_s
    duration_s = end_s if audio is None else audio.duration_s
    if duration_s > request.max_duration_s:
        raise EngineFailure(FailureCode.AUDIO_TOO_LONG, duration_s=duration_s, max_s=request.max_duration_s)
    times_s = frame_times_s(duration_s, request.frame_rate)
    inside = (times_s >= track.times_s[0] - gap_s) & (times_s < end_s)

    def read(values: np.ndarray) -> np.ndarray:
        columns = values.reshape(len(values), -1).T
        at_frames = np.stack([np.interp(times_s, track.times_s, column) for column in columns], axis=1)
        return (at_frames * inside[:, None]).reshape(len(times_s), *values.shape[1:]).astype(np.float32)

    visemes = read(track.viseme_weights)
    visemes[~inside, 0] = 1.0  # rest
    prosody = replace(track.prosody, energy=read(track.prosody.energy), f0_hz=read(track.prosody.f0_hz))
    articulation = read(track.articulation)
    return replace(track, times_s=times_s, articulation=articulation, viseme_weights=visemes, prosody=prosody)


# -- a clip ------------------------------------------------------------------------------------------------------------


def _from_clip(request: TalkingPhotoRequest, telling: Telling) -> Acting:
    assert request.drive_path is not None
    info = probe(request.drive_path)
    if info.video is None:
        raise EngineFailure(FailureCode.NO_VIDEO_STREAM)
    if info.video.duration_s > request.max_duration_s:
        raise EngineFailure(FailureCode.CLIP_TOO_LONG, duration_s=info.video.duration_s, max_s=request.max_duration_s)
    clip_times_s: list[float] = []
    seen = list(_faces_of(request.drive_path, info.video.duration_s, clip_times_s, telling))
    if len(clip_times_s) < 2:
        raise EngineFailure(FailureCode.CLIP_TOO_SHORT, duration_s=info.video.duration_s, needed_s=MIN_AUDIO_S)
    if len(seen) < max(MIN_FACE_FRAMES, MIN_FACE_SHARE * len(clip_times_s)):
        raise EngineFailure(
            FailureCode.NO_FACE, where="driving clip", frames=len(clip_times_s), frames_with_face=len(seen)
        )
    clip_s = np.array(clip_times_s)
    duration_s = clip_s[-1] + float(np.median(np.diff(clip_s)))
    performance = perform(seen, clip_s, frame_times_s(duration_s, request.frame_rate))
    warnings = [_span_warning("driver_face_missing", span) for span in performance.missing]
    warnings += [_span_warning("driver_turned_away", span) for span in performance.turned]
    sound, sound_warnings = _clip_sound(request, info)
    return Acting(plan_from_performance(performance, request.life), sound, (*warnings, *sound_warnings))


def _faces_of(path: Path, duration_s: float, times_s: list[float], telling: Telling) -> Iterator[DriverFrame]:
    """The numbers of each frame with a face; the times of all frames are appended to `times_s`."""
    for frame, face in track_faces(decode_video(path)):
        telling.check()
        telling.listened(min(1.0, frame.pts_s / max(duration_s, 1e-3)))
        if times_s and frame.pts_s <= times_s[-1]:  # a clock that stands still or runs back
            continue
        times_s.append(frame.pts_s)
        if face is not None:
            yield measure_face(face)


def _clip_sound(request: TalkingPhotoRequest, info: MediaInfo) -> tuple[Path | None, list[str]]:
    if request.mute:
        return None, []
    if request.audio_path is not None:
        load_audio(request.audio_path, max_duration_s=request.max_duration_s)  # refuses what cannot be heard
        return request.audio_path, []
    if info.sound is None:
        return None, ["driver_without_sound"]
    return request.drive_path, []


def _span_warning(code: str, span: Span) -> str:
    return f"{code} {span.start_s:.2f}-{span.end_s:.2f}"
