"""One caption as a picture: words laid out line by line, in their own fonts and direction."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from worker.compose.captions.cues import Cue, is_unspaced
from worker.compose.captions.fonts import drawable, font_for, is_japanese, is_right_to_left
from worker.compose.captions.styles import Look, SafeArea, safe_area
from worker.compose.marks import Patch

LINE_HEIGHT = 1.24  # of the letter size
SPACE = 0.27
SMALLEST = 0.45  # of the style's size, below which a word is cut off rather than shrunk further
BAR_WIDTH = 0.16


@dataclass(frozen=True)
class PlacedWord:
    """A word on the canvas: baseline-left corner, its font, and which of the cue's words it is."""

    text: str
    x: float
    baseline: float
    width: float
    font: ImageFont.FreeTypeFont
    index: int


@dataclass(frozen=True)
class Layout:
    """A cue laid out in frame pixels. box: (x0, y0, x1, y1) around all its letters."""

    words: tuple[PlacedWord, ...]
    box: tuple[int, int, int, int]
    size_px: int


def lay_out(
    cue: Cue, look: Look, width_px: int, height_px: int, *, japanese: bool = False, clear_px: int = 0
) -> Layout:
    """Place the cue's words inside the safe area, above its lower edge; letters shrink until the lines fit.

    japanese: Han characters take Japanese forms even where no kana stand beside them. clear_px: height at the lower
    edge that something else needs.
    """
    area = safe_area(width_px, height_px)
    area = replace(area, bottom=max(area.bottom, clear_px / height_px))
    room = width_px * (1 - area.left - area.right)
    size_px = max(8, round(look.size * min(width_px, height_px)))
    least = max(8, round(SMALLEST * size_px))
    inset = round(look.pad * size_px) if look.box else 0
    lines = _measured(cue, look, size_px, japanese=japanese)
    while size_px > least and max((_length(line) for line in lines), default=0.0) > room - 2 * inset:
        size_px = max(least, int(size_px * 0.94))
        lines = _measured(cue, look, size_px, japanese=japanese)
    return _placed(lines, look, area, (width_px, height_px), size_px)


@dataclass(frozen=True)
class _Measured:
    text: str
    index: int
    width: float
    space_before: float
    font: ImageFont.FreeTypeFont


def _measured(cue: Cue, look: Look, size_px: int, *, japanese: bool) -> list[list[_Measured]]:
    lines, index = [], 0
    japanese = japanese or is_japanese(cue.text)
    for line in cue.lines:
        measured: list[_Measured] = []
        for word in line:
            text = drawable(word.text.upper() if look.upper else word.text)
            if text:
                font = font_for(text, size_px, look.font, japanese=japanese)
                tight = not measured or (is_unspaced(text[0]) and is_unspaced(measured[-1].text[-1:]))
                tight = tight or (bool(measured) and _touches(measured[-1].text, text))
                space = 0.0 if tight else SPACE * size_px
                measured.append(_Measured(text, index, font.getlength(text), space, font))
            index += 1
        if measured:
            lines.append(measured)
    return lines


def _touches(before: str, after: str) -> bool:
    """Whether no space stands between: two words of a script without spaces, whatever punctuation they carry."""
    last = next((c for c in reversed(before) if c.isalnum()), "")
    first = next((c for c in after if c.isalnum()), "")
    return is_unspaced(last) and is_unspaced(first)


def _length(line: list[_Measured]) -> float:
    return sum(word.width + word.space_before for word in line)


def _placed(
    lines: list[list[_Measured]], look: Look, area: SafeArea, frame_px: tuple[int, int], size_px: int
) -> Layout:
    width_px, height_px = frame_px
    inset = round(look.pad * size_px) if look.box else 0
    left, right = width_px * area.left + inset, width_px * (1 - area.right) - inset
    height = LINE_HEIGHT * size_px
    bottom = height_px * (1 - area.bottom) - inset
    placed: list[PlacedWord] = []
    for number, line in enumerate(lines):
        baseline = bottom - (len(lines) - 1 - number) * height - 0.26 * size_px
        length = _length(line)
        backwards = is_right_to_left("".join(word.text for word in line))
        x = right - length if look.left and backwards else left if look.left else (left + right - length) / 2
        x = max(x, left)
        ordered = list(reversed(line)) if backwards else line
        for position, word in enumerate(ordered):
            gap = word.space_before if not backwards else (ordered[position - 1].space_before if position else 0.0)
            x += gap
            placed.append(PlacedWord(word.text, x, baseline, word.width, word.font, word.index))
            x += word.width
    x0 = min((word.x for word in placed), default=left)
    x1 = max((word.x + word.width for word in placed), default=left)
    top = bottom - len(lines) * height
    return Layout(tuple(placed), (int(x0), int(top), int(np.ceil(x1)), int(np.ceil(bottom))), size_px)


