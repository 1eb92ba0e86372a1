"""One frame of a talking photo, for looking at before all of it is rendered.

The few photos and voices looked at last are kept, so that another moment of the same video is there at once.
"""

import hashlib
import tempfile
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from worker.engine.acting import find_acting
from worker.engine.contracts import Background, Hooks, Stage, TalkingPhotoRequest
from worker.engine.finishing import StageFactory, marked
from worker.engine.looking import look
from worker.engine.motion.plan import MotionPlan
from worker.engine.photo_options import check_options
from worker.engine.render.renderer import Renderer
from worker.engine.speech.mouth_track import ARTICULATORS, Articulator
from worker.engine.telling import Telling

_FULL_TURN_DEG = 12.0  # weighs as much as the widest mouth
_SQUARE_PX, _SQUARES = 16, (244, 217)  # what stands for nothing behind a person
# What the picture depends on, and what neither it nor its motion does; the motion depends on all else.
_FRAMED = frozenset(("portrait_path", "face", "aspect", "max_short_side_px"))
_SEEN = _FRAMED | {"background", "backdrop_path", "backdrop_blur", "backdrop_rgb"}
_BESIDE = frozenset(("output_path", "device", "still", "segments_dir", "fragments"))
_FILES = ("portrait_path", "audio_path", "track_path", "drive_path", "backdrop_path")


@dataclass(frozen=True)
class Moment:
    """A frame. rgb: (H, W, 3) uint8. at_s: its time in a video of `duration_s`. reason: why it was chosen, "open" for
    the widest mouth and "turned" for a head far from the photo's own pose; "" for one that was asked for.
    """

    rgb: np.ndarray
    at_s: float
    duration_s: float
    reason: str = ""


@dataclass(frozen=True)
class _Wanted:
    """All that something depends on; the same files under other names are the same."""

    key: str
    request: TalkingPhotoRequest = field(compare=False)
    hooks: Hooks = field(compare=False)


def show_moment(
    request: TalkingPhotoRequest, at_s: float | None, hooks: Hooks, frame_stages: StageFactory | None = None
) -> Moment:
    """The frame of `request`'s video that is shown at `at_s`, the nearest one for a time outside of it; or, for None,
    the one that asks most of the photo. Nothing is written.

    frame_stages: as for `talking_photo.animate`; a person with nothing behind is shown over squares.

    Raises:
        EngineFailure: as `talking_photo.animate`.
    """
    telling = Telling(hooks)
    check_options(request)
    facts = {name: repr(value) for name, value in vars(request).items() if name not in _BESIDE}
    facts |= {name: _digest_of(path) for name in _FILES if (path := getattr(request, name)) is not None}
    moved, seen = ({name: facts[name] for name in facts if (name in _SEEN) == is_seen} for is_seen in (False, True))
    with telling.stage(Stage.LISTENING):
        plan = _planned(_Wanted(repr(moved), request, hooks))
    with telling.stage(Stage.LOOKING):
        renderer = _renderer(_Wanted(repr(seen), request, hooks))
    index, reason = _hardest(plan) if at_s is None else (_index_at(at_s, request.frame_rate, len(plan)), "")
    motion, pts_s = plan.frame(index), float(index / request.frame_rate)
    is_alone = request.background is Background.TRANSPARENT
    frame = _over_squares(renderer.render_person(motion)) if is_alone else renderer.render(motion)
    stages = () if frame_stages is None else frame_stages(*renderer.size)
    return Moment(marked(frame, stages, pts_s), pts_s, float(len(plan) / request.frame_rate), reason)


def forget() -> None:
    """Let go of what is kept."""
    _planned.cache_clear()
    _renderer.cache_clear()


@lru_cache(maxsize=4)
def _planned(wanted: _Wanted) -> MotionPlan:
    """The motion of the whole video: some megabytes for the longest one."""
    with tempfile.TemporaryDirectory() as folder:
        acting = find_acting(wanted.request, Path(folder), Telling(wanted.hooks))
        return _one_after_the_other([segment.plan() for segment in acting.segments], wanted.request.frame_rate)


@lru_cache(maxsize=1)
def _renderer(wanted: _Wanted) -> Renderer:
    return Renderer(look(wanted.request), "cpu")


def _one_after_the_other(plans: list[MotionPlan], frame_rate: Fraction) -> MotionPlan:
    frames = sum(len(plan) for plan in plans)
    parts: dict[str, np.ndarray] = {}
    for name, first in vars(plans[0]).items():
        if first is not None:
            parts[name] = np.concatenate([getattr(plan, name) for plan in plans])
    parts["times_s"] = np.array([float(index / frame_rate) for index in range(frames)])
    return replace(plans[0], **parts)


def _index_at(at_s: float, frame_rate: Fraction, frames: int) -> int:
    return min(max(int(Fraction(at_s) * frame_rate + Fraction(1, 1000)), 0), frames - 1)


def _hardest(plan: MotionPlan) -> tuple[int, str]:
    """The frame in which mouth and head are farthest from the photo's, and which of them is."""
    opening = plan.articulation[:, ARTICULATORS.index(Articulator.OPENNESS)]
    opened = opening / max(float(opening.max()), 1e-6)
    turned = np.linalg.norm(plan.turn_deg, axis=1) / _FULL_TURN_DEG
    index = int(np.argmax(opened + turned))
    return index, "open" if opened[index] >= turned[index] else "turned"


def _over_squares(rgba: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 of (H, W, 4), over the squares that stand for nothing."""
    rows, columns = np.indices(rgba.shape[:2]) // _SQUARE_PX
    behind = np.where((rows + columns) % 2, *_SQUARES).astype(np.float32)[..., None]
    share = rgba[..., 3:].astype(np.float32) / 255
    return cv2.convertScaleAbs(behind + (rgba[..., :3] - behind) * share)


def _digest_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""  # whoever opens it says so
