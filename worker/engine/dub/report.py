"""A first look at a clip that is to be dubbed: who is in it, how usable, where trouble waits – in seconds.

Two and more frames a second are looked at, so numbers are estimates, and say so; the full tracking that a dub begins
with sees every frame and corrects them. Refused is only what cannot be dubbed anywhere in the clip; what concerns a
part of it is a warning with its times.
"""

import base64
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self

import cv2
import numpy as np

from worker.engine.contracts import MIN_FACE_PX, Span
from worker.engine.dub.cuts import Thumb, difference, thumb_of
from worker.engine.dub.following import Stretch, keep_best_thumbnail
from worker.engine.dub.gathering import Group, gather
from worker.engine.dub.likeness import same_place
from worker.engine.dub.people import FADE_TO_DEG
from worker.engine.face import landmarks
from worker.engine.face.detection import DetectedFace, FaceFinder, box_of_points
from worker.engine.face.occlusion import mouth_covered_in_view
from worker.engine.face.tracks import FrameFace, scaled_box
from worker.engine.failures import FailureCode
from worker.engine.media.decode import Frame, decode_video
from worker.engine.media.probe import VideoInfo
from worker.engine.one_ahead import one_ahead

SAMPLES_PER_S = 2.0
LEAST_SAMPLES = 40  # in short clips
MOST_SAMPLES = 1300
SAMPLED_SIDE_PX = 960
SMALL_FACES_EVERY = 8  # samples without a face between searches for small ones
CUT_BETWEEN = 0.38  # difference of two samples half a second apart
SAME_FACE = 0.9  # distance between two samples, in widths
VIEW_FACTOR, VIEW_PX = 2.2, 320
COVERED = 0.5
CLOSED_GAP, OPEN_GAP = 0.035, 0.12  # openness of lips that touch, and of a wide vowel
SMALL_PX = 120.0
MIN_PERSON_SHARE = 0.05  # of the samples; less is somebody passing by
MIN_SPAN_S = 0.8
ONLY_TURNED = 0.95  # of the looks; more is a profile that glances
MAX_SPANS_TOLD = 6
# What a dub takes on two CPU cores; what a job really takes is measured as it runs.
DUB_START_S, TRACKED_S, EDITED_S, PLAIN_S_PER_MEGAPIXEL = 3.0, 0.02, 0.03, 0.012


class DubWarning(StrEnum):
    """What concerns dubbing, beside what preflight says about any clip."""

    FACE_AWAY = "face_away"
    FACE_TURNED = "face_turned"
    MOUTH_COVERED = "mouth_covered"
    LIPS_NEVER_CLOSE = "lips_never_close"
    MOUTH_NEVER_OPENS = "mouth_never_opens"
    SEVERAL_PEOPLE = "several_people"
    SHOT_CUTS = "shot_cuts"


@dataclass(frozen=True)
class ClipReport:
    """What was seen. problems and warnings: (code, at_s, detail); the rest are JSON types for the report."""

    problems: list[tuple[str, float | None, dict[str, object]]]
    warnings: list[tuple[str, float | None, dict[str, object]]]
    facts: dict[str, object]


@dataclass(eq=False)
class _Sample:
    pts_s: float
    thumb: Thumb
    shot: int
    faces: list[tuple["_Track", FrameFace]] = field(default_factory=list)


@dataclass(eq=False)
class _Track:
    """One face through neighbouring samples; also what `gather` joins people from."""

    stretch: Stretch
    yaws_deg: list[float] = field(default_factory=list)
    openness: list[float] = field(default_factory=list)
    covered: list[float] = field(default_factory=list)
    faces: list[FrameFace] = field(default_factory=list)


