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


def seam_delta_e(rgb: np.ndarray, mask: np.ndarray, *, side_px: float = 3.0) -> float:
    """Mean colour difference (CIEDE2000) across a mask's border, between places `side_px` inside and outside it.

    mask: (H, W) float or bool, the edited region; NaN without a border. Fine texture is averaged out first.
    """
    inside = (np.asarray(mask) > 0.5).astype(np.uint8)
    outlines, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return float("nan")
    lab = cv2.cvtColor(cv2.GaussianBlur(rgb, (0, 0), side_px / 2).astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, 5) - cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5)
    slope = np.stack([cv2.Sobel(distance, cv2.CV_32F, 1, 0), cv2.Sobel(distance, cv2.CV_32F, 0, 1)], axis=-1)
    border = max(outlines, key=len)[:, 0]
    normal = slope[border[:, 1], border[:, 0]]
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-6)
    limit = np.array([rgb.shape[1] - 1, rgb.shape[0] - 1])
    here, there = (np.clip(np.round(border + side * side_px * normal), 0, limit).astype(int) for side in (1.0, -1.0))
    return float(ciede2000(lab[here[:, 1], here[:, 0]], lab[there[:, 1], there[:, 0]]).mean())


def ciede2000(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(N,) colour differences of CIELAB colours (N, 3) (Sharma, Wu & Dalal 2005)."""
    l1, a1, b1 = np.asarray(first, np.float64).T
    l2, a2, b2 = np.asarray(second, np.float64).T
    mean_c7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1 + 0.5 * (1 - np.sqrt(mean_c7 / (mean_c7 + 25.0**7)))
    c1, c2 = np.hypot(stretch * a1, b1), np.hypot(stretch * a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, stretch * a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    grey = c1 * c2 == 0
    turn = np.where(grey, 0.0, (h2 - h1 + 180) % 360 - 180)
    delta_h = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2)
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    mean_h = np.where(grey, h1 + h2, (h1 + turn / 2) % 360)
    tone = (
        1
        - 0.17 * np.cos(np.radians(mean_h - 30))
        + 0.24 * np.cos(np.radians(2 * mean_h))
        + 0.32 * np.cos(np.radians(3 * mean_h + 6))
        - 0.20 * np.cos(np.radians(4 * mean_h - 63))
    )
    light = (l2 - l1) / (1 + 0.015 * (mean_l - 50) ** 2 / np.sqrt(20 + (mean_l - 50) ** 2))
    chroma = (c2 - c1) / (1 + 0.045 * mean_c)
    hue = delta_h / (1 + 0.015 * mean_c * tone)
    rotation = -2 * np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7))
    rotation *= np.sin(np.radians(60 * np.exp(-(((mean_h - 275) / 25) ** 2))))
    return np.sqrt(light**2 + chroma**2 + hue**2 + rotation * chroma * hue)


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
