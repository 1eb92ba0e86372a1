"""How captions look: six styles, and where the platforms leave room for them."""

from dataclasses import dataclass, replace
from enum import StrEnum

from worker.compose.brand_plan import CaptionBrand, Rgb

SEMIBOLD, DISPLAY = "inter-semibold.ttf", "bricolage-grotesque-bold.ttf"
WHITE, INK, SUN = (255, 255, 255), (18, 16, 22), (255, 214, 64)
CORAL = (242, 92, 66)
SEEN_LEAST = 4.5  # contrast of the spoken word and the dark line around it


class CaptionStyle(StrEnum):
    CLEAN = "clean"
    KARAOKE = "karaoke"
    POP = "pop"
    BOXED = "boxed"
    LOWER_THIRD = "lower_third"
    MINIMAL = "minimal"


@dataclass(frozen=True)
class Look:
    """One style. Sizes are shares: of the frame's short side for letters, of the letters' size for the rest.

    line_chars: Latin letters on a line. outline, shadow, pad, radius: shares of the letter size. box: what lies behind
    the words (RGBA) or None. active: the colour of the word that is being said, or None. growth: how much larger that
    word is drawn. alone: words are shown a few at a time, as large as fits. left: lines start at the left edge,
    beside a bar of the colour `bar`.
    """

    font: str
    size: float
    line_chars: int
    max_lines: int = 2
    colour: tuple[int, int, int] = WHITE
    outline: float = 0.0
    shadow: float = 0.0
    box: tuple[int, int, int, int] | None = None
    pad: float = 0.0
    radius: float = 0.0
    active: tuple[int, int, int] | None = None
    growth: float = 1.0
    alone: bool = False
    left: bool = False
    upper: bool = False
    bar: tuple[int, int, int] = CORAL


LOOKS = {
    CaptionStyle.CLEAN: Look(SEMIBOLD, 0.058, 26, outline=0.05, shadow=0.22),
    CaptionStyle.KARAOKE: Look(DISPLAY, 0.074, 20, outline=0.11, shadow=0.16, active=SUN),
    CaptionStyle.POP: Look(
        DISPLAY, 0.115, 11, 1, outline=0.10, shadow=0.18, active=SUN, growth=1.12, alone=True, upper=True
    ),
    CaptionStyle.BOXED: Look(SEMIBOLD, 0.054, 26, box=(*INK, 212), pad=0.42, radius=0.34),
    CaptionStyle.LOWER_THIRD: Look(SEMIBOLD, 0.050, 30, box=(*WHITE, 236), colour=INK, pad=0.5, radius=0.12, left=True),
    CaptionStyle.MINIMAL: Look(SEMIBOLD, 0.042, 36, outline=0.035, shadow=0.16),
}


def branded(look: Look, brand: CaptionBrand | None) -> Look:
    """The style in a brand's colours and letters; its shape stays."""
    if brand is None:
        return look
    font = {"style": look.font, "sans": SEMIBOLD, "display": DISPLAY}[brand.typeface]
    look = replace(look, font=font, bar=brand.accent)
    if look.active is not None:
        look = replace(look, active=_seen_on_ink(brand.accent))
    if look.box is None:
        return look
    return replace(look, box=(*brand.primary, look.box[3]), colour=brand.text)


def _seen_on_ink(rgb: Rgb) -> Rgb:
    """The colour, lighter where it could not be told from the dark line around letters."""
    for tenths in range(11):
        red, green, blue = (round(value + (255 - value) * tenths / 10) for value in rgb)
        if (_luminance((red, green, blue)) + 0.05) / (_luminance(INK) + 0.05) >= SEEN_LEAST:
            return red, green, blue
    return WHITE


def _luminance(rgb: Rgb) -> float:
    """As WCAG 2.2 defines it, 0 to 1."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (value / 255 for value in rgb)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@dataclass(frozen=True)
class SafeArea:
    """Where nothing of a platform's own lies: shares of the frame from each edge."""

    left: float
    top: float
    right: float
    bottom: float


def safe_area(width_px: int, height_px: int) -> SafeArea:
    """For upright videos what TikTok, Reels and Shorts leave free (names and buttons below and at the right)."""
    ratio = height_px / width_px
    if ratio > 1.6:
        return SafeArea(0.11, 0.10, 0.11, 0.22)
    if ratio > 1.1:
        return SafeArea(0.06, 0.06, 0.06, 0.12)
    return SafeArea(0.06, 0.06, 0.06, 0.08)
