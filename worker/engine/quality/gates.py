"""What the numbers of a score have to be. One table, in the order in which they are printed."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Gate:
    """`low` ≤ value ≤ `high`."""

    metric: str
    low: float
    high: float

    def verdict(self, value: float) -> dict[str, object]:
        known = math.isfinite(value)
        return {
            "value": value if known else None,
            "at_least": self.low if math.isfinite(self.low) else None,
            "at_most": self.high if math.isfinite(self.high) else None,
            "passed": (self.low <= value <= self.high) if known else None,
        }


GATES = (
    Gate("aperture_r", 0.60, math.inf),
    Gate("shuffled_aperture_r", -math.inf, 0.20),
    Gate("av_offset_ms", -20.0, 20.0),
    Gate("bilabial_closure", 0.95, math.inf),
    Gate("silence_closure", 0.98, math.inf),
    Gate("open_range", 0.7, 1.3),
    Gate("background_motion", -math.inf, 1.5),
    Gate("seam", -math.inf, 1.15),
    Gate("seam_delta_e", -math.inf, 2.0),
    Gate("sharpness", 0.8, 1.2),
    Gate("flicker_per_10_s", -math.inf, 0.5),
    Gate("jitter_share", -math.inf, 0.0015),
    Gate("jitter_ratio", -math.inf, 1.2),
    Gate("blinks_per_minute", 10.5, 32.5),
    Gate("longest_gap_s", -math.inf, 10.0),
    Gate("length_delta_frames", -1.0, 1.0),
    Gate("outside_identical", 1.0, math.inf),
    Gate("outside_psnr_loss", -math.inf, 0.3),
    Gate("adapt_gain", 0.08, math.inf),
)


def verdicts(numbers: dict[str, float]) -> dict[str, dict[str, object]]:
    """Gate by gate, for those of `GATES` that were measured."""
    return {gate.metric: gate.verdict(numbers[gate.metric]) for gate in GATES if gate.metric in numbers}
