"""Opening and closing cards: drawn once, put before and after a finished video by the same join as a film's scenes.

The video's own sound is kept as loud as it is, with silence under the cards.
"""

import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image, ImageDraw

from worker.compose.brand_logo import logo_patch
from worker.compose.brand_plan import Bookends, Card
from worker.compose.film import join_scenes
from worker.compose.film_plan import RATES, FilmRequest, FilmScene
from worker.compose.headline import Headline, draw_plain
from worker.compose.marks import watermark_stage
from worker.compose.music import RATE_HZ, sound_on_disk
from worker.engine.contracts import MAX_AUDIO_S, FrameStage, Hooks, RenderResult
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.finishing import marked
from worker.engine.media.probe import probe

LOGO_SHARE, LOGO_ALONE_SHARE = 0.24, 0.34  # of the short side: the logo's box above words, and without any
TEXT_SHARE, TEXT_WIDE = 0.22, 0.78  # of the height, of the width
BAR = (0.16, 0.008)  # of the short side: the line in the accent's colour below the words
GAP_SHARE = 0.05
USUAL_RATE = Fraction(25)
_BLOCK = 10 * RATE_HZ


def with_cards(
    result: RenderResult, bookends: Bookends, hooks: Hooks, stages: Sequence[FrameStage], seed: int = 0
) -> tuple[RenderResult, float, float]:
    """The video at `result.output_path` between its cards, in its place: its new facts, and how long the cards are.

    stages: the marks that cards get; the video has its own. A frame rate that no film has becomes the nearest.

    Raises:
        EngineFailure: as `film.join_scenes`; FILE_* for the logo.
    """
    size = (result.width_px, result.height_px)
    if bookends.adds_watermark:
        stages = [watermark_stage(*size, seed=seed), *stages]
    rate = min(max(Fraction(result.frame_rate), RATES[0]), RATES[1])
    with tempfile.TemporaryDirectory(prefix="cards-", dir=result.output_path.parent) as name:
        folder = Path(name)
        # whole frames: the sound begins with the video's first one
        intro_s, outro_s = (float(round(Fraction(s) * rate) / rate) for s in (bookends.intro_s, bookends.outro_s))
        body = FilmScene(result.output_path, is_marked=True)
        before, after = (
            [] if card is None else [_scene(card, length_s, bookends, stages, size, folder)]
            for card, length_s in ((bookends.intro, intro_s), (bookends.outro, outro_s))
        )
        joined = folder / "joined.mp4"
        most_s = MAX_AUDIO_S + bookends.intro_s + bookends.outro_s + 2
        request = FilmRequest((*before, body, *after), joined, *size, rate, seed=seed, max_duration_s=most_s)
        has_sound = probe(result.output_path).sound is not None

        def sound(_: Path | None, duration_s: float, place: Path) -> Path | None:
            return _between_silence(result.output_path, intro_s, duration_s, place) if has_sound else None

        made = join_scenes(request, hooks, sound_stage=sound)
        joined.replace(result.output_path)
    made_new = replace(
        result,
        frame_rate=rate,
        frame_count=made.frame_count,
        duration_s=made.duration_s,
        size_bytes=result.output_path.stat().st_size,
        stage_seconds={**result.stage_seconds, "cards": sum(made.stage_seconds.values())},
    )
    return made_new, intro_s, outro_s


def draw_card(card: Card, bookends: Bookends, size_px: tuple[int, int]) -> np.ndarray:
    """(height, width, 3) uint8: logo and words in the middle, on the main colour.

    Raises:
        EngineFailure: as `brand_logo.logo_stage`.
    """
    width, height = size_px
    short, brand = min(size_px), bookends.brand
    gap = round(GAP_SHARE * short)
    words = " ".join(card.text.split())
    font = "clean" if brand.typeface == "sans" else "display"
    picture = Image.new("RGB", size_px, brand.primary)
    logo = None
    if bookends.logo is not None:
        high = round((LOGO_SHARE if words else LOGO_ALONE_SHARE) * short)
        logo = logo_patch(bookends.logo.path, bookends.logo.digest, (round(0.7 * width), high))
    blank = Image.new("RGB", size_px)
    left = round((1 - TEXT_WIDE) / 2 * width)
    box = (left, 0, width - left, round(TEXT_SHARE * height))
    text_px = draw_plain(blank, Headline(words, font), box, (0, 0, 0)) if words else 0
    bar_px = (round(BAR[0] * short), max(2, round(BAR[1] * short)))
    logo_px = logo.size_px[1] if logo is not None else 0
    y = (height - logo_px - (gap + text_px if words else 0) - gap - bar_px[1]) // 2
    if logo is not None:
        mask = Image.fromarray(logo.alpha)
        picture.paste(Image.fromarray(logo.rgb), ((width - logo.size_px[0]) // 2, y), mask)
        y += logo_px + gap
    if words:
        y += draw_plain(picture, Headline(words, font), (left, y, width - left, y + box[3]), brand.text) + gap
    x = (width - bar_px[0]) // 2
    ImageDraw.Draw(picture).rectangle((x, y, x + bar_px[0], y + bar_px[1]), fill=brand.accent)
    return np.array(picture)


def _scene(
    card: Card,
    length_s: float,
    bookends: Bookends,
    stages: Sequence[FrameStage],
    size_px: tuple[int, int],
    folder: Path,
) -> FilmScene:
    path = folder / f"{uuid.uuid4().hex}.png"
    Image.fromarray(marked(draw_card(card, bookends, size_px), stages, 0.0)).save(path)
    return FilmScene(path, end_s=length_s, is_picture=True, is_marked=True)


def _between_silence(video_path: Path, start_s: float, duration_s: float, folder: Path) -> Path | None:
    """The video's sound, unchanged, as it begins at `start_s` of a whole `duration_s` long."""
    try:
        samples = sound_on_disk(video_path, folder / "body.f32", round(duration_s * RATE_HZ))
        if samples is None:
            return None
        path = folder / "between.wav"
        silent = round(start_s * RATE_HZ)
        with soundfile.SoundFile(path, "w", RATE_HZ, 2, "FLOAT", format="WAV") as file:
            file.write(np.zeros((silent, 2), np.float32))
            for low in range(0, len(samples), _BLOCK):
                file.write(samples[low : low + _BLOCK])
    except OSError as error:
        raise EngineFailure(FailureCode.DISK_FULL, errno=error.errno) from error
    return path
