"""Colours as #rrggbb, and whether words can be read in them (contrast as in WCAG 2.2, success criterion 1.4.3)."""

import re

from apps.core.failures import SiteFailure

CONTRAST_LEAST = 3.0  # of large words: below it nobody reads them
CONTRAST_GOOD = 4.5
_COLOUR = re.compile(r"#[0-9a-f]{6}")


def checked_colour(name: str, value: object) -> str:
    """As it is kept. Raises option_invalid."""
    text = value.strip().lower() if isinstance(value, str) else ""
    if not _COLOUR.fullmatch(text):
        raise SiteFailure("option_invalid", option=name, reason="write a colour as # and six digits, such as #1b6cd8")
    return text


def rgb_of(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def contrast(one: str, other: str) -> float:
    """1 (the same) to 21 (black and white)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(value / 255) for value in rgb_of(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)
