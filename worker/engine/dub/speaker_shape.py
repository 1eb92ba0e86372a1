"""What a speaker's mouth does in the clip, as numbers: shape features per frame, the mouth at rest, and its range."""

import mmap
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from worker.engine.face import landmarks as lm
from worker.engine.face.pose import HeadPose, head_pose, head_poses
from worker.engine.face.stabilization import smooth_in_time
from worker.engine.motion.expressions import smile
from worker.engine.motion.mouth_shapes import load_mouth_shapes
from worker.engine.speech.mouth_track import ARTICULATORS, Articulator

# What tells one mouth shape from another, in inter-ocular distances of canonical space.
FEATURES = ("gap", "middle_gap", "width", "inner_width", "upper_lip", "upper_thick", "lower_thick", "chin", "corners")
_PIECE = 256
_SMILE_HZ = 0.6
_REST_SHARE = 25  # percent of frames, those with the smallest gap, that show the mouth at rest
_TOUCHING = 0.004  # gap of lips that touch; the tracker sees a little more
_LARGEST_CLOSED = 0.05  # a larger gap than this is no closed mouth, however rarely left
_MOST_CLOSED = 0.012
_NARROWEST_RANGE = 0.10  # a clip that opens less than this says little about its speaker's wide vowel
_USUAL_RANGE = 0.17
_JAW_LIMITS, _WIDTH_LIMITS = (0.6, 1.3), (0.6, 1.3)
_BEND_FROM, _WIDEST = 0.85, 1.15
_BANK_USABLE, _BANK_COVERED = 0.85, 0.3


@dataclass
class SpeakerFrames:
    """One person in all frames of a clip.

    stable_px: (T, 478, 3) float32, NaN where missing (perhaps on disk). pts_s, usable, covered, yaw_deg: (T,).
    features: (T, F) float32 in the order of `FEATURES`, NaN where missing. smile: (T,) float32, slow. poses: by frame,
    as far as they are known.
    """

    stable_px: np.ndarray
    pts_s: np.ndarray
    usable: np.ndarray
    covered: np.ndarray
    features: np.ndarray
    yaw_deg: np.ndarray
    smile: np.ndarray
    poses: Mapping[int, HeadPose] = field(default_factory=dict)

    @property
    def found(self) -> np.ndarray:
        """(T,) bool."""
        return np.isfinite(self.features[:, 0])

    @property
    def fit_for_bank(self) -> np.ndarray:
        """(T,) bool: frames whose mouth may be shown in others."""
        return self.found & (self.usable >= _BANK_USABLE) & (self.covered <= _BANK_COVERED)

    def speed_per_s(self) -> np.ndarray:
        """(T,) float32: how fast the mouth's place moves in the picture, in its own widths; 0 where not known."""
        corners = np.asarray(self.stable_px[:, _CORNERS, :2], np.float64)
        width_px = np.linalg.norm(corners[:, 0] - corners[:, 1], axis=1)
        step = np.linalg.norm(np.diff(corners.mean(1), axis=0), axis=1) / np.maximum(width_px[1:], 1.0)
        speed = step / np.maximum(np.diff(self.pts_s), 1e-3)
        return np.nan_to_num(np.append(speed[:1] if len(speed) else 0.0, speed)).astype(np.float32)

    def points_px(self, index: int) -> np.ndarray:
        return np.asarray(self.stable_px[index], np.float64)

    def pose(self, index: int) -> HeadPose:
        return self.poses[index] if index in self.poses else head_pose(self.points_px(index))


def measure_speaker(stable_px: np.ndarray, pts_s: np.ndarray, usable: np.ndarray, covered: np.ndarray) -> SpeakerFrames:
    """Features of every frame, piece by piece (`stable_px` may be a file larger than memory)."""
    count = len(pts_s)
    features = np.full((count, len(FEATURES)), np.nan, np.float32)
    yaw, smiling = np.full(count, np.nan, np.float32), np.full(count, np.nan, np.float32)
    direction = smile_direction()[_CORNERS, :2]
    poses: dict[int, HeadPose] = {}
    for start in range(0, count, _PIECE):
        there = start + np.flatnonzero(np.isfinite(stable_px[start : start + _PIECE, 0, 0]))
        points = np.asarray(stable_px[there], np.float64)
        seen = head_poses(points)
        poses |= zip(there.tolist(), seen, strict=True)
        if seen:
            canonical = np.stack([pose.to_canonical(one) for pose, one in zip(seen, points, strict=True)])
            features[there] = shape_features(canonical)
            yaw[there] = [pose.yaw_deg for pose in seen]
            smiling[there] = (canonical[:, _CORNERS, :2] * direction).sum((1, 2)) / (direction**2).sum()
        let_go(stable_px)
    found = np.isfinite(yaw)
    slow = np.zeros(count, np.float32)
    if found.any():
        # Corners also move with vowels; only what lasts is a smile.
        rest = np.median(smiling[found])
        slow_found = smooth_in_time(pts_s[found], smiling[found] - rest, _SMILE_HZ)
        slow = np.interp(pts_s, pts_s[found], np.clip(slow_found, -0.8, 1.2)).astype(np.float32)
    return SpeakerFrames(stable_px, pts_s, np.asarray(usable), np.asarray(covered), features, yaw, slow, poses)


def let_go(points: np.ndarray) -> None:
    """Give back the memory of points that are mapped from a file; what is read again comes again."""
    mapped = getattr(points, "_mmap", None)
    if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)


_CORNERS = [lm.MOUTH_CORNER_RIGHT, lm.MOUTH_CORNER_LEFT]
_UPPER, _LOWER = list(lm.LIPS_INNER_UPPER[1:-1]), list(lm.LIPS_INNER_LOWER[1:-1])


