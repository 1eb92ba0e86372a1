"""Face alignment: the similarity transform that puts a face upright and at a fixed size into a canonical crop."""

import cv2
import numpy as np

from worker.engine.face import landmarks
from worker.engine.face.pose import canonical_face, fit_similarity

CANONICAL_SIZE_PX = 256
INTER_OCULAR_SHARE = 0.32  # of the crop's side: forehead, chin and both ears fit in
EYES_AT = (0.5, 0.40)  # point between the eyes, as shares of the crop's side


def align_face(points_px: np.ndarray, *, size_px: int = CANONICAL_SIZE_PX) -> np.ndarray:
    """`to_canonical` (2, 3) float64: picture pixels → pixels of an upright crop of `size_px`².

    points_px: (478, 2 or 3). Rotation, scale and shift only, fitted to points that expression hardly moves, so a
    speaking face keeps still in its crop.
    """
    points = np.asarray(points_px, np.float64)
    if points.shape[0] < landmarks.N_MESH or points.shape[1] not in (2, 3):
        raise ValueError(f"expected (478, 2 or 3) points, got {points.shape}")
    rigid = list(landmarks.RIGID)
    target = canonical_face()[rigid, :2] * (INTER_OCULAR_SHARE * size_px) + np.array(EYES_AT) * size_px
    rotation, scale, translation = fit_similarity(points[rigid, :2], target)
    return np.hstack([scale * rotation, translation[:, None]])


def invert_affine(affine: np.ndarray) -> np.ndarray:
    """`from_canonical` (2, 3) for a `to_canonical` (2, 3), and back."""
    return cv2.invertAffineTransform(np.asarray(affine, np.float64))


def transform_points(points_px: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """(…, 2) points through a (2, 3) transform."""
    return np.asarray(points_px, np.float64) @ affine[:, :2].T + affine[:, 2]


def canonical_crop(rgb: np.ndarray, to_canonical: np.ndarray, *, size_px: int = CANONICAL_SIZE_PX) -> np.ndarray:
    """`canonical_rgb` (S, S, 3) uint8: the aligned face. The picture's border is repeated outwards."""
    shrink = float(np.sqrt(abs(np.linalg.det(to_canonical[:, :2]))))
    flags = cv2.INTER_AREA if shrink < 0.7 else cv2.INTER_LINEAR
    return cv2.warpAffine(rgb, to_canonical, (size_px, size_px), flags=flags, borderMode=cv2.BORDER_REPLICATE)
