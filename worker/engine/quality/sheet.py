"""The last look at a render: a few of its frames, before marks and encoding, measured against its photo."""

import cv2
import numpy as np

from worker.engine.quality.appearance import Numbers, appearance, relative

_SAMPLES = 6
_FACE_SIDE_PX = 400  # faces are looked at no larger: more pixels say nothing more


class MetricSheet:
    """Collects the numbers of one render. Cheap: most frames are not looked at."""

    def __init__(self, photo_rgb: np.ndarray, points_px: np.ndarray, moves: np.ndarray, frames: int) -> None:
        """photo_rgb: (H, W, 3) uint8; points_px: (478, 3) its face. moves: (H, W) bool, where pixels may ever change.

        frames: how many there will be.
        """
        self._photo = photo_rgb
        self._still = cv2.bitwise_not(moves.astype(np.uint8) * 255)
        low, high = points_px[:, :2].min(axis=0) - 8, points_px[:, :2].max(axis=0) + 8
        x0, y0 = np.maximum(low, 0).astype(int)
        x1, y1 = np.minimum(high, [photo_rgb.shape[1], photo_rgb.shape[0]]).astype(int)
        self._face = np.s_[y0:y1, x0:x1]
        self._scale = min(1.0, _FACE_SIDE_PX / max(x1 - x0, y1 - y0, 1))
        self._points = (points_px[:, :2] - [x0, y0] + 0.5) * self._scale - 0.5
        self._wanted = set(np.linspace(0, max(0, frames - 1), _SAMPLES + 1).astype(int)[1:].tolist())
        self._background: list[float] = []
        self._looks: list[Numbers] = []

    def see(self, index: int, rgb: np.ndarray) -> None:
        """Frame number `index`, (H, W, 3) uint8."""
        if index not in self._wanted:
            return
        if self._still.any():
            self._background.append(float(np.mean(cv2.mean(cv2.absdiff(rgb, self._photo), self._still)[:3])))
        self._looks.append(self._look(rgb))

    def numbers(self) -> Numbers:
        """What could be measured: background_motion (of 255), seam, seam_delta_e, sharpness; see `appearance`."""
        found = {"background_motion": max(self._background)} if self._background else {}
        if self._looks:
            found |= relative(self._looks, [self._look(self._photo)])
        return {name: round(value, 4) for name, value in found.items() if np.isfinite(value)}

    def _look(self, rgb: np.ndarray) -> Numbers:
        face = rgb[self._face]
        if self._scale < 1:
            face = cv2.resize(face, None, fx=self._scale, fy=self._scale, interpolation=cv2.INTER_AREA)
        return appearance(np.ascontiguousarray(face), self._points)
