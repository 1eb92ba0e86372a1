"""Frozen requests and typed results: what the engine takes and gives. Standard library only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Protocol

MIN_FACE_PX = 64  # inter-ear width of the chosen face, in the picture as uploaded
MAX_YAW_DEG = 45.0
MIN_AUDIO_S = 0.3
MAX_IMAGE_PIXELS = 120_000_000  # decoded size; larger pictures are refused before their pixels are read
MAX_SCRIPT_CHARS = 10_000
MAX_AUDIO_S = 600.0
LENGTH_SLACK_S = 0.5  # beyond a limit: a clip of "one minute" is rarely exact
MIN_IDLE_S, MAX_IDLE_S = 2.0, 60.0  # length of a listening loop


class Stage(StrEnum):
    """Where a render is; the site turns each into words a creator understands."""

    PREPARING = "preparing"
    LISTENING = "listening"
    LOOKING = "looking"
    RENDERING = "rendering"
    FINISHING = "finishing"


class Aspect(StrEnum):
    SOURCE = "source"
    PORTRAIT_9_16 = "9:16"
    SQUARE = "1:1"
    PORTRAIT_4_5 = "4:5"
    LANDSCAPE_16_9 = "16:9"


class Style(StrEnum):
    """How lively the head, brows and gaze are. Blinks stay in every style."""

    STILL = "still"
    NATURAL = "natural"
    EXPRESSIVE = "expressive"


class Emotion(StrEnum):
    """What the face expresses while it speaks. AUTO asks a recorded voice, or the words of a script."""

    AUTO = "auto"
    NEUTRAL = "neutral"
    CALM = "calm"
    HAPPY = "happy"
    SAD = "sad"
    ANGRY = "angry"
    SURPRISED = "surprised"


class Background(StrEnum):
    """What is behind the person: the photo's own background, nothing (an alpha channel), or something new."""

    PHOTO = "photo"
    TRANSPARENT = "transparent"
    BLUR = "blur"  # its own, out of focus
    COLOUR = "colour"
    PICTURE = "picture"


@dataclass(frozen=True)
class LifeScales:
    """How much of each sign of life a style shows: factors in [0, 2], 1 = as the style has it, 0 = off.

    blink: how often. gaze: how far the eyes glance. brow: how high brows rise. head: turns of the head, and the breath
    in the shoulders. Each stands alone: blinks stay when the head is off.
    """

    blink: float = 1.0
    gaze: float = 1.0
    brow: float = 1.0
    head: float = 1.0


@dataclass(frozen=True)
class Still:
    """A picture for thumbnails: the frame shown at `at_s`, as a PNG."""

    at_s: float
    path: Path


@dataclass(frozen=True)
class Span:
    """A half-open time span in seconds."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True)
class FaceBox:
    """A face's box, half-open, in pixels of the upright picture."""

    x0: float
    y0: float
    x1: float
    y1: float
    score: float


@dataclass(frozen=True)
class FaceChoice:
    """Which face: automatic (the one face, or the clearly dominant one), by index (largest first), or by a point.

    `point` is (x, y) in pixels of the upright picture. At most one of `index` and `point` is set. In a clip, `at_s` is
    the time of the frame in which the point was chosen.
    """

    index: int | None = None
    point: tuple[float, float] | None = None
    at_s: float = 0.0


@dataclass(frozen=True)
class Pronunciation:
    """`said` is what the voice gets to read wherever the script has `word`."""

    word: str
    said: str


@dataclass(frozen=True)
class Script:
    """Words to be spoken by a synthetic voice. `rate` and `pitch` are factors, 1.0 = the voice's own."""

    text: str
    voice: str
    rate: float = 1.0
    pitch: float = 1.0
    pronunciations: tuple[Pronunciation, ...] = ()


@dataclass(frozen=True)
class TalkingPhotoRequest:
    """Everything one talking-photo render depends on; same request, same pixels before encoding.

    What moves the photo is exactly one of: a voice (`audio_path` or `script`, not both; with `track_path`, the mouth
    follows that edited track instead, and the voice may be left out), a clip (`drive_path`, with the sound of
    `audio_path`, or its own, or none when `mute`), or nothing but life itself for `idle_s` seconds, as a loop.
    `max_short_side_px` scales the output down, never up. `intensity` in [0, 1] goes with `emotion`.

    A voice is rendered in segments: by sentence where the words are known, else by pauses. `segments_dir` keeps them by
    what they show, so that a later request renders only what has changed. `fragments`: have the hooks told of playable
    pieces of the video while it is made; neither changes a pixel.
    """

    portrait_path: Path
    output_path: Path
    audio_path: Path | None = None
    script: Script | None = None
    face: FaceChoice = FaceChoice()
    aspect: Aspect = Aspect.SOURCE
    style: Style = Style.NATURAL
    frame_rate: Fraction = Fraction(25)
    seed: int = 0
    device: str = "auto"
    max_short_side_px: int | None = None
    max_duration_s: float = MAX_AUDIO_S
    voice_dir: Path | None = None  # the operator's own voices, for `script`
    life: LifeScales = LifeScales()
    emotion: Emotion = Emotion.NEUTRAL
    intensity: float = 0.6
    track_path: Path | None = None
    drive_path: Path | None = None
    mute: bool = False
    idle_s: float | None = None
    background: Background = Background.PHOTO  # TRANSPARENT needs an output that ends in .webm or .mov
    backdrop_path: Path | None = None  # the picture of PICTURE, made to cover everything
    backdrop_blur: float = 0.5  # of BLUR, in (0, 1]
    backdrop_rgb: tuple[int, int, int] = (232, 228, 220)  # of COLOUR
    still: Still | None = None
    segments_dir: Path | None = None
    fragments: bool = False


