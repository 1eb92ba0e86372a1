"""Which compositions a render gets: from frozen options to the stages of the frame stream."""

from dataclasses import dataclass

from worker.compose.brand_logo import logo_height_px, logo_stage
from worker.compose.brand_plan import CaptionBrand, Logo, LogoSpot
from worker.compose.captions.cues import Cue
from worker.compose.captions.stage import captions_stage
from worker.compose.captions.styles import CaptionStyle
from worker.compose.hidden_mark import check_render_id, hidden_mark_stage
from worker.compose.marks import CORNERS, ai_label_stage, label_height_px, watermark_stage
from worker.engine.contracts import FrameStage
from worker.engine.failures import EngineFailure, FailureCode


@dataclass(frozen=True)
class ComposeOptions:
    """What is laid over the frames before the one encode. Plain values: it travels between processes.

    `label_corner`: where the "AI-generated" label sits (one of `marks.CORNERS`), or None for no label.
    `render_id`: what the hidden mark says (12 hex digits), or None for no hidden mark. `captions`: what is burned in,
    in `caption_style`. `reserved_corner`, `reserved_logo`: where a label and a logo are drawn later, over the whole
    film: captions keep clear of them.
    """

    watermark: bool = True
    label_corner: str | None = "bottom-left"
    seed: int = 0
    render_id: str | None = None
    captions: tuple[Cue, ...] = ()
    caption_style: CaptionStyle = CaptionStyle.CLEAN
    reserved_corner: str | None = None
    logo: Logo | None = None
    reserved_logo: LogoSpot | None = None
    caption_brand: CaptionBrand | None = None

    def __post_init__(self) -> None:
        if self.label_corner is not None and self.label_corner not in CORNERS:
            value = str(self.label_corner)[:32]
            raise EngineFailure(FailureCode.OPTION_INVALID, option="label_corner", value=value, allowed=list(CORNERS))
        if self.render_id is not None:
            check_render_id(self.render_id)


def stages_for(options: ComposeOptions, width_px: int, height_px: int) -> list[FrameStage]:
    """The stages in drawing order: no logo hides words or the watermark, and the label lies over that, to stay
    readable; the hidden mark over all.
    """
    stages: list[FrameStage] = []
    label_corner = options.label_corner or options.reserved_corner
    if options.logo is not None:
        stages.append(logo_stage(width_px, height_px, options.logo, label_corner))
    if options.captions:
        spot = options.reserved_logo if options.logo is None else options.logo.spot
        taken_px = max(
            label_height_px(width_px, height_px, label_corner),
            logo_height_px(width_px, height_px, spot, label_corner),
        )
        gap_px = round(0.02 * height_px) if taken_px else 0
        stages.append(
            captions_stage(
                width_px,
                height_px,
                options.captions,
                options.caption_style,
                clear_px=taken_px + gap_px,
                brand=options.caption_brand,
            )
        )
    if options.watermark:
        stages.append(watermark_stage(width_px, height_px, seed=options.seed))
    if options.label_corner is not None:
        stages.append(ai_label_stage(width_px, height_px, options.label_corner))
    if options.render_id is not None:
        stages.append(hidden_mark_stage(width_px, height_px, options.render_id))
    return stages
