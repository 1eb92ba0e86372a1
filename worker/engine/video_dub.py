"""New words on real footage: the clip's own mouths, brought to a new voice. The story, in order."""

import itertools

import numpy as np

from worker.engine.contracts import Hooks, RenderResult, Stage, VideoDubRequest
from worker.engine.dub.blending import edited
from worker.engine.dub.lower_face import face_box
from worker.engine.dub.mouth_bank import choose_frames, collect_mouths
from worker.engine.dub.mouth_plan import MouthPlan, Speaking
from worker.engine.dub.people import look_at_clip
from worker.engine.dub.source_frames import frames_in_order
from worker.engine.dub.speaker_shape import fit_range, measure_speaker
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.finishing import StageFactory
from worker.engine.media.audio import load_audio
from worker.engine.media.decode import decode_video
from worker.engine.media.plane_encoder import Looks, PlaneEncoder
from worker.engine.media.probe import MediaInfo, probe
from worker.engine.media.workspace import Workspace
from worker.engine.speech.track import mouth_track_from_audio
from worker.engine.telling import Telling


def dub(request: VideoDubRequest, hooks: Hooks, frame_stages: StageFactory | None = None) -> RenderResult:
    """Render `request` to `request.output_path`, as a finished MP4 or not at all.

    Raises:
        EngineFailure: every reason in the catalogue that concerns clips, faces, sound, segments and the machine;
            CANCELLED when `hooks.should_stop()` says so.
    """
    telling = Telling(hooks)
    with Workspace():
        with telling.stage(Stage.PREPARING):
            info = probe(request.video_path)
            if info.video is None:
                raise EngineFailure(FailureCode.NO_VIDEO_STREAM)
            audio = load_audio(request.audio_path)
        with telling.stage(Stage.LOOKING):
            clip = look_at_clip(request.video_path, info, cache_dir=request.cache_dir, should_stop=hooks.should_stop)
            person = clip.people[0]
            faces = measure_speaker(person.stable_landmarks_px, clip.pts_s, person.usable, person.covered)
            reach = fit_range(faces)
            chosen = choose_frames(faces)
            mouths = collect_mouths(decode_video(request.video_path), faces, chosen, lambda frame: telling.check())
        with telling.stage(Stage.LISTENING):
            source_index = np.flatnonzero(clip.pts_s < audio.duration_s)
            track = mouth_track_from_audio(audio, clip.pts_s[source_index])
            speaking = Speaking(source_index, track.articulation, np.ones(len(source_index)), clip.shot_of())
            plan = MouthPlan(faces, reach, speaking, mouths, strength=request.strength)
        with telling.stage(Stage.RENDERING):
            encoder = _render(request, info, clip.pts_s, source_index, plan, telling)
        telling.tell(Stage.FINISHING, 1.0, 0.0)
    width, height = encoder.size_px
    return RenderResult(
        output_path=request.output_path,
        width_px=width,
        height_px=height,
        frame_rate=info.video.frame_rate,
        frame_count=encoder.frame_count,
        duration_s=float(encoder.frame_count / info.video.frame_rate),
        size_bytes=request.output_path.stat().st_size,
        stage_seconds=telling.seconds,
    )


def _render(
    request: VideoDubRequest,
    info: MediaInfo,
    pts_s: np.ndarray,
    source_index: np.ndarray,
    plan: MouthPlan,
    telling: Telling,
) -> PlaneEncoder:
    assert info.video is not None
    rate = None if info.video.is_variable_rate else info.video.frame_rate
    frames = frames_in_order(request.video_path, source_index, pts_s, info.video.keyframe_times_s)
    first = next(frames)
    encoder = PlaneEncoder(
        request.output_path, first.picture, Looks.of(first.native, first.picture), rate, sound_path=request.audio_path
    )
    with encoder:
        for out, frame in enumerate(itertools.chain([first], frames)):
            telling.check()
            picture = frame.picture
            edit = plan.edit(out)
            box = None if edit is None else face_box(edit.pose, picture.size_px)
            if edit is not None and box is not None:
                picture.add_rgb(box, edited(picture.crop_rgb(box), box, edit))
            encoder.write(picture, frame.pts_s)
    return encoder
