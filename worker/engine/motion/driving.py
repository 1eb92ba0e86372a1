"""A clip of anyone's face → the motion of a photo: expression transfer and head pose.

Each frame's face mesh is freed from its pose (`face.pose`, Umeyama 1991) and compared with the driver's own neutral
face, so only what the driver *does* is carried over, not how the driver looks. Lips and chin are explained by the
articulators of the mouth-shape model by least squares within the articulators' ranges (projected gradients, Nesterov
1983); lids, brows, irises and head turns are measured directly. Everything is relative to the driver's own habits:
"rest" is zero, so a missing face eases to rest.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from worker.engine.contracts import LifeScales, Span
from worker.engine.face import landmarks as lm
from worker.engine.face.pose import HeadPose, angles_from_rotation
from worker.engine.face.stabilization import smooth_in_time
from worker.engine.face.tracks import FrameFace
from worker.engine.motion.expressions import smile
from worker.engine.motion.head import NECK_PIVOT
from worker.engine.motion.mouth_shapes import MouthShapes, load_mouth_shapes
from worker.engine.motion.plan import MotionPlan
from worker.engine.speech.mouth_track import ARTICULATORS, Articulator

HOLD_S, EASE_S = 0.12, 0.45  # a missing face: what it did last is held, then eases to rest
MIN_FACE_SHARE, MIN_FACE_FRAMES = 0.05, 3
_ONE_SPAN_S = 0.5
TURNED_DEG = (38.0, 52.0)  # from here on a mouth cannot be seen well, from there on not at all

_LIP_POINTS = np.array(lm.LIPS)
_MOUTH_POINTS = np.concatenate([_LIP_POINTS, [lm.CHIN]])
_UPPER = [int(np.flatnonzero(i == _MOUTH_POINTS)[0]) for i in lm.LIPS_INNER_UPPER[1:-1]]
_LOWER = [int(np.flatnonzero(i == _MOUTH_POINTS)[0]) for i in lm.LIPS_INNER_LOWER[1:-1]]
_BROW_POINTS = lm.RIGHT_BROW_UPPER + lm.LEFT_BROW_UPPER

_GAP_WEIGHT, _CHIN_WEIGHT, _STIFFNESS = 5.0, 2.0, 0.01
_STEPS = 250
# What an articulator may do, (low, high), and last the smile.
_RANGES = {
    Articulator.OPENNESS: (0.0, 1.7),
    Articulator.JAW: (0.0, 1.6),
    Articulator.WIDTH: (-1.2, 1.2),
    Articulator.TONGUE: (0.0, 0.0),
}
_SMILE_RANGE = (-0.4, 1.2)
_CLOSED_GAP = 0.05  # a larger gap than this, in inter-ocular distances, is no closed mouth, however rarely left
_TOUCHING = 0.012
_SHUT_SHARE = 0.32  # of the open lid gap
_LID_NOISE, _LID_CURVE = 0.20, 1.3  # of the open lid gap; half-shut eyes look drowsy, so lids stay up a little longer
_GLANCE_LIMIT = np.array([0.11, 0.05])  # eye widths
_BROW_UNIT, _BROW_LIMITS = 0.055, (-0.5, 1.3)
_TURN_LIMIT_DEG = np.array([11.0, 8.0, 9.0])  # beyond these a photo tears
_SHIFT_LIMIT = 0.16
_LIP_HZ, _LID_HZ, _SLOW_HZ = 8.0, 9.0, 4.0


@dataclass(frozen=True)
class DriverFrame:
    """What is kept of one frame. mouth: (M, 2) canonical; eyes (right, left) lid gap ÷ width; irises (2, 2) place
    within the eyes, in eye widths; brows: canonical height (y); or None for all when there was no face.
    """

    pts_s: float
    mouth: np.ndarray
    eyes: np.ndarray
    irises: np.ndarray
    brows: float
    pose: HeadPose


@dataclass(frozen=True)
class Performance:
    """What a driver does, at frame times (T,), relative to the driver's own rest, which is zero everywhere.

    articulation (T, A); smile, brows, blink (T,); glance (T, 2) eye widths; turn_deg (T, 3); shift (T, 2)
    inter-ocular distances. missing: spans without a face. turned: spans in which it was turned too far to be read.
    """

    times_s: np.ndarray
    articulation: np.ndarray
    smile: np.ndarray
    brows: np.ndarray
    blink: np.ndarray
    glance: np.ndarray
    turn_deg: np.ndarray
    shift: np.ndarray
    missing: Sequence[Span]
    turned: Sequence[Span]


def measure_face(face: FrameFace) -> DriverFrame:
    """Keep the few numbers of a face that drive a photo."""
    points = np.asarray(face.landmarks_px, np.float64)
    canonical = face.pose.to_canonical(points)
    irises = np.stack(
        [
            _within_eye(canonical, lm.RIGHT_IRIS_CENTRE, lm.RIGHT_EYE_OUTER, lm.RIGHT_EYE_INNER),
            _within_eye(canonical, lm.LEFT_IRIS_CENTRE, lm.LEFT_EYE_INNER, lm.LEFT_EYE_OUTER),
        ]
    )
    return DriverFrame(
        face.pts_s,
        canonical[_MOUTH_POINTS, :2],
        lm.eye_openness(points),
        irises,
        float(canonical[list(_BROW_POINTS), 1].mean()),
        face.pose,
    )


def _within_eye(canonical: np.ndarray, iris: int, start: int, end: int) -> np.ndarray:
    """(2,) place of the iris along and across the eye, in eye widths; both eyes run to the picture's right."""
    axis = canonical[end, :2] - canonical[start, :2]
    width = float(np.linalg.norm(axis))
    axis = axis / width
    arm = (canonical[iris, :2] - (canonical[start, :2] + canonical[end, :2]) / 2) / width
    return np.array([arm @ axis, arm @ np.array([-axis[1], axis[0]])])


