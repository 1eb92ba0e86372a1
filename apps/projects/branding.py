"""What a video shows of its owner's brand."""

from typing import Any

from apps.brands.services import brand_of
from apps.projects.models import Project
from apps.trust.attestations import require_attested


def brand_order(project: Project) -> dict[str, Any]:
    """The lines of an order about the whole video; none where it shows nothing of a brand.

    Raises as `require_attested`.
    """
    settings = project.settings_now()
    if not settings["brand"]:
        return {}
    logo = brand_of(project.owner).logo
    if logo is None:
        return {}
    require_attested([logo])
    spot = {"corner": settings["logo_corner"], "size": settings["logo_size"]}
    return {"logo_asset": str(logo.pk), "logo": {**spot, "opacity": settings["logo_opacity"]}}


def caption_brand_order(project: Project) -> dict[str, Any]:
    """The line of an order about the colours and letters of captions, where there are captions."""
    settings = project.settings_now()
    if not (settings["brand"] and settings["brand_captions"]) or settings["captions"] == "none":
        return {}
    brand = brand_of(project.owner)
    names = ("primary", "accent", "text", "typeface")
    return {"caption_brand": {name: getattr(brand, name) for name in names}}
