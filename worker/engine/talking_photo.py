"""A photo comes alive: with a voice, with a clip of somebody, or on its own. The story, in order."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from worker.engine.acting import find_acting
from worker.engine.contracts import Hooks, RenderResult, SoundStage, Stage, TalkingPhotoRequest
from worker.engine.device import choose_device
from worker.engine.finishing import StageFactory
from worker.engine.looking import look
from worker.engine.media.workspace import Workspace
from worker.engine.painting import Marks, paint
from worker.engine.photo_options import check_options
from worker.engine.render.renderer import Renderer
from worker.engine.telling import Telling


def animate(
    request: TalkingPhotoRequest,
    hooks: Hooks,
    frame_stages: StageFactory | None = None,
    *,
    stages_key: str | None = None,
    sound_stage: SoundStage | None = None,
) -> RenderResult:
    """Render `request` to `request.output_path`, as a finished video or not at all: H.264/AAC in an MP4, or, with
    a transparent background, what the output's ending says (see `media.encode_alpha`).

    frame_stages: called once with the output's width and height in px; the stages it returns see every frame in order
    before it is encoded. stages_key: names all that they draw; without one, frames with stages are never used again.
    sound_stage: given the voice before anything is encoded; what it returns is heard, live and in the file.

    Raises:
        EngineFailure: every reason in the catalogue that concerns pictures, faces, sound, scripts, options and the
            machine; CANCELLED when `hooks.should_stop()` says so.
    """
    telling = Telling(hooks)
    with Workspace() as workspace:
        with telling.stage(Stage.PREPARING):
            check_options(request)
            device = choose_device(request.device)
        # Neither needs the other, and both leave Python's lock alone for most of their time.
        with ThreadPoolExecutor(1, thread_name_prefix="looking") as beside:
            looking = beside.submit(lambda: Renderer(look(request), device))
            with telling.stage(Stage.LISTENING):
                acting = find_acting(request, Path(workspace.path), telling)
                if sound_stage is not None:
                    duration_s = float(acting.frames / request.frame_rate)
                    acting = replace(acting, sound=sound_stage(acting.sound, duration_s, Path(workspace.path)))
            with telling.stage(Stage.LOOKING):
                renderer = looking.result()
        with telling.stage(Stage.RENDERING):
            marks = Marks() if frame_stages is None else Marks(frame_stages, stages_key)
            painted = paint(request, renderer, acting, telling, marks)
        with telling.stage(Stage.FINISHING):
            size_bytes = request.output_path.stat().st_size
        telling.tell(Stage.FINISHING, 1.0, 0.0)
    return RenderResult(
        output_path=request.output_path,
        width_px=painted.width_px,
        height_px=painted.height_px,
        frame_rate=request.frame_rate,
        frame_count=painted.frame_count,
        duration_s=painted.duration_s,
        size_bytes=size_bytes,
        stage_seconds=telling.seconds,
        warnings=acting.warnings,
        emotion=acting.emotion,
        segments=len(acting.segments),
        segments_kept=painted.kept,
        sheet=painted.sheet,
    )
