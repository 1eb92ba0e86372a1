"""Single lines of a clip that are said anew, while the rest of it stays as it is.

While they are worked on, lines may overlap or end before they begin; `check_lines` says so before anything is rendered.
Each has words (`script`) or a recording (`voice`); with a recording, the words are only what one reads.
"""

import itertools
import math
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from apps.core.failures import SiteFailure
from apps.core.ids import new_id
from apps.projects import options
from apps.projects.models import Project
from apps.projects.pronunciations import pronunciations_for, spelled
from apps.projects.voices import available_voices, default_voice, find_voice
from apps.uploads.models import Asset
from apps.uploads.services import get_asset_for

LINES_MAX = 300
LINE_MAX_CHARS = 1000
LINE_MIN_S = 0.2  # as the engine has it
LATEST_S = 86_400.0
PAST_END_S = 0.05  # by which a line may reach past the clip's end: files disagree about where that is
KEEPS_LENGTH = ("cut_off", "silence")  # the other modes make the picture as long as the sound
_KEY = "lines"
_FIELDS = frozenset({"id", "start_s", "end_s", "script", "script_voice", "script_rate", "voice", "sync_mode"})
_ID = re.compile(r"[A-Za-z0-9-]{1,36}")


def set_lines(project: Project, rows: Any) -> None:
    """Keep these lines instead of the ones before. Raises option_invalid, script_too_long, voice_unknown,
    asset_wrong_kind, or Http404 for somebody else's recording.
    """
    if project.kind != Project.Kind.VIDEO_DUB:
        raise SiteFailure("option_invalid", option="lines", reason="only the dub of a clip has lines")
    if not isinstance(rows, list):
        raise _invalid("give a list")
    if len(rows) > LINES_MAX:
        raise _invalid(f"{len(rows)} are too many, at most {LINES_MAX} fit; render a longer clip in parts")
    lines = [_checked(row, number) for number, row in enumerate(rows, start=1)]
    if len({line["id"] for line in lines}) < len(lines):
        raise _invalid("each line has an id of its own")
    _check_voices(project, lines)
    kept = {name: value for name, value in project.options.items() if name != _KEY}
    project.options = {**kept, _KEY: sorted(lines, key=lambda line: line["start_s"])} if lines else kept


def lines_of(project: Project) -> list[dict[str, Any]]:
    """By time; `voice` is the id of a recording, or None."""
    return [dict(line) for line in project.options.get(_KEY, [])]


def voices_of(projects: Iterable[Project]) -> dict[str, Asset]:
    """id → recording of the projects' lines, in one query, or none where there are no lines."""
    wanted: dict[str, Any] = {
        line["voice"]: project.owner_id for project in projects for line in lines_of(project) if line["voice"]
    }
    if not wanted:
        return {}
    found = Asset.objects.filter(pk__in=wanted, owner_id__in=set(wanted.values()))
    return {str(asset.pk): asset for asset in found if wanted[str(asset.pk)] == asset.owner_id}


def check_lines(lines: Sequence[Mapping[str, Any]], clip_s: float) -> None:
    """Raises project_incomplete, segment_empty, segments_overlap, segment_past_end, script_empty."""
    if not lines:
        raise SiteFailure("project_incomplete", missing="a line")
    for number, line in enumerate(lines, start=1):
        start_s, end_s = line["start_s"], line["end_s"]
        if end_s - start_s < LINE_MIN_S - 1e-6:
            raise SiteFailure("segment_empty", line=number, start_s=start_s, end_s=end_s, needed_s=LINE_MIN_S)
        if end_s > clip_s + PAST_END_S:
            raise SiteFailure("segment_past_end", line=number, end_s=end_s, clip_s=clip_s)
        if not line["voice"] and not line["script"].strip():
            raise SiteFailure("project_incomplete", missing=f"the words of line {number}")
    for number, (before, after) in enumerate(itertools.pairwise(lines), start=2):
        if after["start_s"] < before["end_s"] - 1e-6:
            raise SiteFailure("segments_overlap", line=number, start_s=after["start_s"], end_s=before["end_s"])


