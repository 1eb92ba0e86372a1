"""The one large step of a frame, the photo read where each pixel comes from, on whatever does it fastest.

Sources are given as displacements: how far from itself a pixel comes from. All ways follow one convention: pixel
centres lie at whole numbers, displacements are rounded to 1/32 px, weights are bilinear, the photo's borders are
continued. So all give the same picture within rounding.
"""

import cv2
import numpy as np

from worker.engine.render.warping import Window


class CpuSampler:
    """OpenCV's fixed-point path, window by window so that its maps stay in the cache.

    Maps relative to the pixel itself need no base coordinates to be added at full size. They cannot point before the
    first pixel of what they read, so the photo is given a margin, and every displacement the margin's width.
    """

    def __init__(self, photo: np.ndarray, corner: tuple[int, int], margin_px: int) -> None:
        """photo: (H, W, 4) uint8. corner: (x, y) of the photo's pixel that displacement [0, 0] belongs to.

        margin_px: no displacement is larger.
        """
        self.margin_px = margin_px
        around = (margin_px,) * 4
        self._photo = cv2.copyMakeBorder(photo, *around, cv2.BORDER_REPLICATE)
        self._corner = corner

    def sample(self, away_px: np.ndarray, windows: tuple[Window, ...], out: np.ndarray) -> None:
        """Fill `windows` of `out` (h, w, 4) uint8. away_px: (h, w, 2) float32, displacement plus `margin_px`."""
        x, y = self._corner
        for window in windows:
            cv2.remap(
                self._photo[y + window.y0 :, x + window.x0 :],
                away_px[window.slices],
                None,
                cv2.INTER_LINEAR | cv2.WARP_RELATIVE_MAP,
                out[window.slices],
                cv2.BORDER_REPLICATE,
            )
