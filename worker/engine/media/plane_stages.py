"""Stages of composition on native planes: what they draw is added where they draw it, and nothing else changes."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from worker.engine.contracts import FrameStage
from worker.engine.media.planes import NativePicture


@runtime_checkable
class PlaneStage(Protocol):
    """A stage that knows which of a picture's samples it changes, so that the others need no conversion."""

    def on_planes(self, picture: NativePicture, pts_s: float) -> None: ...


def marked_planes(picture: NativePicture, stages: Sequence[FrameStage], pts_s: float) -> None:
    """Run all stages on a picture, in place. Stages that only know RGB see the whole picture, and the rows and columns
    they have changed are added.
    """
    for stage in stages:
        if isinstance(stage, PlaneStage):
            stage.on_planes(picture, pts_s)
            continue
        before = picture.rgb()
        after = np.asarray(stage(before.copy(), pts_s))
        changed = (after != before).any(axis=2)
        rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
        if len(rows):
            box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
            inside = np.s_[box[1] : box[3], box[0] : box[2]]
            picture.add_rgb(box, after[inside].astype(np.float32) - before[inside])
