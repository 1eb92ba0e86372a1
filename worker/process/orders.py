"""What a worker asks of its engine process, and what it gets. Pickled: standard library and contracts only."""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from worker.compose.brand_plan import Bookends, CaptionBrand, Logo, LogoSpot
from worker.compose.film_plan import FilmRequest
from worker.compose.music_bed import MusicBed
from worker.engine.contracts import MAX_AUDIO_S, Script, TalkingPhotoRequest, VideoDubRequest


@dataclass(frozen=True)
class PreflightOrder:
    """Look at a file that was given as a `kind`: "portrait", "voice", "clip", "track", "music" or "picture".

    `preview_path`: where to write a JPEG of a picture that can be used, for browsers that cannot show it; or None.
    """

    path: Path
    kind: str
    preview_path: Path | None = None


@dataclass(frozen=True)
class SpeechOrder:
    """Speak a script into a WAV file; with `slot_s`, as fast or slowly as makes it fit that time."""

    script: Script
    output_path: Path
    voice_dir: Path
    slot_s: float | None = None


@dataclass(frozen=True)
class Speech:
    """A spoken script, ready to play; `words` are (text, start_s, end_s).

    Of what was fitted to a time: `rate` it was spoken at, `chars_to_cut` until it fits.
    """

    path: Path
    duration_s: float
    words: list[tuple[str, float, float]] = field(default_factory=list)
    rate: float | None = None
    chars_to_cut: int = 0


@dataclass(frozen=True)
class RecordingOrder:
    """Make a recording ready to be heard: the part of it from `start_s` to `end_s` (0: its end), and cleaned or not."""

    path: Path
    output_path: Path
    start_s: float = 0.0
    end_s: float = 0.0
    clean: bool = False


@dataclass(frozen=True)
class ReadyRecording:
    """What was made of a recording; `warnings` as a render's."""

    path: Path
    duration_s: float
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrackOrder:
    """Find what the mouth does for a voice: exactly one of `audio_path` and `script`.

    `output_path`: where the track goes, as JSON. `sound_path`: where a spoken script goes, as WAV.
    """

    output_path: Path
    sound_path: Path
    voice_dir: Path
    audio_path: Path | None = None
    script: Script | None = None
    frame_rate: Fraction = Fraction(25)
    max_duration_s: float = MAX_AUDIO_S


@dataclass(frozen=True)
class MadeTrack:
    """A mouth track; `words` are (text, start_s, end_s), of a script only. `emotion`: what the voice, or a script's
    words, propose, if that can be told: {"emotion", "intensity", "source", "scores"}.
    """

    path: Path
    sound_path: Path | None
    duration_s: float
    method: str
    words: list[tuple[str, float, float]] = field(default_factory=list)
    emotion: dict[str, object] | None = None


@dataclass(frozen=True)
class CaptionText:
    """What captions show besides a script. `transcript`: what is said in a recording, in English or not.

    `cues`: edited captions as rows (see compose.captions.edits); `refit`: they were made for another reading.
    """

    transcript: str = ""
    is_english: bool = True
    cues: tuple[dict[str, object], ...] = ()
    refit: bool = False


@dataclass(frozen=True)
class CaptionsOrder:
    """Find the captions of the voice that the film of `request` would have: its script's, or its recording's.

    `whisper_dir`: a model of faster-whisper for drafts of recordings that nobody has written down; or None.
    """

    request: TalkingPhotoRequest | VideoDubRequest
    text: CaptionText = field(default_factory=CaptionText)
    whisper_dir: Path | None = None


@dataclass(frozen=True)
class StillOrder:
    """Take the frame of a video that is shown at `at_s` as a JPEG, signed like the video where `credentials_dir` is."""

    video_path: Path
    output_path: Path
    at_s: float
    render_id: str | None = None
    credentials_dir: Path | None = None


@dataclass(frozen=True)
class StillPicture:
    path: Path
    width_px: int
    height_px: int
    at_s: float


@dataclass(frozen=True)
class ProposalsOrder:
    """Find the frames of a video that are worth showing; `strip_path`: where they go side by side, as one JPEG."""

    video_path: Path
    strip_path: Path
    count: int = 6


@dataclass(frozen=True)
class Proposals:
    """`moments`: at_s, score and perhaps the face of each frame of the strip, from the left, best first. All are
    equally wide.
    """

    path: Path
    width_px: int
    height_px: int
    moments: tuple[dict[str, object], ...]


