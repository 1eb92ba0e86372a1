"""Encoded stretches of picture that need not be rendered again: a folder of small files, found by what they show.

Each file is a fragmented MP4 of its own that begins at zero, whole or not there at all.
"""

import contextlib
import logging
import os
import re
import uuid
from pathlib import Path
from typing import BinaryIO

from worker.engine.media.fragments import BrokenFragmentError, read_pieces, sample_count

log = logging.getLogger(__name__)

MAX_BYTES = 256 << 20
_KEY = re.compile(r"[0-9a-f]{16,64}")
_SUFFIX, _PART_SUFFIX = ".seg", ".part"


class SegmentStore:
    """A folder of segments; safe to use from several processes. Losing any of it costs time, nothing else.

    Args:
        folder: made when it is not there.
        max_bytes: what `trim` leaves at most.
    """

    def __init__(self, folder: Path, max_bytes: int = MAX_BYTES) -> None:
        self._folder = folder
        self._max_bytes = max_bytes

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"not a key: {key!r}")
        return self._folder / f"{key}{_SUFFIX}"

    def open(self, key: str, frames: int) -> BinaryIO | None:
        """A whole segment of so many frames, or None; a broken one is thrown away. The caller closes it; what happens
        in the folder meanwhile does not matter.
        """
        path = self._path(key)
        try:
            file = path.open("rb")
        except OSError:
            return None
        try:
            pieces = read_pieces(file)
            next(pieces)
            found = sum(sample_count(piece) for piece in pieces)
            if found == frames:
                file.seek(0)
                os.utime(path)  # so that the ones in use stay longest
                return file
            log.warning("a kept segment holds %d frames instead of %d", found, frames)
        except (BrokenFragmentError, StopIteration, OSError) as error:
            log.warning("a kept segment cannot be used: %s", error)
        file.close()
        with contextlib.suppress(OSError):
            path.unlink()
        return None

    def writer(self, key: str) -> "SegmentWriter":
        """Takes a segment down piece by piece."""
        part = self._folder / f"{key}.{uuid.uuid4().hex[:8]}{_PART_SUFFIX}"
        return SegmentWriter(part, self._path(key))

    def trim(self) -> int:
        """Throw away what was not used for longest, until the rest is within bounds; returns how many files went."""
        found = []
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                if path.suffix in (_SUFFIX, _PART_SUFFIX):
                    with contextlib.suppress(OSError):
                        facts = path.stat()
                        found.append((facts.st_mtime, facts.st_size, path))
        total, gone = sum(size for _, size, _ in found), 0
        for _, size, path in sorted(found):
            if total <= self._max_bytes:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                total -= size
                gone += 1
        return gone


class SegmentWriter:
    """Writes one segment. What goes wrong is only logged: the segment is then rendered again next time."""

    def __init__(self, part: Path, path: Path) -> None:
        self._part, self._path = part, path
        self._file: BinaryIO | None = None
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = part.open("wb")
        except OSError as error:
            log.warning("segments cannot be kept: %s", error)

    def write(self, piece: bytes) -> None:
        if self._file is None:
            return
        try:
            self._file.write(piece)
        except OSError as error:
            log.warning("a segment cannot be kept: %s", error)
            self.drop()

    def keep(self) -> None:
        """The segment is whole: from now on it can be found."""
        if self._file is None:
            return
        try:
            self._file.close()
            self._part.replace(self._path)
        except OSError as error:
            log.warning("a segment cannot be kept: %s", error)
            self._part.unlink(missing_ok=True)
        self._file = None

    def drop(self) -> None:
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            self._file.close()
        self._part.unlink(missing_ok=True)
        self._file = None
