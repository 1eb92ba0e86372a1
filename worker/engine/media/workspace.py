"""A folder of its own for every job: nothing outside it is written, and all of it goes when the job ends."""

import tempfile
from pathlib import Path

from worker.engine.closing import Closing


class Workspace(Closing):
    """A private temporary folder, as a context manager; two jobs never share one.

    Args:
        parent: where to make the folder; the system's temporary folder by default.
    """

    def __init__(self, parent: Path | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="lipsmith-", dir=parent, ignore_cleanup_errors=True)
        self.path = Path(self._folder.name)

    def file(self, name: str) -> Path:
        """The path of a file of this name inside the workspace.

        Raises:
            ValueError: the name would lead out of the workspace.
        """
        if name in {"", ".", ".."} or "/" in name or "\\" in name or "\0" in name:
            raise ValueError(f"not a plain file name: {name!r}")
        return self.path / name

    def close(self) -> None:
        """Remove the folder and everything in it."""
        self._folder.cleanup()
