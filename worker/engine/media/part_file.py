"""What encoders share: a file is written beside its place under a hidden name, and moved there when all went well."""

import uuid
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

from worker.engine.failures import EngineFailure, FailureCode


def part_beside(path: Path, suffix: str) -> Path:
    """A hidden name of its own in the same folder, so that moving it to `path` is one step."""
    return path.parent / f".{uuid.uuid4().hex}.part{suffix}"


class PartFile(ABC):
    """A context manager: closed at the end of its block, thrown away when an error leaves it."""

    path: Path
    _part: Path

    @abstractmethod
    def close(self) -> None:
        """Finish the file and move it to its place."""

    @abstractmethod
    def _discard(self) -> None:
        """End what still runs and remove what is not in its place; any number of times."""

    def _put_in_place(self) -> None:
        """Move the part to its place.

        Raises:
            EngineFailure: ENCODER_FAILED, with the system's error number.
        """
        try:
            self._part.replace(self.path)
        except OSError as error:
            raise EngineFailure(FailureCode.ENCODER_FAILED, errno=error.errno) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._discard()
