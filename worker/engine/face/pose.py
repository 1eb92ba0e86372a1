"""Head pose: the similarity transform between a canonical neutral face and a face mesh in a picture.

Canonical space is pose-free: origin midway between the eyes, unit = inter-ocular distance, x to the picture's right,
y down, z into the picture (away from the viewer), the face looking straight at the viewer (forehead top and chin at
the same depth). A face in the picture is

    points_px = scale_px * (canonical @ rotation.T) + translation_px

Signs, as a viewer sees them (they match what creators say about the picture):
    yaw_deg   > 0: the face turns towards the picture's right edge
    pitch_deg > 0: the face looks down
    roll_deg  > 0: the head tilts clockwise
Mirroring a picture left to right negates yaw and roll and keeps pitch.

The fit is Umeyama's (1991) closed form over points that expression hardly moves. The canonical face is the mean of
closed-mouth frames of the GRID corpus (CC BY 4.0; Cooke, Barker, Cunningham & Shao 2006), made symmetric:
`worker/train/canonical_face.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from worker.engine.face import landmarks

CANONICAL_FILE = Path(__file__).with_name("canonical_face.npy")


@dataclass(frozen=True)
class HeadPose:
    """Where a head is and where it looks; see the module's text for signs.

    rotation: (3, 3) float64, canonical → picture. scale_px: inter-ocular distance in pixels as the fit sees it.
    translation_px: (3,) float64, the point between the eyes.
    """

    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    rotation: np.ndarray
    scale_px: float
    translation_px: np.ndarray

    def to_canonical(self, points_px: np.ndarray) -> np.ndarray:
        """(…, 3) picture points → canonical coordinates (inter-ocular units)."""
        return (np.asarray(points_px, np.float64) - self.translation_px) @ self.rotation / self.scale_px

    def from_canonical(self, points: np.ndarray) -> np.ndarray:
        """(…, 3) canonical coordinates → picture points (pixels). Inverse of `to_canonical`."""
        return self.scale_px * (np.asarray(points, np.float64) @ self.rotation.T) + self.translation_px

    def moved(
        self,
        *,
        yaw_deg: float = 0.0,
        pitch_deg: float = 0.0,
        roll_deg: float = 0.0,
        scale: float = 1.0,
        shift_px: tuple[float, float, float] = (0.0, 0.0, 0.0),
    ) -> "HeadPose":
        """This pose with the head turned further by the given angles about the point between the eyes."""
        rotation = rotation_from_angles(yaw_deg, pitch_deg, roll_deg) @ self.rotation
        return _pose(rotation, self.scale_px * scale, self.translation_px + np.asarray(shift_px, np.float64))


@cache
def canonical_face() -> np.ndarray:
    """(478, 3) float64: the neutral face, mouth closed, in canonical space. Read-only."""
    points = np.load(CANONICAL_FILE, allow_pickle=False).astype(np.float64)
    if points.shape != (landmarks.N_LANDMARKS, 3):
        raise ValueError(f"{CANONICAL_FILE.name} holds {points.shape}, expected {(landmarks.N_LANDMARKS, 3)}")
    points.setflags(write=False)
    return points


def rotation_from_angles(yaw_deg: float, pitch_deg: float, roll_deg: float) -> np.ndarray:
    """(3, 3) rotation: pitch first, then yaw, then roll in the picture plane; signs as in the module's text."""
    yaw, pitch, roll = np.deg2rad([yaw_deg, pitch_deg, roll_deg])
    # The face looks along -z. Turning it to +x: yaw about y; to +y (down): pitch about x.
    about_y = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    about_z = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


def angles_from_rotation(rotation: np.ndarray) -> tuple[float, float, float]:
    """(yaw_deg, pitch_deg, roll_deg), the inverse of `rotation_from_angles` for |yaw| < 90°."""
    yaw = np.arcsin(np.clip(rotation[2, 0], -1.0, 1.0))
    pitch = np.arctan2(rotation[2, 1], rotation[2, 2])
    roll = np.arctan2(rotation[1, 0], rotation[0, 0])
    return float(np.rad2deg(yaw)), float(np.rad2deg(pitch)), float(np.rad2deg(roll))


def _pose(rotation: np.ndarray, scale_px: float, translation_px: np.ndarray) -> HeadPose:
    yaw_deg, pitch_deg, roll_deg = angles_from_rotation(rotation)
    return HeadPose(yaw_deg, pitch_deg, roll_deg, rotation, scale_px, translation_px)


def fit_similarity(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """Best rotation, scale, translation with target ≈ scale * source @ rotation.T + translation (Umeyama 1991).

    source, target: (N, D), D 2 or 3, N ≥ D. Returns (D, D), a positive number, (D,). Never a reflection.
    """
    if np.ndim(target) != 2:
        raise ValueError(f"expected (N, D) points, got {np.shape(target)}")
    rotations, scales, translations = fit_similarities(source, np.asarray(target)[None])
    return rotations[0], float(scales[0]), translations[0]


def fit_similarities(source: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`fit_similarity` of one source (N, D) to many targets (T, N, D) at once: (T, D, D), (T,), (T, D)."""
    source, targets = np.asarray(source, np.float64), np.asarray(targets, np.float64)
    if targets.ndim != 3 or source.shape != targets.shape[1:]:
        raise ValueError(f"point sets differ: {source.shape} and {targets.shape}")
    source_mean, target_means = source.mean(0), targets.mean(1)
    centred = source - source_mean
    u, singular, vt = np.linalg.svd((targets - target_means[:, None]).transpose(0, 2, 1) @ centred)
    flip = np.ones((len(targets), source.shape[1]))
    flip[:, -1] = np.where(np.linalg.det(u) * np.linalg.det(vt) < 0, -1.0, 1.0)
    rotations = (u * flip[:, None]) @ vt
    scales = (singular * flip).sum(1) / max((centred**2).sum(), 1e-12)
    return rotations, scales, target_means - scales[:, None] * (rotations @ source_mean)


def head_pose(points_px: np.ndarray) -> HeadPose:
    """Pose of one face. `points_px` (478, 3) float, pixels. Raises ValueError on other shapes or NaN."""
    return head_poses(np.asarray(points_px)[None])[0]


def head_poses(points_px: np.ndarray | Sequence[np.ndarray]) -> list[HeadPose]:
    """Poses of many faces, (T, 478, 3) float, pixels: a fifth of the time that they take one by one.

    Raises:
        ValueError: other shapes, or NaN.
    """
    points = np.asarray(points_px)
    if points.shape[1:] != (landmarks.N_LANDMARKS, 3) or not np.isfinite(points).all():
        raise ValueError(f"expected finite {(landmarks.N_LANDMARKS, 3)} points, got {points.shape[1:]}")
    rigid = list(landmarks.RIGID)
    fitted = fit_similarities(canonical_face()[rigid], points[:, rigid])
    return [_pose(rotation, float(scale), shift) for rotation, scale, shift in zip(*fitted, strict=True)]


def fit_residual(points_px: np.ndarray, pose: HeadPose) -> float:
    """RMS distance of the rigid points from the canonical face, in inter-ocular units: ≤ 0.12 for people's faces."""
    rigid = list(landmarks.RIGID)
    difference = pose.to_canonical(np.asarray(points_px)[rigid]) - canonical_face()[rigid]
    return float(np.sqrt((difference**2).sum(-1).mean()))
