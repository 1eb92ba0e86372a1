"""An account's brand: what its videos have in common."""

import contextlib
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema
from pydantic import ConfigDict

from apps.api.schemas import Pronunciation
from apps.api.throttles import AccountThrottle
from apps.brands.presentation import brand_facts
from apps.brands.services import CARD_MAX_S, CARD_MIN_S, brand_of, change_brand
from apps.core.failures import SiteFailure
from apps.projects.pronunciations import PRONUNCIATIONS_MAX, checked_pronunciations
from apps.projects.services import delete_unused

router = Router(tags=["brand"])
Typeface = Literal["style", "sans", "display"]


class BrandOut(Schema):
    logo: UUID | None = Field(description="A file of the kind “picture”.")
    logo_url: str | None = Field(description="Shows the logo for about an hour.")
    logo_name: str
    logo_width_px: int | None
    logo_height_px: int | None
    primary: str = Field(description="The main colour: behind words.")
    accent: str = Field(description="The colour of what stands out: the word that is being said.")
    text: str = Field(description="The colour of words on the main colour.")
    typeface: Typeface = Field(description="Of captions; “style”: each caption style has its own.")
    intro_text: str = Field(description="Words on the card that videos may begin with, below the logo.")
    intro_s: float = Field(description="How long that card stands.")
    outro_text: str = Field(description="As of the intro, of the card that they may end with.")
    outro_s: float
    pronunciations: list[Pronunciation] = Field(
        description="Words and names that the voices say as they are spelled here, in every video; a video's own win."
    )
    text_contrast: float = Field(description="Between text and main colour, 1 to 21.")
    notes: list[str] = Field(description="What could be better, in sentences.")


class BrandPatch(Schema):
    """Only what is sent is changed; null takes the logo away."""

    model_config = ConfigDict(extra="forbid")
    logo: UUID | None = Field(
        None, description="A file of the kind “picture”: a PNG or WebP that stands still, at most 2 MB and 4096 pixels."
    )
    primary: str = Field("", max_length=16, description="As #rrggbb, like the others.")
    accent: str = Field("", max_length=16)
    text: str = Field("", max_length=16, description="Needs a contrast of at least 3 to the main colour.")
    typeface: Typeface = "style"
    intro_text: str = Field("", max_length=400, description="At most 80 characters.")
    intro_s: float = Field(2.0, ge=CARD_MIN_S, le=CARD_MAX_S, allow_inf_nan=False)
    outro_text: str = Field("", max_length=400)
    outro_s: float = Field(2.0, ge=CARD_MIN_S, le=CARD_MAX_S, allow_inf_nan=False)
    pronunciations: list[Pronunciation] = Field(
        [], max_length=PRONUNCIATIONS_MAX, description="Instead of the ones before."
    )


@router.get("", response=BrandOut, throttle=AccountThrottle("read"), summary="Look at your brand")
def get_brand(request: HttpRequest) -> dict[str, Any]:
    """Videos show it where their `brand` is on."""
    return brand_facts(brand_of(request.user))


@router.patch("", response=BrandOut, throttle=AccountThrottle("write"), summary="Change your brand")
def patch_brand(request: HttpRequest, payload: BrandPatch) -> dict[str, Any]:
    """All of what is sent, or nothing of it. A logo that nothing uses any more is deleted."""
    before = brand_of(request.user).logo
    changes = payload.dict(exclude_unset=True)
    if "pronunciations" in changes:
        changes["pronunciations"] = checked_pronunciations(changes["pronunciations"])
    brand = change_brand(request.user, changes)
    if before is not None and before != brand.logo:
        with contextlib.suppress(SiteFailure):  # a video with it is being made: then the file stays
            delete_unused([before])
    return brand_facts(brand)
