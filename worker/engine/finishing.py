"""The last touches on frames: stages of composition, and a still for thumbnails."""

import errno
import io
import uuid
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
from PIL import Image

from worker.engine.contracts import FrameStage, Still
from worker.engine.failures import EngineFailure, FailureCode

StageFactory = Callable[[int, int], Sequence[FrameStage]]
_CLEARLY_CHANGED = 12  # of 255: a mark that should be seen, on whatever is behind


def marked(frame: np.ndarray, stages: Sequence[FrameStage], pts_s: float) -> np.ndarray:
    """`frame` (H, W, 3 or 4) uint8 after all stages; marks on transparent frames are opaque."""
    if not stages:
        return frame
    before = frame[..., :3].copy()
    rgb: np.ndarray = np.ascontiguousarray(frame[..., :3])
    for stage in stages:
        rgb = np.asarray(stage(rgb, pts_s))
    if frame.shape[2] == 3:
        return rgb
    drawn = np.abs(rgb.astype(np.int16) - before).max(axis=2) > _CLEARLY_CHANGED
    return np.dstack([rgb, np.where(drawn, np.uint8(255), frame[..., 3])])


def still_frame(still: Still | None, frame_rate: Fraction, frames: int) -> int | None:
    """Which frame is shown at the still's time; None without a still.

    Raises:
        EngineFailure: OPTION_INVALID when the video ends before.
    """
    if still is None:
        return None
    index = int(Fraction(still.at_s) * frame_rate + Fraction(1, 1000))
    if not 0 <= index < frames:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="still", min=0, max=round(float(frames / frame_rate), 2))
    return index


def write_still(frame: np.ndarray, still: Still | None) -> None:
    """Write `frame` (H, W, 3 or 4) as a PNG, whole or not at all.

    Raises:
        EngineFailure: DISK_FULL, or ENCODER_FAILED when the file cannot be written.
    """
    if still is None:
        return
    stream = io.BytesIO()
    Image.fromarray(frame).save(stream, "PNG")
    part = still.path.with_name(f".{uuid.uuid4().hex}.part.png")
    try:
        part.write_bytes(stream.getvalue())
        part.replace(still.path)
    except OSError as error:
        part.unlink(missing_ok=True)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        code = FailureCode.DISK_FULL if full else FailureCode.ENCODER_FAILED
        raise EngineFailure(code, errno=error.errno) from error
