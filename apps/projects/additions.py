"""What a creator adds to a video besides who speaks and what is said: music under it, something else behind a photo."""

from collections.abc import Mapping
from typing import Any

from apps.core.failures import SiteFailure
from apps.projects import options
from apps.projects.models import Project
from apps.uploads.models import Asset


def added_files(project: Project, settings: Mapping[str, Any]) -> dict[str, Asset]:
    """By their part, the files that a render uses. Raises project_incomplete for a background without its picture."""
    files: dict[str, Asset] = {}
    if project.music is not None and settings["music_volume"] > 0:
        files["music"] = project.music
    if settings.get("background") == "picture":
        if project.backdrop is None:
            raise SiteFailure("project_incomplete", missing="a picture for the background")
        files["backdrop"] = project.backdrop
    return files


def additions_order(project: Project, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The lines of an order about them."""
    files = added_files(project, settings)
    order: dict[str, Any] = {f"{part}_asset": str(file.pk) for part, file in files.items()}
    if "music" in files:
        numbers = {name.removeprefix("music_"): settings[name] for name in options.MUSIC}
        order["music"] = {**numbers, "loops": settings["music_loops"]}
    if settings.get("background") in options.BACKDROPS:
        order["backdrop"] = {"blur": settings["background_blur"], "rgb": settings["background_rgb"]}
    return order
