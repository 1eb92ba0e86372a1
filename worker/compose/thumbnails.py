"""The frames of a video that invite to press play, still or moving; what is laid over them, `dressing` says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from moviepy import VideoFileClip
from PIL import Image

from worker.compose.dressing import Design, Dressing
from worker.engine.contracts import FaceBox
from worker.engine.face.detection import FaceFinder
from worker.engine.face.landmarks import eye_openness, mouth_openness
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.decode import sample_frames
from worker.engine.media.probe import probe

LOOKS = 48  # frames looked at, evenly spread
LOOK_SIDE_PX = 640
MIN_GAP_SHARE = 0.12  # of the video, between two proposals: three moments, not three neighbours
GOOD_MOUTH = (0.08, 0.32)  # inner lip gap ÷ inter-ocular distance that reads as speaking, not as gaping
MOVING_WIDTHS_PX = (64, 1080)
MOVING_S = (0.4, 10.0)
GIF_COLOURS = 224
PLAIN = Design()


@dataclass(frozen=True)
class Proposal:
    """A frame worth showing. rgb: (H, W, 3) uint8 at the video's size. score in [0, 1]; face None without one."""

    at_s: float
    score: float
    rgb: np.ndarray
    face: FaceBox | None


def best_frames(
    video_path: Path, count: int = 3, on_fraction: Callable[[float], None] = lambda _: None
) -> list[Proposal]:
    """The `count` frames that are sharp, with open eyes and a mouth that speaks; best first, spread over the video.
    `on_fraction` may raise.

    Raises:
        EngineFailure: NO_VIDEO_STREAM, OPTION_INVALID, and what decoding raises.
    """
    info = probe(video_path)
    if info.video is None:
        raise EngineFailure(FailureCode.NO_VIDEO_STREAM)
    if not 1 <= count <= 12:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="count", value=count, allowed="1 to 12")
    duration_s = info.video.duration_s
    seen = []
    for look in _looked_at(video_path, duration_s, info.video.keyframe_times_s):
        seen.append(look)
        on_fraction(min(1.0, len(seen) / LOOKS))
    sharpest = max((look.sharpness for look in seen), default=0.0) or 1.0
    chosen: list[tuple[_Look, float]] = []
    for look, score in sorted(((look, look.score(sharpest)) for look in seen), key=lambda pair: -pair[1]):
        if all(abs(look.at_s - other.at_s) >= MIN_GAP_SHARE * duration_s for other, _ in chosen):
            chosen.append((look, score))
        if len(chosen) == count:
            break
    in_time = sorted(chosen, key=lambda pair: pair[0].at_s)
    frames = sample_frames(video_path, [look.at_s for look, _ in in_time], info.video.keyframe_times_s)
    found = [
        Proposal(frame.pts_s, score, frame.rgb(), look.face)
        for (look, score), frame in zip(in_time, frames, strict=False)
    ]
    return sorted(found, key=lambda proposal: -proposal.score)


@dataclass(frozen=True)
class _Look:
    """What one sampled frame has to offer."""

    at_s: float
    sharpness: float
    eyes: float
    mouth: float
    face: FaceBox | None

    def score(self, sharpest: float) -> float:
        """[0, 1]: a face counts half, then open eyes, then a speaking mouth, then sharpness."""
        sharp = min(1.0, self.sharpness / sharpest)
        if self.face is None:
            return 0.2 * sharp
        low, high = GOOD_MOUTH
        speaking = np.interp(self.mouth, [0.0, low, high, 2 * high], [0.35, 1.0, 1.0, 0.3])
        awake = np.interp(self.eyes, [0.08, 0.22], [0.0, 1.0])
        return float(0.4 + 0.25 * awake + 0.2 * speaking + 0.15 * sharp)


def _looked_at(path: Path, duration_s: float, keyframe_times_s: tuple[float, ...]) -> Iterator[_Look]:
    times_s = [duration_s * (n + 0.5) / LOOKS for n in range(LOOKS)]
    with FaceFinder() as finder:
        for frame in sample_frames(path, times_s, keyframe_times_s):
            small = frame.rgb(max_side_px=LOOK_SIDE_PX)
            faces = [face for face in finder.find(small) if face.landmarks is not None]
            if not faces:
                yield _Look(frame.pts_s, _sharpness(small), 0.0, 0.0, None)
                continue
            box, points = faces[0].box, faces[0].landmarks.points_px
            x0, y0, x1, y1 = (max(0, round(edge)) for edge in (box.x0, box.y0, box.x1, box.y1))
            sharpness = _sharpness(small[y0:y1, x0:x1]) if x1 > x0 and y1 > y0 else 0.0
            grown = frame.width_px / small.shape[1]
            full = FaceBox(box.x0 * grown, box.y0 * grown, box.x1 * grown, box.y1 * grown, box.score)
            eyes = float(np.mean(eye_openness(points)))
            yield _Look(frame.pts_s, sharpness, eyes, float(mouth_openness(points)), full)


