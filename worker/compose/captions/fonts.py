"""Which font writes which word. Shaping and direction are HarfBuzz's and FriBidi's, through Pillow."""

import unicodedata
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

from worker.compose.marks import FONTS as BRAND_FONTS

NOTO = Path(__file__).resolve().parents[1] / "fonts"
_FALLBACK = "noto-sans-bold.ttf"
_BY_NAME = {  # the first words of a character's Unicode name
    "ARABIC": "noto-sans-arabic-bold.ttf",
    "DEVANAGARI": "noto-sans-devanagari-bold.ttf",
    "BENGALI": "noto-sans-bengali-bold.ttf",
    "HEBREW": "noto-sans-hebrew-bold.ttf",
    "THAI": "noto-sans-thai-bold.ttf",
    "HANGUL": "noto-sans-kr-bold.otf",
    "HIRAGANA": "noto-sans-jp-bold.otf",
    "KATAKANA": "noto-sans-jp-bold.otf",
    "KATAKANA-HIRAGANA": "noto-sans-jp-bold.otf",
    "CJK": "noto-sans-sc-bold.otf",
}
_BRAND_LETTERS_BELOW = 0x100  # what the brand fonts' Latin subsets cover for certain


def font_for(text: str, size_px: int, brand: str, *, japanese: bool = False) -> ImageFont.FreeTypeFont:
    """The font for a word: the style's own for Western European letters, Noto Sans for all others.

    brand: file name under the site's fonts. japanese: Han characters stand among kana, so they take Japanese forms.
    """
    return _load(font_file(text, brand, japanese=japanese), size_px)


def font_file(text: str, brand: str, *, japanese: bool = False) -> Path:
    """The font's file for a word, by the first letter that the brand's font does not have."""
    for character in text:
        if ord(character) < _BRAND_LETTERS_BELOW or not character.isalpha():
            continue
        name = unicodedata.name(character, "").split(" ", 1)[0]
        file = _BY_NAME.get(name, _FALLBACK)
        return NOTO / (_han_file(text, japanese=japanese) if name == "CJK" else file)
    plain = all(ord(character) < _BRAND_LETTERS_BELOW or character in "–—‘’“”…€•" for character in text)
    return BRAND_FONTS / brand if plain else NOTO / _FALLBACK


def _han_file(text: str, *, japanese: bool) -> str:
    """Forms as the text's language writes them, unless only the other font has all its characters."""
    chinese_file, japanese_file = _BY_NAME["CJK"], _BY_NAME["KATAKANA"]
    first, second = (japanese_file, chinese_file) if japanese else (chinese_file, japanese_file)
    return second if not _covers(first, text) and _covers(second, text) else first


@lru_cache(maxsize=1024)
def _covers(file: str, text: str) -> bool:
    font = _load(NOTO / file, 16)
    return all(font.getmask(character).getbbox() is not None for character in text if character.isalpha())


@lru_cache(maxsize=64)
def _load(path: Path, size_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size_px)


def is_japanese(text: str) -> bool:
    """Whether Han characters in this text are Japanese: kana stand among them."""
    return any(0x3040 <= ord(character) <= 0x30FF for character in text)


def is_right_to_left(text: str) -> bool:
    """The direction of a paragraph: that of its first strong character (UAX #9, rules P2 and P3)."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in ("R", "AL"):
            return True
        if direction == "L":
            return False
    return False


def drawable(text: str) -> str:
    """`text` without what no font here draws: control characters, emoji, private use."""
    kept = []
    for character in unicodedata.normalize("NFC", text):
        kind = unicodedata.category(character)
        joiner = character in "\u200c\u200d"
        if (kind[0] == "C" and not joiner) or kind == "So" or 0xFE00 <= ord(character) <= 0xFE0F:
            continue
        kept.append(character)
    return "".join(kept).strip()
