"""A folder per clip for what was found in it, named by the clip's content and the tracker's version."""

import contextlib
import hashlib
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.containers import check_file

TRACKER_VERSION = 6  # raise it whenever the same clip would give other tracks
MAX_KEPT_BYTES = 4 << 30
_PREFIX = "people-"
_PIECE_BYTES = 1 << 20


class PeopleFolder:
    """Where tracks of one clip lie. Without a cache the folder is temporary and goes with this object."""

    def __init__(self, path: Path, temporary: tempfile.TemporaryDirectory[str] | None) -> None:
        self.path = path
        self._temporary = temporary

    @classmethod
    def for_clip(cls, clip: Path, cache_dir: Path | None) -> Self:
        """The folder for this clip, which may not exist yet.

        Raises:
            EngineFailure: FILE_MISSING, FILE_EMPTY; DISK_FULL when nothing can be written.
        """
        check_file(clip)
        if cache_dir is None:
            temporary = tempfile.TemporaryDirectory(prefix="lipsmith-people-", ignore_cleanup_errors=True)
            return cls(Path(temporary.name) / "clip", temporary)
        with _writing():
            cache_dir.mkdir(parents=True, exist_ok=True)
        return cls(cache_dir / f"{_PREFIX}v{TRACKER_VERSION}-{_content_hash(clip)}", None)

    @property
    def is_temporary(self) -> bool:
        """Whether it goes with this object."""
        return self._temporary is not None

    @contextlib.contextmanager
    def being_written(self) -> Iterator[Path]:
        """A folder to fill; it takes its place whole when the block ends, and goes when it fails."""
        target = self.path.with_name(f".{uuid.uuid4().hex}.part")
        with _writing():
            target.mkdir(parents=True)
            try:
                yield target
                if self.path.exists():  # a damaged one, or another process was quicker
                    shutil.rmtree(self.path, ignore_errors=True)
                with contextlib.suppress(OSError):
                    target.replace(self.path)
            finally:
                shutil.rmtree(target, ignore_errors=True)
        if self._temporary is None:
            _sweep(self.path.parent, keep=self.path)


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EngineFailure(FailureCode.DISK_FULL, errno=error.errno) from error


def _content_hash(clip: Path) -> str:
    digest = hashlib.sha256()
    with clip.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()[:40]


def _sweep(cache_dir: Path, keep: Path) -> None:
    """Remove the oldest folders beyond what may be kept, and those of other versions."""
    found = []
    for folder in cache_dir.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            size = sum(file.stat().st_size for file in folder.iterdir())
            found.append((folder.stat().st_mtime, size, folder))
    total = 0
    for _, size, folder in sorted(found, reverse=True):
        total += size
        stale = not folder.name.startswith(f"{_PREFIX}v{TRACKER_VERSION}-")
        if folder != keep and (stale or total > MAX_KEPT_BYTES):
            shutil.rmtree(folder, ignore_errors=True)
