"""Stretches of faces → people: the same person across gaps and cuts under one number."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from worker.engine.dub.cuts import difference
from worker.engine.dub.following import Stretch
from worker.engine.dub.likeness import same_place, unlikeness

SAME_PERSON = 0.80  # seen: one person up to 0.77, also from far and near; two people 1.3 and more
CLOSE_GAP_S = 1.5  # within a shot, a face that comes back this soon in the same place is the same one
SAME_CAMERA = 0.12  # difference of two shots' first frames


@dataclass(eq=False)
class Group:
    """The stretches of one person, by time."""

    stretches: list[Stretch] = field(default_factory=list)

    @property
    def frame_count(self) -> int:
        return sum(stretch.indices[-1] - stretch.indices[0] + 1 for stretch in self.stretches)

    @property
    def width_px(self) -> float:
        """Mean width of the face, by how long it was seen."""
        counts = [len(stretch.indices) for stretch in self.stretches]
        return float(np.average([stretch.width_px for stretch in self.stretches], weights=counts))


def gather(stretches: Sequence[Stretch], shot_of: np.ndarray, pts_s: np.ndarray) -> list[Group]:
    """People, the longest on screen × size first.

    Args:
        shot_of: (T,) number of the shot each frame belongs to.
        pts_s: (T,) times of the frames.
    """
    groups = [Group([stretch]) for stretch in stretches]
    owner = list(range(len(stretches)))
    costs = [
        (_cost(stretches[i], stretches[j], shot_of, pts_s), i, j)
        for i in range(len(stretches))
        for j in range(i + 1, len(stretches))
    ]
    for cost, i, j in sorted(costs):
        if cost >= SAME_PERSON:
            break
        a, b = owner[i], owner[j]
        if a == b or _meet(groups[a], groups[b]) or not _belong(groups[a], groups[b], shot_of, pts_s):
            continue
        groups[a].stretches += groups[b].stretches
        groups[b].stretches = []
        owner = [a if o == b else o for o in owner]
    people = [group for group in groups if group.stretches]
    for person in people:
        person.stretches.sort(key=lambda stretch: stretch.indices[0])
    return sorted(people, key=lambda person: -person.frame_count * person.width_px)


def _cost(a: Stretch, b: Stretch, shot_of: np.ndarray, pts_s: np.ndarray) -> float:
    """0 = surely the same person, 1 and more = surely not."""
    if a.indices[0] > b.indices[0]:
        a, b = b, a
    if a.indices[-1] >= b.indices[0]:
        return 9.0  # seen at once
    apart = unlikeness(a.likeness, b.likeness) if a.likeness.looks and b.likeness.looks else 0.7
    place = same_place(a.last_box, b.first_box) if a.last_box is not None else 9.0
    gap_s = float(pts_s[b.indices[0]] - pts_s[a.indices[-1]])
    if shot_of[a.indices[-1]] == shot_of[b.indices[0]] and gap_s < CLOSE_GAP_S and place < 0.5 + gap_s:
        return 0.5 * apart
    if place < 0.6 and difference(a.first_thumb, b.first_thumb) < SAME_CAMERA:
        return 0.6 * apart
    return apart


def _meet(a: Group, b: Group) -> bool:
    """Whether both are on screen at some time."""
    spans = [(s.indices[0], s.indices[-1]) for s in b.stretches]
    return any(s.indices[0] <= end and start <= s.indices[-1] for s in a.stretches for start, end in spans)


def _belong(a: Group, b: Group, shot_of: np.ndarray, pts_s: np.ndarray) -> bool:
    """Whether the two groups as wholes are alike, so that a chain of likenesses does not join strangers."""
    costs = [_cost(s, t, shot_of, pts_s) for s in a.stretches[-8:] for t in b.stretches[:8]]
    return float(np.median(costs)) < 1.15 * SAME_PERSON
