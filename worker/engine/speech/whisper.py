"""Drafts by faster-whisper, where an operator has installed it and has a model of it on the disk.

Nothing is ever fetched: a model counts as there when every file it needs is (without its tokenizer the package would
look for one in the network).
"""

import importlib
import importlib.util
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np

log = logging.getLogger(__name__)

PACKAGE = "faster_whisper"
NEEDED = ("model.bin", "config.json", "tokenizer.json")


class Whispered(NamedTuple):
    text: str
    start_s: float
    end_s: float
    probability: float


def missing_of(folder: Path | None) -> tuple[str, ...] | None:
    """What keeps a model from being used: file names, or the package; None where no model is meant to be there."""
    if folder is None or not folder.is_dir() or not any(folder.iterdir()):
        return None
    files = tuple(name for name in NEEDED if not (folder / name).is_file())
    files += () if any(folder.glob("vocabulary.*")) else ("vocabulary.json",)
    return files if importlib.util.find_spec(PACKAGE) is not None else ("faster-whisper", *files)


def whispered(samples: "np.ndarray", folder: Path | None) -> list[Whispered] | None:
    """What the model in `folder` hears in (N,) float32 samples at 16 kHz; None where there is no model that works."""
    if missing_of(folder) != ():
        return None
    try:
        return list(_words(samples, str(folder)))
    except (RuntimeError, ValueError, OSError) as error:  # a damaged model must not cost the creator the draft
        log.error("the faster-whisper model in %s cannot be used: %s", folder, error)
        return None


def _words(samples: "np.ndarray", folder: str) -> Iterator[Whispered]:
    package = importlib.import_module(PACKAGE)
    model = package.WhisperModel(folder, device="cpu", compute_type="int8", local_files_only=True)
    segments, _ = model.transcribe(samples, word_timestamps=True)  # a generator: the work is done while it is read
    for segment in segments:
        for word in segment.words or ():
            if text := word.word.strip():
                start_s = max(0.0, float(word.start))
                yield Whispered(text, start_s, max(start_s, float(word.end)), float(word.probability))