def draw(layout: Layout, look: Look, frame_px: tuple[int, int], active: int | None) -> tuple[Patch, int, int]:
    """The caption as a patch and its top-left corner; `active`: the word that is being said, or None."""
    margin = round(layout.size_px * (look.pad + look.outline + look.shadow + 0.35 * (look.growth - 1) * 6 + 0.2))
    x0, y0 = max(0, layout.box[0] - margin), max(0, layout.box[1] - margin)
    x1, y1 = min(frame_px[0], layout.box[2] + margin), min(frame_px[1], layout.box[3] + margin)
    size = (max(1, x1 - x0), max(1, y1 - y0))
    canvas = Image.new("RGBA", size, (0, 0, 0, 0))
    if look.box is not None and layout.words:
        _draw_box(canvas, layout, look, (x0, y0))
    if look.shadow:
        canvas = Image.alpha_composite(canvas, _shadow(layout, look, size, (x0, y0)))
    letters = Image.new("RGBA", size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(letters)
    outline_px = max(1, round(look.outline * layout.size_px)) if look.outline else 0
    for word in layout.words:
        said = word.index == active and look.active is not None
        colour = look.active if said else look.colour
        at, font = (word.x - x0, word.baseline - y0), word.font
        if said and look.growth != 1:
            font = font.font_variant(size=round(layout.size_px * look.growth))
            at = (at[0] - (font.getlength(word.text) - word.width) / 2, at[1])
        pen.text(at, word.text, fill=colour, font=font, anchor="ls", stroke_width=outline_px, stroke_fill=(12, 10, 16))
    return _patch(Image.alpha_composite(canvas, letters)), x0, y0


def _draw_box(canvas: Image.Image, layout: Layout, look: Look, corner: tuple[int, int]) -> None:
    assert look.box is not None
    pen, pad = ImageDraw.Draw(canvas), look.pad * layout.size_px
    bx0, by0 = layout.box[0] - corner[0] - pad, layout.box[1] - corner[1] - 0.55 * pad
    bx1, by1 = layout.box[2] - corner[0] + pad, layout.box[3] - corner[1] + 0.55 * pad
    pen.rounded_rectangle((bx0, by0, bx1, by1), radius=look.radius * layout.size_px, fill=look.box)
    if look.left:
        backwards = is_right_to_left("".join(word.text for word in layout.words))
        thick = BAR_WIDTH * layout.size_px
        bar = (bx1 - thick, by0, bx1, by1) if backwards else (bx0, by0, bx0 + thick, by1)
        pen.rectangle(bar, fill=(*look.bar, 255))


def _shadow(layout: Layout, look: Look, size: tuple[int, int], corner: tuple[int, int]) -> Image.Image:
    ink = Image.new("L", size, 0)
    pen = ImageDraw.Draw(ink)
    drop = 0.06 * layout.size_px
    for word in layout.words:
        pen.text(
            (word.x - corner[0], word.baseline - corner[1] + drop), word.text, fill=255, font=word.font, anchor="ls"
        )
    soft = np.asarray(ink.filter(ImageFilter.GaussianBlur(look.shadow * layout.size_px * 0.6)), np.float32)
    shadow = np.zeros((size[1], size[0], 4), np.uint8)
    shadow[..., 3] = np.clip(soft * 1.5, 0, 190).astype(np.uint8)
    return Image.fromarray(shadow)


def _patch(picture: Image.Image) -> Patch:
    rgba = np.asarray(picture)
    return Patch(np.ascontiguousarray(rgba[..., :3]), np.ascontiguousarray(rgba[..., 3]))


def scaled(patch: Patch, factor: float) -> Patch:
    """The patch drawn larger or smaller, for words that pop up."""
    size = (max(1, round(patch.size_px[0] * factor)), max(1, round(patch.size_px[1] * factor)))
    premultiplied = patch.rgb.astype(np.float32) * patch.alpha[..., None] / 255
    rgb, alpha = (cv2.resize(a, size, interpolation=cv2.INTER_LINEAR) for a in (premultiplied, patch.alpha))
    straight = np.clip(rgb * 255 / np.maximum(alpha, 1)[..., None], 0, 255).astype(np.uint8)
    return Patch(straight, alpha)