def perform(frames: Iterable[DriverFrame], clip_times_s: np.ndarray, times_s: np.ndarray) -> Performance:
    """What the driver does at output times.

    Args:
        frames: those of the clip's frames that show a face, in order.
        clip_times_s: (N,) presentation times of all of the clip's frames, face or not.
        times_s: (T,) output frame times, on the clip's own time.

    Raises:
        ValueError: no frame with a face.
    """
    seen = list(frames)
    if not seen:
        raise ValueError("no frame shows a face")
    at_s = np.array([frame.pts_s for frame in seen])
    articulation, smiles = _fit_mouth(np.stack([frame.mouth for frame in seen]), at_s)
    blink = _blinks(np.stack([frame.eyes for frame in seen]).mean(axis=1), at_s)
    turns, shifts, yaws = _head(seen, at_s)
    brows = np.array([frame.brows for frame in seen])
    brows = smooth_in_time(at_s, (np.median(brows) - brows) / _BROW_UNIT, _SLOW_HZ)
    glance = _glances(np.stack([frame.irises for frame in seen]).mean(axis=1), blink, at_s)
    readable = 1 - np.clip((np.abs(yaws) - TURNED_DEG[0]) / (TURNED_DEG[1] - TURNED_DEG[0]), 0, 1)
    trust = np.interp(times_s, at_s, readable) * _presence(at_s, times_s)

    def at_frames(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
        flat = values.reshape(len(values), -1)
        read = np.stack([np.interp(times_s, at_s, column) for column in flat.T], axis=1)
        return (read * weight[:, None]).reshape(len(times_s), *values.shape[1:])

    there = _presence(at_s, times_s)
    return Performance(
        times_s=times_s,
        articulation=at_frames(articulation, trust),
        smile=at_frames(smiles, trust),
        brows=np.clip(at_frames(brows, there), *_BROW_LIMITS),
        blink=np.clip(at_frames(blink, there), 0, 1),
        glance=at_frames(glance, trust),
        turn_deg=at_frames(turns, there),
        shift=at_frames(shifts, there),
        missing=_missing_spans(at_s, clip_times_s),
        turned=_spans_where(at_s, np.abs(yaws) > TURNED_DEG[0]),
    )


def plan_from_performance(performance: Performance, life: LifeScales) -> MotionPlan:
    """The photo's motion. Blinks can be switched off but not multiplied: they happen when the driver blinks."""
    frames = len(performance.times_s)
    head = _TURN_LIMIT_DEG * np.tanh(life.head * performance.turn_deg / _TURN_LIMIT_DEG)
    shift = _SHIFT_LIMIT * np.tanh(life.head * performance.shift / _SHIFT_LIMIT)
    glance = _GLANCE_LIMIT * np.tanh(life.gaze * performance.glance / _GLANCE_LIMIT)
    return MotionPlan(
        times_s=performance.times_s,
        articulation=performance.articulation,
        blink=performance.blink * min(life.blink, 1.0),
        glance=glance,
        brows=np.clip(life.brow * performance.brows, _BROW_LIMITS[0], 1.5),
        smile=performance.smile,
        turn_deg=head,
        shift=shift,
        breath=np.zeros(frames),
    )


# -- the mouth ---------------------------------------------------------------------------------------------------------


def _fit_mouth(mouths: np.ndarray, at_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N, A) articulation and (N,) smile of canonical mouths (N, M, 2)."""
    shapes = load_mouth_shapes()
    gaps = (mouths[:, _LOWER, 1] - mouths[:, _UPPER, 1]).mean(axis=1)
    closed = min(float(np.percentile(gaps, 4)), _CLOSED_GAP)
    rest = np.median(mouths[gaps <= max(float(np.percentile(gaps, 20)), closed)], axis=0)
    moved = smooth_in_time(at_s, (mouths - rest).reshape(len(mouths), -1), _LIP_HZ).reshape(mouths.shape)
    opened = smooth_in_time(at_s, gaps, _LIP_HZ) - closed - _TOUCHING
    weights = _explain(moved, np.maximum(opened, 0.0), shapes)
    return weights[:, : len(ARTICULATORS)], weights[:, len(ARTICULATORS)]


def _explain(moved: np.ndarray, opened: np.ndarray, shapes: MouthShapes) -> np.ndarray:
    """(N, A + 1) articulators and smile that best explain lip displacements (N, M, 2) and gaps (N,)."""
    directions = np.concatenate([shapes.basis, smile(shapes.mean_mesh)[None]])[:, _MOUTH_POINTS, :2]  # (K, M, 2)
    gap_of = (directions[:, _LOWER, 1] - directions[:, _UPPER, 1]).mean(axis=1)  # (K,)
    importance = np.ones(len(_MOUTH_POINTS))
    importance[-1] = _CHIN_WEIGHT
    rows = (directions * importance[:, None]).reshape(len(directions), -1).T
    design = np.concatenate([rows, _GAP_WEIGHT * np.sqrt(len(rows)) * gap_of[None]])
    wanted = np.concatenate(
        [
            (moved * importance[:, None]).reshape(len(moved), -1),
            _GAP_WEIGHT * np.sqrt(len(rows)) * opened[:, None],
        ],
        axis=1,
    )
    low, high = np.array([*(_RANGES.get(a, (0.0, 1.0)) for a in ARTICULATORS), _SMILE_RANGE]).T
    gram = design.T @ design + _STIFFNESS * np.eye(len(directions))
    target = wanted @ design
    step = 1 / np.linalg.eigvalsh(gram)[-1]
    weights = ahead = np.clip(np.zeros_like(target), low, high)
    for turn in range(_STEPS):
        following = np.clip(ahead - step * (ahead @ gram - target), low, high)
        ahead = following + turn / (turn + 3) * (following - weights)
        weights = following
    # Whatever the other directions explain of it, the lips part exactly as far as the driver's.
    openness = ARTICULATORS.index(Articulator.OPENNESS)
    others = weights @ gap_of - weights[:, openness] * gap_of[openness]
    weights[:, openness] = np.clip((opened - others) / gap_of[openness], low[openness], high[openness])
    return weights


# -- eyes and head -----------------------------------------------------------------------------------------------------


def _blinks(openness: np.ndarray, at_s: np.ndarray) -> np.ndarray:
    """(N,) in [0, 1] from lid gaps (N,): 0 = as open as this driver's eyes usually are."""
    usual = float(np.percentile(openness, 75))
    fallen = (usual - smooth_in_time(at_s, openness, _LID_HZ)) / max(usual * (1 - _SHUT_SHARE), 1e-6)
    return np.clip((fallen - _LID_NOISE) / (1 - _LID_NOISE), 0, 1) ** _LID_CURVE


def _glances(irises: np.ndarray, blink: np.ndarray, at_s: np.ndarray) -> np.ndarray:
    """(N, 2) shift of the irises in eye widths; while the lids are down the eyes stay where they were."""
    open_eyed = blink < 0.35
    if not open_eyed.any():
        return np.zeros_like(irises)
    steady = np.stack([np.interp(at_s, at_s[open_eyed], column[open_eyed]) for column in irises.T], axis=1)
    return smooth_in_time(at_s, steady - np.median(steady[open_eyed], axis=0), _SLOW_HZ)


def _head(seen: Sequence[DriverFrame], at_s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(N, 3) turns in degrees and (N, 2) shifts from the driver's usual pose, and (N,) the yaw itself."""
    rotations = np.stack([frame.pose.rotation for frame in seen])
    usual = Rotation.from_matrix(rotations).mean().as_matrix()
    turns = np.array([angles_from_rotation(usual.T @ rotation) for rotation in rotations])
    turns -= np.median(turns, axis=0)
    scale = float(np.median([frame.pose.scale_px for frame in seen]))
    places = np.stack([frame.pose.translation_px for frame in seen])
    # Turning about the neck already moves the point between the eyes; only the rest of its way is a shift.
    swung = (usual - rotations) @ NECK_PIVOT
    shifts = (places - np.median(places, axis=0)) / scale - (swung - np.median(swung, axis=0))
    smooth = smooth_in_time(at_s, np.concatenate([turns, shifts[:, :2]], axis=1), _SLOW_HZ)
    return smooth[:, :3], smooth[:, 3:], np.array([frame.pose.yaw_deg for frame in seen])


# -- where the face is missing -----------------------------------------------------------------------------------------


def _presence(at_s: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """(T,) in [0, 1]: 1 near a frame with a face, easing to 0 away from it, alike before and after."""
    after = np.clip(np.searchsorted(at_s, times_s), 0, len(at_s) - 1)
    before = np.maximum(after - 1, 0)
    away_s = np.minimum(np.abs(times_s - at_s[after]), np.abs(times_s - at_s[before]))
    t = 1 - np.clip((away_s - HOLD_S) / EASE_S, 0, 1)
    return t * t * (3 - 2 * t)


def _missing_spans(at_s: np.ndarray, clip_times_s: np.ndarray) -> list[Span]:
    return _spans_where(clip_times_s, ~np.isin(clip_times_s, at_s))


def _spans_where(times_s: np.ndarray, wrong: np.ndarray) -> list[Span]:
    """Spans from the first frame of each run to the frame after it; runs that nearly touch are one span."""
    if not wrong.any():
        return []
    edges = np.flatnonzero(np.diff(np.concatenate([[0], wrong.astype(np.int8), [0]])))
    frame_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.04
    ends = np.append(times_s, times_s[-1] + frame_s)
    spans: list[Span] = []
    for first, end in zip(edges[::2], edges[1::2], strict=True):
        start_s, end_s = float(times_s[first]), float(ends[end])
        if spans and start_s - spans[-1].end_s < _ONE_SPAN_S:
            start_s = spans.pop().start_s
        spans.append(Span(start_s, end_s))
    return spans
