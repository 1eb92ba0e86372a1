"""What a project may be set to. The engine has the same words; the site must not import it, so here they are again.

`SETTINGS` is the one table behind a project's options: what may be stored, what the API takes and gives, and what each
kind of project knows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from apps.core.failures import SiteFailure
from apps.core.limits import EXPORT_DURATION_MAX_S, FREE_DURATION_MAX_S, FREE_SHORT_SIDE_MAX_PX

__all__ = ["EXPORT_DURATION_MAX_S", "FREE_DURATION_MAX_S", "FREE_SHORT_SIDE_MAX_PX"]  # told on with what is here

TALKING_PHOTO, VIDEO_DUB, FILM = "talking_photo", "video_dub", "film"

ASPECTS = ("source", "9:16", "4:5", "1:1", "16:9")
FILM_SHAPES = ("9:16", "4:5", "1:1", "16:9")
STYLES = ("still", "natural", "expressive")
EMOTIONS = ("auto", "neutral", "calm", "happy", "sad", "angry", "surprised")
BACKGROUNDS = ("photo", "transparent", "blur", "colour", "picture")
BACKDROPS = ("blur", "colour", "picture")  # of them, those behind which there is something new
MUSIC = ("music_volume", "music_ducking", "music_fade_in_s", "music_fade_out_s")
FADE_MAX_S = 10.0
VOICE_MAX_S = EXPORT_DURATION_MAX_S + 1.0  # the longest recording
WHITE_RGB = 2**24 - 1
MOVERS = ("voice", "clip", "idle")
CLIP_SOUNDS = ("clip", "voice", "none")
SYNC_MODES = ("cut_off", "loop", "bounce", "silence", "remap")
ADAPTATIONS = ("auto", "off")
CAPTIONS = ("none", "clean", "karaoke", "pop", "boxed", "lower_third", "minimal")
TRANSCRIPT_LANGUAGES = ("english", "other")
LABEL_CORNERS = ("top-left", "top-right", "bottom-left", "bottom-right")
FRAME_RATES = ("24", "25", "30", "48", "50", "60")
LIFE = ("blink", "gaze", "brow", "head")
RATE_MIN, RATE_MAX = 0.5, 2.0  # speaking speed, 1 = the voice's own
PITCH_MIN, PITCH_MAX = 0.5, 2.0
LIFE_MAX = 2.0
IDLE_MIN_S, IDLE_MAX_S = 2.0, 60.0
SEED_MAX = 2**31 - 1
TITLE_MAX_CHARS = 120
SCRIPT_MAX_CHARS = 10_000
VOICE_MAX_CHARS = 80

CHARS_PER_SECOND = 14.5  # of an unhurried voice, spaces included; measured over the bundled voices' Latin scripts
# (first, last, how many of those letters take as long); measured likewise. The page has them too: studio/script.js.
LETTERS_IN_SIGN = (
    (0x0591, 0x05C7, 0.0),  # vowels of Hebrew and Arabic, where somebody writes them
    (0x064B, 0x065F, 0.0),
    (0x0590, 0x05FF, 1.2),  # Hebrew
    (0x0600, 0x077F, 1.45),  # Arabic, Persian, Urdu
    (0x0900, 0x0AFF, 1.2),  # Devanagari, Bengali, Gurmukhi, Gujarati
    (0x0E00, 0x0EFF, 1.6),  # Thai, Lao
    (0x1000, 0x109F, 1.6),  # Burmese
    (0x3040, 0x30FF, 2.1),  # kana
    (0x3400, 0x9FFF, 4.4),  # Han
    (0x20000, 0x3FFFF, 4.4),
    (0x2E80, 0x10FFFF, 2.6),  # Hangul, and the wide marks
)

_BOTH = (TALKING_PHOTO, VIDEO_DUB)
_ALL = (*_BOTH, FILM)


@dataclass(frozen=True)
class Choice:
    """One of some words."""

    words: str
    values: tuple[str, ...]
    default: str
    kinds: tuple[str, ...] = (TALKING_PHOTO,)

    @property
    def annotation(self) -> Any:
        return Literal[self.values]

    def checked(self, name: str, value: Any) -> str:
        if value not in self.values:
            raise SiteFailure("option_invalid", option=name, reason=f"choose one of {', '.join(self.values)}")
        return str(value)


@dataclass(frozen=True)
class Number:
    """A number in a range, both ends included."""

    words: str
    least: float
    most: float
    default: float
    is_whole: bool = False
    kinds: tuple[str, ...] = (TALKING_PHOTO,)

    @property
    def annotation(self) -> Any:
        return int if self.is_whole else float

    def checked(self, name: str, value: Any) -> float:
        is_number = isinstance(value, int if self.is_whole else (int, float)) and not isinstance(value, bool)
        if not (is_number and self.least <= value <= self.most):  # NaN fails this too
            reason = (
                f"choose {'a whole number' if self.is_whole else 'a number'} between {self.least:g} and {self.most:g}"
            )
            raise SiteFailure("option_invalid", option=name, reason=reason)
        return int(value) if self.is_whole else float(value)


@dataclass(frozen=True)
class Switch:
    """On or off."""

    words: str
    default: bool = False
    kinds: tuple[str, ...] = (TALKING_PHOTO,)

    @property
    def annotation(self) -> Any:
        return bool

    def checked(self, name: str, value: Any) -> bool:
        if not isinstance(value, bool):
            raise SiteFailure("option_invalid", option=name, reason="choose true or false")
        return value


Setting = Choice | Number | Switch

SETTINGS: Mapping[str, Setting] = {
    "moved_by": Choice("What moves the photo: a voice, a clip of somebody, or nothing: a loop.", MOVERS, "voice"),
    "clip_sound": Choice("With a clip: its own sound, the uploaded voice, or none.", CLIP_SOUNDS, "clip"),
    "idle_s": Number("Length of the listening loop in seconds.", IDLE_MIN_S, IDLE_MAX_S, 8.0),
    "aspect": Choice("Shape of the video.", ASPECTS, "source", _BOTH),
    "shape": Choice("Shape of a film.", FILM_SHAPES, "9:16", (FILM,)),
    "background": Choice("What is behind the person; transparent gives a WebM video.", BACKGROUNDS, "photo"),
    "background_blur": Number("How far the photo's own background is blurred, with “blur”.", 0.1, 1.0, 0.5),
    "background_rgb": Number(
        "The colour behind the person, with “colour”: red × 65536 + green × 256 + blue.",
        0,
        WHITE_RGB,
        0xE8E4DC,
        is_whole=True,
    ),
    "frames_per_second": Choice("Frames per second.", FRAME_RATES, "25"),
    "style": Choice("How lively head, brows and gaze are.", STYLES, "natural"),
    "emotion": Choice("What the face expresses; auto asks the recording or the words.", EMOTIONS, "auto"),
    "intensity": Number("How much of the emotion.", 0.0, 1.0, 0.6),
    "blink": Number("How often the eyes blink: 0 is off, 1 is usual.", 0.0, LIFE_MAX, 1.0),
    "gaze": Number("How far the eyes wander: 0 is off, 1 is usual.", 0.0, LIFE_MAX, 1.0),
    "brow": Number("How much the brows move: 0 is off, 1 is usual.", 0.0, LIFE_MAX, 1.0),
    "head": Number("How much the head moves: 0 is off, 1 is usual.", 0.0, LIFE_MAX, 1.0),
    "seed": Number("Another number gives another take; the same one the same video.", 0, SEED_MAX, 0, is_whole=True),
    "captions": Choice("Captions in the picture.", CAPTIONS, "none", _BOTH),
    "transcript_language": Choice("What a recording's transcript is in.", TRANSCRIPT_LANGUAGES, "english", _BOTH),
    "voice_start_s": Number("Where the recording starts to be heard, in seconds.", 0.0, VOICE_MAX_S, 0.0, kinds=_BOTH),
    "voice_end_s": Number("Where it stops, in seconds; 0 is its end.", 0.0, VOICE_MAX_S, 0.0, kinds=_BOTH),
    "clean_voice": Switch("Make the background noise of a recording quieter.", kinds=_BOTH),
    "music_volume": Number("How loud the music is: 1 is as loud as the voice.", 0.0, 1.0, 0.35, kinds=_ALL),
    "music_ducking": Number("How far the music steps back while somebody speaks.", 0.0, 1.0, 0.6, kinds=_ALL),
    "music_fade_in_s": Number("Seconds over which the music comes in.", 0.0, FADE_MAX_S, 0.5, kinds=_ALL),
    "music_fade_out_s": Number("Seconds over which the music goes out at the end.", 0.0, FADE_MAX_S, 2.0, kinds=_ALL),
    "music_loops": Switch("Whether music that ends before the video starts again.", default=True, kinds=_ALL),
    "label_corner": Choice("Where free videos say that they are AI-generated.", LABEL_CORNERS, "bottom-left", _ALL),
    "brand": Switch("Show your brand: the logo, the colours of captions, its cards.", kinds=_ALL),
    "brand_captions": Switch("With your brand: captions in its colours and letters.", default=True, kinds=_BOTH),
    "brand_intro": Switch("With your brand: begin with its opening card.", kinds=_ALL),
    "brand_outro": Switch("With your brand: end with its closing card.", kinds=_ALL),
    "logo_corner": Choice("Where the logo sits.", LABEL_CORNERS, "top-right", _ALL),
    "logo_size": Number("How high the logo is at most, as a share of the short side.", 0.06, 0.3, 0.12, kinds=_ALL),
    "logo_opacity": Number("How solid the logo is: 1 is opaque.", 0.2, 1.0, 0.9, kinds=_ALL),
    "sync_mode": Choice("When sound and clip differ in length.", SYNC_MODES, "cut_off", (VIDEO_DUB,)),
    "strength": Number("How far the mouth follows the new voice.", 0.0, 1.0, 1.0, kinds=(VIDEO_DUB,)),
    "keep_background": Switch("Keep what is heard besides the voice.", kinds=(VIDEO_DUB,)),
    "adapt": Choice("Whether the mouth learns its speaker's habits.", ADAPTATIONS, "auto", (VIDEO_DUB,)),
}


def settings_of(kind: str) -> dict[str, Setting]:
    """The settings that a project of this kind has."""
    return {name: setting for name, setting in SETTINGS.items() if kind in setting.kinds}


def checked(kind: str, name: str, value: Any) -> Any:
    """`value` as it is stored. Raises option_invalid when a project of this kind cannot be set to it."""
    setting = SETTINGS.get(name)
    if setting is None or kind not in setting.kinds:
        raise SiteFailure("option_invalid", option=name, reason="there is no such setting")
    return setting.checked(name, value)


def spoken_duration_s(script: str, rate: float) -> float:
    """About how long a script takes to say. For telling the creator beforehand, never for cutting."""
    return sum(map(_letters_in, script.strip())) / CHARS_PER_SECOND / max(rate, 0.1)


def _letters_in(char: str) -> float:
    """How many Latin letters take as long to say: some scripts write no vowels, in others a sign is a syllable."""
    code = ord(char)
    return next((letters for first, last, letters in LETTERS_IN_SIGN if first <= code <= last), 1.0)