def look_over(path: Path, video: VideoInfo, finder: FaceFinder) -> ClipReport:
    """Look at samples of the clip.

    Raises:
        EngineFailure: FILE_* as `decode_video`.
    """
    samples = _look(path, video, finder)
    pts_s = np.array([sample.pts_s for sample in samples])
    shot_of = np.array([sample.shot for sample in samples])
    tracks = list({id(track): track for sample in samples for track, _ in sample.faces}.values())
    by_stretch = {id(track.stretch): track for track in tracks}
    groups = gather([track.stretch for track in tracks], shot_of, pts_s)
    kept = [
        group
        for group in groups
        if len({i for s in group.stretches for i in s.indices}) >= MIN_PERSON_SHARE * len(samples)
    ]
    people = [SeenPerson.of_tracks(group, [by_stretch[id(s)] for s in group.stretches], len(samples)) for group in kept]
    cuts_s = [round((a.pts_s + b.pts_s) / 2, 2) for a, b in itertools.pairwise(samples) if a.shot != b.shot]
    period_s = video.duration_s / max(1, len(samples))
    owner = {id(s): index for index, group in enumerate(kept) for s in group.stretches}
    facts: dict[str, object] = {
        "estimated": True,
        "samples_per_s": round(len(samples) / max(video.duration_s, 1e-3), 2),
        "people": [person.as_json(index, pts_s, period_s) for index, person in enumerate(people)],
        "cuts_s": cuts_s,
        "sampled_frames": [_sample_json(sample, owner) for sample in samples],
        "expected_render_s": expected_render_s(video),
    }
    problems = _problems(people)
    return ClipReport(problems, [] if problems else warnings_about(people, pts_s, cuts_s, period_s), facts)


def expected_render_s(video: VideoInfo) -> float:
    """About how long a dub of this clip takes on two CPU cores."""
    megapixels = video.width_px * video.height_px / 1e6
    per_frame_s = TRACKED_S + EDITED_S + PLAIN_S_PER_MEGAPIXEL * megapixels
    return round(DUB_START_S + per_frame_s * video.frame_count, 1)


# -- looking -----------------------------------------------------------------------------------------------------------


def samples_of(path: Path, video: VideoInfo) -> Iterator[Frame]:
    """Frames at even times, near enough, in one rough pass."""
    count = int(np.clip(SAMPLES_PER_S * video.duration_s, min(LEAST_SAMPLES, video.frame_count), MOST_SAMPLES))
    step_s = video.duration_s / max(1, count)
    due_s = 0.0
    for frame in decode_video(path, rough=True):
        if frame.pts_s >= due_s - 1e-3:
            yield frame
            due_s = max(due_s + step_s, frame.pts_s + step_s / 2)


def _look(path: Path, video: VideoInfo, finder: FaceFinder) -> list[_Sample]:
    samples: list[_Sample] = []
    open_tracks: list[_Track] = []
    unseen = 0
    taken = ((frame, frame.rgb(max_side_px=SAMPLED_SIDE_PX)) for frame in samples_of(path, video))
    with one_ahead(taken, "preflight-decoder") as coming:
        for number, (frame, rgb) in enumerate(coming):
            open_tracks, unseen = _see(frame, rgb, number, samples, open_tracks, unseen, finder)
    return samples


def _see(
    frame: Frame,
    rgb: np.ndarray,
    number: int,
    samples: list[_Sample],
    open_tracks: list[_Track],
    unseen: int,
    finder: FaceFinder,
) -> tuple[list[_Track], int]:
    """Look at one sample and add it; which tracks may go on, and for how many samples nobody was seen."""
    thumb = thumb_of(rgb, frame.pts_s)
    before = samples[-1] if samples else None
    is_cut = before is not None and difference(before.thumb, thumb) > CUT_BETWEEN
    if is_cut:
        open_tracks = []
    sample = _Sample(frame.pts_s, thumb, (before.shot if before else 0) + is_cut)
    found = finder.find(rgb, thorough=unseen % SMALL_FACES_EVERY == 0 and (number == 0 or unseen > 0 or is_cut))
    scale = frame.width_px / rgb.shape[1]
    going: list[_Track] = []
    for face in found:
        if face.landmarks is None or face.pose is None:
            continue
        track = _joined(face, scale, open_tracks, number) or _Track(Stretch(thumb, scaled_box(face.box, scale)))
        _take_in(track, face, scale, rgb, number, frame.pts_s)
        sample.faces.append((track, track.faces[-1]))
        going.append(track)
    samples.append(sample)
    waiting = [t for t in open_tracks if t not in going and number - t.stretch.indices[-1] < 3]
    return waiting + going, 0 if found else unseen + 1


