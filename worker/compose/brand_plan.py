"""What of a brand a video shows. Plain values, light to import: they travel between processes."""

import math
from dataclasses import dataclass, field
from pathlib import Path

from worker.engine.failures import EngineFailure, FailureCode

CORNERS = ("top-left", "top-right", "bottom-left", "bottom-right")
SIZE_MIN, SIZE_MAX = 0.06, 0.3
OPACITY_MIN, OPACITY_MAX = 0.2, 1.0
CARD_MIN_S, CARD_MAX_S = 1.0, 5.0
CARD_TEXT_MAX_CHARS = 80


Rgb = tuple[int, int, int]
TYPEFACES = ("style", "sans", "display")


def _check(option: str, value: float, least: float, most: float) -> None:
    if not (math.isfinite(value) and least <= value <= most):
        raise EngineFailure(FailureCode.OPTION_INVALID, option=option, min=least, max=most)


@dataclass(frozen=True)
class LogoSpot:
    """Where a logo sits: a corner, and how much of the frame's short side its box is high.

    Raises:
        EngineFailure: OPTION_INVALID.
    """

    corner: str = "top-right"
    size: float = 0.12

    def __post_init__(self) -> None:
        if self.corner not in CORNERS:
            value = str(self.corner)[:32]
            raise EngineFailure(FailureCode.OPTION_INVALID, option="logo_corner", value=value, allowed=list(CORNERS))
        _check("logo_size", self.size, SIZE_MIN, SIZE_MAX)


@dataclass(frozen=True)
class Logo:
    """A PNG or WebP to lay over every frame. `digest` names its bytes: the path is another one for every job."""

    path: Path = field(repr=False, compare=False)
    digest: str
    spot: LogoSpot = LogoSpot()
    opacity: float = 0.9

    def __post_init__(self) -> None:
        _check("logo_opacity", self.opacity, OPACITY_MIN, OPACITY_MAX)


@dataclass(frozen=True)
class CaptionBrand:
    """Colours (RGB, 0 to 255) and letters that captions take from a brand. `primary` lies behind words, `text` are
    words on it, `accent` is the word that is being said. `typeface`: "style" leaves each style its own.
    """

    primary: Rgb
    accent: Rgb
    text: Rgb
    typeface: str = "style"

    def __post_init__(self) -> None:
        for name in ("primary", "accent", "text"):
            rgb = getattr(self, name)
            if len(rgb) != 3 or not all(isinstance(value, int) and 0 <= value <= 255 for value in rgb):
                raise EngineFailure(FailureCode.OPTION_INVALID, option=name, value=str(rgb)[:40])
        if self.typeface not in TYPEFACES:
            value = str(self.typeface)[:32]
            raise EngineFailure(FailureCode.OPTION_INVALID, option="typeface", value=value, allowed=list(TYPEFACES))


def rgb_of(colour: str) -> Rgb:
    """“#1b6cd8” → (27, 108, 216). Raises OPTION_INVALID."""
    try:
        if len(colour) != 7 or colour[0] != "#":
            raise ValueError(colour)
        red, green, blue = bytes.fromhex(colour[1:])
    except ValueError:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="colour", value=colour[:40]) from None
    return red, green, blue


@dataclass(frozen=True)
class Card:
    """A still picture before or after a video: the logo, and words below it."""

    text: str
    length_s: float = 2.0

    def __post_init__(self) -> None:
        _check("card_s", self.length_s, CARD_MIN_S, CARD_MAX_S)
        if len(self.text) > CARD_TEXT_MAX_CHARS:
            raise EngineFailure(FailureCode.OPTION_INVALID, option="card_text", max=CARD_TEXT_MAX_CHARS)


@dataclass(frozen=True)
class Bookends:
    """What a video begins and ends with, in the colours of `brand`; `logo` is on both cards where it is given.

    `adds_watermark`: the video's marks have none, since each of its scenes brings its own.
    """

    brand: CaptionBrand
    intro: Card | None = None
    outro: Card | None = None
    logo: Logo | None = None
    adds_watermark: bool = False

    @property
    def intro_s(self) -> float:
        return 0.0 if self.intro is None else self.intro.length_s

    @property
    def outro_s(self) -> float:
        return 0.0 if self.outro is None else self.outro.length_s
