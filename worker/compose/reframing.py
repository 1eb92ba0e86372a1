"""Another shape of a finished video: the window follows the face, and what it cannot fill is filled softly."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from worker.compose.camera import STEP_S, CameraPath, Look, Window, plan_camera
from worker.engine.contracts import Aspect, FaceBox, Hooks, Span, Stage
from worker.engine.dub.cuts import CutFinder, thumb_of
from worker.engine.face.detection import FaceFinder
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.finishing import StageFactory, marked
from worker.engine.media.decode import Frame, decode_video
from worker.engine.media.encode import VideoEncoder
from worker.engine.media.probe import VideoInfo, probe
from worker.engine.telling import Telling

RATIOS = {
    Aspect.PORTRAIT_9_16: Fraction(9, 16),
    Aspect.SQUARE: Fraction(1),
    Aspect.PORTRAIT_4_5: Fraction(4, 5),
    Aspect.LANDSCAPE_16_9: Fraction(16, 9),
}
SHORT_SIDE_MAX_PX = 1080  # what the platforms show; a smaller source is not blown up beyond its own short side
LOOK_SIDE_PX = 640
SOLID_RGB = (24, 22, 28)
BLUR_SIDE_PX = 64


class Fill(StrEnum):
    """What surrounds a picture that is too small for the new shape."""

    BLUR = "blur"  # the picture itself, large and blurred
    SOLID = "solid"  # one dark colour
    EXTEND = "extend"  # the picture's edges, carried on and softened


@dataclass(frozen=True)
class Reframed:
    """What was made: the file's size, its frames, and whether any surroundings had to be filled."""

    width_px: int
    height_px: int
    frame_count: int
    filled: bool


def reframe(
    video_path: Path,
    out_path: Path,
    aspect: Aspect,
    hooks: Hooks,
    *,
    fill: Fill = Fill.BLUR,
    max_short_side_px: int | None = None,
    frame_stages: StageFactory | None = None,
) -> Reframed:
    """Write `video_path` in another shape, with its own sound, H.264/AAC in an MP4.

    The first pass finds shots and faces, the second draws; both stream, so memory does not grow with length.

    Raises:
        EngineFailure: NO_VIDEO_STREAM, OPTION_INVALID for the source's own shape, CANCELLED, and what decoding and
            encoding raise.
    """
    info = probe(video_path)
    if info.video is None:
        raise EngineFailure(FailureCode.NO_VIDEO_STREAM)
    if aspect not in RATIOS:
        allowed = [str(one) for one in RATIOS]
        raise EngineFailure(FailureCode.OPTION_INVALID, option="aspect", value=str(aspect), allowed=allowed)
    telling = Telling(hooks)
    with telling.stage(Stage.LOOKING):
        path = find_camera(video_path, info.video, float(RATIOS[aspect]), telling)
    width, height = output_size(info.video, aspect, max_short_side_px)
    stages = frame_stages(width, height) if frame_stages is not None else ()
    sound = video_path if info.sound is not None else None
    frame_rate, frames = info.video.frame_rate, max(1, round(info.video.duration_s * info.video.frame_rate))
    filled = False
    with (
        telling.stage(Stage.RENDERING),
        VideoEncoder(out_path, width, height, frame_rate, audio_path=sound) as encoder,
    ):
        for index, frame in enumerate(_at_steady_rate(decode_video(video_path), frame_rate, frames)):
            telling.check()
            pts_s = float(index / frame_rate)
            window = path.window_at(frame.pts_s)
            filled |= _reaches_beyond(window, info.video)
            rgb = marked(draw_window(frame.rgb(), window, (width, height), fill), stages, pts_s)
            encoder.write(rgb)
            telling.rendered(rgb, pts_s, (index + 1) / frames)
    telling.tell(Stage.FINISHING, 1.0, 0.0)
    return Reframed(encoder.width_px, encoder.height_px, encoder.frame_count, filled)


