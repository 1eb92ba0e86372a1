"""What a video shows of its owner's brand."""

from collections.abc import Mapping
from typing import Any

from apps.brands.models import Brand
from apps.brands.services import CARDS, has_card, known_brand_of
from apps.projects.models import Project
from apps.trust.attestations import require_attested


def brand_order(project: Project) -> dict[str, Any]:
    """The lines of an order about the whole video; none where it shows nothing of a brand.

    Raises as `require_attested`.
    """
    settings = project.settings_now()
    if not settings["brand"]:
        return {}
    brand = known_brand_of(project.owner)
    order: dict[str, Any] = {}
    if brand.logo is not None:
        require_attested([brand.logo])
        spot = {"corner": settings["logo_corner"], "size": settings["logo_size"]}
        order = {"logo_asset": str(brand.logo.pk), "logo": {**spot, "opacity": settings["logo_opacity"]}}
    if cards := _cards(brand, settings):
        order["bookends"] = {**cards, "brand": _looks(brand)}
    return order


def cards_s(project: Project) -> float:
    """How long the cards before and after the video are together."""
    settings = project.settings_now()
    if not settings["brand"]:
        return 0.0
    return sum(float(card["length_s"]) for card in _cards(known_brand_of(project.owner), settings).values())


def caption_brand_order(project: Project) -> dict[str, Any]:
    """The line of an order about the colours and letters of captions, where there are captions."""
    settings = project.settings_now()
    if not (settings["brand"] and settings["brand_captions"]) or settings["captions"] == "none":
        return {}
    return {"caption_brand": _looks(known_brand_of(project.owner))}


def _cards(brand: Brand, settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    if settings.get("background") == "transparent":  # nothing fills the frame there
        return {}
    return {
        name: {"text": getattr(brand, f"{name}_text"), "length_s": getattr(brand, f"{name}_s")}
        for name in CARDS
        if settings[f"brand_{name}"] and has_card(brand, name)
    }


def _looks(brand: Brand) -> dict[str, str]:
    return {name: getattr(brand, name) for name in ("primary", "accent", "text", "typeface")}
