"""Films: several scenes one after the other, each a video of one's own, or a clip or picture as it is.

A film's scenes are kept as rows naming what they show; what that is now, is found anew each time. So a scene follows
its video: another voice there is another voice in the film. A film is never a scene of another one.
"""

import itertools
import math
import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from django.http import Http404

from apps.core.failures import SiteFailure
from apps.core.ids import new_id
from apps.projects import options
from apps.projects.additions import added_files, additions_order
from apps.projects.models import Project
from apps.projects.recordings import heard_s
from apps.trust.attestations import require_attested
from apps.uploads.models import Asset

SCENES_MAX = 30  # as the engine has it
SCENE_MIN_S = 0.3
FADE_MAX_S = 2.0
FADE_SHARE_MAX = 0.4  # of either scene
PICTURE_S = 3.0  # how long a picture is shown unless told otherwise
PICTURE_MAX_S = 30.0
LATEST_S = 3600.0
AS_IT_IS = (Asset.Kind.CLIP, Asset.Kind.PORTRAIT, Asset.Kind.PICTURE)
PICTURES = (Asset.Kind.PORTRAIT, Asset.Kind.PICTURE)
RATE_MIN, RATE_MAX = Fraction(12), Fraction(60)
_KEY = "scenes"
_FIELDS = frozenset({"id", "project", "asset", "start_s", "end_s", "fade_s"})
_ID = re.compile(r"[A-Za-z0-9-]{1,36}")
_FILES = ("portrait", "clip", "voice", "track", "music", "backdrop")

OrderOf = Callable[[Project, float], dict[str, Any]]


def set_scenes(project: Project, rows: Any) -> None:
    """Keep these scenes, in this order, instead of the ones before. Raises option_invalid, asset_wrong_kind, or Http404
    for what is not the owner's; what a scene showed before may be gone by now, and stays.
    """
    if project.kind != Project.Kind.FILM:
        raise SiteFailure("option_invalid", option=_KEY, reason="only a film has scenes")
    if not isinstance(rows, list):
        raise _invalid("give a list")
    if len(rows) > SCENES_MAX:
        raise _invalid(f"{len(rows)} are too many, at most {SCENES_MAX} fit into one film")
    scenes = [_checked(row, number) for number, row in enumerate(rows, start=1)]
    if len({scene["id"] for scene in scenes}) < len(scenes):
        raise _invalid("each scene has an id of its own")
    _check_shown(project, scenes)
    kept = {name: value for name, value in project.options.items() if name != _KEY}
    project.options = {**kept, _KEY: scenes} if scenes else kept


def scenes_of(project: Project) -> list[dict[str, Any]]:
    """In order: id, project or asset (ids, the other None), start_s, end_s (0: its own end), fade_s (0: a cut)."""
    return [dict(scene) for scene in project.options.get(_KEY, [])]


def shown_in(films: Iterable[Project]) -> tuple[dict[str, Project], dict[str, Asset]]:
    """What the scenes of one owner's films show, by id: projects (in the trash or not) and files."""
    rows = [(film.owner_id, scene) for film in films for scene in scenes_of(film)]
    owners = {owner for owner, _ in rows}
    projects = [scene["project"] for _, scene in rows if scene["project"]]
    assets = [scene["asset"] for _, scene in rows if scene["asset"]]
    together = Project.objects.select_related(*_FILES, "owner__brand__logo")
    found = together.filter(pk__in=projects, owner_id__in=owners) if projects else ()
    files = Asset.objects.filter(pk__in=assets, owner_id__in=owners) if assets else ()
    return {str(one.pk): one for one in found}, {str(one.pk): one for one in files}


def film_order(film: Project, max_duration_s: float, order_of: OrderOf) -> dict[str, Any]:
    """Everything a render of the film depends on, as all of its scenes are now.

    `order_of`: what a render of a scene's own video needs. Raises SiteFailure with the number of the scene that cannot
    be made, and project_incomplete for a film without any.
    """
    scenes, settings = scenes_of(film), film.settings_now()
    if not scenes:
        raise SiteFailure("project_incomplete", missing="a scene")
    projects, assets = shown_in([film])
    added = list(added_files(film, settings).values())
    _check_ready(added)
    require_attested(added)
    sources = [_source(scene, number, projects, assets) for number, scene in enumerate(scenes, start=1)]
    rate, side_px = _rate(sources), _short_side(sources, options.FREE_SHORT_SIDE_MAX_PX)
    rows = []
    for number, (scene, source) in enumerate(zip(scenes, sources, strict=True), start=1):
        row = {**{name: scene[name] for name in ("start_s", "end_s", "fade_s")}, "title": title_of_scene(source)}
        try:
            rows.append(row | _shown(scene, source, max_duration_s, settings["shape"], rate, side_px, order_of))
        except SiteFailure as failure:
            facts = {"scene": number, "scene_title": row["title"]}
            raise SiteFailure(failure.code, **failure.detail | facts) from None
    return {
        "scenes": rows,
        "aspect": settings["shape"],
        "fps": rate,
        "watermark": True,
        "label_corner": settings["label_corner"],
        **additions_order(film, settings),
        "max_short_side_px": side_px,
        "max_duration_s": max_duration_s,
    }


