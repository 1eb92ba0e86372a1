"""The one door to compute devices."""

from worker.engine.failures import EngineFailure, FailureCode

DEVICES = ("auto", "cpu", "cuda")


def choose_device(wanted: str) -> str:
    """ "cpu" or "cuda" for a wish out of `DEVICES`; "auto" takes CUDA where there is one.

    Raises:
        EngineFailure: OPTION_INVALID for another word, DEVICE_UNAVAILABLE when CUDA is wanted and missing.
    """
    if wanted not in DEVICES:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="device", allowed=list(DEVICES))
    if wanted == "cpu":
        return "cpu"
    import torch  # costs a second: only asked when CUDA might be meant

    if torch.cuda.is_available():
        return "cuda"
    if wanted == "cuda":
        raise EngineFailure(FailureCode.DEVICE_UNAVAILABLE, device="cuda")
    return "cpu"