def _joined(face: DetectedFace, scale: float, open_tracks: Sequence[_Track], number: int) -> _Track | None:
    """The track of an earlier sample that this face goes on with."""
    box = scaled_box(face.box, scale)
    near = [
        (same_place(track.stretch.last_box, box), track)
        for track in open_tracks
        if track.stretch.last_box is not None and track.stretch.indices[-1] != number
    ]
    best = min(near, key=lambda pair: pair[0], default=None)
    return best[1] if best is not None and best[0] < SAME_FACE else None


def _take_in(track: _Track, face: DetectedFace, scale: float, rgb: np.ndarray, number: int, pts_s: float) -> None:
    assert face.landmarks is not None and face.pose is not None
    points = face.landmarks.points_px * np.float32(scale)
    frame_face = FrameFace(number, pts_s, points, face.pose)
    stretch = track.stretch
    stretch.indices.append(number)
    stretch.last_box = box_of_points(points, 1.0)
    width_px = float(landmarks.face_width_px(points))
    stretch.width_px += (width_px - stretch.width_px) / len(stretch.indices)
    view, view_points = _view(rgb, face.landmarks.points_px)
    covered = mouth_covered_in_view(view, view_points[:, :2])
    stretch.cover.append((number, covered))
    stretch.likeness.look(frame_face, view, view_points)
    keep_best_thumbnail(stretch, frame_face, view, view_points)
    track.yaws_deg.append(face.pose.yaw_deg)
    track.openness.append(float(landmarks.mouth_openness(points)))
    track.covered.append(covered)
    track.faces.append(frame_face)


