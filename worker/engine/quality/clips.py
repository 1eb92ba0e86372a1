"""The real clips a score is made on, and what is known about them."""

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from worker.engine.contracts import Span
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.speech.mouth_track import Phoneme

VIDEO_SUFFIXES = frozenset({".mp4", ".mpg", ".mov", ".mkv", ".webm", ".avi", ".m4v"})
SYNC_CONF_TRUSTED = 0.49
BILABIALS = frozenset("pbm")
# The GRID corpus names its clips by what is said in them (Cooke et al. 2006).
_GRID_WORDS = (
    {"b": "bin", "l": "lay", "p": "place", "s": "set"},
    {"b": "blue", "g": "green", "r": "red", "w": "white"},
    {"a": "at", "b": "by", "i": "in", "w": "with"},
    None,  # a letter, said as such
    dict(
        zip("z123456789", ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"), strict=True)
    ),
    {"a": "again", "n": "now", "p": "please", "s": "soon"},
)


@dataclass(frozen=True)
class TalkingClip:
    """A clip of somebody talking. `sync_lag_ms`: how late its own mouth is against its own sound, as found.

    sync_conf: how clearly that was measured, NaN where it was not. text: what is said, when known.
    may_train: its licence lets it shape weights that are shipped, so its score needs weights made without it.
    """

    path: Path
    sync_lag_ms: float
    sync_conf: float
    text: str | None
    may_train: bool

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def offset_limit_ms(self) -> float:
        """Within how much of the truth its av_offset has to lie; infinite where the truth itself is unclear."""
        trusted = self.may_train or self.sync_conf >= SYNC_CONF_TRUSTED
        return 80.0 if trusted else math.inf


def list_clips(media: Path) -> list[TalkingClip]:
    """Clips in `media`/talking_videos (or in `media` itself), with what MEDIA.csv beside them says, by name.

    Raises FILE_MISSING where there is none.
    """
    folder = media / "talking_videos" if (media / "talking_videos").is_dir() else media
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in VIDEO_SUFFIXES) if folder.is_dir() else []
    if not paths:
        raise EngineFailure(FailureCode.FILE_MISSING)
    known = _known_facts(media / "MEDIA.csv")
    return [_clip(path, known.get(path.name, {})) for path in paths]


def _known_facts(table: Path) -> dict[str, dict[str, str]]:
    if not table.is_file():
        return {}
    with table.open(newline="", encoding="utf-8") as file:
        return {Path(row["file"]).name: row for row in csv.DictReader(file)}


def _clip(path: Path, facts: dict[str, str]) -> TalkingClip:
    may_train = "GRID corpus" in (facts.get("repo_licence") or "")
    return TalkingClip(
        path=path,
        sync_lag_ms=float(facts.get("sync_lag_ms") or 0.0),
        sync_conf=float(facts.get("sync_conf") or "nan"),
        text=grid_text(path.stem.rsplit("_", 1)[-1]) if may_train else None,
        may_train=may_train,
    )


def grid_text(code: str) -> str | None:
    """'bbaf2n' → 'bin blue at f two now'; None for anything else."""
    if len(code) != len(_GRID_WORDS):
        return None
    words = [letter if table is None else table.get(letter) for letter, table in zip(code, _GRID_WORDS, strict=True)]
    return None if None in words else " ".join(word for word in words if word)


def bilabial_spans(phonemes: tuple[Phoneme, ...] | list[Phoneme]) -> list[Span]:
    """Where P, B and M sound."""
    return [Span(p.start_s, p.end_s) for p in phonemes if p.symbol and p.symbol[0] in BILABIALS]
