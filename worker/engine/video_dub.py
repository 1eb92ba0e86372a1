"""New words on real footage: the clip's own mouths, brought to a new voice. The story, in order."""

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from worker.engine.contracts import (
    LENGTH_SLACK_S,
    MIN_AUDIO_S,
    Adaptation,
    Hooks,
    RenderResult,
    SoundStage,
    Stage,
    VideoDubRequest,
)
from worker.engine.device import choose_device
from worker.engine.dub.blending import Edit, lay_in
from worker.engine.dub.cast import Plan, find_cast
from worker.engine.dub.ears import Ears
from worker.engine.dub.excerpts import find_excerpt, sound_between
from worker.engine.dub.lines import Line, find_lines, lay_out, line_warnings, voices_to_hear
from worker.engine.dub.people import look_at_clip
from worker.engine.dub.sound import DubbedSound, dub_sound
from worker.engine.dub.source_frames import frames_in_order
from worker.engine.dub.telling import DubTelling
from worker.engine.dub.timing import Timeline
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.finishing import StageFactory
from worker.engine.media.audio import Audio, load_audio
from worker.engine.media.plane_encoder import Looks, PlaneEncoder
from worker.engine.media.plane_stages import marked_planes
from worker.engine.media.planes import NativePicture
from worker.engine.media.probe import MediaInfo, VideoInfo, probe
from worker.engine.media.workspace import Workspace
from worker.engine.one_ahead import one_ahead

Watch = Callable[[int, NativePicture, Sequence[Edit]], None]  # a frame's number in the clip, its picture, its changes


def dub(
    request: VideoDubRequest,
    hooks: Hooks,
    frame_stages: StageFactory | None = None,
    *,
    leave_out_s: float = 0.0,
    watch: Watch | None = None,
    sound_stage: SoundStage | None = None,
) -> RenderResult:
    """Render `request` to `request.output_path`, as a finished MP4 or not at all.

    frame_stages: called once with the clip's width and height in px; the stages it returns see every frame in order
    before it is encoded. leave_out_s: mouths closer in time than this to the frame they would be shown in are not
    used, so that a dub with the clip's own voice can be scored without having copied. watch: shown every output frame
    before it is marked and encoded. sound_stage: given the finished sound; what it returns is encoded instead.

    Raises:
        EngineFailure: every reason in the catalogue that concerns clips, faces, sound, segments and the machine;
            CANCELLED when `hooks.should_stop()` says so.
    """
    telling = DubTelling(hooks)
    with Workspace() as workspace, Ears() as ears:
        folder = Path(workspace.path)
        with telling.stage(Stage.PREPARING):
            choose_device(request.device)
            info = probe(request.video_path)
            video = _moving_picture(info, request)
            lines = find_lines(request, video.duration_s, folder)
        with telling.stage(Stage.LOOKING):
            own_voice = _own_voice(request, info)
            teacher = None if request.adapt is Adaptation.OFF else own_voice
            ears.listen_to(voices_to_hear(lines, teacher))
            clip = look_at_clip(request.video_path, info, cache_dir=request.cache_dir,
                                on_fraction=telling.looked, should_stop=hooks.should_stop)  # fmt: skip
            cast = find_cast(clip, lines, own_voice)
        with telling.stage(Stage.LISTENING):
            rate = None if video.is_variable_rate else video.frame_rate
            timeline = lay_out(lines, clip.pts_s, clip.end_s, rate)
            with ThreadPoolExecutor(1, thread_name_prefix="dub-sound") as beside:
                sounding = beside.submit(_sound, request, info, timeline, lines, folder)
                plan = cast.plan(
                    request.video_path, lines, timeline, own_voice=teacher, listen=ears.track,
                    strength=request.strength, leave_out_s=leave_out_s, on_share=lambda share: telling.check(),
                )  # fmt: skip
                sound = sounding.result()
            heard = sound.path
            if sound_stage is not None:
                heard = sound_stage(heard, float(timeline.end_s), folder)
            frames, excerpt = find_excerpt(request.window, lines, timeline, plan)
            output = _Output(clip.pts_s, timeline, plan, frames, sound_between(heard, excerpt, folder))
        with telling.stage(Stage.RENDERING):
            encoder = _render(request, video, output, telling, frame_stages, watch)
        telling.tell(Stage.FINISHING, 1.0, 0.0)
    width_px, height_px = encoder.size_px
    duration_s = float(timeline.end_s) if excerpt is None else excerpt.end_s - excerpt.start_s
    return RenderResult(
        output_path=request.output_path,
        width_px=width_px,
        height_px=height_px,
        frame_rate=video.frame_rate if rate is not None else Fraction(len(timeline)) / timeline.end_s,
        frame_count=encoder.frame_count,
        duration_s=duration_s,
        size_bytes=request.output_path.stat().st_size,
        stage_seconds=telling.seconds,
        sheet=plan.sheet(),
        warnings=[*line_warnings(lines), *cast.warnings(timeline), *sound.warnings],
        excerpt=excerpt,
    )


