"""What the API takes and gives about exports and their prices."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict

from apps.api.schemas import RenderOut
from apps.jobs.exports import RESOLUTIONS
from apps.jobs.presets import PRESETS
from apps.projects import options

PresetName = Literal[tuple(preset.name for preset in PRESETS)]  # type: ignore[valid-type]
Resolution = Literal[tuple(RESOLUTIONS)]  # type: ignore[valid-type]
FrameRate = Literal[options.FRAME_RATES]  # type: ignore[valid-type]
Corner = Literal[options.LABEL_CORNERS]  # type: ignore[valid-type]


class ExportIn(Schema):
    """How an export is wanted; everything else is as the project is saved."""

    model_config = ConfigDict(extra="forbid")
    preset: PresetName | None = Field(None, description="Format of the file; null: MP4, or WebM when see-through.")
    resolution: Resolution = Field("source", description="As large as the source, up to 4K, or at most 1080p.")
    frames_per_second: FrameRate | None = Field(None, description="Null: as in the project.")
    label_corner: Corner | None = Field(None, description="Where an “AI-generated” label goes; null: none.")


class QuoteOut(Schema):
    """A price. `credits` = `seconds` × `credits_per_s` × `neural_factor` × `size_factor`."""

    id: UUID
    credits: int = Field(description="Taken at most. Less, when the video turns out shorter.")
    seconds: int = Field(description="Seconds that are paid; fewer than `duration_s` where a part was paid before.")
    credits_per_s: int
    neural_factor: int
    size_factor: int
    duration_s: float
    is_exact: bool = Field(description="False: a script that was not spoken yet; the price has room to spare.")
    is_paid_before: bool = Field(description="Another form of an export that you have paid, so it costs nothing.")
    is_in_making: bool = Field(description="The very same export is waiting or running already.")
    width_px: int
    height_px: int
    frames_per_second: str
    preset: str
    size_bytes: int = Field(description="About how large the file will be.")
    presets: list["PresetOut"] = Field(description="The formats this project can be exported in, with their sizes.")
    balance_credits: int
    missing_credits: int
    top_up_url: str
    can_buy: bool = Field(description="Whether credits are sold here; else whoever runs the site gives them.")
    valid_until: datetime
    is_valid: bool


class PresetOut(Schema):
    name: str
    label: str
    hint: str
    platform: bool = Field(description="Made for one platform, not a plain format.")
    size_bytes: int
    width_px: int
    height_px: int
    frames_per_second: str
    bitrate_max_kbps: int | None = Field(description="Never above that; null: constant quality alone.")
    keyframe_s: float | None = Field(description="A keyframe at least that often; null: as the encoder likes.")
    loudness_lufs: float | None = Field(description="What the sound is brought to; null: as it is.")


class ExportOut(RenderOut):
    """A clean export. `held_credits` are reserved while it lasts, `charged_credits` taken when it is done."""

    quoted_credits: int
    held_credits: int
    charged_credits: int
    preset: str
    credentials_url: str | None = Field(description="Content credentials beside a WebM file; others hold their own.")


class HandoffOut(Schema):
    url: str = Field(description="Downloads the archive, for about an hour.")


QuoteOut.model_rebuild()
