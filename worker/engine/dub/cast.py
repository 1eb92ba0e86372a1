"""Everybody who gets new words in a dub: who says which line, and the plan of each one's mouth."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from worker.engine.contracts import Span
from worker.engine.dub.adaptation import Habits, learn_habits
from worker.engine.dub.blending import Edit
from worker.engine.dub.ears import Listen
from worker.engine.dub.kept_mouths import read_mouths, write_mouths
from worker.engine.dub.lines import Line, articulation_of, presence_of
from worker.engine.dub.mouth_bank import MAX_BYTES, MAX_MOUTHS, Mouth, choose_frames, collect_mouths, room_for
from worker.engine.dub.mouth_plan import COVERED, MouthPlan, Speaking
from worker.engine.dub.people import ClipPeople, Person, is_large_enough
from worker.engine.dub.speaker import choose_person
from worker.engine.dub.speaker_shape import SpeakerFrames, SpeakerRange, fit_range, measure_speaker
from worker.engine.dub.timing import Timeline
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.audio import Audio
from worker.engine.media.decode import decode_video
from worker.engine.speech.track import mouth_track_from_audio

_LEAST_USABLE = 0.5  # a frame counts as usable from here on
_ONE_SPAN_S = 0.4  # troubles closer than this are told as one


@dataclass(frozen=True)
class Role:
    """One person with new words, and what the clip shows of them."""

    person: Person
    frames: SpeakerFrames
    reach: SpeakerRange


class Cast:
    """Who says which line. `number_of[n]` is the person's index of line n."""

    def __init__(self, roles: Sequence[Role], number_of: Sequence[int], clip: ClipPeople) -> None:
        self.roles = list(roles)
        self.number_of = list(number_of)
        self._clip = clip

    def plan(
        self,
        path: Path,
        lines: Sequence[Line],
        timeline: Timeline,
        *,
        own_voice: Audio | None,
        strength: float,
        leave_out_s: float,
        on_share: Callable[[float], None],
        listen: Listen = mouth_track_from_audio,
    ) -> "Plan":
        """Gather everybody's mouths from the clip (one pass) and plan every output frame.

        own_voice: what the clip's speaker is heard saying, to learn habits from; None to learn none.
        """
        share = len(self.roles)
        room = [room_for(role.frames, MAX_MOUTHS // share, MAX_BYTES // share) for role in self.roles]
        chosen = [choose_frames(role.frames, most) for role, most in zip(self.roles, room, strict=True)]
        with ThreadPoolExecutor(1) as beside:  # decoding and listening leave each other's core alone
            gathering = beside.submit(self._gather, path, chosen, MAX_BYTES // share, on_share)
            habits = self.habits(own_voice, lines, listen)
            articulation = articulation_of(lines, timeline, [habits.get(one) for one in self.number_of], listen)
            mouths, new = gathering.result()
            keeping = beside.submit(self._keep, chosen, mouths, new)
            shot = self._clip.shot_of()
            plans = []
            for role, own in zip(self.roles, mouths, strict=True):
                presence = presence_of(lines, timeline, self.number_of, role.person.index)
                speaking = Speaking(timeline.source_index, articulation, presence, shot, timeline.out_pts_s)
                plans.append(
                    MouthPlan(
                        role.frames, role.reach, speaking, own,
                        strength=strength, leave_out_s=leave_out_s, person=role.person,
                    )
                )  # fmt: skip
            keeping.result()
        return Plan(plans)

    def _gather(
        self, path: Path, chosen: Sequence[np.ndarray], max_bytes: int, on_share: Callable[[float], None]
    ) -> tuple[list[list[Mouth]], set[int]]:
        """Each role's mouths from its `chosen` frames, and the numbers of the roles whose mouths were not kept yet."""
        folder, end_s = self._clip.kept_in, max(self._clip.end_s, 1e-3)
        people = [role.person.index for role in self.roles]
        kept = [
            None if folder is None else read_mouths(folder, one, frames)
            for one, frames in zip(people, chosen, strict=True)
        ]
        new = [number for number, own in enumerate(kept) if own is None]
        wanted = [(self.roles[number].frames, chosen[number]) for number in new]
        if not new:
            return [own or [] for own in kept], set()
        found = iter(
            collect_mouths(
                decode_video(path, alone=True), wanted, lambda frame: on_share(frame.pts_s / end_s), max_bytes
            )
        )
        return [next(found) if own is None else own for own in kept], set(new)

    def _keep(self, chosen: Sequence[np.ndarray], mouths: Sequence[list[Mouth]], new: set[int]) -> None:
        """Keep the mouths of the roles numbered `new` for the next dub of the clip."""
        if self._clip.kept_in is None:
            return
        for number in new:
            person = self.roles[number].person.index
            write_mouths(self._clip.kept_in, person, chosen[number], mouths[number])

    def habits(
        self, own_voice: Audio | None, lines: Sequence[Line], listen: Listen = mouth_track_from_audio
    ) -> dict[int, Habits]:
        """What the clip's own voice teaches about each person whose new words are listened to."""
        listened = {n for n, line in zip(self.number_of, lines, strict=True) if not line.phonemes}
        if own_voice is None or not listened:
            return {}
        times_s = np.minimum(self._clip.pts_s, own_voice.duration_s)
        track = listen(own_voice, times_s)
        learned = {
            role.person.index: learn_habits(role.frames, role.reach, own_voice, track)
            for role in self.roles
            if role.person.index in listened
        }
        return {number: habits for number, habits in learned.items() if habits is not None}

    def warnings(self, timeline: Timeline) -> list[str]:
        """What a creator should know about the lines' pictures, with times in the output: `code start-end`."""
        told = []
        for role in self.roles:
            mine = np.isin(timeline.stretch, np.flatnonzero(np.array(self.number_of) == role.person.index))
            source = timeline.source_index
            missing = mine & ~role.frames.found[source]
            seen, covered = mine & role.frames.found[source], role.frames.covered[source] > COVERED
            left = role.frames.usable[source] < _LEAST_USABLE
            for code, wrong in (
                ("face_missing", missing),
                ("face_turned_away", seen & left & ~covered),
                ("mouth_hidden", seen & left & covered),
                ("kept_in_front", seen & ~left & covered),
            ):
                told += [f"{code} {s.start_s:.2f}-{s.end_s:.2f}" for s in spans_where(timeline, wrong)]
            told += [] if role.reach.closes else ["mouth_never_closed"]
            told += [] if role.reach.opens else ["mouth_never_open"]
        return told


def spans_where(timeline: Timeline, wrong: np.ndarray) -> list[Span]:
    """Spans of output time in which `wrong` (N,) holds; those that nearly touch are one."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], wrong.astype(np.int8), [0]])))
    times_s = np.append(timeline.out_pts_s, float(timeline.end_s))
    spans: list[Span] = []
    for first, end in edges.reshape(-1, 2):
        start_s = float(times_s[first])
        if spans and start_s - spans[-1].end_s < _ONE_SPAN_S:
            start_s = spans.pop().start_s
        spans.append(Span(start_s, float(times_s[end])))
    return spans


class Plan:
    """Every output frame's edit, whoever speaks."""

    def __init__(self, plans: Sequence[MouthPlan]) -> None:
        self._plans = list(plans)

    def sheet(self) -> dict[str, float]:
        """What became of the lines' frames: dubbed_share, missing_share and covered_share of them; mouths: how many of
        the clip's are used; opening_error: median difference between the opening wanted and that of the mouth found,
        in inter-ocular distances; sync_ms: how late the lips shown are against those the voice asks for; yaw_low_deg,
        yaw_high_deg: how far the head turns. With several people, the mean of theirs, and the widest turns.
        """
        sheets = [sheet for sheet in (plan.sheet() for plan in self._plans) if sheet]
        names = sheets[0] if sheets else ()
        joined = {"yaw_low_deg": np.nanmin, "yaw_high_deg": np.nanmax}
        return {name: round(float(joined.get(name, np.mean)([sheet[name] for sheet in sheets])), 4) for name in names}

    def troubles(self) -> np.ndarray:
        """(N, K) float32: what makes each output frame hard, of whoever has it hardest: see `mouth_plan.TROUBLES`."""
        return np.max([plan.troubles() for plan in self._plans], axis=0)

    def clip_s(self, index: int) -> float:
        """When the clip's frame `index` is shown in the clip."""
        return self._plans[0].clip_s(index)

    def edits(self, out: int) -> list[Edit]:
        """What changes in output frame `out`."""
        found = (plan.edit(out) for plan in self._plans)
        return [edit for edit in found if edit is not None]


def find_cast(clip: ClipPeople, lines: Sequence[Line], own_voice: Audio | None) -> Cast:
    """Who says each line.

    Raises:
        EngineFailure: NO_FACE, NO_FACE_AT_POINT, FACE_INDEX_OUT_OF_RANGE, FACE_TOO_SMALL, FACE_TURNED_AWAY.
    """
    number_of = []
    roles: dict[int, Role] = {}
    for line in lines:
        person = choose_person(clip, line.face, own_voice)
        number_of.append(person.index)
        if person.index not in roles:
            roles[person.index] = _role(clip, person)
    return Cast([roles[number] for number in sorted(roles)], number_of, clip)


def _role(clip: ClipPeople, person: Person) -> Role:
    from worker.engine.contracts import MAX_YAW_DEG, MIN_FACE_PX

    if not is_large_enough(person):
        raise EngineFailure(FailureCode.FACE_TOO_SMALL, face_px=round(person.width_px), needed_px=MIN_FACE_PX)
    if not (person.usable > 0).any():
        hidden = float((person.covered[person.present] > COVERED).mean())
        if hidden > 0.5:
            raise EngineFailure(FailureCode.FACE_COVERED, covered_percent=round(100 * hidden))
        raise EngineFailure(FailureCode.FACE_TURNED_AWAY, max_deg=MAX_YAW_DEG)
    frames = measure_speaker(person.stable_landmarks_px, clip.pts_s, person.usable, person.covered)
    return Role(person, frames, fit_range(frames))