@dataclass(frozen=True)
class _Output:
    """What is to be encoded: these `frames` of the timeline, and `sound` (None: none). pts_s: of the clip's frames."""

    pts_s: np.ndarray
    timeline: Timeline
    plan: Plan
    frames: range
    sound: Path | None


def _moving_picture(info: MediaInfo, request: VideoDubRequest) -> VideoInfo:
    if info.video is None:
        raise EngineFailure(FailureCode.NO_VIDEO_STREAM)
    if info.video.frame_count < 2:
        raise EngineFailure(FailureCode.CLIP_TOO_SHORT, duration_s=info.video.duration_s, needed_s=MIN_AUDIO_S)
    if info.video.duration_s > request.max_duration_s + LENGTH_SLACK_S:
        raise EngineFailure(FailureCode.CLIP_TOO_LONG, duration_s=info.video.duration_s, max_s=request.max_duration_s)
    return info.video


def _own_voice(request: VideoDubRequest, info: MediaInfo) -> Audio | None:
    """What is heard in the clip, to find out who speaks; None where there is nothing to hear."""
    try:
        return None if info.sound is None else load_audio(request.video_path)
    except EngineFailure:  # a clip's own sound only helps: silent, broken or far too short, it says nothing
        return None


def _sound(
    request: VideoDubRequest, info: MediaInfo, timeline: Timeline, lines: Sequence[Line], folder: Path
) -> DubbedSound:
    return dub_sound(
        request.video_path, info, timeline, [line.sound_path for line in lines], folder=folder,
        keep_background=request.keep_background, loudness=request.loudness,
    )  # fmt: skip


def _render(
    request: VideoDubRequest,
    video: VideoInfo,
    output: _Output,
    telling: DubTelling,
    frame_stages: StageFactory | None,
    watch: Watch | None,
) -> PlaneEncoder:
    """Frame by frame from decoder to encoder; nothing is kept."""
    timeline, shown = output.timeline, output.frames
    wanted = timeline.source_index[shown.start : shown.stop]
    frames = frames_in_order(request.video_path, wanted, output.pts_s, video.keyframe_times_s)
    first = next(frames)
    sample = first.fresh_picture()
    looks = Looks.of(first.native, sample)
    limit_px = request.max_short_side_px or min(sample.size_px)
    sample.shrink(limit_px)
    starts_s = float(timeline.out_pts_s[shown.start])
    encoder = PlaneEncoder(
        request.output_path, sample, looks, timeline.frame_rate,
        sound_path=output.sound, live_s=_length_s(output) if request.fragments else None,
    )  # fmt: skip
    stages = frame_stages(*sample.size_px) if frame_stages is not None else ()
    decoded = itertools.chain([first], frames)
    with encoder, one_ahead(decoded, "dub-decoder") as coming:
        for out, frame in zip(shown, coming, strict=False):
            telling.check()
            edits = output.plan.edits(out)
            picture = frame.fresh_picture()
            for edit in edits:
                lay_in(picture, edit)
            out_s = float(timeline.out_pts_s[out])
            picture.shrink(limit_px)
            if watch is not None:
                watch(frame.index, picture, edits)
            marked_planes(picture, stages, out_s)
            encoder.write(picture, out_s - starts_s)
            telling.dubbed(picture, out_s - starts_s, (out + 1 - shown.start) / len(shown))
            telling.playable(encoder.take_fragments())
    telling.playable(encoder.take_fragments())
    return encoder


def _length_s(output: _Output) -> float:
    """How long what is encoded lasts."""
    edges_s = np.append(output.timeline.out_pts_s, float(output.timeline.end_s))
    return float(edges_s[output.frames.stop] - edges_s[output.frames.start])
