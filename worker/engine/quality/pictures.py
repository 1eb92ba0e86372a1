"""The metrics of `score` on pixels: background, seam, sharpness, likeness. RGB uint8 in, numbers out."""

import cv2
import numpy as np


def background_motion(rgb: np.ndarray, first_rgb: np.ndarray, person_matte: np.ndarray) -> float:
    """Mean absolute difference to the first frame outside the moving person, in 1/255.

    rgb, first_rgb: (H, W, 3) uint8. person_matte: (H, W) float in [0, 1] of everywhere the person ever is; NaN when
    that is everywhere.
    """
    outside = person_matte < 0.02
    if not outside.any():
        return float("nan")
    return float(cv2.absdiff(rgb, first_rgb)[outside].mean())


def seam_ratio(rgb: np.ndarray, mask: np.ndarray, *, ring_px: int = 4) -> float:
    """Gradient magnitude on a mask's border ÷ on the rings just inside and outside it. About 1 where no seam shows.

    mask: (H, W) float or bool, the edited region.
    """
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    gradient = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    inside = (np.asarray(mask) > 0.5).astype(np.uint8)
    distance_in = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
    distance_out = cv2.distanceTransform(1 - inside, cv2.DIST_L2, 3)
    distance = distance_in + distance_out
    border = distance <= 1.5
    rings = (distance > 2.5) & (distance <= 2.5 + ring_px)
    if not border.any() or not rings.any():
        return float("nan")
    return float(gradient[border].mean() / max(gradient[rings].mean(), 1e-6))


def sharpness_ratio(rgb: np.ndarray, mouth_mask: np.ndarray, cheek_mask: np.ndarray) -> float:
    """Variance of the Laplacian in the mouth ÷ in the cheeks. Masks (H, W) bool. Compare with the source's own."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    laplacian = cv2.Laplacian(grey, cv2.CV_32F)
    if mouth_mask.sum() < 16 or cheek_mask.sum() < 16:
        return float("nan")
    return float(laplacian[mouth_mask].var() / max(laplacian[cheek_mask].var(), 1e-6))


def structural_similarity(first: np.ndarray, second: np.ndarray) -> float:
    """Mean SSIM (Wang et al. 2004) of two grey or RGB uint8 pictures of one size, in [-1, 1]."""
    if first.shape != second.shape:
        raise ValueError(f"sizes differ: {first.shape} and {second.shape}")
    a, b = (
        cv2.cvtColor(p, cv2.COLOR_RGB2GRAY).astype(np.float64) if p.ndim == 3 else p.astype(np.float64)
        for p in (first, second)
    )

    def blur(picture: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(picture, (11, 11), 1.5)

    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    covariance = blur(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    ssim = ((2 * mean_a * mean_b + c1) * (2 * covariance + c2)) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
    return float(ssim.mean())
