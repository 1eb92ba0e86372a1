"""Landmark stabilization without lag.

A face's motion is split into head pose and, in canonical space, what expression does. Each part is smoothed over time
by local quadratic regression with Gaussian weights (Savitzky & Golay 1964 for uneven times): symmetric in time, so
nothing is delayed, and a blink's or a nod's peak keeps its height better than under a plain average. One pixel of
noise would be seen as boiling skin; one frame of lag as bad sync.
"""

from collections.abc import Iterator

import numpy as np
from scipy.spatial.transform import Rotation

from worker.engine.face import landmarks
from worker.engine.face.pose import HeadPose, head_poses

POSE_CUTOFF_HZ = 4.0  # heads nod at 1-2 Hz
EXPRESSION_CUTOFF_HZ = 3.0
LIPS_CUTOFF_HZ = 9.0  # lips close and open again within 100 ms
LIDS_CUTOFF_HZ = 9.0
MAX_GAP_S = 0.25  # beyond this, what lies on either side is smoothed apart
_PIECE_FRAMES = 500
_SIGMA_TIMES_CUTOFF = 0.234  # −3 dB of the fourth-order Gaussian kernel (1 + u)·exp(−u), u = (2πfσ)²/2


def stabilize_landmarks(landmarks_px: np.ndarray, pts_s: np.ndarray, *, cutoff_hz: float | None = None) -> np.ndarray:
    """`stable_landmarks_px` (T, 478, 3) float32 for a track.

    Args:
        landmarks_px: (T, 478, 3), rows of NaN where no face was found; these stay NaN.
        pts_s: (T,) times of the frames, rising, evenly spaced or not.
        cutoff_hz: one −3 dB frequency for everything instead of the built-in ones per part of the face.
    """
    track = np.asarray(landmarks_px, np.float64)
    times = np.asarray(pts_s, np.float64)
    if track.ndim != 3 or track.shape[1:] != (landmarks.N_LANDMARKS, 3) or len(times) != len(track):
        raise ValueError(f"expected (T, 478, 3) points and (T,) times, got {track.shape} and {times.shape}")
    stable = np.full(track.shape, np.nan, np.float32)
    found = np.isfinite(track).all(axis=(1, 2))
    for run in _runs(found, times):
        stable[run] = _stabilize_run(track[run], times[run], cutoff_hz)
    return stable


def smoothing_matrix(times_s: np.ndarray, cutoff_hz: float) -> np.ndarray:
    """(T, T) row-stochastic matrix S; S @ values is the smoothed signal. Exact for parabolas, so without lag."""
    times = np.asarray(times_s, np.float64)
    sigma_s = _SIGMA_TIMES_CUTOFF / cutoff_hz
    matrix = np.zeros((len(times), len(times)))
    for row, time in enumerate(times):
        near = np.flatnonzero(np.abs(times - time) <= 3.5 * sigma_s)
        delta = (times[near] - time) / sigma_s
        weights = np.exp(-0.5 * delta**2)
        design = np.stack([np.ones_like(delta), delta, delta**2], axis=1)[:, : min(3, len(near))]
        if len(near) <= 3:  # the parabola goes through the points: nothing to smooth
            matrix[row, row] = 1.0
            continue
        normal = design.T @ (design * weights[:, None])
        matrix[row, near] = np.linalg.solve(normal, (design * weights[:, None]).T)[0]
    return matrix


def smooth_in_time(times_s: np.ndarray, values: np.ndarray, cutoff_hz: float) -> np.ndarray:
    """`values` (T, …) at rising `times_s` (T,), smoothed as landmarks are, in pieces: memory grows with T, not T²."""
    flat = np.asarray(values, np.float64).reshape(len(times_s), -1)
    margin_s = 3.6 * _SIGMA_TIMES_CUTOFF / cutoff_hz
    smooth = np.empty_like(flat)
    for start in range(0, len(times_s), _PIECE_FRAMES):
        end = min(start + _PIECE_FRAMES, len(times_s))
        low = int(np.searchsorted(times_s, times_s[start] - margin_s))
        high = int(np.searchsorted(times_s, times_s[end - 1] + margin_s, side="right"))
        matrix = smoothing_matrix(times_s[low:high], cutoff_hz)[start - low : end - low]
        smooth[start:end] = matrix @ flat[low:high]
    return smooth.reshape(np.shape(values))


def _runs(found: np.ndarray, times_s: np.ndarray) -> Iterator[np.ndarray]:
    """Index arrays of stretches with a face, split where times jump."""
    present = np.flatnonzero(found)
    if len(present):
        breaks = np.flatnonzero(np.diff(times_s[present]) > MAX_GAP_S) + 1
        yield from np.split(present, breaks)


def _stabilize_run(track: np.ndarray, times_s: np.ndarray, cutoff_hz: float | None) -> np.ndarray:
    poses = head_poses(track)
    pose_matrix = smoothing_matrix(times_s, cutoff_hz or POSE_CUTOFF_HZ)
    canonical = np.stack([pose.to_canonical(points) for pose, points in zip(poses, track, strict=True)])
    smooth = np.tensordot(smoothing_matrix(times_s, cutoff_hz or EXPRESSION_CUTOFF_HZ), canonical, axes=1)
    for part, part_cutoff_hz in ((_lip_points(), LIPS_CUTOFF_HZ), (_lid_points(), LIDS_CUTOFF_HZ)):
        matrix = smoothing_matrix(times_s, cutoff_hz or part_cutoff_hz)
        smooth[:, part] = np.tensordot(matrix, canonical[:, part], axes=1)
    smooth_poses = _smooth_poses(poses, pose_matrix)
    return np.stack([pose.from_canonical(points) for pose, points in zip(smooth_poses, smooth, strict=True)])


def _smooth_poses(poses: list[HeadPose], matrix: np.ndarray) -> list[HeadPose]:
    """Rotations are smoothed as rotation vectors about their mean: small there, so linear enough."""
    rotations = Rotation.from_matrix(np.stack([pose.rotation for pose in poses]))
    middle = rotations.mean()
    vectors = matrix @ (middle.inv() * rotations).as_rotvec()
    smooth_rotations = (middle * Rotation.from_rotvec(vectors)).as_matrix()
    scales = np.exp(matrix @ np.log([pose.scale_px for pose in poses]))
    translations = matrix @ np.stack([pose.translation_px for pose in poses])
    return [
        HeadPose(0.0, 0.0, 0.0, rotation, float(scale), translation)
        for rotation, scale, translation in zip(smooth_rotations, scales, translations, strict=True)
    ]


def _lip_points() -> list[int]:
    return list(landmarks.LIPS)


def _lid_points() -> list[int]:
    rows = (
        landmarks.RIGHT_EYE_UPPER,
        landmarks.RIGHT_EYE_LOWER,
        landmarks.LEFT_EYE_UPPER,
        landmarks.LEFT_EYE_LOWER,
        landmarks.RIGHT_EYE_UPPER_FOLD,
        landmarks.LEFT_EYE_UPPER_FOLD,
        landmarks.IRISES,
    )
    return sorted({index for row in rows for index in row})


def landmark_jitter_px(landmarks_px: np.ndarray) -> float:
    """RMS second difference of all points over time ÷ √6: the size of white noise that would show it. (T, 478, 3) → px.

    Only meaningful where the face keeps still. NaN rows are left out; 0 for fewer than three frames.
    """
    second = np.diff(np.asarray(landmarks_px, np.float64)[..., :2], n=2, axis=0)
    second = second[np.isfinite(second).all(axis=(1, 2))]
    return float(np.sqrt((second**2).mean() / 6)) if len(second) else 0.0
