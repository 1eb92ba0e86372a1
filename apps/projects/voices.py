"""The voices a script can be spoken with, as the interactive worker found them when it started."""

import functools
import json
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

VOICES_FILE_NAME = "voices.json"


@dataclass(frozen=True)
class Voice:
    """`language` is a tag such as "en-us", `language_name` what people call it; `engine` says which program speaks."""

    id: str
    name: str
    language: str
    language_name: str
    engine: str
    gender: str


def available_voices() -> tuple[Voice, ...]:
    """Every voice, or none while no worker has told us yet."""
    path = Path(settings.DATA_DIR) / VOICES_FILE_NAME
    try:
        changed_ns = path.stat().st_mtime_ns
    except OSError:
        return ()
    return _read(path, changed_ns)


def default_voice() -> str:
    """The voice of a new project: an English one where there is one."""
    voices = available_voices()
    english = [voice for voice in voices if voice.language.lower().startswith("en")]
    natural = [voice for voice in english if not voice.engine.startswith("espeak")]
    chosen = natural or english or list(voices)
    return chosen[0].id if chosen else ""


def find_voice(voice_id: str) -> Voice | None:
    return next((voice for voice in available_voices() if voice.id == voice_id), None)


@functools.lru_cache(maxsize=2)
def _read(path: Path, changed_ns: int) -> tuple[Voice, ...]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # half a file, while a worker of an older version writes it in place
        return ()
    if isinstance(rows, dict):
        rows = rows.get("voices", [])
    return tuple(
        Voice(
            id=str(row["id"]),
            name=str(row.get("name") or row["id"]),
            language=str(row.get("language", "")),
            language_name=str(row.get("language_name") or row.get("language", "")),
            engine=str(row.get("engine", "")),
            gender=str(row.get("gender", "")),
        )
        for row in rows
        if isinstance(row, dict) and row.get("id")
    )