def title_of_scene(source: Project | Asset) -> str:
    """What a scene is called: its video's title, the first words said in it, or its file's name."""
    if isinstance(source, Asset):
        return source.original_name[:60]
    words = source.title or source.script
    return " ".join(words.split()[:6])[:60]


def scene_facts(scene: Mapping[str, Any], source: Project | Asset | None) -> dict[str, Any]:
    """A scene as pages and the API see it. `state`: “ready”, “trashed” or “gone”; `length_s`: about how long what it
    shows is before trimming, 0 where nobody can say.
    """
    is_project = isinstance(source, Project)
    state = "gone" if source is None else "trashed" if is_project and source.trashed_at else "ready"
    kind = "" if source is None else source.kind
    length_s = 0.0 if source is None else about_s(source)
    return {
        **scene,
        "state": state,
        "kind": kind,
        "title": title_of_scene(source) if source is not None else "",
        "length_s": round(length_s, 2),
        "shown_s": round(shown_s(scene, length_s, is_picture=kind in PICTURES), 2),
    }


def shown_s(scene: Mapping[str, Any], length_s: float, *, is_picture: bool) -> float:
    """How much of it is shown, of something so long."""
    if is_picture:
        return float(scene["end_s"] or PICTURE_S)
    until_s = min(scene["end_s"] or length_s, length_s) if length_s else scene["end_s"]
    return max(0.0, float(until_s - scene["start_s"]))


def length_of_film(lengths_s: Sequence[float], fades_s: Sequence[float]) -> float:
    """How long the film is: its scenes, less what they lie over each other."""
    total_s = sum(lengths_s)
    for (before_s, length_s), fade_s in zip(itertools.pairwise(lengths_s), fades_s[1:], strict=True):
        total_s -= min(fade_s, FADE_SHARE_MAX * min(before_s, length_s))
    return total_s


def scene_starts_s(lengths_s: Sequence[float], fades_s: Sequence[float]) -> list[float]:
    """When each scene of a film begins: one that fades in, before the one before it has ended."""
    starts_s = [0.0]
    for number in range(1, len(lengths_s)):
        over_s = min(fades_s[number], FADE_SHARE_MAX * min(lengths_s[number - 1 : number + 1]))
        starts_s.append(length_of_film(lengths_s[:number], fades_s[:number]) - over_s)
    return starts_s[: len(lengths_s)]


def about_s(source: Project | Asset) -> float:
    """About how long something is, as far as that is known without rendering it."""
    if isinstance(source, Asset):
        return float(source.duration_s or 0.0)
    settings = source.settings_now()
    moved_by = settings.get("moved_by", "voice")
    if source.kind == Project.Kind.VIDEO_DUB:
        return float((source.clip.duration_s if source.clip else None) or 0.0)
    if moved_by == "idle":
        return float(settings["idle_s"])
    if moved_by == "clip":
        return float((source.clip.duration_s if source.clip else None) or 0.0)
    if source.voice_source == Project.VoiceSource.SCRIPT:
        return options.spoken_duration_s(source.script, source.script_rate)
    try:
        return heard_s(source.voice, settings)
    except SiteFailure:  # a trim that does not fit any more; its own page says so
        return 0.0


def _shown(
    scene: Mapping[str, Any],
    source: Project | Asset,
    max_duration_s: float,
    shape: str,
    rate: str,
    side_px: int,
    order_of: OrderOf,
) -> dict[str, Any]:
    """What one scene shows: a file as it is, or the order of its own video in the film's shape and rate."""
    if isinstance(source, Asset):
        _check_ready([source])
        require_attested([source])
        is_picture = source.kind in PICTURES
        if is_picture:
            return {"picture_asset": str(source.pk), "start_s": 0.0, "end_s": scene["end_s"] or PICTURE_S}
        _check_left(scene, source.duration_s or 0.0)
        return {"video_asset": str(source.pk)}
    order = order_of(source, max_duration_s)
    if source.kind == Project.Kind.VIDEO_DUB:
        _check_left(scene, 0.0)
    else:
        order["fps"] = rate
        order["background"] = "photo" if order["background"] == "transparent" else order["background"]
    order |= {"aspect": shape, "max_short_side_px": side_px, "label_corner": None}
    return {"film": source.kind, "project": str(source.pk), "order": order}


def _source(
    scene: Mapping[str, Any], number: int, projects: Mapping[str, Project], assets: Mapping[str, Asset]
) -> Project | Asset:
    source = projects.get(scene["project"] or "") or assets.get(scene["asset"] or "")
    if source is None:
        raise SiteFailure("scene_gone", scene=number)
    if isinstance(source, Project) and source.trashed_at is not None:
        raise SiteFailure("scene_in_trash", scene=number, scene_title=title_of_scene(source))
    return source


