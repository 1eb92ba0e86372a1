"""A film of several scenes: what is wanted of each, and where each lies on the film's clock. Plain values, light to
import: they travel between processes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from worker.engine.contracts import MAX_AUDIO_S
from worker.engine.failures import EngineFailure, FailureCode

SCENES_MAX = 30
SCENE_MIN_S = 0.3  # what has to be left of a scene
FADE_MAX_S = 2.0
FADE_SHARE_MAX = Fraction(2, 5)  # of either scene, so that two crossfades never meet in one
RATES = (Fraction(12), Fraction(60))


@dataclass(frozen=True)
class FilmScene:
    """A finished video, or a picture that stands still, and what of it is shown.

    `start_s`, `end_s`: the part of it; an end of 0 is its own end, of a picture the only thing known of its length.
    `fade_s`: over how long it comes in over the scene before it; 0 is a cut. `is_marked`: the watermark is in its
    pixels already. `is_from_elsewhere`: nobody was made to speak in it, so its sound is not made much louder.
    """

    path: Path
    start_s: float = 0.0
    end_s: float = 0.0
    fade_s: float = 0.0
    is_picture: bool = False
    is_marked: bool = False
    is_from_elsewhere: bool = False


@dataclass(frozen=True)
class FilmRequest:
    """`width_px`, `height_px`: even. `is_watermarked`: scenes that are not marked yet get the mark. `seed`: of it.
    `fragments`: have the hooks told of playable pieces while scenes are joined.

    Raises:
        EngineFailure: OPTION_INVALID for anything out of range, with the scene's number where there is one.
    """

    scenes: tuple[FilmScene, ...]
    output_path: Path
    width_px: int
    height_px: int
    frame_rate: Fraction = Fraction(25)
    is_watermarked: bool = False
    seed: int = 0
    max_duration_s: float = MAX_AUDIO_S
    fragments: bool = False
    voice_dir: Path | None = field(default=None, compare=False)  # as every request has it; nobody speaks here

    def __post_init__(self) -> None:
        if not 1 <= len(self.scenes) <= SCENES_MAX:
            count = len(self.scenes)
            raise EngineFailure(FailureCode.OPTION_INVALID, option="scenes", value=count, min=1, max=SCENES_MAX)
        if min(self.width_px, self.height_px) < 2 or self.width_px % 2 or self.height_px % 2:
            raise EngineFailure(FailureCode.OPTION_INVALID, option="size", value=f"{self.width_px}x{self.height_px}")
        if not RATES[0] <= self.frame_rate <= RATES[1]:
            least, most = (float(rate) for rate in RATES)
            raise EngineFailure(FailureCode.OPTION_INVALID, option="fps", min=least, max=most)
        for number, scene in enumerate(self.scenes, start=1):
            for name, most in (("start_s", math.inf), ("end_s", math.inf), ("fade_s", FADE_MAX_S)):
                value = getattr(scene, name)
                if not (math.isfinite(value) and 0 <= value <= most):
                    raise EngineFailure(FailureCode.OPTION_INVALID, scene=number, option=name, min=0, max=most)


@dataclass(frozen=True)
class Place:
    """Where a scene lies: its first frame on the film's clock, how many it has, and how many of them lie over the
    last ones of the scene before.
    """

    first: int
    frames: int
    fade: int

    @property
    def end(self) -> int:
        return self.first + self.frames


def shown_s(scene: FilmScene, whole_s: float, number: int) -> float:
    """How long the scene is shown, given how long its file is (a picture's: anything).

    Raises:
        EngineFailure: SCENE_TRIMMED_AWAY when next to nothing is left between its start and its end.
    """
    end_s = scene.end_s if scene.is_picture else min(scene.end_s or whole_s, whole_s)
    left_s = end_s - scene.start_s
    if left_s < SCENE_MIN_S - 1e-3:
        facts = {"start_s": round(scene.start_s, 2), "end_s": round(end_s, 2), "needed_s": SCENE_MIN_S}
        raise EngineFailure(FailureCode.SCENE_TRIMMED_AWAY, scene=number, **facts)
    return left_s


def place_scenes(lengths_s: Sequence[float], fades_s: Sequence[float], frame_rate: Fraction) -> list[Place]:
    """Scenes one after the other in whole frames; a crossfade is shortened where a scene is too short for it."""
    frames = [max(1, round(Fraction(length_s) * frame_rate)) for length_s in lengths_s]
    places: list[Place] = []
    for index, (count, fade_s) in enumerate(zip(frames, fades_s, strict=True)):
        if index == 0:
            places.append(Place(0, count, 0))
            continue
        most = int(min(count, frames[index - 1]) * FADE_SHARE_MAX)
        fade = min(round(Fraction(fade_s) * frame_rate), most)
        places.append(Place(places[-1].end - fade, count, fade))
    return places


def size_of_film(sizes_px: Sequence[tuple[int, int]], aspect: str, short_side_max_px: int) -> tuple[int, int]:
    """Width and height, even: the short side of the largest scene, at most what is wanted; `aspect` as in "9:16"."""
    return size_in_shape(aspect, min(short_side_max_px, max(min(size) for size in sizes_px)))


def size_in_shape(aspect: str, short_side_px: int) -> tuple[int, int]:
    """Width and height of that shape, even."""
    across, down = (int(part) for part in aspect.split(":"))
    short = max(2, short_side_px // 2 * 2)
    longer = max(2, round(Fraction(short * max(across, down), min(across, down)) / 2) * 2)
    return (short, longer) if across <= down else (longer, short)