def _view(rgb: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The window around a face, (≤ 320, ≤ 320, 3), and the face's points in it."""
    box = box_of_points(points, 1.0)
    side = VIEW_FACTOR * max(box.x1 - box.x0, box.y1 - box.y0)
    x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    x0, y0 = max(0, round(x - side / 2)), max(0, round(y - side / 2))
    x1, y1 = min(rgb.shape[1], round(x + side / 2)), min(rgb.shape[0], round(y + side / 2))
    crop = rgb[y0 : max(y1, y0 + 2), x0 : max(x1, x0 + 2)]
    scale = VIEW_PX / side
    size = (max(2, round(crop.shape[1] * scale)), max(2, round(crop.shape[0] * scale)))
    view = cv2.resize(crop, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    return view, (points - np.array([x0, y0, 0], np.float32)) * np.float32(scale)


# -- what it means -----------------------------------------------------------------------------------------------------


class SeenPerson:
    """What looks at one person say. at: numbers of the looks, rising; the other arrays are one value for each.

    face_of: where and when the face was, by the look's place in these arrays. samples: how many looks there were at the
    clip.
    """

    def __init__(
        self,
        face_of: Callable[[int], FrameFace | None],
        at: np.ndarray,
        samples: int,
        thumbnail_rgb: np.ndarray,
        *,
        yaw_deg: np.ndarray,
        openness: np.ndarray,
        covered: np.ndarray,
        widths_px: np.ndarray,
    ) -> None:
        self.at, self.thumbnail_rgb, self._face_of = at, thumbnail_rgb, face_of
        self.yaw_deg, self.openness, self.covered = yaw_deg, openness, covered
        self.face_px, self.largest_px = float(np.median(widths_px)), float(widths_px.max())
        self.is_turned = np.abs(self.yaw_deg) > FADE_TO_DEG
        self.is_covered = self.covered > COVERED
        self.is_usable = ~self.is_turned & ~self.is_covered
        self.seen_share = len(set(self.at)) / max(1, samples)
        self.usable_share = float(self.is_usable.sum()) / max(1, samples)

    @classmethod
    def of_tracks(cls, group: Group, tracks: Sequence[_Track], samples: int) -> Self:
        """From samples of a clip."""
        faces = [face for track in tracks for face in track.faces]
        best = max(group.stretches, key=lambda stretch: stretch.thumbnail_score)
        assert best.thumbnail_rgb is not None
        return cls(
            faces.__getitem__,
            np.array([face.index for face in faces]),
            samples,
            best.thumbnail_rgb,
            yaw_deg=np.array([yaw for track in tracks for yaw in track.yaws_deg]),
            openness=np.array([value for track in tracks for value in track.openness]),
            covered=np.array([value for track in tracks for value in track.covered]),
            widths_px=np.array([landmarks.face_width_px(face.landmarks_px) for face in faces]),
        )

    @property
    def shows_closed_lips(self) -> bool:
        return bool(self.is_usable.any() and np.percentile(self.openness[self.is_usable], 3) < CLOSED_GAP)

    @property
    def shows_open_mouth(self) -> bool:
        return bool(self.is_usable.any() and np.percentile(self.openness[self.is_usable], 97) > OPEN_GAP)

    @property
    def problem(self) -> tuple[str, float | None, dict[str, object]] | None:
        """What keeps this person from being dubbed anywhere in the clip."""
        if self.largest_px < MIN_FACE_PX:
            facts: dict[str, object] = {"face_px": round(self.largest_px), "needed_px": MIN_FACE_PX}
            return FailureCode.FACE_TOO_SMALL.value, None, facts
        if self.is_turned.mean() >= ONLY_TURNED:
            yaw_deg = round(float(np.median(np.abs(self.yaw_deg))))
            return FailureCode.FACE_TURNED_AWAY.value, None, {"yaw_deg": yaw_deg, "max_yaw_deg": round(FADE_TO_DEG)}
        if not self.is_usable.any():
            return FailureCode.FACE_COVERED.value, None, {"covered_percent": round(100 * float(self.covered.mean()))}
        return None

    def as_json(self, index: int, pts_s: np.ndarray, period_s: float) -> dict[str, object]:
        best = self._face_of(int(np.argmax(self.is_usable * 10.0 - np.abs(self.yaw_deg) / 90)))
        assert best is not None
        box = box_of_points(best.landmarks_px, 1.0)
        problem = self.problem
        low, high = np.percentile(self.yaw_deg, [5, 95])
        return {
            "index": index,
            "thumbnail": _data_url(self.thumbnail_rgb),
            "at_s": round(best.pts_s, 3),
            "box": [round(v, 1) for v in (box.x0, box.y0, box.x1, box.y1)],
            "point": [round((box.x0 + box.x1) / 2, 1), round((box.y0 + box.y1) / 2, 1)],
            "face_px": round(self.face_px, 1),
            "seen_share": round(self.seen_share, 3),
            "usable_share": round(self.usable_share, 3),
            "covered_share": round(float(self.is_covered.mean()), 3),
            "yaw_deg": [round(float(low), 1), round(float(high), 1)],
            "shows_closed_lips": self.shows_closed_lips,
            "shows_open_mouth": self.shows_open_mouth,
            "spans": [[s.start_s, s.end_s] for s in _spans(sorted(set(self.at)), pts_s, period_s)],
            "problem": None if problem is None else {"code": problem[0], "at_s": problem[1], "detail": problem[2]},
            "warnings": [],
        }


def _data_url(thumbnail_rgb: np.ndarray) -> str:
    """A person's thumbnail as a small JPEG that fits into the report."""
    small = cv2.resize(thumbnail_rgb, (96, 96), interpolation=cv2.INTER_AREA)
    _, coded = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 80])
    return "data:image/jpeg;base64," + base64.b64encode(coded.tobytes()).decode("ascii")


