"""Several scenes become one film: MoviePy puts them on one clock, with cuts and crossfades, for the one encode.

Every scene's picture is read by our own decoder (upright, by its time stamps, one frame at a time), brought into the
film's shape with the window on the face, and given to MoviePy as a clip. So memory does not grow with length.
"""

import itertools
import math
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from moviepy import CompositeVideoClip, VideoClip, concatenate_videoclips, vfx

from worker.compose.camera import CameraPath, Look, Window, plan_camera
from worker.compose.film_plan import FilmRequest, FilmScene, Place, place_scenes, shown_s
from worker.compose.film_sound import SceneSound, film_sound
from worker.compose.marks import watermark_stage
from worker.compose.reframing import Fill, draw_window, faces_in, find_camera
from worker.engine.contracts import FrameStage, Hooks, RenderResult, SoundStage, Span, Stage
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.finishing import StageFactory, marked
from worker.engine.media.decode import Frame, decode_video
from worker.engine.media.encode_stream import KEYFRAME_INTERVAL_S, PictureFormat, StreamEncoder
from worker.engine.media.images import load_image
from worker.engine.media.probe import probe
from worker.engine.telling import Telling

SAME_SHAPE = 0.01  # relative difference of two ratios that nobody sees: the picture is only scaled
RUN_UP_S = 0.25  # read before a scene's start, to know what is on screen there


def join_scenes(
    request: FilmRequest,
    hooks: Hooks,
    frame_stages: StageFactory | None = None,
    *,
    sound_stage: SoundStage | None = None,
) -> RenderResult:
    """Write the film to `request.output_path`: H.264/AAC in an MP4 at a constant frame rate, or nothing at all.

    frame_stages: as in `talking_photo.animate`. sound_stage: given the joined sound; what it returns is heard.

    Raises:
        EngineFailure: SCENE_TRIMMED_AWAY, CLIP_TOO_LONG, CANCELLED, and what reading and encoding raise; `detail` has
            the number of the scene (from 1) where one is at fault.
    """
    telling = Telling(hooks)
    rate = request.frame_rate
    with tempfile.TemporaryDirectory(prefix="film-", dir=request.output_path.parent) as name:
        folder = Path(name)
        with telling.stage(Stage.LOOKING):
            scenes = [_look(request, number, telling) for number in range(1, len(request.scenes) + 1)]
        places = place_scenes([one.shown_s for one in scenes], [one.scene.fade_s for one in scenes], rate)
        if places[-1].end > request.max_duration_s * rate + 1:
            length_s = round(float(places[-1].end / rate), 1)
            raise EngineFailure(FailureCode.CLIP_TOO_LONG, duration_s=length_s, max_s=request.max_duration_s)
        with telling.stage(Stage.LISTENING):
            sound = film_sound([one.sound for one in scenes], places, rate, folder)
            if sound_stage is not None:
                sound = sound_stage(sound, float(places[-1].end / rate), folder)
        with telling.stage(Stage.RENDERING):
            _write(request, scenes, places, sound, telling, frame_stages)
    telling.tell(Stage.FINISHING, 1.0, 0.0)
    return RenderResult(
        output_path=request.output_path,
        width_px=request.width_px,
        height_px=request.height_px,
        frame_rate=rate,
        frame_count=places[-1].end,
        duration_s=float(places[-1].end / rate),
        size_bytes=request.output_path.stat().st_size,
        stage_seconds=telling.seconds,
        segments=len(scenes),
        scene_lengths_s=[round(float(place.frames / rate), 3) for place in places],
    )


@contextmanager
def _in_scene(number: int) -> Iterator[None]:
    """What goes wrong inside is told of this scene."""
    try:
        yield
    except EngineFailure as failure:
        raise EngineFailure(failure.code, at_s=failure.at_s, **{"scene": number} | failure.detail) from failure


