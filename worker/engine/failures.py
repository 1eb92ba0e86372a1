"""Typed, picklable failures of the engine. The raiser says whether trying again can help.

Sentences for people live in one catalogue, `apps/core/failures.py`, keyed by these codes; the engine knows codes only.
"""

from enum import StrEnum


class FailureCode(StrEnum):
    """Everything that can go wrong between two files and a rendered video."""

    # the file itself
    FILE_MISSING = "file_missing"
    FILE_EMPTY = "file_empty"
    FILE_UNREADABLE = "file_unreadable"  # truncated, corrupt, or not media at all
    FILE_WRONG_KIND = "file_wrong_kind"  # e.g. a sound where a picture is needed
    FILE_TOO_LARGE = "file_too_large"
    # pictures
    IMAGE_TOO_SMALL = "image_too_small"
    IMAGE_TOO_MANY_PIXELS = "image_too_many_pixels"
    IMAGE_TOO_DARK = "image_too_dark"
    # faces
    NO_FACE = "no_face"
    NO_FACE_AT_POINT = "no_face_at_point"
    FACE_INDEX_OUT_OF_RANGE = "face_index_out_of_range"
    SEVERAL_FACES = "several_faces"  # the creator has to choose one
    FACE_TOO_SMALL = "face_too_small"
    FACE_TURNED_AWAY = "face_turned_away"
    FACE_COVERED = "face_covered"
    FACE_UPSIDE_DOWN = "face_upside_down"
    # sound
    NO_AUDIO_STREAM = "no_audio_stream"
    AUDIO_SILENT = "audio_silent"
    NO_SPEECH = "no_speech"
    AUDIO_TOO_SHORT = "audio_too_short"
    AUDIO_TOO_LONG = "audio_too_long"
    # scripts
    SCRIPT_EMPTY = "script_empty"
    SCRIPT_TOO_LONG = "script_too_long"
    SCRIPT_NOT_SPEAKABLE = "script_not_speakable"
    VOICE_UNKNOWN = "voice_unknown"
    # options
    OPTION_INVALID = "option_invalid"
    # clips
    NO_VIDEO_STREAM = "no_video_stream"
    CLIP_TOO_SHORT = "clip_too_short"
    CLIP_TOO_LONG = "clip_too_long"
    # dubs
    SEGMENTS_UNREADABLE = "segments_unreadable"
    SEGMENT_EMPTY = "segment_empty"
    SEGMENTS_OVERLAP = "segments_overlap"
    SEGMENT_PAST_END = "segment_past_end"
    SUBTITLES_UNREADABLE = "subtitles_unreadable"
    # films of several scenes
    SCENES_UNREADABLE = "scenes_unreadable"
    SCENE_TRIMMED_AWAY = "scene_trimmed_away"
    # the machine
    DISK_FULL = "disk_full"
    OUT_OF_MEMORY = "out_of_memory"
    DEVICE_UNAVAILABLE = "device_unavailable"
    ENCODER_FAILED = "encoder_failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    ENGINE_CRASHED = "engine_crashed"
    INTERNAL = "internal"


RETRYABLE = frozenset(
    {FailureCode.OUT_OF_MEMORY, FailureCode.TIMED_OUT, FailureCode.ENGINE_CRASHED, FailureCode.INTERNAL}
)


class EngineFailure(Exception):
    """Raised when a request cannot be carried out; survives pickling across processes.

    Args:
        code: what went wrong.
        at_s: the second of the input at which it went wrong, when there is one.
        detail: facts for the sentence, JSON-able, e.g. {"face_px": 38, "needed_px": 80}. Never a path or a stack trace.
    """

    def __init__(self, code: FailureCode, *, at_s: float | None = None, **detail: object) -> None:
        super().__init__(code, at_s, detail)
        self.code = code
        self.at_s = at_s
        self.detail = detail

    @property
    def retryable(self) -> bool:
        return self.code in RETRYABLE

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (self.code, self.at_s, self.detail))

    def __str__(self) -> str:
        where = "" if self.at_s is None else f" at {self.at_s:.2f} s"
        return f"{self.code.value}{where} {self.detail or ''}".strip()


def _rebuild(code: FailureCode, at_s: float | None, detail: dict[str, object]) -> EngineFailure:
    return EngineFailure(code, at_s=at_s, **detail)
