"""Is this the same person as before? From what a face tracker sees anyway: shape, colours, place.

Not recognition: nothing here could tell who somebody is, only which of a few people in one clip a face belongs to.
The shape is the mean of the rigid points in canonical space; the colours are those of hair, skin and clothes, as they
lie around the face; the place counts when the camera stands as it stood before.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np

from worker.engine.contracts import FaceBox
from worker.engine.face import landmarks
from worker.engine.face.tracks import FrameFace

COLOUR_BINS = 16
_SHAPE_POINTS = sorted({*landmarks.RIGID, *landmarks.NOSE, *landmarks.JAW_LINE})


@dataclass(eq=False)
class Likeness:
    """What is remembered of one face while it was in view; means over the looks taken."""

    looks: int = 0
    shape: np.ndarray = field(default_factory=lambda: np.zeros((len(_SHAPE_POINTS), 3)))
    colours: np.ndarray = field(default_factory=lambda: np.zeros((3, COLOUR_BINS * COLOUR_BINS)))
    light: np.ndarray = field(default_factory=lambda: np.zeros(3))

    def look(self, face: FrameFace, view_rgb: np.ndarray, view_points: np.ndarray) -> None:
        """Take in one frame: the face, and the window around it with the face's points in it."""
        shape = face.pose.to_canonical(face.landmarks_px[_SHAPE_POINTS])
        colours, light = _colours(view_rgb, view_points)
        weight = 1.0 / (self.looks + 1)
        self.shape = self.shape + weight * (shape - self.shape)
        self.colours = self.colours + weight * (colours - self.colours)
        self.light = self.light + weight * (light - self.light)
        self.looks += 1


def unlikeness(a: Likeness, b: Likeness) -> float:
    """0 for the same person in the same light, about 1 where two people start; both need to have been looked at."""
    shape = float(np.sqrt(((a.shape - b.shape) ** 2).sum(-1).mean()))
    colour = float(np.abs(a.colours - b.colours).sum(-1).mean() / 2)
    contrast = float(np.abs((a.light[1:] - a.light[0]) - (b.light[1:] - b.light[0])).mean()) / 100
    return shape / 0.10 + colour + contrast


def _colours(view_rgb: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(3, bins²) how much there is of each colour in skin, hair and clothes, and their (3,) lightness in [0, 100]."""
    lab = cv2.cvtColor(view_rgb, cv2.COLOR_RGB2LAB)
    histograms, light = [], []
    for area in _areas(view_rgb.shape, points):
        patch = lab[area[1] : area[3], area[0] : area[2]]
        if patch.size == 0:
            histograms.append(np.zeros(COLOUR_BINS * COLOUR_BINS))
            light.append(50.0)
            continue
        counts = cv2.calcHist([patch], [1, 2], None, [COLOUR_BINS] * 2, [88, 168, 88, 168])
        counts = cv2.GaussianBlur(counts, (0, 0), 1.2).ravel()
        histograms.append(counts / max(float(counts.sum()), 1e-6))
        light.append(float(np.median(patch[..., 0])) / 2.55)
    return np.stack(histograms), np.array(light)


def _areas(shape: tuple[int, ...], points: np.ndarray) -> list[tuple[int, int, int, int]]:
    """Boxes of cheeks and nose, of hair above the forehead, of clothes below the chin, inside the view."""
    height, width = shape[:2]
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    face_w, face_h = high - low
    middle = (low[0] + high[0]) / 2
    boxes = (
        (middle - 0.3 * face_w, low[1] + 0.35 * face_h, middle + 0.3 * face_w, low[1] + 0.62 * face_h),
        (middle - 0.4 * face_w, low[1] - 0.30 * face_h, middle + 0.4 * face_w, low[1] - 0.06 * face_h),
        (middle - 0.7 * face_w, high[1] + 0.18 * face_h, middle + 0.7 * face_w, high[1] + 0.5 * face_h),
    )
    return [
        (max(0, round(x0)), max(0, round(y0)), min(width, round(x1)), min(height, round(y1)))
        for x0, y0, x1, y1 in boxes
    ]


def same_place(a: FaceBox, b: FaceBox) -> float:
    """Distance of two boxes' centres and the change of their size, in widths of the larger: 0 = the same place."""
    width = max(a.x1 - a.x0, b.x1 - b.x0, 1e-6)
    moved = np.hypot((a.x0 + a.x1 - b.x0 - b.x1) / 2, (a.y0 + a.y1 - b.y0 - b.y1) / 2)
    return float((moved + abs((a.x1 - a.x0) - (b.x1 - b.x0))) / width)