def _check_left(scene: Mapping[str, Any], length_s: float) -> None:
    """Raises scene_trimmed_away where it is known by now that nothing would be left."""
    end_s = min(scene["end_s"] or math.inf, length_s or math.inf)
    if end_s - scene["start_s"] < SCENE_MIN_S - 1e-3:
        raise SiteFailure("scene_trimmed_away", start_s=scene["start_s"], end_s=end_s, needed_s=SCENE_MIN_S)


def _rate(sources: Sequence[Project | Asset]) -> str:
    """The film's frame rate: of the first scene that was filmed; without one, the first photo's."""
    for source in sources:
        filmed = source.clip if isinstance(source, Project) else source
        is_shown = isinstance(source, Asset) or source.kind == Project.Kind.VIDEO_DUB
        if not is_shown or filmed is None or filmed.kind != Asset.Kind.CLIP:
            continue
        try:
            rate = Fraction(str(((filmed.preflight or {}).get("video") or {}).get("frame_rate") or "25"))
        except (ValueError, ZeroDivisionError):
            continue
        if RATE_MIN <= rate <= RATE_MAX:
            return str(rate)
    photos = (source for source in sources if isinstance(source, Project))
    return next((str(photo.settings_now()["frames_per_second"]) for photo in photos if _is_photo(photo)), "25")


def _is_photo(project: Project) -> bool:
    return project.kind == Project.Kind.TALKING_PHOTO


def size_px(source: Project | Asset) -> tuple[int, int]:
    """Width and height of what a scene shows; zeros where they are not known."""
    file: Asset | None = source if isinstance(source, Asset) else source.portrait if _is_photo(source) else source.clip
    if file is None:
        return 0, 0
    found = file.preflight or {}
    width = found.get("width_px") or file.width_px or 0
    height = found.get("height_px") or file.height_px or 0
    return int(width), int(height)


def _short_side(sources: Sequence[Project | Asset], most_px: int) -> int:
    """The film is as large as its largest scene, and no larger than it may be."""
    sides = [min(size_px(source)) for source in sources]
    return max(2, min(most_px, max(sides) or most_px) // 2 * 2)


def _check_ready(files: Iterable[Asset]) -> None:
    for file in files:
        if file.state == Asset.State.REFUSED:
            raise SiteFailure(file.failure_code or "asset_refused", **file.failure_detail)
        if file.state != Asset.State.READY:
            raise SiteFailure("asset_not_ready")


def _checked(row: Any, number: int) -> dict[str, Any]:
    if not isinstance(row, Mapping) or not set(row) <= _FIELDS:
        raise _invalid(f"scene {number} may have {', '.join(sorted(_FIELDS))}, and nothing else")
    name = row.get("id") or new_id().hex
    if not isinstance(name, str) or not _ID.fullmatch(name):
        raise _invalid(f"the id of scene {number} is letters, digits and hyphens, at most 36")
    shown = {kind: _uuid(row.get(kind), f"{kind} of scene {number}") for kind in ("project", "asset")}
    if (shown["project"] is None) == (shown["asset"] is None):
        raise _invalid(f"scene {number} shows either a project or a file (asset)")
    times = {
        name: round(_number(row.get(name, 0.0), most, f"{name} of scene {number}"), 3)
        for name, most in (("start_s", LATEST_S), ("end_s", LATEST_S), ("fade_s", FADE_MAX_S))
    }
    if times["end_s"] and times["end_s"] - times["start_s"] < SCENE_MIN_S - 1e-3:
        raise _invalid(f"scene {number} has to end at least {SCENE_MIN_S} s after its start")
    return {"id": name, **shown, **times}


def _check_shown(film: Project, scenes: Sequence[Mapping[str, Any]]) -> None:
    """That what is new in the film is its owner's, and can be shown."""
    known = {scene[kind] for scene in scenes_of(film) for kind in ("project", "asset")}
    for scene in scenes:
        if scene["project"] and scene["project"] not in known:
            found = Project.objects.filter(pk=scene["project"], owner_id=film.owner_id, trashed_at=None)
            kind = found.values_list("kind", flat=True).first()
            if kind is None:
                raise Http404("no such project")
            if kind == Project.Kind.FILM:
                raise _invalid("a film cannot be a scene of another one")
        if scene["asset"] and scene["asset"] not in known:
            asset = Asset.objects.filter(pk=scene["asset"], owner_id=film.owner_id).first()
            if asset is None:
                raise Http404("no such file")
            if asset.kind not in AS_IT_IS:
                raise SiteFailure("asset_wrong_kind", found=asset.kind, needed="clip or picture")


def _uuid(value: Any, what: str) -> str | None:
    if value is None:
        return None
    try:
        return str(uuid.UUID(str(value)))
    except ValueError:
        raise _invalid(f"{what} is no id") from None


def _number(value: Any, most: float, what: str) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and 0 <= value <= most):  # NaN fails this too
        raise _invalid(f"{what} is a number between 0 and {most:g}")
    return float(value)


def _invalid(reason: str) -> SiteFailure:
    return SiteFailure("option_invalid", option=_KEY, reason=reason)
