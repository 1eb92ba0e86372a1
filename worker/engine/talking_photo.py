"""A photo and a voice become a video of that photo speaking. The story, in order."""

import io
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from worker.engine.contracts import (
    MIN_AUDIO_S,
    FrameStage,
    Hooks,
    Progress,
    RenderResult,
    Stage,
    TalkingPhotoRequest,
)
from worker.engine.device import choose_device
from worker.engine.face.segmentation import person_matte
from worker.engine.face.selection import require_face
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.audio import load_audio
from worker.engine.media.encode import VideoEncoder
from worker.engine.media.images import load_image
from worker.engine.media.workspace import Workspace
from worker.engine.motion.plan import MotionPlan, plan_motion
from worker.engine.render.framing import frame_picture
from worker.engine.render.portrait import Portrait, prepare_portrait
from worker.engine.render.renderer import Renderer
from worker.engine.speech.mouth_track import MouthTrack
from worker.engine.speech.track import mouth_track_from_audio, mouth_track_from_phonemes
from worker.engine.speech.voices import synthesize

StageFactory = Callable[[int, int], Sequence[FrameStage]]

# Where each stage begins on the way from 0 to 1; rendering takes nearly all of the time.
_STARTS = {
    Stage.PREPARING: 0.0,
    Stage.LISTENING: 0.01,
    Stage.LOOKING: 0.08,
    Stage.RENDERING: 0.14,
    Stage.FINISHING: 0.97,
}
_PROGRESS_EVERY_S, _THUMBNAIL_EVERY_S = 0.25, 2.0
_THUMBNAIL_SIDE_PX = 480
_SILENT_RMS = 1e-4  # -80 dBFS


@dataclass
class _Telling:
    """Tells the caller how far the job is, never backwards, and stops it when asked."""

    hooks: Hooks
    seconds: dict[str, float] = field(default_factory=dict)
    fraction: float = 0.0

    def tell(self, stage: Stage, fraction: float, eta_s: float | None = None) -> None:
        self.fraction = max(self.fraction, min(1.0, fraction))
        self.hooks.on_progress(Progress(stage, self.fraction, eta_s))

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[None]:
        self.check()
        self.tell(stage, _STARTS[stage])
        started = time.monotonic()
        yield
        self.seconds[stage.value] = self.seconds.get(stage.value, 0.0) + time.monotonic() - started

    def check(self) -> None:
        if self.hooks.should_stop():
            raise EngineFailure(FailureCode.CANCELLED)


def animate(request: TalkingPhotoRequest, hooks: Hooks, frame_stages: StageFactory | None = None) -> RenderResult:
    """Render `request` to `request.output_path`, as a finished H.264/AAC MP4 or not at all.

    frame_stages: called once with the output's width and height in px; the stages it returns see every frame in order
    before it is encoded.

    Raises:
        EngineFailure: every reason in the catalogue that concerns pictures, faces, sound, scripts, options and the
            machine; CANCELLED when `hooks.should_stop()` says so.
    """
    telling = _Telling(hooks)
    with Workspace() as workspace:
        with telling.stage(Stage.PREPARING):
            _check_options(request)
            choose_device(request.device)
        with telling.stage(Stage.LISTENING):
            track, sound = _listen(request, Path(workspace.path))
        with telling.stage(Stage.LOOKING):
            portrait = _look(request)
        plan = plan_motion(track, request.style, request.seed)
        with telling.stage(Stage.RENDERING):
            encoder = _render(request, portrait, plan, sound, telling, frame_stages)
        with telling.stage(Stage.FINISHING):
            size_bytes = request.output_path.stat().st_size
        telling.tell(Stage.FINISHING, 1.0, 0.0)
    return RenderResult(
        output_path=request.output_path,
        width_px=encoder.width_px,
        height_px=encoder.height_px,
        frame_rate=request.frame_rate,
        frame_count=encoder.frame_count,
        duration_s=encoder.duration_s,
        size_bytes=size_bytes,
        stage_seconds=telling.seconds,
    )