@dataclass(frozen=True)
class _Seen:
    """A scene that was looked at. `camera`: the window's way; None where the picture has the film's shape already."""

    scene: FilmScene
    shown_s: float
    has_sound: bool
    camera: CameraPath | None
    still: np.ndarray | None = None

    @property
    def sound(self) -> SceneSound:
        scene = self.scene
        return SceneSound(scene.path if self.has_sound else None, scene.start_s, is_speech=not scene.is_from_elsewhere)


def _look(request: FilmRequest, number: int, telling: Telling) -> _Seen:
    with _in_scene(number):
        return _seen(request.scenes[number - 1], number, request.width_px / request.height_px, telling)


def _seen(scene: FilmScene, number: int, ratio: float, telling: Telling) -> _Seen:
    if scene.is_picture:
        rgb = load_image(scene.path).rgb
        length_s = shown_s(scene, 0.0, number)
        return _Seen(scene, length_s, camera=_still_camera(rgb, ratio, length_s), has_sound=False, still=rgb)
    info = probe(scene.path)
    if info.video is None:
        raise EngineFailure(FailureCode.NO_VIDEO_STREAM)
    length_s = shown_s(scene, info.video.duration_s, number)
    camera = None
    if abs(info.video.width_px / info.video.height_px / ratio - 1) > SAME_SHAPE:
        camera = find_camera(scene.path, info.video, ratio, telling)
    return _Seen(scene, length_s, info.sound is not None, camera)


def _still_camera(rgb: np.ndarray, ratio: float, length_s: float) -> CameraPath:
    height, width = rgb.shape[:2]
    return plan_camera([Look(0.0, faces_in(rgb))], [Span(0.0, length_s)], (width, height), ratio)


def _write(
    request: FilmRequest,
    scenes: list[_Seen],
    places: list[Place],
    sound: Path | None,
    telling: Telling,
    frame_stages: StageFactory | None,
) -> None:
    rate, size = request.frame_rate, (request.width_px, request.height_px)
    stages = frame_stages(*size) if frame_stages is not None else []
    readers = [_Reader(scene, request) for scene in scenes]
    try:
        film = _timeline([reader.clip() for reader in readers], places, rate)
        for reader in readers:
            reader.start()
        segments = _segments(places[-1].end, rate)
        starts = {0, *itertools.accumulate(segments)}
        with StreamEncoder(
            request.output_path,
            PictureFormat(*size, rate),
            segments,
            audio_path=sound,
            with_fragments=request.fragments,
        ) as encoder:
            for index in range(places[-1].end):
                telling.check()
                if index in starts:
                    encoder.begin()
                number = next(n for n, place in enumerate(places, start=1) if index < place.end)
                for reader, place in zip(readers, places, strict=True):
                    if place.end <= index:
                        reader.close()
                # the middle of a frame's time: a rounded sum never falls into its neighbour
                with _in_scene(number):
                    rgb = film.get_frame((index + 0.5) / float(rate))
                pts_s = float(index / rate)
                drawn = marked(np.array(rgb), stages, pts_s)  # a copy: a picture that stands is shown again
                encoder.write(drawn)
                telling.rendered(drawn, pts_s, (index + 1) / places[-1].end)
                telling.playable(encoder.take_fragments())
        telling.playable(encoder.take_fragments())
    finally:
        for reader in readers:
            reader.close()


def _segments(frames: int, rate: Fraction) -> list[int]:
    """How many frames lie between key frames: they stand at whole multiples of a time, where the hidden mark turns."""
    step = KEYFRAME_INTERVAL_S * rate
    starts = [math.ceil(number * step) for number in range(math.ceil(frames / step))]
    return [after - before for before, after in itertools.pairwise([*starts, frames])]


