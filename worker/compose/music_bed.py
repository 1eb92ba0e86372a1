"""A piece of music under a video: what is wanted. Plain values, light to import: it travels between processes."""

import math
from dataclasses import dataclass
from pathlib import Path

from worker.engine.failures import EngineFailure, FailureCode

FADE_MAX_S = 10.0
TIMES_MAX_MS = 5_000.0


@dataclass(frozen=True)
class MusicBed:
    """`volume` in [0, 1]: 1 is as loud as the voice, 0.5 half its amplitude. `ducking` in [0, 1]: how far the music
    steps back while somebody speaks, 1 is 18 dB. `loops`: starts again when it is over; else it ends, and that is that.

    It begins to step back `look_ahead_ms` before the voice, gets there within about `attack_ms`, and comes back within
    about `release_ms`.

    Raises:
        EngineFailure: OPTION_INVALID for anything out of range.
    """

    path: Path
    volume: float = 0.35
    ducking: float = 0.6
    fade_in_s: float = 0.5
    fade_out_s: float = 2.0
    loops: bool = True
    attack_ms: float = 180.0
    release_ms: float = 700.0
    look_ahead_ms: float = 250.0

    def __post_init__(self) -> None:
        for name, most in (("volume", 1.0), ("ducking", 1.0), ("fade_in_s", FADE_MAX_S), ("fade_out_s", FADE_MAX_S)):
            self._require(name, 0.0, most)
        for name in ("attack_ms", "release_ms"):
            self._require(name, 1.0, TIMES_MAX_MS)
        self._require("look_ahead_ms", 0.0, TIMES_MAX_MS)

    def _require(self, name: str, least: float, most: float) -> None:
        value = getattr(self, name)
        if not (math.isfinite(value) and least <= value <= most):
            raise EngineFailure(FailureCode.OPTION_INVALID, option=f"music_{name}", min=least, max=most)
