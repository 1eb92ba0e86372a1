"""Scenes of free films that were rendered already, kept beside their project's segments: marked, so worth nothing else.

A film that is tried again, or of which one scene changed, has the others at once. Losing any of it costs time only.
"""

import contextlib
import hashlib
import json
import logging
import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from worker.engine.versions import engine_version, version_of

log = logging.getLogger(__name__)

MAX_BYTES = 256 << 20  # of one project
_SUFFIX = ".scene.mp4"


def scene_key(order: Mapping[str, Any]) -> str:
    """Names what a scene's order makes, with these programs. Files of an order never change behind their ids."""
    made_by = [engine_version(), version_of(Path(__file__).parents[1] / "compose")]
    text = json.dumps([made_by, order], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:40]


class KeptScenes:
    """The scenes of one project, in its folder of segments; safe to use from several processes."""

    def __init__(self, folder: Path, max_bytes: int = MAX_BYTES) -> None:
        self._folder = folder
        self._max_bytes = max_bytes

    def take(self, key: str, target: Path) -> bool:
        """Put the kept scene at `target`, whatever happens in the folder from then on. False: there is none."""
        path = self._folder / f"{key}{_SUFFIX}"
        try:
            _link(path, target)
            os.utime(path)  # so that the ones in use stay longest
        except OSError:
            target.unlink(missing_ok=True)
            return False
        return True

    def keep(self, key: str, made: Path) -> None:
        """Keep a whole scene, and throw away what was not used for longest. Failing to is only logged."""
        part = self._folder / f".{uuid.uuid4().hex}.part"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _link(made, part)
            part.replace(self._folder / f"{key}{_SUFFIX}")
            self._trim()
        except OSError as error:
            log.warning("a scene cannot be kept: %s", error)
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)

    def _trim(self) -> None:
        kept = sorted(
            (
                (facts.st_mtime, facts.st_size, path)
                for path in self._folder.glob(f"*{_SUFFIX}")
                if (facts := path.stat())
            ),
            reverse=True,
        )
        total = 0
        for _, size, path in kept:
            total += size
            if total > self._max_bytes:
                path.unlink(missing_ok=True)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:  # another file system
        shutil.copyfile(source, target)
