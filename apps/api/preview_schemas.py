"""What is sent for previews."""

from typing import Literal

from ninja import Field, Schema
from pydantic import ConfigDict


class PreviewIn(Schema):
    """What to look at before all of it is rendered: of a dub three seconds, of a talking photo one frame."""

    model_config = ConfigDict(extra="forbid")
    moment: Literal["first", "hardest", "at"] = Field(
        description="Of a dub, the “first” three seconds that are spoken, or the “hardest” ones for its picture. Of a "
        "talking photo, the frame “at” `at_s`, or the “hardest”: the widest mouth, or the farthest turn."
    )
    at_s: float | None = Field(None, ge=0, le=3600, allow_inf_nan=False, description="With “at”; else left out.")
