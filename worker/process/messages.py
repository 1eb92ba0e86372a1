"""What a worker and its engine process say to each other. Pickled, so standard library and contracts only."""

from dataclasses import dataclass

from worker.engine.contracts import Progress
from worker.engine.failures import EngineFailure


@dataclass(frozen=True)
class Ready:
    """Child → worker: everything heavy is loaded."""


@dataclass(frozen=True)
class Call:
    """Worker → child: do `operation` with `request`, in the name of job `label`."""

    number: int
    operation: str
    request: object
    label: str = ""


@dataclass(frozen=True)
class Stop:
    """Worker → child: end that call soon."""

    number: int


@dataclass(frozen=True)
class Advanced:
    """Child → worker: that far."""

    number: int
    progress: Progress


@dataclass(frozen=True)
class Thumbnail:
    """Child → worker: a finished frame, small."""

    number: int
    jpeg: bytes
    pts_s: float


@dataclass(frozen=True)
class Playable:
    """Child → worker: a piece of the video that can be played, see `Hooks.on_fragment`."""

    number: int
    index: int
    data: bytes


@dataclass(frozen=True)
class Returned:
    """Child → worker: done."""

    number: int
    result: object


@dataclass(frozen=True)
class Failed:
    """Child → worker: could not be done."""

    number: int
    failure: EngineFailure
