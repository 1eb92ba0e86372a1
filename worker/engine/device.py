"""The one door to compute devices."""

from pathlib import Path

from worker.engine.failures import EngineFailure, FailureCode

DEVICES = ("auto", "cpu", "cuda")
_CUDA_DOORS = ("/dev/nvidiactl", "/dev/dxg", "/dev/nvhost-ctrl")  # of Linux, of its Windows subsystem, of Jetson boards


def choose_device(wanted: str) -> str:
    """ "cpu" or "cuda" for a wish out of `DEVICES`; "auto" takes CUDA where there is one.

    Raises:
        EngineFailure: OPTION_INVALID for another word, DEVICE_UNAVAILABLE when CUDA is wanted and missing.
    """
    if wanted not in DEVICES:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="device", allowed=list(DEVICES))
    if wanted == "cpu" or (wanted == "auto" and not any(Path(door).exists() for door in _CUDA_DOORS)):
        return "cpu"
    import torch  # costs seconds: only asked where there may be a device

    if torch.cuda.is_available():
        return "cuda"
    if wanted == "cuda":
        raise EngineFailure(FailureCode.DEVICE_UNAVAILABLE, device="cuda")
    return "cpu"