@dataclass(frozen=True)
class ThumbnailOrder:
    """Make a thumbnail in the format that `output_path` ends with. `words`, `font`, `colour`, `position`: see
    compose.headline. `length_s`: of a moving one, around `at_s`; None: a still.
    """

    video_path: Path
    output_path: Path
    at_s: float
    shape: str = "source"
    words: str = ""
    font: str = "display"
    colour: str = "white"
    position: str = "auto"
    length_s: float | None = None
    width_px: int = 360
    is_marked: bool = False
    label_corner: str | None = None
    render_id: str | None = None
    credentials_dir: Path | None = None


@dataclass(frozen=True)
class Thumbnail:
    path: Path
    width_px: int
    height_px: int
    at_s: float
    frames: int = 1


@dataclass(frozen=True)
class RenderInput:
    """A file that goes into a render: its part ("portrait", "voice"), its type, and its bytes' hash in hex."""

    part: str
    media_type: str
    sha256: str


@dataclass(frozen=True)
class RenderOrder:
    """Render a film with the marks that its kind of output needs, and deliver it in the format of `preset`.

    `label_corner`: where the "AI-generated" label sits, or None for none.
    `render_id`: what the hidden mark says, 12 hex digits. `credentials_dir`: where the certificate is that signs the
    video; an empty or missing folder gets one for development. None leaves either mark out.
    """

    request: TalkingPhotoRequest | VideoDubRequest | FilmRequest
    poster_path: Path
    voice_dir: Path
    watermark: bool = True
    label_corner: str | None = "bottom-left"
    render_id: str | None = None
    credentials_dir: Path | None = None
    inputs: tuple[RenderInput, ...] = ()
    preset: str = "h264"  # one of compose.delivery.DELIVERIES
    aspect: str = "source"  # the shape of a dub, brought there after it is made
    captions: str | None = None  # a style of compose.captions; None: none
    caption_text: CaptionText | None = None  # besides a script
    fragments: bool = False  # tell of playable pieces meanwhile; never done for a film without the watermark
    segments_dir: Path | None = None  # where segments of marked films are kept for the next render
    mouth_edits: tuple[dict[str, object], ...] = ()  # of a talking photo; see engine.speech.track_edits
    music: MusicBed | None = None  # under what is said
    reserved_corner: str | None = None  # a label will be drawn there later: captions keep clear of it
    logo: Logo | None = None
    bookends: Bookends | None = None  # cards before and after the video
    caption_brand: CaptionBrand | None = None  # whose colours captions take
    reserved_logo: LogoSpot | None = None  # a logo will be drawn there later


@dataclass(frozen=True)
class RenderedVideo:
    """A finished video and its poster (JPEG). `sidecar_path`: its content credentials, where they lie beside it."""

    path: Path
    poster_path: Path
    width_px: int
    height_px: int
    duration_s: float
    frame_count: int
    frame_rate: str
    stage_seconds: dict[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    poster_width_px: int = 0
    poster_height_px: int = 0
    sidecar_path: Path | None = None
    scene_lengths_s: tuple[float, ...] = ()  # of a film: how much of each scene is shown
    render_id: str | None = None  # what its hidden mark says
    segments: int = 1
    segments_kept: int = 0  # of them, how many came from an earlier render
    excerpt: dict[str, object] | None = None  # which part of a dub this is: see contracts.Excerpt; None: all of it
    intro_s: float | None = None  # how long the cards before and after it are
    outro_s: float | None = None
    sheet: dict[str, float] = field(default_factory=dict)  # of a dub: what was measured, see dub.cast.Plan.sheet


@dataclass(frozen=True)
class MomentOrder:
    """Show one frame of what `render` would be, as a JPEG with its marks in `render.poster_path`. `at_s`: which one;
    None: the one that asks most of the photo.
    """

    render: RenderOrder
    at_s: float | None = None


@dataclass(frozen=True)
class ShownMoment:
    """A frame of a video of `duration_s` that is not rendered yet; `reason`: see engine.moments.Moment."""

    path: Path
    width_px: int
    height_px: int
    at_s: float
    duration_s: float
    reason: str = ""


@dataclass(frozen=True)
class IdentifyOrder:
    """Was this file made here? `credentials_dir`: our own certificate, to know our signature."""

    path: Path
    credentials_dir: Path | None = None


@dataclass(frozen=True)
class VoicesOrder:
    """List the voices there are, with the operator's own."""

    voice_dir: Path
