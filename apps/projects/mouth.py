"""What a creator changed about the mouth: a list of small edits, made for one voice and kept with it.

Edits are stored with a fingerprint of the voice they were made for. When the words change they are kept but not used,
and count again when the words come back.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

from apps.core.failures import SiteFailure
from apps.projects.models import Project
from apps.projects.pronunciations import pronunciations_for, spelled
from apps.projects.recordings import part_of

EDITS_MAX = 200
LONGEST_S = 600.0
AMOUNTS = {"close": (0.0, 0.0), "scale": (0.0, 2.0), "move": (-1.0, 1.0)}
_KEY = "mouth"


def voice_fingerprint(project: Project) -> str:
    """Names what is said and by whom; the same for the same voice."""
    if project.track_id is not None:
        heard: list[Any] = ["track", str(project.track_id)]
    elif project.voice_source == Project.VoiceSource.AUDIO:
        clean = ["clean"] if project.settings_now()["clean_voice"] else []
        heard = ["voice", str(project.voice_id), *part_of(project), *clean]
    else:
        heard = ["script", project.script.strip(), project.script_voice, project.script_rate, project.script_pitch]
        heard += spelled(project.script, pronunciations_for(project)).values()
    return hashlib.sha256(json.dumps(heard).encode()).hexdigest()[:32]


def set_edits(project: Project, rows: Any) -> None:
    """Keep edits for the voice as it is now. Raises option_invalid."""
    edits = [_checked(row) for row in _rows(rows)]
    kept = {name: value for name, value in project.options.items() if name != _KEY}
    project.options = {**kept, _KEY: {"edits": edits, "of": voice_fingerprint(project)}} if edits else kept


def edits_of(project: Project) -> list[dict[str, Any]]:
    return list(project.options.get(_KEY, {}).get("edits", []))


def edits_apply(project: Project) -> bool:
    """Whether the edits were made for the voice that the project has now."""
    stored = project.options.get(_KEY)
    return bool(stored) and stored["of"] == voice_fingerprint(project)


def _rows(rows: Any) -> list[Any]:
    if not isinstance(rows, list):
        raise _invalid("give a list")
    if len(rows) > EDITS_MAX:
        raise _invalid(f"at most {EDITS_MAX} changes fit; import an edited track instead")
    return rows


def _checked(row: Any) -> dict[str, Any]:
    if not isinstance(row, Mapping) or not set(row) <= {"kind", "start_s", "end_s", "amount"}:
        raise _invalid("each change has kind, start_s, end_s and amount")
    kind = row.get("kind")
    if kind not in AMOUNTS:
        raise _invalid(f"kind is one of {', '.join(AMOUNTS)}")
    start_s, end_s, amount = (_number(row.get(name, 0.0)) for name in ("start_s", "end_s", "amount"))
    if not 0 <= start_s < end_s <= LONGEST_S:
        raise _invalid("a stretch begins before it ends")
    least, most = AMOUNTS[kind]
    if kind != "close" and not least <= amount <= most:
        raise _invalid(f"amount is between {least:g} and {most:g}")
    edit = {"kind": kind, "start_s": round(start_s, 3), "end_s": round(end_s, 3)}
    return edit if kind == "close" else {**edit, "amount": round(amount, 3)}


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _invalid("times and amounts are numbers")
    return float(value)


def _invalid(reason: str) -> SiteFailure:
    return SiteFailure("option_invalid", option="mouth_edits", reason=reason)
