"""The metrics of `score` on tracked curves: pure NumPy, no files, no models. Gates: gates.py.

Throughout: `times_s` (T,) rising; `aperture` (T,) inner lip gap ÷ inter-ocular distance, NaN where no face was found.
Each returns NaN where the input says nothing about what is asked.
"""

from collections.abc import Sequence

import numpy as np

from worker.engine.contracts import Span
from worker.engine.quality.signals import GRID_HZ, band_pass, fill_gaps

CLOSED_SHARE = 0.15  # of the 95th percentile: lips touch as far as tracking can tell
SILENT_SHARE = 0.10
BILABIAL_LEAD_S = 0.080
PAUSE_MIN_S = 0.400
PAUSE_SKIP_START_S = 0.120
PAUSE_SKIP_END_S = 0.200
STILL_SHARE_PER_S = 0.6  # of the 95th percentile, per second: slower than any articulation
BLINK_SHARE = 0.55  # of the eyes' usual opening
MAX_BLINK_S = 0.5
FAST_HZ = 8.0
_MOST_CLOSED = 0.05


def peak_aperture(aperture: np.ndarray) -> float:
    """95th percentile of what is known."""
    known = np.asarray(aperture, np.float64)
    known = known[np.isfinite(known)]
    return float(np.percentile(known, 95)) if len(known) else float("nan")


def bilabial_closure(times_s: np.ndarray, aperture: np.ndarray, spans: Sequence[Span]) -> float:
    """Share of P/B/M spans in which the lips touch: aperture ≤ 15 % of P95 in [onset − 80 ms, end] for ≥ 1 frame.

    Spans without a frame that shows a face are not counted.
    """
    limit = CLOSED_SHARE * peak_aperture(aperture)
    hits = []
    for span in spans:
        inside = (times_s >= span.start_s - BILABIAL_LEAD_S) & (times_s <= span.end_s) & np.isfinite(aperture)
        if inside.any():
            hits.append(bool((aperture[inside] <= limit).any()))
    return float(np.mean(hits)) if hits else float("nan")


def closure_offset_ms(times_s: np.ndarray, aperture: np.ndarray, spans: Sequence[Span]) -> float:
    """Median lag of lip closures against their P/B/M spans (ms); + means the mouth is late.

    A closure's time is the middle of the stretch of lowest aperture within ±250 ms of the span's middle; spans closer
    than 250 ms to another one are left out, since their closures could be taken for each other's.
    """
    middles = np.array([(span.start_s + span.end_s) / 2 for span in spans])
    curve = fill_gaps(times_s, aperture)
    offsets = []
    for middle in middles:
        if (np.abs(middles - middle) < 0.25).sum() > 1:
            continue
        grid = np.arange(middle - 0.25, middle + 0.25, 0.005)
        grid = grid[(grid >= times_s[0]) & (grid <= times_s[-1])]
        if len(grid) < 50:
            continue
        nearby = np.interp(grid, times_s, curve)
        low = nearby <= nearby.min() + 0.1 * (np.percentile(nearby, 90) - nearby.min())
        offsets.append(1000 * (grid[low].mean() - middle))
    return float(np.median(offsets)) if offsets else float("nan")


def pauses_between(speech: Sequence[Span], duration_s: float) -> list[Span]:
    """Silences of 400 ms and more, before, between and after speech."""
    edges = [0.0]
    for span in sorted(speech, key=lambda s: s.start_s):
        edges += [span.start_s, span.end_s]
    edges.append(duration_s)
    gaps = [Span(edges[i], edges[i + 1]) for i in range(0, len(edges), 2)]
    return [gap for gap in gaps if gap.duration_s >= PAUSE_MIN_S]


def silence_closure(times_s: np.ndarray, aperture: np.ndarray, pauses: Sequence[Span]) -> float:
    """Share of frames in pauses with lips closed (≤ 10 % of P95) and still; first 120 and last 200 ms left out."""
    peak = peak_aperture(aperture)
    speed = np.abs(np.gradient(fill_gaps(times_s, aperture), times_s)) if len(times_s) > 2 else np.zeros(len(times_s))
    good = []
    for pause in pauses:
        inside = (times_s >= pause.start_s + PAUSE_SKIP_START_S) & (times_s <= pause.end_s - PAUSE_SKIP_END_S)
        inside &= np.isfinite(aperture)
        good.append((aperture[inside] <= SILENT_SHARE * peak) & (speed[inside] <= STILL_SHARE_PER_S * peak))
    frames = np.concatenate(good) if good else np.zeros(0, bool)
    return float(frames.mean()) if len(frames) else float("nan")


def open_range(aperture: np.ndarray, reference: np.ndarray) -> float:
    """Ratio of the 95th percentiles, mouth ÷ reference mouth."""
    return peak_aperture(aperture) / max(peak_aperture(reference), 1e-9)


def opening_contrast(aperture: np.ndarray) -> float:
    """How far open and closed moments lie apart: P90 − P10, in inter-ocular units."""
    known = np.asarray(aperture, np.float64)
    known = known[np.isfinite(known)]
    return float(np.percentile(known, 90) - np.percentile(known, 10)) if len(known) else float("nan")


