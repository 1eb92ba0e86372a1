"""Which part of a recording is heard, and whether its background is made quieter. The recording itself stays."""

from collections.abc import Mapping
from typing import Any

from apps.core.failures import SiteFailure
from apps.projects.models import Project
from apps.uploads.models import Asset

LEAST_S = 0.5  # what has to be left
_ROUNDING_S = 0.05  # pages show hundredths


def recording_order(voice: Asset | None, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What an order says of it; nothing where a recording is heard as it is. Raises option_invalid."""
    start_s, end_s, clean = settings["voice_start_s"], settings["voice_end_s"], settings["clean_voice"]
    if voice is None or not (start_s or end_s or clean):
        return {}
    heard_s(voice, settings)
    end_s = min(end_s, voice.duration_s) if voice.duration_s else end_s
    return {"voice_care": {"start_s": start_s, "end_s": end_s, "clean": clean}}


def heard_s(voice: Asset | None, settings: Mapping[str, Any]) -> float:
    """How long the wanted part of a recording is; 0 while that is not known. Raises option_invalid."""
    whole_s = (voice.duration_s if voice is not None else None) or 0.0
    if whole_s <= 0:
        return 0.0
    start_s, end_s = settings["voice_start_s"], settings["voice_end_s"]
    for name, value in (("voice_start_s", start_s), ("voice_end_s", end_s)):
        if value > whole_s + _ROUNDING_S:
            raise SiteFailure("option_invalid", option=name, reason=f"the recording is {whole_s:.2f} s long")
    until_s = min(end_s, whole_s) if end_s else whole_s
    if (start_s or end_s) and until_s - start_s < LEAST_S:
        reason = f"it has to be at least {LEAST_S:g} s after the start"
        raise SiteFailure("option_invalid", option="voice_end_s", reason=reason)
    return until_s - start_s


def part_of(project: Project) -> list[float]:
    """Names the part that is heard, beside the recording's id; nothing for the whole."""
    settings = project.settings_now()
    part = [settings["voice_start_s"], settings["voice_end_s"]]
    return part if any(part) else []
