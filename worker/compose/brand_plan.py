"""What of a brand a video shows. Plain values, light to import: they travel between processes."""

import math
from dataclasses import dataclass, field
from pathlib import Path

from worker.engine.failures import EngineFailure, FailureCode

CORNERS = ("top-left", "top-right", "bottom-left", "bottom-right")
SIZE_MIN, SIZE_MAX = 0.06, 0.3
OPACITY_MIN, OPACITY_MAX = 0.2, 1.0


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