def _timeline(clips: list[VideoClip], places: list[Place], rate: Fraction) -> VideoClip:
    """Scene, join, scene …: a crossfade is composed only where two scenes lie over each other."""
    parts: list[VideoClip] = []
    for index, (clip, place) in enumerate(zip(clips, places, strict=True)):
        after = places[index + 1].fade if index + 1 < len(places) else 0
        if place.fade:
            before = places[index - 1]
            going = clips[index - 1].subclipped(_time(before.frames - place.fade, rate), _time(before.frames, rate))
            coming = clip.subclipped(0, _time(place.fade, rate))
            coming = coming.with_effects([vfx.CrossFadeIn(_time(place.fade, rate))])
            parts.append(CompositeVideoClip([going, coming], use_bgclip=True))
        if place.frames > place.fade + after:
            parts.append(clip.subclipped(_time(place.fade, rate), _time(place.frames - after, rate)))
    return concatenate_videoclips(parts, method="chain")


def _time(frames: int, rate: Fraction) -> float:
    return float(frames / rate)


class _Reader:
    """The frames of one scene in the film's shape and rate, in order; opened with the first, one kept at a time."""

    def __init__(self, seen: _Seen, request: FilmRequest) -> None:
        self._seen, self._rate = seen, request.frame_rate
        self._size = (request.width_px, request.height_px)
        needs_mark = request.is_watermarked and not seen.scene.is_marked
        self._marks: list[FrameStage] = [watermark_stage(*self._size, seed=request.seed)] if needs_mark else []
        self._is_started = False
        self._index = -1
        self._frames: Iterator[np.ndarray] | None = None
        self._shown: np.ndarray | None = None

    def clip(self) -> VideoClip:
        """As MoviePy knows it, without opening it."""
        clip = VideoClip()
        clip.frame_function = lambda t: self.frame(int(t * float(self._rate)))
        clip.size = self._size
        return clip.with_duration(self._seen.shown_s + 1.0)  # frames are cut off by the timeline, to the frame

    def start(self) -> None:
        """From now on frames count: while clips are put together, MoviePy looks at some of them out of order."""
        self._is_started = True

    def frame(self, index: int) -> np.ndarray:
        """(height, width, 3) uint8; `index` never goes back."""
        if not self._is_started:
            return np.zeros((self._size[1], self._size[0], 3), np.uint8)
        if self._frames is None:
            self._frames = self._drawn()
        while self._index < index:
            following = next(self._frames, None)
            if following is None:
                break
            self._index, self._shown = self._index + 1, following
        if self._shown is None:
            raise EngineFailure(FailureCode.NO_VIDEO_STREAM)
        return self._shown

    def close(self) -> None:
        frames, self._frames, self._shown, self._index = self._frames, None, None, -1
        if frames is not None:
            frames.close()  # type: ignore[attr-defined]

    def _drawn(self) -> Iterator[np.ndarray]:
        before: tuple[object, np.ndarray] | None = None
        for picture, time_s in self._pictures():
            if before is not None and before[0] is picture and self._seen.camera is None:
                yield before[1]
                continue
            rgb = picture if isinstance(picture, np.ndarray) else picture.rgb()
            drawn = marked(self._framed(rgb, time_s), self._marks, 0.0)
            before = (picture, drawn)
            yield drawn

    def _pictures(self) -> Iterator[tuple[Frame | np.ndarray, float]]:
        """For each of the film's frames, what is on screen then, and the second of the scene's file it is from."""
        scene, step_s = self._seen.scene, float(1 / self._rate)
        if self._seen.still is not None:
            while True:
                yield self._seen.still, 0.0
        source = decode_video(scene.path, start_s=max(0.0, scene.start_s - RUN_UP_S))
        current, following, index = next(source, None), next(source, None), 0
        while current is not None:
            time_s = scene.start_s + index * step_s
            while following is not None and following.pts_s <= time_s + 5e-4:
                current, following = following, next(source, None)
            yield current, time_s
            index += 1

    def _framed(self, rgb: np.ndarray, time_s: float) -> np.ndarray:
        height, width = rgb.shape[:2]
        if self._seen.camera is None and (width, height) == self._size:
            return rgb
        whole = Window(0.0, 0.0, float(width), float(height))
        window = whole if self._seen.camera is None else self._seen.camera.window_at(time_s)
        return draw_window(rgb, window, self._size, Fill.BLUR)