class SyncMode(StrEnum):
    """What happens when a dub's sound is longer or shorter than its stretch of the clip (names as on sync.so)."""

    CUT_OFF = "cut_off"  # the longer one is cut
    LOOP = "loop"  # the picture starts again until the sound ends
    BOUNCE = "bounce"  # the picture runs back and forth until the sound ends
    SILENCE = "silence"  # the picture keeps its length; after the sound, silence and closed lips
    REMAP = "remap"  # the picture is slowed or hurried to the sound's length


class Adaptation(StrEnum):
    """Whether the mouth learns its speaker's habits from the clip's own voice."""

    AUTO = "auto"  # only where held-back seconds show that it helps
    OFF = "off"


class Loudness(StrEnum):
    """How loud a dub is."""

    SOURCE = "source"  # the new voice as loud as the clip's own voice was
    STREAMING = "streaming"  # the whole at -14 LUFS and -1 dBTP, as streaming sites play it


class Moment(StrEnum):
    """A few seconds of a dub that are worth a look before all of it is rendered."""

    FIRST = "first"  # from where the new voice is heard first
    HARDEST = "hardest"  # where the picture makes it hardest


@dataclass(frozen=True)
class Excerpt:
    """A part of a dub that was rendered by itself.

    start_s, end_s: in the whole dub. clip_start_s: the clip's time at its first frame. reason: of a hardest moment,
    what is hard there: "turned", "covered", "moving" or "unseen" (mouth shapes the clip hardly shows), else "".
    """

    start_s: float
    end_s: float
    clip_start_s: float
    reason: str = ""


@dataclass(frozen=True)
class DubSegment:
    """A stretch of the clip with a sound of its own; the rest of the clip stays as it is.

    Exactly one of `audio_path` and `script`. `sync_mode` None: the request's. `face` None: the request's.
    """

    start_s: float
    end_s: float
    audio_path: Path | None = None
    script: Script | None = None
    face: FaceChoice | None = None
    sync_mode: SyncMode | None = None


@dataclass(frozen=True)
class VideoDubRequest:
    """Everything one video dub depends on; same request, same pixels before encoding.

    The new sound is one of `audio_path`, `script`, or `segments` (then everything outside them stays untouched).
    `strength` in [0, 1] scales how far the mouth follows. `keep_background` keeps what is heard besides the voice.
    `cache_dir` keeps face tracks by the clip's content, so that a second dub skips the tracking.
    `window` renders a part of the output, with the same pictures as in the whole: seconds of it, or a moment to find.
    `fragments`: as of a talking photo.
    """

    video_path: Path
    output_path: Path
    audio_path: Path | None = None
    script: Script | None = None
    segments: tuple[DubSegment, ...] = ()
    face: FaceChoice = FaceChoice()
    sync_mode: SyncMode = SyncMode.CUT_OFF
    keep_background: bool = False
    loudness: Loudness = Loudness.SOURCE
    strength: float = 1.0
    adapt: Adaptation = Adaptation.AUTO
    device: str = "auto"
    seed: int = 0
    max_short_side_px: int | None = None
    max_duration_s: float = MAX_AUDIO_S
    voice_dir: Path | None = None
    cache_dir: Path | None = None
    window: Span | Moment | None = None
    fragments: bool = False


@dataclass(frozen=True)
class Progress:
    """`fraction` of the whole job in [0, 1], never falling. `eta_s` is None until it can be known.

    `at_s`: which second of the video is being made; `sentence`: which of the script's, counted from 1. None: unknown.
    """

    stage: Stage
    fraction: float
    eta_s: float | None = None
    at_s: float | None = None
    sentence: int | None = None


class Hooks(Protocol):
    """What a render tells its caller, and what it asks. Called from the render's own thread."""

    def on_progress(self, progress: Progress) -> None: ...
    def on_thumbnail(self, jpeg: bytes, pts_s: float) -> None: ...

    def on_fragment(self, number: int, data: bytes) -> None:
        """A piece of a fragmented MP4: 0 is its beginning (how to decode it), then 1, 2, … in order, to be played."""

    def should_stop(self) -> bool: ...


class SilentHooks:
    """Tells nobody, never stops."""

    def on_progress(self, progress: Progress) -> None: ...
    def on_thumbnail(self, jpeg: bytes, pts_s: float) -> None: ...
    def on_fragment(self, number: int, data: bytes) -> None: ...
    def should_stop(self) -> bool:
        return False


# A stage of composition in the frame stream: (rgb uint8 (H, W, 3), pts_s) -> rgb of the same shape. May work in place.
FrameStage = Callable[[object, float], object]

# What composition makes of the finished sound before it is encoded: (its file or None, length in s, a working folder)
# -> the file to use, None for silence.
SoundStage = Callable[[Path | None, float, Path], Path | None]


@dataclass(frozen=True)
class RenderResult:
    """What was made, measured on the finished file. `stage_seconds` says where the time went."""

    output_path: Path
    width_px: int
    height_px: int
    frame_rate: Fraction
    frame_count: int
    duration_s: float
    size_bytes: int
    stage_seconds: dict[str, float] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    emotion: Emotion = Emotion.NEUTRAL  # what the face expresses; what AUTO became
    sheet: dict[str, float] = field(default_factory=dict)  # measured quality, see engine/quality
    segments: int = 1
    segments_kept: int = 0  # of them, how many came from an earlier render
    scene_lengths_s: Sequence[float] = ()  # of a film of several scenes
    excerpt: Excerpt | None = None  # which part of a dub this is; None: all of it