def _sample_json(sample: _Sample, owner: Mapping[int, int]) -> dict[str, object]:
    """owner: whose each stretch is, by the stretch's identity."""
    faces = []
    for track, face in sample.faces:
        box = box_of_points(face.landmarks_px, 1.0)
        faces.append(
            {
                "person": owner.get(id(track.stretch)),
                "box": [round(v, 1) for v in (box.x0, box.y0, box.x1, box.y1)],
                "face_px": round(float(landmarks.face_width_px(face.landmarks_px)), 1),
                "yaw_deg": round(face.pose.yaw_deg, 1),
            }
        )
    return {"pts_s": round(sample.pts_s, 3), "faces": faces}


def _problems(people: Sequence[SeenPerson]) -> list[tuple[str, float | None, dict[str, object]]]:
    """Only what keeps everybody in the clip from being dubbed."""
    if not people:
        return [(FailureCode.NO_FACE.value, None, {"where": "clip"})]
    problems = [person.problem for person in people]
    return [] if None in problems else [p for p in problems[:1] if p is not None]


def warnings_about(
    people: Sequence[SeenPerson], pts_s: np.ndarray, cuts_s: Sequence[float], period_s: float
) -> list[tuple[str, float | None, dict[str, object]]]:
    """What concerns parts of the clip, for whoever is most in it. pts_s, period_s: of the looks at the clip."""
    found: list[tuple[str, float | None, dict[str, object]]] = []
    able = [person for person in people if person.problem is None]
    speaker = able[0]

    def add_spans(code: DubWarning, at: Sequence[int] | np.ndarray) -> None:
        spans = [s for s in _spans(sorted(set(map(int, at))), pts_s, period_s) if s.duration_s >= MIN_SPAN_S]
        if spans:
            found.append(
                (code.value, spans[0].start_s, {"times": _times(spans), "spans": [[s.start_s, s.end_s] for s in spans]})
            )

    add_spans(DubWarning.FACE_AWAY, np.setdiff1d(np.arange(len(pts_s)), [i for p in able for i in p.at]))
    add_spans(DubWarning.FACE_TURNED, speaker.at[speaker.is_turned])
    add_spans(DubWarning.MOUTH_COVERED, speaker.at[speaker.is_covered & ~speaker.is_turned])
    if not speaker.shows_closed_lips:
        found.append((DubWarning.LIPS_NEVER_CLOSE.value, None, {}))
    if not speaker.shows_open_mouth:
        found.append((DubWarning.MOUTH_NEVER_OPENS.value, None, {}))
    if len(able) > 1:
        found.append((DubWarning.SEVERAL_PEOPLE.value, None, {"count": len(able)}))
    if cuts_s:
        found.append((DubWarning.SHOT_CUTS.value, cuts_s[0], {"count": len(cuts_s)}))
    if MIN_FACE_PX <= speaker.face_px < SMALL_PX:
        found.append(("face_small", None, {"face_px": round(speaker.face_px)}))
    return found


def _spans(at: Sequence[int], pts_s: np.ndarray, period_s: float) -> list[Span]:
    """Runs of neighbouring samples, each reaching half a period to both sides."""
    spans: list[Span] = []
    for first, last in _runs(at):
        start_s = max(0.0, float(pts_s[first]) - period_s / 2)
        spans.append(Span(round(start_s, 2), round(float(pts_s[last]) + period_s / 2, 2)))
    return spans


def _runs(at: Sequence[int]) -> Iterator[tuple[int, int]]:
    for i, index in enumerate(at):
        if i == 0 or index != at[i - 1] + 1:
            first = index
        if i + 1 == len(at) or at[i + 1] != index + 1:
            yield first, index


def _times(spans: Sequence[Span]) -> str:
    """ "0:03–0:05, 1:10–1:12 and 3 more"."""
    told = [f"{_clock(s.start_s)}–{_clock(s.end_s)}" for s in spans[:MAX_SPANS_TOLD]]
    more = len(spans) - len(told)
    return ", ".join(told) + (f" and {more} more" if more else "")


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{seconds % 60:04.1f}"