@lru_cache(maxsize=1)
def smile_direction() -> np.ndarray:
    """(478, 3) displacement of a full smile."""
    return np.asarray(smile(load_mouth_shapes().mean_mesh), np.float64)


def inner_gap(canonical: np.ndarray) -> np.ndarray:
    """Mean gap of the inner lips of canonical meshes (…, 478, 3) → (…), signed: lips that cross count as negative."""
    return (canonical[..., _LOWER, 1] - canonical[..., _UPPER, 1]).mean(-1)


def shape_features(canonical: np.ndarray) -> np.ndarray:
    """(…, F) float32 of canonical meshes (…, 478, 3)."""
    down = canonical[..., 1]
    across = canonical[..., :2]
    width = np.linalg.norm(across[..., lm.MOUTH_CORNER_LEFT, :] - across[..., lm.MOUTH_CORNER_RIGHT, :], axis=-1)
    inner_corners = across[..., lm.MOUTH_INNER_CORNER_LEFT, :] - across[..., lm.MOUTH_INNER_CORNER_RIGHT, :]
    found = [
        inner_gap(canonical),
        down[..., lm.LOWER_LIP_CENTRE] - down[..., lm.UPPER_LIP_CENTRE],
        width,
        np.linalg.norm(inner_corners, axis=-1),
        down[..., lm.UPPER_LIP_CENTRE] - down[..., lm.NOSE_BOTTOM],
        down[..., lm.UPPER_LIP_CENTRE] - down[..., lm.UPPER_LIP_TOP],
        down[..., lm.LOWER_LIP_BOTTOM] - down[..., lm.LOWER_LIP_CENTRE],
        down[..., lm.CHIN] - down[..., lm.NOSE_BOTTOM],
        down[..., _CORNERS].mean(-1) - down[..., lm.NOSE_BOTTOM],
    ]
    return np.stack(found, axis=-1).astype(np.float32)


@dataclass(frozen=True)
class SpeakerRange:
    """How this speaker's articulation looks.

    rest: (478, 3) canonical mesh, lips as this speaker keeps them. closed_gap, open_gap: at openness 0 and 1.
    basis: (A, 478, 3) displacement per unit of each articulator, scaled to the speaker.
    closes, opens: whether the clip itself ever shows lips that touch, and a mouth that is clearly open.
    """

    rest: np.ndarray
    closed_gap: float
    open_gap: float
    basis: np.ndarray
    closes: bool
    opens: bool

    def mesh(self, articulation: np.ndarray, smiling: np.ndarray | float) -> np.ndarray:
        """(…, 478, 3) canonical meshes for frames' articulation (…, A) and slow smile (…)."""
        smiled = np.asarray(smiling)[..., None, None] * smile_direction()
        moved = self.rest + np.tensordot(articulation, self.basis, axes=1) + smiled
        openness = ARTICULATORS.index(Articulator.OPENNESS)
        wanted = self.closed_gap + _within_reach(articulation[..., openness]) * (self.open_gap - self.closed_gap)
        lacking = (wanted - inner_gap(moved)) / inner_gap(self.basis[openness])
        return moved + lacking[..., None, None] * self.basis[openness]


def _within_reach(openness: np.ndarray) -> np.ndarray:
    """Openness that this speaker's mouth can show: straight up to the wide vowel, bending to a little more than it."""
    room = _WIDEST - _BEND_FROM
    bent = _BEND_FROM + room * np.tanh((openness - _BEND_FROM) / room)
    return np.where(openness <= _BEND_FROM, np.maximum(openness, 0.0), bent)


def fit_range(frames: SpeakerFrames, most: int = 300) -> SpeakerRange:
    """The speaker's own mouth: rest, and how far articulation moves it, from the frames that show it well.

    Raises:
        ValueError: no frame shows the face.
    """
    usable = np.flatnonzero(frames.found & (frames.usable > 0.5))
    if not len(usable):
        usable = np.flatnonzero(frames.found)
    if not len(usable):
        raise ValueError("no frame shows the face")
    gaps = frames.features[usable, 0]
    calm = usable[gaps <= np.percentile(gaps, _REST_SHARE)]
    calm = calm[np.linspace(0, len(calm) - 1, min(most, len(calm))).astype(int)]
    rest = np.median([frames.pose(int(i)).to_canonical(frames.points_px(int(i))) for i in calm], axis=0)
    low, high = np.percentile(gaps, [3, 95])
    closed = float(np.clip(low, _TOUCHING, _MOST_CLOSED))
    opened = float(high) if high - closed >= _NARROWEST_RANGE else closed + _USUAL_RANGE
    shapes = load_mouth_shapes()
    basis = shapes.basis.copy()
    for name, articulator, limits in (
        ("chin", Articulator.JAW, _JAW_LIMITS),
        ("width", Articulator.WIDTH, _WIDTH_LIMITS),
    ):
        values = frames.features[usable, FEATURES.index(name)]
        row = ARTICULATORS.index(articulator)
        seen = float(np.percentile(values, 95) - np.percentile(values, 8))
        per_unit = abs(float(shape_features(shapes.mean_mesh + basis[row])[FEATURES.index(name)]
                             - shape_features(shapes.mean_mesh)[FEATURES.index(name)]))  # fmt: skip
        span = 1.0 if articulator is Articulator.JAW else 1.6
        basis[row] *= np.clip(seen / (span * per_unit), *limits)
    closes = bool(low <= _LARGEST_CLOSED)
    return SpeakerRange(rest, closed, opened, basis, closes, opens=bool(high >= 0.07))
