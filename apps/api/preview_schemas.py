"""What is sent for previews."""

from typing import Literal

from ninja import Field, Schema
from pydantic import ConfigDict


class PreviewIn(Schema):
    """Which seconds of a dub to render by themselves."""

    model_config = ConfigDict(extra="forbid")
    moment: Literal["first", "hardest"] = Field(
        description="The first three seconds that are spoken, or those where the picture makes it hardest."
    )
