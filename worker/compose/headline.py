"""A headline over a picture: a few large words that are read at a glance, in any script, on any background."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from worker.compose.captions.cues import is_unspaced, written_words
from worker.compose.captions.fonts import drawable, font_for, is_japanese, is_right_to_left
from worker.compose.captions.styles import DISPLAY, SEMIBOLD
from worker.compose.marks import Patch
from worker.engine.contracts import FaceBox
from worker.engine.failures import EngineFailure, FailureCode

TEXT_MAX_CHARS = 120
LINES_MAX = 3
MARGIN = 0.065  # of the picture's sides
SIZE_SHARE, SIZE_MIN_SHARE = 0.150, 0.045  # of the short side: as large as fits between the two
BLOCK_SHARES = (0.20, 0.42)  # of the picture's height: never less room than that beside a face, never more at all
FOREHEAD, CHIN = 0.18, 0.06  # of a face's height, that words may cover
LINE_HEIGHT, SPACE, OUTLINE = 1.14, 0.26, 0.085  # of the letters' size
FONTS = {"display": DISPLAY, "clean": SEMIBOLD}
INK, PAPER = (16, 14, 20), (255, 255, 255)
COLOURS = {  # letters, and the outline that keeps them apart from any background: contrast of 7 : 1 and more
    "white": (PAPER, INK),
    "yellow": ((255, 214, 64), INK),
    "coral": ((255, 138, 112), INK),
    "mint": ((126, 232, 188), INK),
    "black": (INK, PAPER),
}
POSITIONS = ("auto", "top", "middle", "bottom")


@dataclass(frozen=True)
class Headline:
    """Which words, how, and where. "auto" is the top or the bottom, whichever is farther from the face."""

    text: str
    font: str = "display"
    colour: str = "white"
    position: str = "auto"

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("font", self.font, list(FONTS)),
            ("colour", self.colour, list(COLOURS)),
            ("position", self.position, list(POSITIONS)),
        ):
            if value not in allowed:
                raise EngineFailure(FailureCode.OPTION_INVALID, option=name, value=str(value)[:32], allowed=allowed)
        if len(self.words) > TEXT_MAX_CHARS:
            reason = f"a thumbnail has room for {TEXT_MAX_CHARS} characters"
            raise EngineFailure(FailureCode.OPTION_INVALID, option="text", reason=reason)
        if self.words and not drawable(self.words):
            reason = "these signs cannot be drawn; use letters and numbers"
            raise EngineFailure(FailureCode.OPTION_INVALID, option="text", reason=reason)

    @property
    def words(self) -> str:
        return " ".join(self.text.split())


@dataclass(frozen=True)
class _Word:
    text: str
    width: float
    space_before: float
    font: ImageFont.FreeTypeFont


def headline_patch(
    headline: Headline, width_px: int, height_px: int, face: FaceBox | None = None, clear_px: int = 0
) -> tuple[Patch, int, int] | None:
    """The words as a patch with its top-left corner; None without words.

    face: in pixels of this picture. clear_px: height at the lower edge that something else needs.
    """
    if not headline.words:
        return None
    room = width_px * (1 - 2 * MARGIN)
    bottom = height_px - max(round(MARGIN * height_px), clear_px)
    above, below = _rooms(face, MARGIN * height_px, bottom)
    place = headline.position
    if place == "auto":  # a label takes some room below, but moves no words
        place = "top" if above > below + clear_px else "bottom"
    most = {"top": above, "bottom": below}.get(place, BLOCK_SHARES[0] * height_px)
    most = float(np.clip(most, *(share * height_px for share in BLOCK_SHARES)))
    size_px, lines = _largest(headline, room, most, min(width_px, height_px))
    block = len(lines) * LINE_HEIGHT * size_px
    top = {"top": MARGIN * height_px, "middle": (height_px - block) / 2, "bottom": bottom - block}[place]
    return _drawn(lines, size_px, headline.colour, (width_px, height_px), max(0.0, top))


def draw_plain(
    canvas: Image.Image, headline: Headline, box: tuple[int, int, int, int], rgb: tuple[int, int, int]
) -> int:
    """Words in one colour, centred across `box` (x0, y0, x1, y1) from its upper edge down, as large as fits.

    canvas: RGB, changed in place. Returns how high they are, in px.
    """
    if not headline.words:
        return 0
    x0, y0, x1, y1 = box
    size_px, lines = _largest(headline, float(x1 - x0), float(y1 - y0), min(canvas.size))
    pen = ImageDraw.Draw(canvas)
    for number, line in enumerate(lines):
        backwards = is_right_to_left("".join(word.text for word in line))
        ordered = line[::-1] if backwards else line
        x, baseline = (x0 + x1 - _length(line)) / 2, y0 + number * LINE_HEIGHT * size_px + 0.86 * size_px
        for at, word in enumerate(ordered):
            x += (ordered[at - 1].space_before if backwards else word.space_before) if at else 0.0
            pen.text((x, baseline), word.text, fill=rgb, font=word.font, anchor="ls")
            x += word.width
    return round(len(lines) * LINE_HEIGHT * size_px)


def _rooms(face: FaceBox | None, top: float, bottom: float) -> tuple[float, float]:
    """How much height there is above the eyebrows and below the chin."""
    if face is None:
        return 0.0, bottom - top
    tall = face.y1 - face.y0
    return face.y0 + FOREHEAD * tall - top, bottom - face.y1 + CHIN * tall


def _largest(headline: Headline, room_px: float, height_px: float, short_px: int) -> tuple[int, list[list[_Word]]]:
    least = max(9, round(SIZE_MIN_SHARE * short_px))
    size_px = max(least, round(SIZE_SHARE * short_px))
    while True:
        lines = _wrapped(_measured(headline, size_px), room_px)
        fits = len(lines) <= LINES_MAX and len(lines) * LINE_HEIGHT * size_px <= height_px
        if (fits and all(_length(line) <= room_px for line in lines)) or size_px <= least:
            return size_px, _balanced(lines, room_px)[: LINES_MAX + 2]
        size_px = max(least, int(size_px * 0.93))


def _measured(headline: Headline, size_px: int) -> list[_Word]:
    words, japanese = [], is_japanese(headline.words)
    for written in written_words(headline.words):
        text = drawable(written)
        if not text:
            continue
        font = font_for(text, size_px, FONTS[headline.font], japanese=japanese)
        tight = bool(words) and is_unspaced(text[0]) and is_unspaced(words[-1].text[-1])
        words.append(_Word(text, font.getlength(text), 0.0 if tight else SPACE * size_px, font))
    return words


def _wrapped(words: list[_Word], room_px: float) -> list[list[_Word]]:
    """Filled line by line; a word too long for any line is broken between its letters."""
    lines: list[list[_Word]] = [[]]
    for word in words:
        for piece in _pieces(word, room_px):
            if lines[-1] and _length([*lines[-1], piece]) > room_px:
                lines.append([])
            lines[-1].append(piece)
    return lines


def _pieces(word: _Word, room_px: float) -> list[_Word]:
    if word.width <= room_px or is_right_to_left(word.text) or len(word.text) < 12:
        return [word]  # short words shrink the letters instead; joined scripts are never torn apart
    count = int(np.ceil(word.width / room_px))
    step = int(np.ceil(len(word.text) / count))
    texts = [word.text[at : at + step] for at in range(0, len(word.text), step)]
    return [_Word(text, word.font.getlength(text), word.space_before, word.font) for text in texts]


def _balanced(lines: list[list[_Word]], room_px: float) -> list[list[_Word]]:
    """The same number of lines, about equally long: the narrowest room in which they still fit."""
    words = [word for line in lines for word in line]
    low, high = max(_length([word]) for word in words), room_px
    for _ in range(8):
        middle = (low + high) / 2
        if len(_wrapped(words, middle)) > len(lines):
            low = middle
        else:
            high = middle
    narrow = _wrapped(words, high)
    return narrow if len(narrow) == len(lines) else lines


def _length(line: list[_Word]) -> float:
    return sum(word.width for word in line) + sum(word.space_before for word in line[1:])


def _drawn(
    lines: list[list[_Word]], size_px: int, colour: str, frame_px: tuple[int, int], top: float
) -> tuple[Patch, int, int]:
    letters_rgb, outline_rgb = COLOURS[colour]
    outline_px = max(1, round(OUTLINE * size_px))
    shadow_px = max(1.0, 0.16 * size_px)
    margin = outline_px + round(2 * shadow_px)
    x0, y0 = 0, max(0, int(top) - margin)
    y1 = min(frame_px[1], int(top + len(lines) * LINE_HEIGHT * size_px) + margin)
    size = (frame_px[0], max(1, y1 - y0))
    ink, shade = Image.new("RGBA", size, (0, 0, 0, 0)), Image.new("L", size, 0)
    pen, shade_pen = ImageDraw.Draw(ink), ImageDraw.Draw(shade)
    for number, line in enumerate(lines):
        backwards = is_right_to_left("".join(word.text for word in line))
        x = (frame_px[0] - _length(line)) / 2
        baseline = top - y0 + number * LINE_HEIGHT * size_px + 0.86 * size_px
        ordered = line[::-1] if backwards else line
        for at, word in enumerate(ordered):
            x += (ordered[at - 1].space_before if backwards else word.space_before) if at else 0.0
            place = {"font": word.font, "anchor": "ls", "stroke_width": outline_px}
            pen.text((x, baseline), word.text, fill=letters_rgb, stroke_fill=outline_rgb, **place)
            shade_pen.text((x, baseline), word.text, fill=255, stroke_fill=255, **place)
            x += word.width
    soft = np.asarray(shade.filter(ImageFilter.GaussianBlur(shadow_px)), np.float32)
    behind = np.zeros((size[1], size[0], 4), np.uint8)
    behind[..., :3] = outline_rgb
    behind[..., 3] = np.clip(soft * 0.62, 0, 158).astype(np.uint8)
    rgba = np.asarray(Image.alpha_composite(Image.fromarray(behind), ink))
    return Patch(np.ascontiguousarray(rgba[..., :3]), np.ascontiguousarray(rgba[..., 3])), x0, y0
