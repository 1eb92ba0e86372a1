"""What one person's mouth does in every output frame, and which of the clip's mouths shows it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worker.engine.dub.blending import Edit, InFront
from worker.engine.dub.inside import DrawnInside
from worker.engine.dub.mouth_bank import Mouth
from worker.engine.dub.people import FADE_TO_DEG, Person
from worker.engine.dub.retrieval import Bank, Wanted, blended, cheapest_path
from worker.engine.dub.speaker_shape import FEATURES, SpeakerFrames, SpeakerRange, let_go, shape_features
from worker.engine.face.pose import HeadPose
from worker.engine.quality.signals import agreement

_LOWER_FROM, _LOWER_OVER = 0.22, 0.4  # canonical height below which the face speaks, and how softly that begins

COVERED = 0.5
_NEAR_S, _MAYBE_COVERED = 0.3, 0.05
_SYNC_FROM_S, _OPENS = 1.0, 1e-3  # of speech, and of opening: less says nothing of a lag

TROUBLES = ("turned", "covered", "moving", "unseen")  # what makes a frame hard; columns of `MouthPlan.troubles`
_AT_ONCE = 64  # frames whose meshes are made together: 2 MB
_LET_GO_EVERY = 250  # frames: points read since then are forgotten, so that memory does not grow with the clip
_FAST_PER_S = 6.0  # inter-ocular distances: about where a face blurs
_FAR_OFF = 0.08  # of an opening that the clip hardly shows, in inter-ocular distances


@dataclass(frozen=True)
class Speaking:
    """What a person shall say. source_index (N,): the clip's frame behind each output frame. articulation (N, A).

    presence (N,) in [0, 1]: 0 where this person's mouth stays as it is. shot (T,): the clip's shot of each frame.
    out_pts_s (N,): when each output frame is shown.
    """

    source_index: np.ndarray
    articulation: np.ndarray
    presence: np.ndarray
    shot: np.ndarray
    out_pts_s: np.ndarray


class MouthPlan:
    """The plan of one person; asked frame by frame."""

    def __init__(
        self,
        frames: SpeakerFrames,
        reach: SpeakerRange,
        speaking: Speaking,
        mouths: Sequence[Mouth],
        *,
        strength: float = 1.0,
        leave_out_s: float = 0.0,
        person: Person | None = None,
    ) -> None:
        self._person = person
        self._frames, self._range, self._speaking = frames, reach, speaking
        self._strength = strength
        self._mouths = list(mouths)
        self._shares: list[tuple[tuple[int, float], ...]] = [()] * len(speaking.source_index)
        self._inside: DrawnInside | None = None
        self._opening_error = 0.0
        self._sync_ms = math.nan
        self._off = np.zeros(len(speaking.source_index), np.float32)  # how far off each frame's opening is
        if self._mouths:
            sharpest = max(self._mouths, key=lambda mouth: mouth.sharpness)
            self._inside = DrawnInside.of(sharpest)
            self._choose(leave_out_s)

    def _choose(self, leave_out_s: float) -> None:
        said = self._speaking
        count = len(said.source_index)
        features = np.full((count, len(FEATURES)), np.nan, np.float32)
        changed = np.flatnonzero([self.changes(out) for out in range(count)])
        for start in range(0, len(changed), _AT_ONCE):
            some = changed[start : start + _AT_ONCE]
            features[some] = shape_features(self._meshes(some)[2])
            let_go(self._frames.stable_px)
        kept = np.array([mouth.index for mouth in self._mouths])
        gap_s = float(np.median(np.diff(self._frames.pts_s))) if len(self._frames.pts_s) > 1 else 0.04
        bank = Bank(self._mouths, self._frames.features[kept], self._frames.yaw_deg[kept], gap_s)
        shot = said.shot[said.source_index]
        starts = np.concatenate([[True], shot[1:] != shot[:-1]])
        own_s = self._frames.pts_s[said.source_index]
        wanted = Wanted(features, self._frames.yaw_deg[said.source_index], own_s, starts)
        path = cheapest_path(bank, wanted, leave_out_s)
        self._shares = blended(bank, path, starts)
        shown = path >= 0
        if shown.any():
            self._off[shown] = np.abs(self._frames.features[kept[path[shown]], 0] - features[shown, 0])
            self._opening_error = float(np.median(self._off[shown]))
            gap = np.where(shown, self._frames.features[kept[path], 0], np.nan)
            self._sync_ms = _lag_ms(said.out_pts_s, gap, np.where(shown, features[:, 0], np.nan))

    def sheet(self) -> dict[str, float]:
        """Measured on the finished plan: see `dub.cast.Plan.sheet`."""
        said = self._speaking
        speaking = said.presence > 0
        if not speaking.any():
            return {}
        source = said.source_index[speaking]
        changed = np.array([self.changes(int(out)) for out in np.flatnonzero(speaking)])
        return {
            "dubbed_share": float(changed.mean()),
            "missing_share": float((~self._frames.found[source]).mean()),
            "covered_share": float((self._frames.covered[source] > COVERED).mean()),
            "mouths": float(len(self._mouths)),
            "opening_error": self._opening_error,
            "sync_ms": self._sync_ms,
            "yaw_low_deg": _percentile(self._frames.yaw_deg[source], 5),
            "yaw_high_deg": _percentile(self._frames.yaw_deg[source], 95),
        }

    def troubles(self) -> np.ndarray:
        """(N, 4) float32 in [0, 1], in the order of `TROUBLES`; zeros where nothing changes."""
        source = self._speaking.source_index
        changed = np.array([self.changes(out) for out in range(len(source))], bool)
        turned = (self._frames.yaw_deg / FADE_TO_DEG) ** 2
        found = np.stack([turned, self._frames.covered, self._frames.speed_per_s() / _FAST_PER_S])[:, source]
        shares = np.nan_to_num(np.vstack([found, self._off / _FAR_OFF])).T
        return np.where(changed[:, None], np.clip(shares, 0, 1), 0).astype(np.float32)

    def clip_s(self, index: int) -> float:
        """When frame `index` is shown in the clip."""
        return float(self._frames.pts_s[index])

    def changes(self, out: int) -> bool:
        """Whether this person's mouth is changed in output frame `out`."""
        source = int(self._speaking.source_index[out])
        shown = self._speaking.presence[out] * self._frames.usable[source]
        return bool(shown > 0 and self._strength > 0 and self._frames.found[source])

    def edit(self, out: int) -> Edit | None:
        """The edit of output frame `out`, or None where nothing changes."""
        if out % _LET_GO_EVERY == 0:
            let_go(self._frames.stable_px)
        if not self.changes(out):
            return None
        source = int(self._speaking.source_index[out])
        (pose,), (own,), (new,) = self._meshes(np.array([out]))
        mouths = [(self._mouths[number], share) for number, share in self._shares[out]]
        presence = float(self._speaking.presence[out] * self._frames.usable[source]) * min(1.0, 3 * self._strength)
        presence = presence * presence * (3 - 2 * presence)
        return Edit(pose, own, new, mouths, presence, self._in_front(source, pose), self._inside)

    def _in_front(self, source: int, pose: HeadPose) -> InFront | None:
        """Asks about hands and things before the mouth, near the times at which any were seen."""
        person, at_s = self._person, float(self._frames.pts_s[source])
        near = slice(*np.searchsorted(self._frames.pts_s, [at_s - _NEAR_S, at_s + _NEAR_S]))
        if person is None or self._frames.covered[near].max(initial=0.0) < _MAYBE_COVERED:
            return None
        shot = int(self._speaking.shot[source])
        return lambda crop, origin: person.in_front(crop, origin, pose, pts_s=at_s, shot=shot)

    def _meshes(self, outs: np.ndarray) -> tuple[list[HeadPose], np.ndarray, np.ndarray]:
        """Poses, own and new canonical meshes (n, 478, 3) of output frames (n,)."""
        sources = self._speaking.source_index[outs]
        poses = [self._frames.pose(int(source)) for source in sources]
        own = np.stack(
            [pose.to_canonical(self._frames.points_px(int(at))) for pose, at in zip(poses, sources, strict=True)]
        )
        spoken = self._range.mesh(self._speaking.articulation[outs], self._frames.smile[sources])
        t = np.clip((own[..., 1:2] - _LOWER_FROM) / _LOWER_OVER, 0, 1)
        # A head that turns away, or an edit that begins, eases into the new shape rather than jumping.
        shown = self._strength * self._speaking.presence[outs] * self._frames.usable[sources]
        share = t * t * (3 - 2 * t) * shown[:, None, None]
        return poses, own, own + share * (spoken - own)


def _percentile(values: np.ndarray, percent: float) -> float:
    known = values[np.isfinite(values)]
    return float(np.percentile(known, percent)) if len(known) else math.nan


def _lag_ms(times_s: np.ndarray, shown: np.ndarray, wanted: np.ndarray) -> float:
    """How late the openings shown are against those wanted; NaN where too little was said to tell."""
    known = np.isfinite(shown) & np.isfinite(wanted)
    if not known.any() or np.ptp(times_s[known]) < _SYNC_FROM_S:
        return math.nan
    if min(np.ptp(shown[known]), np.ptp(wanted[known])) < _OPENS:
        return math.nan
    return float(agreement(times_s, shown, times_s, wanted).lag_ms)
