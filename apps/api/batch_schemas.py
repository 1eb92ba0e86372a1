"""What the API takes and gives about sets of variants."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict, StringConstraints

from apps.api.export_schemas import Corner, PresetName, Resolution
from apps.api.schemas import FailureOut, RenderOut
from apps.batches.hooks import HOOK_MAX_CHARS
from apps.batches.models import NAME_MAX_CHARS
from apps.batches.plans import VARIANTS_MAX
from apps.projects import options

Hook = Annotated[str, StringConstraints(max_length=HOOK_MAX_CHARS)]
VoiceId = Annotated[str, StringConstraints(max_length=options.VOICE_MAX_CHARS)]
CaptionStyle = Literal[options.CAPTIONS]  # type: ignore[valid-type]
Shape = Literal[options.ASPECTS]  # type: ignore[valid-type]


class BatchIn(Schema):
    """Every combination of the lists is made. An empty list leaves that as it is in the project."""

    model_config = ConfigDict(extra="forbid")
    hooks: list[Hook] = Field([], max_length=VARIANTS_MAX, description="Each is said instead of the first sentence.")
    voices: list[VoiceId] = Field([], max_length=VARIANTS_MAX, description="Ids of voices, as GET /voices lists them.")
    captions: list[CaptionStyle] = Field([], max_length=VARIANTS_MAX)
    shapes: list[Shape] = Field([], max_length=VARIANTS_MAX)
    making: Literal["free", "export"] = Field("free", description="Free renders with the watermark, or clean exports.")
    preset: PresetName | None = Field(None, description="Of exports: format of the files; null: MP4.")
    resolution: Resolution = Field("source", description="Of exports: as large as the source, or at most 1080p.")
    label_corner: Corner | None = Field(None, description="Of exports: where an “AI-generated” label goes; null: none.")


class PlanOut(Schema):
    """What a set would be. Nothing is ordered."""

    count: int
    names: list[str]
    made_before: int = Field(description="Of a free set: renders that are there already; they are not made again.")
    estimate_s: float = Field(description="About how long all of it takes, once its turn comes.")
    renders_left: int = Field(description="Free renders left today; a free set takes `count` - `made_before` of them.")
    renders_per_day: int
    credits: int = Field(description="Of exports: taken at most, for `paid_videos`; the rest are other forms of those.")
    balance_credits: int
    missing_credits: int
    paid_videos: int
    is_exact: bool


class VariantOut(Schema):
    id: UUID
    name: str
    choices: dict[str, str | None]
    is_favourite: bool
    state: Literal["waiting", "queued", "running", "succeeded", "failed", "cancelled", "removed"] = Field(
        description="“waiting”: for the paid export of the same picture and sound; “removed”: its video was deleted."
    )
    fraction: float
    estimate_s: float = Field(description="About how long the video is.")
    failure: FailureOut | None
    render: RenderOut | None


class BatchOut(Schema):
    id: UUID
    project: UUID
    making: str
    choices: dict[str, Any]
    created_at: datetime
    is_cancelled: bool
    is_over: bool
    count: int
    done: int
    failed: int
    fraction: float
    eta_s: float | None
    variants: list[VariantOut]


class VariantPatch(Schema):
    model_config = ConfigDict(extra="forbid")
    name: str | None = Field(None, min_length=1, max_length=NAME_MAX_CHARS)
    is_favourite: bool | None = None
