"""What a video shows of its owner's brand."""

from typing import Any

from apps.brands.services import brand_of
from apps.projects.models import Project
from apps.trust.attestations import require_attested


def brand_order(project: Project) -> dict[str, Any]:
    """The lines of an order about it; none where the project shows nothing of it. Raises as `require_attested`."""
    settings = project.settings_now()
    if not settings["brand"]:
        return {}
    logo = brand_of(project.owner).logo
    if logo is None:
        return {}
    require_attested([logo])
    spot = {"corner": settings["logo_corner"], "size": settings["logo_size"]}
    return {"logo_asset": str(logo.pk), "logo": {**spot, "opacity": settings["logo_opacity"]}}
