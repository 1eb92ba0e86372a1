"""A clip's own sound on its own first frame: the render that `score` compares with the clip itself."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from worker.engine.contracts import SilentHooks, Style, TalkingPhotoRequest
from worker.engine.face import landmarks
from worker.engine.face.alignment import align_face, canonical_crop
from worker.engine.face.mesh import FaceMesh
from worker.engine.face.pose import head_pose
from worker.engine.face.segmentation import person_matte
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.decode import decode_video
from worker.engine.media.encode import VideoEncoder
from worker.engine.quality import metrics, pictures
from worker.engine.quality.appearance import appearance, relative
from worker.engine.quality.curves import Numbers
from worker.engine.quality.tracking import VideoTrack, track_video
from worker.engine.speech.mouth_track import MouthTrack
from worker.engine.speech.track_json import track_to_json

CROP_FACTOR = 3.2  # of the face's height: head and shoulders
MAX_SIDE_PX = 720
SAMPLED_FRAMES = 12
STILL_FRAMES = 40
MATTE_REACH_SHARE = 0.04  # of the longer side: how far the person may sway


@dataclass(frozen=True)
class SelfDriven:
    """A finished render, and how long it took."""

    output_path: Path
    portrait_rgb: np.ndarray
    render_s: float

    def picture_numbers(self, video: VideoTrack) -> Numbers:
        """Numbers of the render's pixels, from a few of its frames; seam and sharpness against its photo's own."""
        wanted = set(np.linspace(1, max(1, len(video.times_s) - 1), SAMPLED_FRAMES).astype(int).tolist())
        first: np.ndarray | None = None
        still = np.zeros(0)
        moves, likeness, shapes, looks = [], [], [], []
        for frame in decode_video(self.output_path):
            if first is None:
                first = frame.rgb()
                still = _reach(person_matte(first))
            elif frame.index in wanted:
                rgb = frame.rgb()
                moves.append(pictures.background_motion(rgb, first, still))
                likeness.append(
                    _upper_face_similarity(first, video.landmarks_px[0], rgb, video.landmarks_px[frame.index])
                )
                shapes.append(_shape_distance(video.landmarks_px[0], video.landmarks_px[frame.index]))
                looks.append(appearance(rgb, video.landmarks_px[frame.index]))
        return {
            **relative(looks, [_look_of(np.ascontiguousarray(self.portrait_rgb))]),
            "background_motion": _mean(moves),
            "upper_face_ssim": _mean(likeness),
            "rigid_shape_distance": _mean(shapes),
        }

    def still_jitter_share(self) -> float:
        """What the tracker reads as jitter when the photo itself is the video: its own noise, and the codec's."""
        height, width = self.portrait_rgb.shape[:2]
        path = self.output_path.with_name("still.mp4")
        with VideoEncoder(path, width, height, TalkingPhotoRequest.frame_rate) as encoder:
            for _ in range(STILL_FRAMES):
                encoder.write(np.ascontiguousarray(self.portrait_rgb))
        video = track_video(path)
        return metrics.jitter_share(video.landmarks_px, video.inter_ocular_px)


@contextmanager
def render_self_driven(
    clip: Path, video: VideoTrack, *, keep: Path | None, style: str, track: MouthTrack | None = None
) -> Iterator[SelfDriven]:
    """Render the clip's first frame that shows its face, driven by the clip's own sound.

    track: the mouth, where it is not what the shipped weights hear: made without the clip, for an honest score.

    Raises NO_FACE when no frame shows one, OPTION_INVALID for an unknown style.
    """
    from worker.engine.talking_photo import animate

    if style not in set(Style):
        raise EngineFailure(FailureCode.OPTION_INVALID, option="--style")
    with tempfile.TemporaryDirectory() as folder:
        portrait = _first_face(clip, video)
        portrait_path = Path(folder) / "portrait.png"
        Image.fromarray(portrait).save(portrait_path)
        output = Path(folder) / f"{clip.stem}.mp4"
        track_path = None
        if track is not None:
            track_path = Path(folder) / "track.json"
            track_path.write_text(track_to_json(track), encoding="utf-8")
        started = time.perf_counter()
        result = animate(
            TalkingPhotoRequest(
                portrait_path,
                output,
                audio_path=clip,
                track_path=track_path,
                style=Style(style),
                max_short_side_px=MAX_SIDE_PX,
            ),
            SilentHooks(),
        )
        seconds = time.perf_counter() - started
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            shutil.copy(result.output_path, keep / output.name)
        yield SelfDriven(result.output_path, portrait, seconds)


def _first_face(clip: Path, video: VideoTrack) -> np.ndarray:
    """(H, W, 3) uint8: the first frame with the face, cropped to head and shoulders."""
    found = np.flatnonzero(np.isfinite(video.aperture))
    if not len(found):
        raise EngineFailure(FailureCode.NO_FACE)
    frame = next(f for f in decode_video(clip) if f.index == found[0])
    points = video.landmarks_px[found[0]][:, :2]
    low, high = points.min(0), points.max(0)
    side = float((high - low).max()) * CROP_FACTOR
    x, y = (low + high) / 2
    x0, y0 = max(0, int(x - side / 2)), max(0, int(y - side / 2))
    x1, y1 = min(frame.width_px, int(x + side / 2)), min(frame.height_px, int(y + side / 2))
    return frame.crop_rgb((x0, y0, x1, y1))


def _look_of(rgb: np.ndarray) -> Numbers:
    """Seam and sharpness of the photo itself."""
    with FaceMesh(tracking=False) as mesh:
        found = mesh.detect(rgb)
    return appearance(rgb, found[0].points_px if found else np.full((landmarks.N_LANDMARKS, 3), np.nan))


def _reach(matte: np.ndarray) -> np.ndarray:
    """The matte grown by as far as a swaying person reaches."""
    import cv2

    radius = max(1, round(MATTE_REACH_SHARE * max(matte.shape)))
    return cv2.dilate(matte, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)))


def _upper_face_similarity(first: np.ndarray, first_points: np.ndarray, rgb: np.ndarray, points: np.ndarray) -> float:
    """SSIM of forehead to nose, both aligned: what speech leaves as it was."""
    if not (np.isfinite(first_points).all() and np.isfinite(points).all()):
        return float("nan")
    before = canonical_crop(first, align_face(first_points))
    after = canonical_crop(rgb, align_face(points))
    size = before.shape[0]
    upper = np.s_[size // 5 : size // 2, size // 4 : -size // 4]
    return pictures.structural_similarity(before[upper], after[upper])


def _shape_distance(first_points: np.ndarray, points: np.ndarray) -> float:
    if not (np.isfinite(first_points).all() and np.isfinite(points).all()):
        return float("nan")
    shapes = [head_pose(p).to_canonical(p) for p in (first_points, points)]
    return metrics.rigid_shape_distance(shapes[1], shapes[0], landmarks.RIGID)


def _mean(values: list[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")