def output_size(video: VideoInfo, aspect: Aspect, max_short_side_px: int | None = None) -> tuple[int, int]:
    """Width and height in px, even: the short side is the source's own, at most SHORT_SIDE_MAX_PX or what is wanted."""
    ratio = RATIOS[aspect]
    most_px = min(SHORT_SIDE_MAX_PX, max_short_side_px or SHORT_SIDE_MAX_PX)
    short = max(2, min(most_px, video.width_px, video.height_px) // 2 * 2)
    longer = max(2, round(short * max(ratio, 1 / ratio) / 2) * 2)
    return (short, longer) if ratio <= 1 else (longer, short)


def find_camera(path: Path, video: VideoInfo, ratio: float, telling: Telling) -> CameraPath:
    """One pass over the clip: its cuts, the faces every STEP_S, and the camera's way through them."""
    cuts, times, looks, next_look_s = CutFinder(), [], [], 0.0
    with FaceFinder() as finder:
        for frame in decode_video(path):
            telling.check()
            small = frame.rgb(max_side_px=LOOK_SIDE_PX)
            may_be_cut = cuts.push(thumb_of(small, frame.pts_s))
            times.append(frame.pts_s)
            if may_be_cut or frame.pts_s >= next_look_s - 5e-4:
                looks.append(Look(frame.pts_s, _faces(finder, small, frame.width_px / small.shape[1], looks)))
                next_look_s = frame.pts_s + STEP_S
    if not times:
        raise EngineFailure(FailureCode.NO_VIDEO_STREAM)
    starts = [times[0], *(times[index] for index in cuts.finish())]
    ends = [*starts[1:], times[-1] + float(1 / video.frame_rate)]
    shots = [Span(start, end) for start, end in zip(starts, ends, strict=True)]
    return plan_camera(looks, shots, (video.width_px, video.height_px), ratio)


def _faces(finder: FaceFinder, small: np.ndarray, grown: float, looks: list[Look]) -> tuple[FaceBox, ...]:
    """Faces in px of the whole picture; first the one that was first before, so that the camera stays with a person."""
    boxes = [
        FaceBox(face.box.x0 * grown, face.box.y0 * grown, face.box.x1 * grown, face.box.y1 * grown, face.box.score)
        for face in finder.find(small)
    ]
    before = looks[-1].faces[0] if looks and looks[-1].faces else None
    if before is not None:
        boxes.sort(key=lambda box: not _is_near(box, before))
    return tuple(boxes)


def faces_in(rgb: np.ndarray) -> tuple[FaceBox, ...]:
    """The faces of one picture (H, W, 3) uint8, in its px, the largest first."""
    scale = min(1.0, LOOK_SIDE_PX / max(rgb.shape[:2]))
    small = rgb if scale == 1 else cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    with FaceFinder() as finder:
        return _faces(finder, small, rgb.shape[1] / small.shape[1], [])


def _is_near(box: FaceBox, before: FaceBox) -> bool:
    reach = before.x1 - before.x0
    x, y = (box.x0 + box.x1 - before.x0 - before.x1) / 2, (box.y0 + box.y1 - before.y0 - before.y1) / 2
    return bool(np.hypot(x, y) < reach)


def _reaches_beyond(window: Window, video: VideoInfo) -> bool:
    right, bottom = window.x0 + window.width, window.y0 + window.height
    return min(window.x0, window.y0) < -0.5 or right > video.width_px + 0.5 or bottom > video.height_px + 0.5


def _at_steady_rate(source: Iterator[Frame], frame_rate: Fraction, count: int) -> Iterator[Frame]:
    """For each of `count` output times, the frame that is on screen then: right for variable rates too."""
    current = next(source, None)
    following = next(source, None)
    for index in range(count):
        if current is None:
            return
        while following is not None and following.pts_s <= float(index / frame_rate) + 5e-4:
            current, following = following, next(source, None)
        yield current


def draw_window(rgb: np.ndarray, window: Window, size_px: tuple[int, int], fill: Fill) -> np.ndarray:
    """What `window` shows of `rgb` (H, W, 3) uint8, as (height, width, 3) uint8; sub-pixel: moves are smooth."""
    width, height = size_px
    scale = width / window.width
    if scale < 1:  # shrink first without aliasing, then shift by what is left
        shrunk = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
        rgb_at_scale = cv2.resize(rgb, shrunk, interpolation=cv2.INTER_AREA)
        zoom_x, zoom_y = 1.0, 1.0
    else:
        rgb_at_scale, zoom_x, zoom_y = rgb, scale, height / window.height
    moved = np.array([[zoom_x, 0, -window.x0 * scale], [0, zoom_y, -window.y0 * scale]])
    if zoom_x > 1:  # pixel centres, or an enlarged picture would sit half a pixel off
        moved[:, 2] += [(zoom_x - 1) / 2, (zoom_y - 1) / 2]
    way = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_LINEAR
    inside = window.x0 >= -0.5 and window.y0 >= -0.5
    inside &= window.x0 + window.width <= rgb.shape[1] + 0.5 and window.y0 + window.height <= rgb.shape[0] + 0.5
    if inside or fill is Fill.EXTEND:
        edges = cv2.warpAffine(rgb_at_scale, moved, size_px, flags=way, borderMode=cv2.BORDER_REPLICATE)
        return edges if inside else _softened(edges, window, scale, rgb.shape)
    canvas = np.empty((height, width, 3), np.uint8)
    canvas[:] = SOLID_RGB
    if fill is Fill.BLUR:
        canvas = _blurred_cover(rgb, size_px)
    return cv2.warpAffine(rgb_at_scale, moved, size_px, canvas, way, cv2.BORDER_TRANSPARENT)


def _blurred_cover(rgb: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
    """The middle of the picture enlarged to cover everything, strongly blurred and a little darker."""
    width, height = size_px
    cover = max(width / rgb.shape[1], height / rgb.shape[0])
    across, down = round(width / cover), round(height / cover)
    x, y = (rgb.shape[1] - across) // 2, (rgb.shape[0] - down) // 2
    tiny_size = (BLUR_SIDE_PX, max(2, round(BLUR_SIDE_PX * height / width)))
    tiny = cv2.resize(rgb[y : y + down, x : x + across], tiny_size, interpolation=cv2.INTER_AREA)
    tiny = cv2.GaussianBlur(tiny.astype(np.float32), (0, 0), 3.0, borderType=cv2.BORDER_REFLECT_101) * 0.72
    return np.clip(cv2.resize(tiny, size_px, interpolation=cv2.INTER_CUBIC) + 0.5, 0, 255).astype(np.uint8)


def _softened(edges: np.ndarray, window: Window, scale: float, shape: tuple[int, ...]) -> np.ndarray:
    """Replicated edges would show streaks: what lies outside the picture is blurred along the edge."""
    height, width = edges.shape[:2]
    x0, y0 = max(0, round(-window.x0 * scale)), max(0, round(-window.y0 * scale))
    x1 = min(width, round((shape[1] - window.x0) * scale))
    y1 = min(height, round((shape[0] - window.y0) * scale))
    small = cv2.resize(edges, (max(2, width // 8), max(2, height // 8)), interpolation=cv2.INTER_AREA)
    soft = cv2.resize(cv2.GaussianBlur(small, (0, 0), 6), (width, height), interpolation=cv2.INTER_LINEAR)
    soft[y0:y1, x0:x1] = edges[y0:y1, x0:x1]
    return soft
