"""What a video's face does, as curves: the only part of `score` that looks at pixels of clips."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from worker.engine.face import landmarks
from worker.engine.face.alignment import align_face, canonical_crop
from worker.engine.face.tracks import track_faces
from worker.engine.media.decode import Frame, decode_video

MOUTH_CROP_SIDE_PX = 128


@dataclass(frozen=True)
class VideoTrack:
    """One video's face over time; every array has one row per frame, NaN where no face was found.

    times_s: (T,). aperture, mouth_width: (T,) in inter-ocular distances. eye_openness: (T,) mean of both eyes, lid gap
    ÷ eye width. pose_deg: (T, 3) yaw, pitch, roll. landmarks_px: (T, 478, 3) float32. mouth_change: (T,) mean absolute
    difference (1/255) of the aligned mouth to the frame before; NaN in the first two frames of a face, over which the
    tracker settles: what changes there is where it puts the face, not the picture.
    """

    times_s: np.ndarray
    aperture: np.ndarray
    mouth_width: np.ndarray
    eye_openness: np.ndarray
    pose_deg: np.ndarray
    landmarks_px: np.ndarray
    mouth_change: np.ndarray
    width_px: int
    height_px: int

    @property
    def found_share(self) -> float:
        return float(np.isfinite(self.aperture).mean()) if len(self.aperture) else 0.0

    @property
    def inter_ocular_px(self) -> float:
        return float(np.nanmedian(landmarks.inter_ocular_px(self.landmarks_px)))


def track_video(path: Path | str) -> VideoTrack:
    """Follow the main face of a video. Raises what `decode_video` raises, and ValueError for a clip without frames."""
    rows = list(_rows(decode_video(path)))
    if not rows:
        raise ValueError("the video has no frames")
    points = np.stack([row[1] for row in rows])
    with np.errstate(invalid="ignore"):
        aperture = landmarks.mouth_openness(points)
        width = landmarks.mouth_width(points)
        eyes = landmarks.eye_openness(points).mean(-1)
    return VideoTrack(
        times_s=np.array([row[0] for row in rows]),
        aperture=aperture.astype(np.float64),
        mouth_width=width.astype(np.float64),
        eye_openness=eyes.astype(np.float64),
        pose_deg=np.stack([row[2] for row in rows]),
        landmarks_px=points,
        mouth_change=np.array([row[3] for row in rows]),
        width_px=rows[0][4],
        height_px=rows[0][5],
    )


def _rows(frames: Iterator[Frame]) -> Iterator[tuple[float, np.ndarray, np.ndarray, float, int, int]]:
    """(time, points, pose, mouth change, width, height) per frame; no pixels are kept but one mouth."""
    before: np.ndarray | None = None
    settled = False
    for frame, face in track_faces(frames):
        size = frame.width_px, frame.height_px
        if face is None:
            before, settled = None, False
            yield (
                frame.pts_s,
                np.full((landmarks.N_LANDMARKS, 3), np.nan, np.float32),
                np.full(3, np.nan),
                np.nan,
                *size,
            )
            continue
        mouth = _mouth_crop(frame, face.landmarks_px)
        change = float(cv2.absdiff(mouth, before).mean()) if before is not None and settled else float("nan")
        before, settled = mouth, before is not None
        pose = np.array([face.pose.yaw_deg, face.pose.pitch_deg, face.pose.roll_deg])
        yield frame.pts_s, face.landmarks_px, pose, change, *size


def _mouth_crop(frame: Frame, points_px: np.ndarray) -> np.ndarray:
    """The mouth's part of the aligned face, (S/2, S, 3) uint8; head motion is taken out."""
    low = np.floor(points_px[:, :2].min(0) - 4).astype(int)
    high = np.ceil(points_px[:, :2].max(0) + 4).astype(int)
    x0, y0 = max(0, low[0]), max(0, low[1])
    x1, y1 = min(frame.width_px, high[0]), min(frame.height_px, high[1])
    if x1 - x0 < 2 or y1 - y0 < 2:
        return np.zeros((MOUTH_CROP_SIDE_PX // 2, MOUTH_CROP_SIDE_PX, 3), np.uint8)
    crop = frame.crop_rgb((int(x0), int(y0), int(x1), int(y1)))
    shifted = points_px[:, :2] - np.array([x0, y0])
    aligned = canonical_crop(crop, align_face(shifted, size_px=MOUTH_CROP_SIDE_PX), size_px=MOUTH_CROP_SIDE_PX)
    return aligned[MOUTH_CROP_SIDE_PX // 2 :]
