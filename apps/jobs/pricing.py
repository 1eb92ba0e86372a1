"""What a paid export costs. Pure arithmetic on what preflight measured: no settings, no database, no clock of its own.

Rules: a talking photo costs 1 credit a second, a dub 2; neural engines cost three times, pictures above 1080p twice as
much. Seconds are counted as started ones, with a tenth to spare. Of an export that was paid before, only the segments
that changed are paid again; re-framed shapes, captions and thumbnails of it are free. A film costs what its scenes
cost: see `film_pricing`.
"""

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Protocol

QUOTE_VALID = datetime.timedelta(minutes=15)
SHORT_SIDE_STANDARD_PX = 1080
NEURAL_FACTOR = 3
LARGE_FACTOR = 2
SPARE_S = Fraction(1, 10)  # a clip of "30 seconds" is usually a few frames longer


class PaidWork(StrEnum):
    TALKING_PHOTO = "talking_photo"
    DUB = "dub"
    FILM = "film"


CREDITS_PER_S = {PaidWork.TALKING_PHOTO: 1, PaidWork.DUB: 2, PaidWork.FILM: 1}


@dataclass(frozen=True)
class PricedSegment:
    """A piece of the video that can be rendered by itself."""

    duration_s: float
    is_changed: bool


class Priced(Protocol):
    """What a capture needs to know of a quote, fresh or stored."""

    credits: int
    credits_per_s: int
    neural_factor: int
    size_factor: int


@dataclass(frozen=True)
class Quote:
    """A price with its parts: `credits` = `seconds` × `credits_per_s` × `neural_factor` × `size_factor`."""

    credits: int
    seconds: int
    credits_per_s: int
    neural_factor: int
    size_factor: int
    valid_until: datetime.datetime

    def is_valid_at(self, moment: datetime.datetime) -> bool:
        return moment < self.valid_until


def billed_seconds(duration_s: float) -> int:
    """Started seconds, at least one; a tenth of a second is not counted. Raises ValueError unless above zero."""
    if not math.isfinite(duration_s) or duration_s <= 0:
        raise ValueError(f"a length must be above zero, not {duration_s!r}")
    return max(1, math.ceil(Fraction(round(duration_s * 1000), 1000) - SPARE_S))


def quote(
    work: PaidWork,
    duration_s: float,
    *,
    width_px: int,
    height_px: int,
    is_neural: bool = False,
    now: datetime.datetime,
) -> Quote:
    """The price of a whole export of `duration_s` at `width_px` × `height_px`, given at `now`."""
    return _priced(work, billed_seconds(duration_s), width_px, height_px, is_neural=is_neural, now=now)


def quote_changes(
    work: PaidWork,
    segments: Sequence[PricedSegment],
    *,
    width_px: int,
    height_px: int,
    is_neural: bool = False,
    now: datetime.datetime,
) -> Quote:
    """The price of exporting again what was paid before: only changed segments count, unchanged ones are free."""
    changed = [Fraction(segment.duration_s) for segment in segments if segment.is_changed]
    seconds = billed_seconds(float(sum(changed))) if changed else 0
    return _priced(work, seconds, width_px, height_px, is_neural=is_neural, now=now)


def _priced(
    work: PaidWork, seconds: int, width_px: int, height_px: int, *, is_neural: bool, now: datetime.datetime
) -> Quote:
    if min(width_px, height_px) < 1:
        raise ValueError(f"a picture of {width_px} × {height_px} px has no price")
    per_s = CREDITS_PER_S[work]
    neural = NEURAL_FACTOR if is_neural else 1
    size = LARGE_FACTOR if min(width_px, height_px) > SHORT_SIDE_STANDARD_PX else 1
    return Quote(seconds * per_s * neural * size, seconds, per_s, neural, size, now + QUOTE_VALID)


def captured_credits(quoted: Priced, rendered_s: float) -> int:
    """What to take after the render: for what was really made, never more than was quoted."""
    actual = billed_seconds(rendered_s) * quoted.credits_per_s * quoted.neural_factor * quoted.size_factor
    return min(quoted.credits, actual)