def _check_options(request: TalkingPhotoRequest) -> None:
    if (request.audio_path is None) == (request.script is None):
        raise EngineFailure(
            FailureCode.OPTION_INVALID, option="audio_path", rule="exactly one of audio_path and script"
        )
    if not 1 <= request.frame_rate <= 120:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="frame_rate", min=1, max=120)
    if request.max_short_side_px is not None and request.max_short_side_px < 64:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="max_short_side_px", min=64)


def _listen(request: TalkingPhotoRequest, folder: Path) -> tuple[MouthTrack, Path]:
    """What the mouth does at every frame, and the file whose sound the video gets."""
    spoken = None
    if request.script is not None:
        spoken = synthesize(request.script, folder / "voice.wav", request.voice_dir)
        sound = Path(spoken.audio_path)
    else:
        sound = Path(request.audio_path)
    audio = load_audio(sound, max_duration_s=request.max_duration_s)
    if audio.duration_s < MIN_AUDIO_S:
        raise EngineFailure(FailureCode.AUDIO_TOO_SHORT, duration_s=audio.duration_s, min_s=MIN_AUDIO_S)
    if float(np.sqrt(np.mean(np.square(audio.samples, dtype=np.float64)))) < _SILENT_RMS:
        raise EngineFailure(FailureCode.AUDIO_SILENT)
    frames = max(1, math.ceil(audio.duration_s * request.frame_rate - 1e-6))
    times_s = np.array([float(index / request.frame_rate) for index in range(frames)])
    if spoken is not None:
        track = mouth_track_from_phonemes(spoken.phonemes, audio, times_s)
    else:
        track = mouth_track_from_audio(audio, times_s)
    if not track.prosody.speech_spans:
        raise EngineFailure(FailureCode.NO_SPEECH)
    return track, sound


def _look(request: TalkingPhotoRequest) -> Portrait:
    """The photo in its output shape, with everything about its face and person worked out."""
    picture = load_image(request.portrait_path)
    choice = request.face
    if choice.point is not None:  # given in pixels of the upload, which may have been scaled down while reading
        choice = replace(choice, point=(choice.point[0] * picture.scale, choice.point[1] * picture.scale))
    face = require_face(picture.rgb, choice)
    framed = frame_picture(picture.rgb, face.box, request.aspect, request.max_short_side_px)
    points = framed.points(face.landmarks.points_px)
    matte = person_matte(framed.rgb, [framed.box(face.box)])
    return prepare_portrait(framed.rgb, points, matte, framed.content)


def _render(
    request: TalkingPhotoRequest,
    portrait: Portrait,
    plan: MotionPlan,
    sound: Path,
    telling: _Telling,
    frame_stages: StageFactory | None,
) -> VideoEncoder:
    """Frame by frame into the encoder; nothing is kept, so memory does not grow with length."""
    renderer = Renderer(portrait)
    height, width = portrait.rgb.shape[:2]
    stages = frame_stages(width, height) if frame_stages is not None else ()
    encoder = VideoEncoder(request.output_path, width, height, request.frame_rate, audio_path=sound)
    started = last_told = time.monotonic()
    next_thumbnail_s = 0.0
    with encoder:
        for index, motion in enumerate(plan):
            telling.check()
            pts_s = float(plan.times_s[index])
            frame = renderer.render(motion)
            for stage in stages:
                frame = stage(frame, pts_s)
            encoder.write(frame)
            if pts_s >= next_thumbnail_s:
                telling.hooks.on_thumbnail(_jpeg(frame), pts_s)
                next_thumbnail_s = pts_s + _THUMBNAIL_EVERY_S
            now = time.monotonic()
            if now - last_told >= _PROGRESS_EVERY_S:
                done = (index + 1) / len(plan)
                reach = _STARTS[Stage.FINISHING] - _STARTS[Stage.RENDERING]
                eta_s = (now - started) * (1 - done) / done
                telling.tell(Stage.RENDERING, _STARTS[Stage.RENDERING] + reach * done, eta_s)
                last_told = now
    return encoder


def _jpeg(rgb: np.ndarray) -> bytes:
    picture = Image.fromarray(rgb)
    picture.thumbnail((_THUMBNAIL_SIDE_PX, _THUMBNAIL_SIDE_PX))
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=82)
    return stream.getvalue()
