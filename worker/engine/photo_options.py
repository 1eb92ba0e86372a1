"""Which talking photos can be asked for: every rule about a request that needs no file."""

import math

from worker.engine.contracts import MAX_IDLE_S, MIN_IDLE_S, Background, Emotion, TalkingPhotoRequest
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.encode_alpha import ALPHA_SUFFIXES

MAX_LIFE = 2.0


def check_options(request: TalkingPhotoRequest) -> None:
    """Refuses what contradicts itself or lies out of range.

    Raises:
        EngineFailure: OPTION_INVALID with the option's name.
    """
    _check_source(request)
    if not 1 <= request.frame_rate <= 120:
        raise _out_of_range("frame_rate", 1, 120)
    if request.max_short_side_px is not None and request.max_short_side_px < 64:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="max_short_side_px", min=64)
    for name in ("blink", "gaze", "brow", "head"):
        _check_range(name, getattr(request.life, name), 0.0, MAX_LIFE)
    _check_range("intensity", request.intensity, 0.0, 1.0)
    _check_output(request)
    has_voice = request.drive_path is None and (request.audio_path is not None or request.script is not None)
    if request.emotion is Emotion.AUTO and not has_voice:
        raise _contradiction("emotion", "auto goes by a voice or a script; choose an emotion when there is none")
    if request.idle_s is not None:
        _check_range("idle_s", request.idle_s, MIN_IDLE_S, MAX_IDLE_S)


def _check_source(request: TalkingPhotoRequest) -> None:
    """What moves the photo must be one thing."""
    has_voice = request.audio_path is not None or request.script is not None
    if request.audio_path is not None and request.script is not None:
        raise _contradiction("audio_path", "exactly one of audio_path and script")
    if request.drive_path is not None:
        if request.script is not None or request.track_path is not None or request.idle_s is not None:
            raise _contradiction("drive_path", "a driving clip goes with no script, no mouth track and no idle time")
        if request.mute and request.audio_path is not None:
            raise _contradiction("mute", "either another sound or none")
        return
    if request.mute:
        raise _contradiction("mute", "only a driving clip can be muted")
    if request.idle_s is not None:
        if has_voice or request.track_path is not None:
            raise _contradiction("idle_s", "an idle loop goes with no voice and no mouth track")
    elif not has_voice and request.track_path is None:
        raise _contradiction("audio_path", "exactly one of audio_path and script")


def _check_output(request: TalkingPhotoRequest) -> None:
    has_alpha = request.output_path.suffix.lower() in ALPHA_SUFFIXES
    if request.background is Background.TRANSPARENT and not has_alpha:
        raise _contradiction("background", "a transparent video ends in .webm or .mov")
    if request.background is not Background.TRANSPARENT and has_alpha:
        raise _contradiction("output_path", "a video ends in .mp4 unless its background is transparent")
    if (request.background is Background.PICTURE) is (request.backdrop_path is None):
        raise _contradiction("backdrop_path", "a picture goes behind the person with the background “picture” alone")
    _check_range("backdrop_blur", request.backdrop_blur, 0.01, 1.0)
    if len(request.backdrop_rgb) != 3 or any(not 0 <= value <= 255 for value in request.backdrop_rgb):
        raise _out_of_range("backdrop_rgb", 0, 255)
    if request.still is not None and not (math.isfinite(request.still.at_s) and request.still.at_s >= 0):
        raise EngineFailure(FailureCode.OPTION_INVALID, option="still", min=0)


def _check_range(option: str, value: float, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise _out_of_range(option, low, high)


def _out_of_range(option: str, low: float, high: float) -> EngineFailure:
    return EngineFailure(FailureCode.OPTION_INVALID, option=option, min=low, max=high)


def _contradiction(option: str, rule: str) -> EngineFailure:
    return EngineFailure(FailureCode.OPTION_INVALID, option=option, rule=rule)