def _sharpness(rgb: np.ndarray) -> float:
    """Variance of the Laplacian (Pech-Pacheco 2000), at the size it was looked at."""
    return float(cv2.Laplacian(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), cv2.CV_32F).var())


def moving_thumbnail(
    video_path: Path,
    out_path: Path,
    *,
    start_s: float = 0.0,
    duration_s: float = 2.4,
    width_px: int = 320,
    frames_per_s: int = 12,
    design: Design = PLAIN,
    on_fraction: Callable[[float], None] = lambda _: None,
) -> tuple[int, int, int]:
    """A stretch of the video as an animated WebP or GIF (by `out_path`'s ending) that plays forth and back, so that it
    never jumps. Returns (width_px, height_px, frames). `on_fraction` may raise, which ends it without a file.

    Raises:
        EngineFailure: NO_VIDEO_STREAM, OPTION_INVALID, and what reading raises.
    """
    info = probe(video_path)
    if info.video is None:
        raise EngineFailure(FailureCode.NO_VIDEO_STREAM)
    _check_moving(out_path, start_s, duration_s, width_px, frames_per_s, info.video.duration_s)
    end_s = min(start_s + duration_s, info.video.duration_s)
    wanted = max(1, round((end_s - start_s) * frames_per_s))
    face = face_at(video_path, (start_s + end_s) / 2, info.video.keyframe_times_s)
    forth: list[Image.Image] = []
    with VideoFileClip(str(video_path), audio=False) as clip:
        dressing = Dressing((clip.w, clip.h), design, face, width_px=min(width_px, clip.w))
        for frame in clip.subclipped(start_s, end_s).iter_frames(fps=frames_per_s):
            forth.append(Image.fromarray(dressing(frame)))
            on_fraction(min(1.0, len(forth) / wanted))
    _save_moving(out_path, [*forth, *forth[-2:0:-1]], round(1000 / frames_per_s))  # decoded once: back is a mirror
    return *dressing.size_px, 2 * len(forth) - 2 if len(forth) > 1 else 1


def _save_moving(out_path: Path, pictures: list[Image.Image], gap_ms: int) -> None:
    if out_path.suffix.lower() == ".gif":
        palette = _common_palette(pictures)
        pictures = [one.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG) for one in pictures]
        pictures[0].save(out_path, "GIF", save_all=True, append_images=pictures[1:], duration=gap_ms, loop=0)
    else:
        pictures[0].save(
            out_path, "WEBP", save_all=True, append_images=pictures[1:], duration=gap_ms, loop=0, quality=72, method=4
        )


def _common_palette(pictures: list[Image.Image]) -> Image.Image:
    """Colours of the beginning, the middle and the end together: one palette for all frames does not flicker."""
    few = [np.asarray(pictures[at]) for at in (0, len(pictures) // 4, len(pictures) // 2)]
    return Image.fromarray(np.concatenate(few)).quantize(GIF_COLOURS)


def face_at(path: Path, at_s: float, keyframe_times_s: tuple[float, ...]) -> FaceBox | None:
    """The largest face of the frame that is shown at `at_s`, in the video's pixels."""
    with FaceFinder() as finder:
        for frame in sample_frames(path, [at_s], keyframe_times_s):
            return _first_face(finder, frame.rgb(max_side_px=LOOK_SIDE_PX), frame.width_px)
    return None


def _first_face(finder: FaceFinder, small: np.ndarray, width_px: int) -> FaceBox | None:
    faces = finder.find(small)
    if not faces:
        return None
    box, grown = faces[0].box, width_px / small.shape[1]
    return FaceBox(box.x0 * grown, box.y0 * grown, box.x1 * grown, box.y1 * grown, box.score)


def _check_moving(
    out_path: Path, start_s: float, duration_s: float, width_px: int, frames_per_s: int, video_s: float
) -> None:
    """Memory holds the small frames of at most ten seconds, whatever is asked for."""
    if out_path.suffix.lower() not in (".webp", ".gif"):
        raise EngineFailure(FailureCode.OPTION_INVALID, option="out", value=out_path.suffix, allowed=[".webp", ".gif"])
    if not 0 <= start_s < video_s:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="start", value=start_s, video_s=video_s)
    if not MOVING_S[0] <= duration_s <= MOVING_S[1]:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="duration", value=duration_s, allowed=list(MOVING_S))
    if not MOVING_WIDTHS_PX[0] <= width_px <= MOVING_WIDTHS_PX[1]:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="width", value=width_px, allowed=list(MOVING_WIDTHS_PX))
    if not 2 <= frames_per_s <= 30:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="fps", value=frames_per_s, allowed=[2, 30])
