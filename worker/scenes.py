"""The scenes of a film, one after the other: kept from before, or made by the engine as any video of their kind."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from worker.engine.contracts import Hooks
from worker.engine.failures import EngineFailure
from worker.engine.media.workspace import Workspace
from worker.process.kept_scenes import KeptScenes, scene_key
from worker.process.parts import Part
from worker.process.requests import scene_part

SCENES_SHARE = 0.75  # of a film's progress; joining has the rest

# What a scene's order becomes in a folder: the video. `segments_dir`: where its project's segments are, or None.
RenderScene = Callable[[Mapping[str, Any], Workspace, Hooks, Path | None], Path]


def make_scenes(
    order: Mapping[str, Any], workspace: Workspace, hooks: Hooks, render: RenderScene, segments_root: Path | None
) -> dict[str, Path]:
    """part → file of every scene that has to be rendered for the film of `order`.

    segments_root: where marked scenes are kept; clean ones are never kept anywhere.

    Raises:
        EngineFailure: of a scene, with its number and title.
    """
    rows = order["scenes"]
    to_make = [number for number, row in enumerate(rows) if "order" in row]
    files: dict[str, Path] = {}
    for count, number in enumerate(to_make):
        row = rows[number]
        part = Part(hooks, SCENES_SHARE * count / len(to_make), SCENES_SHARE * (count + 1) / len(to_make))
        try:
            files[scene_part(number)] = _made(order, row, number, workspace, part, render, segments_root)
        except EngineFailure as failure:
            raise in_scene(failure, number + 1, row) from failure
    return files


def in_scene(failure: EngineFailure, number: int, row: Mapping[str, Any]) -> EngineFailure:
    """The same failure, saying in which scene."""
    facts = {**failure.detail, "scene": number, "scene_title": row.get("title", "")}
    return EngineFailure(failure.code, at_s=failure.at_s, **facts)


def _made(
    order: Mapping[str, Any],
    row: Mapping[str, Any],
    number: int,
    workspace: Workspace,
    hooks: Hooks,
    render: RenderScene,
    segments_root: Path | None,
) -> Path:
    is_marked = bool(order.get("watermark", True))
    wanted = {**row["order"], "watermark": is_marked, "label_corner": None, "film": row["film"]}
    wanted["reserved_corner"] = order.get("label_corner")
    if order.get("logo"):
        wanted["reserved_logo"] = {name: order["logo"][name] for name in ("corner", "size")}
    wanted["max_short_side_px"] = order.get("max_short_side_px")  # of an export: as large as it was priced
    folder = segments_root / row["project"] if segments_root is not None and is_marked else None
    kept = KeptScenes(folder) if folder is not None else None
    made, key = workspace.file(f"{scene_part(number)}.mp4"), scene_key(wanted)
    if kept is not None and kept.take(key, made):
        return made
    with Workspace(workspace.path) as inner:
        render(wanted, inner, hooks, folder).replace(made)
    if kept is not None:
        kept.keep(key, made)
    return made
