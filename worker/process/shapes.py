"""A dub in another shape: made in the clip's own first, since mouths come from whole frames."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from worker.engine.contracts import Aspect, Hooks, RenderResult, SoundStage, VideoDubRequest
from worker.process.parts import Part

if TYPE_CHECKING:
    from worker.engine.finishing import StageFactory

DUB_SHARE = 0.7  # of the progress


def dub_in_shape(
    aspect: str,
    request: VideoDubRequest,
    hooks: Hooks,
    frame_stages: "StageFactory | None",
    *,
    sound_stage: SoundStage | None = None,
) -> RenderResult:
    """As `video_dub.dub`, with the window following the face; marks are drawn last, in the new shape.

    Raises:
        EngineFailure: as `dub` and `reframe`.
        ValueError: for a shape there is not.
    """
    from worker.compose.reframing import reframe
    from worker.engine.video_dub import dub

    with tempfile.TemporaryDirectory(dir=request.output_path.parent) as folder:
        whole = Path(folder) / "dub.mp4"
        result = dub(
            replace(request, output_path=whole, max_short_side_px=None),
            Part(hooks, 0.0, DUB_SHARE),
            None,
            sound_stage=sound_stage,
        )
        made = reframe(
            whole,
            request.output_path,
            Aspect(aspect),
            Part(hooks, DUB_SHARE, 1.0),
            max_short_side_px=request.max_short_side_px,
            frame_stages=frame_stages,
        )
    return replace(
        result,
        output_path=request.output_path,
        width_px=made.width_px,
        height_px=made.height_px,
        frame_count=made.frame_count,
        size_bytes=request.output_path.stat().st_size,
    )
