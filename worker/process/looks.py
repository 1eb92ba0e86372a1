"""A look at every frame of a clip, before anybody asks for a dub of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from worker.engine.contracts import Hooks, Progress, Stage

BEAT_SHARE = 0.01  # of the clip, between two signs of life


@dataclass(frozen=True)
class FollowOrder:
    """Follow everybody through the clip at `path`, keep it in `clips_dir` for dubs of it, and correct `report`."""

    path: Path
    clips_dir: Path
    report: Mapping[str, Any] = field(default_factory=dict)


def follow(order: FollowOrder, hooks: Hooks) -> dict[str, object]:
    """What of the first look's report is known better now: see `measured_facts`."""
    from worker.engine.dub.measured import measured_facts
    from worker.engine.dub.people import look_at_clip
    from worker.engine.media.probe import probe

    told = 0.0

    def tell(share: float) -> None:
        nonlocal told
        if share >= told + BEAT_SHARE:
            told = share
            hooks.on_progress(Progress(Stage.LOOKING, share))

    hooks.on_progress(Progress(Stage.LOOKING, 0.0))
    clip = look_at_clip(
        order.path, probe(order.path), cache_dir=order.clips_dir, on_fraction=tell, should_stop=hooks.should_stop
    )
    return measured_facts(clip, order.report)