def blinks(times_s: np.ndarray, eye_openness: np.ndarray) -> list[Span]:
    """Moments at which the eyes shut: below 55 % of their median opening for at most half a second.

    eye_openness: (T,), mean of both eyes; NaN where unknown.
    """
    known = np.isfinite(eye_openness)
    if not known.any():
        return []
    curve = fill_gaps(times_s, eye_openness)
    shut = curve < BLINK_SHARE * np.median(eye_openness[known])
    edges = np.flatnonzero(np.diff(np.concatenate([[False], shut, [False]]).astype(int)))
    spans = [Span(float(times_s[a]), float(times_s[min(b, len(times_s) - 1)])) for a, b in edges.reshape(-1, 2)]
    return [span for span in spans if span.duration_s <= MAX_BLINK_S]


def blink_rate(times_s: np.ndarray, eye_openness: np.ndarray) -> tuple[float, float]:
    """(blinks per minute, longest time without one in seconds)."""
    duration_s = float(times_s[-1] - times_s[0]) if len(times_s) > 1 else 0.0
    if duration_s <= 0:
        return float("nan"), float("nan")
    found = blinks(times_s, eye_openness)
    moments = [float(times_s[0]), *((span.start_s + span.end_s) / 2 for span in found), float(times_s[-1])]
    return 60 * len(found) / duration_s, float(np.max(np.diff(moments)))


def jitter_share(landmarks: np.ndarray, inter_ocular_px: float, still: np.ndarray | None = None) -> float:
    """Mean landmark acceleration ÷ inter-ocular distance, per frame². 0.0015 is the gate for a photo.

    landmarks: (T, N, 2 or 3) pixels. still: (T,) bool, the frames that count (silence); all when None.
    """
    second = np.linalg.norm(np.diff(np.asarray(landmarks, np.float64)[..., :2], n=2, axis=0), axis=-1)
    use = np.isfinite(second).all(axis=1)
    if still is not None:
        use &= still[:-2] & still[1:-1] & still[2:]
    return float(second[use].mean() / inter_ocular_px) if use.any() else float("nan")


def above_floor(measured: float, floor: float) -> float:
    """What is left of a noisy measurement when the instrument's own noise, independent of it, is taken out."""
    return float(np.sqrt(max(0.0, measured**2 - floor**2))) if np.isfinite([measured, floor]).all() else float("nan")


def above_closed(aperture: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """(T,) apertures above what the tracker reads on this very face when its lips touch.

    The tracker reads 0.00-0.05 on closed lips, depending on whose they are; a clip of somebody talking closes its lips
    now and then, so its lowest readings tell. More than `_MOST_CLOSED` is taken for an open mouth all along.
    """
    known = np.asarray(reference, np.float64)
    known = known[np.isfinite(known)]
    closed = min(float(np.percentile(known, 2)), _MOST_CLOSED) if len(known) else 0.0
    return np.maximum(np.asarray(aperture, np.float64) - closed, 0.0)


def fast_energy_share(times_s: np.ndarray, values: np.ndarray) -> float:
    """Share of a curve's movement that is faster than 8 Hz: tremor, which no mouth shows."""
    grid = np.arange(times_s[0], times_s[-1], 1 / GRID_HZ)
    curve = np.interp(grid, times_s, fill_gaps(times_s, values))
    everything = ((curve - curve.mean()) ** 2).sum()
    slow = band_pass(curve, GRID_HZ, low_hz=0.05, high_hz=FAST_HZ)
    fast = band_pass(curve, GRID_HZ, low_hz=FAST_HZ, high_hz=GRID_HZ / 2.5)
    return float((fast**2).sum() / max((slow**2).sum() + (fast**2).sum(), 1e-12)) if everything > 1e-12 else 0.0


def flicker_per_10_s(times_s: np.ndarray, mouth_change: np.ndarray, cuts: Sequence[int] = ()) -> float:
    """Spikes of mouth-region frame difference above median + 8 MAD, per 10 s, outside cuts.

    mouth_change: (T,) mean absolute difference to the frame before, in the mouth's own coordinates; [0] is ignored.
    """
    change = np.asarray(mouth_change, np.float64).copy()
    change[0] = np.nan
    change[list(cuts)] = np.nan
    known = change[np.isfinite(change)]
    duration_s = float(times_s[-1] - times_s[0])
    if len(known) < 3 or duration_s <= 0:
        return float("nan")
    median = np.median(known)
    limit = median + 8 * max(np.median(np.abs(known - median)), 1e-6)
    return float(10 * (known > limit).sum() / duration_s)


def length_delta_frames(frame_count: int, frame_rate: float, expected_s: float) -> float:
    """Frames too many (+) or too few (−)."""
    return frame_count - expected_s * frame_rate


def rigid_shape_distance(canonical: np.ndarray, canonical_reference: np.ndarray, rigid: Sequence[int]) -> float:
    """RMS distance of the rigid face's points, in inter-ocular units. Both (478, 3) in canonical space."""
    difference = np.asarray(canonical)[list(rigid)] - np.asarray(canonical_reference)[list(rigid)]
    return float(np.sqrt((difference**2).sum(-1).mean()))