def lines_request(project: Project) -> list[dict[str, Any]]:
    """The lines as an order names them; they have been checked."""
    said = pronunciations_for(project)
    return [
        {
            "start_s": line["start_s"],
            "end_s": line["end_s"],
            "voice_asset": line["voice"],
            "script": None if line["voice"] else _script(line, said),
            "sync_mode": line["sync_mode"],
        }
        for line in lines_of(project)
    ]


def _script(line: Mapping[str, Any], said: Sequence[dict[str, str]]) -> dict[str, Any]:
    words = {"text": line["script"].strip(), "voice": line["script_voice"] or default_voice()}
    return {**words, "rate": line["script_rate"], "pitch": 1.0, **spelled(words["text"], said)}


def _checked(row: Any, number: int) -> dict[str, Any]:
    if not isinstance(row, Mapping) or not set(row) <= _FIELDS:
        raise _invalid(f"line {number} may have {', '.join(sorted(_FIELDS))}, and nothing else")
    start_s, end_s = (
        _number(row.get(name), 0.0, LATEST_S, f"{name} of line {number}") for name in ("start_s", "end_s")
    )
    script, voice = row.get("script", ""), row.get("script_voice", "")
    if not isinstance(script, str) or not isinstance(voice, str):
        raise _invalid(f"words and voice of line {number} are text")
    script = script.replace("\x00", "")
    if len(script) > LINE_MAX_CHARS:
        raise SiteFailure("script_too_long", chars=len(script), max_chars=LINE_MAX_CHARS)
    mode = row.get("sync_mode", "silence")
    if mode not in options.SYNC_MODES:
        raise _invalid(f"sync_mode of line {number} is one of {', '.join(options.SYNC_MODES)}")
    name = row.get("id") or new_id().hex
    if not isinstance(name, str) or not _ID.fullmatch(name):
        raise _invalid(f"the id of line {number} is letters, digits and hyphens, at most 36")
    rate = row.get("script_rate", 1.0)
    return {
        "id": name,
        "start_s": round(start_s, 3),
        "end_s": round(end_s, 3),
        "script": script,
        "script_voice": voice,
        "script_rate": _number(rate, options.RATE_MIN, options.RATE_MAX, f"script_rate of line {number}"),
        "voice": _asset_id(row.get("voice"), number),
        "sync_mode": mode,
    }


def _asset_id(value: Any, number: int) -> str | None:
    if value is None:
        return None
    try:
        return str(uuid.UUID(str(value)))
    except ValueError:
        raise _invalid(f"the recording of line {number} is the id of an uploaded voice") from None


def _number(value: Any, least: float, most: float, what: str) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or not least <= value <= most:
        raise _invalid(f"{what} is a number between {least:g} and {most:g}")
    return float(value)


def _check_voices(project: Project, lines: Sequence[Mapping[str, Any]]) -> None:
    """Every voice that speaks must be known, every recording the owner's."""
    for name in {line["script_voice"] for line in lines if not line["voice"]}:
        if len(name) > options.VOICE_MAX_CHARS or (name and available_voices() and find_voice(name) is None):
            raise SiteFailure("voice_unknown", voice=name[: options.VOICE_MAX_CHARS])
    before = {line["voice"] for line in lines_of(project)}
    for asset_id in {line["voice"] for line in lines if line["voice"]} - before:
        asset = get_asset_for(project.owner, asset_id)
        if asset.kind != Asset.Kind.VOICE:
            raise SiteFailure("asset_wrong_kind", found=asset.kind, needed=Asset.Kind.VOICE)


def _invalid(reason: str) -> SiteFailure:
    return SiteFailure("option_invalid", option="lines", reason=reason)
