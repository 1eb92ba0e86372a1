"""The 478-point face mesh of MediaPipe 0.10.21 (Apache-2.0; Kartynnik et al. 2019, Grishchenko et al. 2020)."""

import contextlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from worker.engine.closing import Closing

N_LANDMARKS = 478  # 468 mesh points + 2 × 5 iris points
_STDERR_LOCK = threading.Lock()


@contextlib.contextmanager
def silenced_stderr() -> Iterator[None]:
    """Send file descriptor 2 to the void: MediaPipe's C++ log lines ignore every environment variable."""
    with _STDERR_LOCK:
        saved = os.dup(2)
        void = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(void, 2)
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            os.close(void)


@dataclass(frozen=True)
class FaceLandmarks:
    """Landmarks of one face. `points_px`: (478, 3) float32, x right, y down, z towards the scene, all in pixels."""

    points_px: np.ndarray

    @property
    def xy_px(self) -> np.ndarray:
        return self.points_px[:, :2]


class FaceMesh(Closing):
    """Finds up to `max_faces` meshes in RGB uint8 pictures. Use as a context manager.

    `tracking=True` follows faces from frame to frame (video mode, 6-10 ms at 512 px); False looks afresh each time.
    `refined=False` gives the 468 points of the plain mesh, without irises: a second opinion on lips and lids.
    """

    def __init__(
        self, *, tracking: bool, max_faces: int = 1, min_confidence: float = 0.5, refined: bool = True
    ) -> None:
        with silenced_stderr():
            import mediapipe as mp

            self._mesh = mp.solutions.face_mesh.FaceMesh(
                static_image_mode=not tracking,
                max_num_faces=max_faces,
                refine_landmarks=refined,
                min_detection_confidence=min_confidence,
                min_tracking_confidence=min_confidence,
            )
            self._mesh.process(np.zeros((32, 32, 3), np.uint8))  # or its threads log after this block
        self._warm = False

    def detect(self, rgb: np.ndarray) -> list[FaceLandmarks]:
        """Meshes found in `rgb` (H, W, 3) uint8, in MediaPipe's order."""
        if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
            raise ValueError(f"expected (H, W, 3) uint8, got {rgb.shape} {rgb.dtype}")
        if self._warm:
            found = self._mesh.process(rgb)
        else:  # until a first face has been seen, parts of it still start up, and log
            with silenced_stderr():
                found = self._mesh.process(rgb)
            self._warm = bool(found.multi_face_landmarks)
        height, width = rgb.shape[:2]
        scale = np.array([width, height, width], np.float32)
        faces = found.multi_face_landmarks or []
        return [FaceLandmarks(np.array([(p.x, p.y, p.z) for p in face.landmark], np.float32) * scale) for face in faces]

    def reset(self) -> None:
        """Forget the face that was followed, far cheaper than a new mesh; the next picture is looked at afresh."""
        self._mesh.reset()
        self._warm = False

    def close(self) -> None:
        self._mesh.close()
