"""What moves the photo: a voice, a mouth track, a clip of somebody, or nothing but life. Each becomes a timeline."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from worker.engine.contracts import LENGTH_SLACK_S, MIN_AUDIO_S, Emotion, Span, TalkingPhotoRequest
from worker.engine.face.tracks import track_faces
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.audio import load_audio
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
from worker.engine.motion.plan import MotionPlan
from worker.engine.telling import Telling
from worker.engine.timeline import Segment, whole
from worker.engine.voicing import frame_times_s, voice_segments


@dataclass(frozen=True)
class Acting:
    """segments: the whole timeline, in order. sound: the file whose sound the video gets, None for a silent video."""

    segments: tuple[Segment, ...]
    sound: Path | None
    warnings: tuple[str, ...] = ()
    emotion: Emotion = Emotion.NEUTRAL

    @property
    def frames(self) -> int:
        """How many frames the video has."""
        return sum(segment.frames for segment in self.segments)


def find_acting(request: TalkingPhotoRequest, folder: Path, telling: Telling) -> Acting:
    """The motion that `request` asks for; `folder` takes what has to be made on the way.

    Raises:
        EngineFailure: whatever is wrong with the voice, the script, the track or the clip.
    """
    if request.drive_path is not None:
        return _from_clip(request, telling)
    if request.idle_s is not None:
        frames = max(2, round(Fraction(request.idle_s).limit_denominator(1000) * request.frame_rate))
        plan = idle_plan(frames, request.frame_rate, request.style, request.seed, request.life)
        return Acting(_as_felt(plan, request), None, emotion=request.emotion)
    segments, sound, feeling = voice_segments(request, folder)
    return Acting(segments, sound, emotion=feeling.emotion)


def _as_felt(plan: MotionPlan, request: TalkingPhotoRequest) -> tuple[Segment, ...]:
    return whole(in_mood(plan, request.emotion, request.intensity))


# -- a clip ------------------------------------------------------------------------------------------------------------


def _from_clip(request: TalkingPhotoRequest, telling: Telling) -> Acting:
    assert request.drive_path is not None
    info = probe(request.drive_path)
    if info.video is None:
        raise EngineFailure(FailureCode.NO_VIDEO_STREAM)
    if info.video.duration_s > request.max_duration_s + LENGTH_SLACK_S:
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
    segments = _as_felt(plan_from_performance(performance, request.life), request)
    return Acting(segments, sound, (*warnings, *sound_warnings), request.emotion)


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
