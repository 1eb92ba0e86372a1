"""Who is in a clip, where, and in which frames: one pass over the file, kept for the next dub of the same clip."""

import itertools
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import overload

import numpy as np

from worker.engine.contracts import MIN_FACE_PX, Span
from worker.engine.dub.cuts import CutFinder, thumb_of
from worker.engine.dub.following import Crowd, Stretch
from worker.engine.dub.gathering import Group, gather
from worker.engine.dub.occluders import HAND_POINTS, FaceLook, hand_at, hidden_share, occluder_mask, unlike
from worker.engine.dub.people_cache import PeopleFolder
from worker.engine.face import landmarks
from worker.engine.face.pose import HeadPose, head_pose, head_poses
from worker.engine.face.stabilization import stabilize_landmarks
from worker.engine.face.tracks import FrameFace
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.decode import decode_video
from worker.engine.media.probe import MediaInfo
from worker.engine.one_ahead import one_ahead

FADE_FROM_DEG, FADE_TO_DEG = 35.0, 40.0  # of yaw: the edit is whole before, gone after
THUMB_SOURCE_PX = 256
MAYBE_COVERED = 0.15
VEIL_S, VEIL_LOOKS = 0.6, 3  # how long, to both sides, and how often at least an even cover is seen before it counts
VEIL_FROM, VEIL_TO = 0.6, 0.9  # how surely
MAX_FILLED_FRAMES = 5  # gaps inside a stretch, where a face was looked at now and then
MAX_DROPOUT_S = 0.15  # gaps between two stretches of one shot that are filled too
MAX_PEOPLE_KEPT = 12
MIN_SEEN_FRAMES = 3
PIECE_FRAMES, MARGIN_FRAMES = 600, 90  # what is stabilised at once
TOLD_EVERY = 10


class FaceRow(Sequence[FrameFace | None]):
    """One person's face in every frame of the clip, None in place where it is missing. Poses are found when asked."""

    def __init__(self, landmarks_px: np.ndarray, pts_s: np.ndarray) -> None:
        self._landmarks_px = landmarks_px
        self._pts_s = pts_s

    def __len__(self) -> int:
        return len(self._pts_s)

    @overload
    def __getitem__(self, index: int) -> FrameFace | None: ...
    @overload
    def __getitem__(self, index: slice) -> list[FrameFace | None]: ...
    def __getitem__(self, index: int | slice) -> FrameFace | list[FrameFace | None] | None:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        points = np.array(self._landmarks_px[index])
        if not np.isfinite(points[0, 0]):
            return None
        return FrameFace(index % len(self), float(self._pts_s[index]), points, head_pose(points))

    def __iter__(self) -> Iterator[FrameFace | None]:
        return (self[i] for i in range(len(self)))


@dataclass(frozen=True)
class Person:
    """One person through the whole clip.

    index: 0 = most on screen × size. faces: T entries, None in place. stable_landmarks_px: (T, 478, 3) float32 mapped
    from disk, rows of NaN where missing. usable: (T,) float32, how much of the edit to show: 1, falling to 0 between
    35° and 40° of yaw, and under a mask or scarf; 0 where missing. covered: (T,) float32, how surely something lies
    over the mouth. width_px: mean inter-ear width. thumbnail_rgb: (160, 160, 3) uint8. looks: the lower face as it
    usually looks, by number of the shot. hands_s, hands_px: (H,) and (H, 21, 2), hands seen near the face.
    """

    index: int
    faces: Sequence[FrameFace | None]
    stable_landmarks_px: np.ndarray
    usable: np.ndarray
    covered: np.ndarray
    width_px: float
    thumbnail_rgb: np.ndarray
    looks: Mapping[int, FaceLook] = field(default_factory=dict, repr=False, compare=False)
    hands_s: np.ndarray = field(default_factory=lambda: np.zeros(0), repr=False, compare=False)
    hands_px: np.ndarray = field(default_factory=lambda: np.zeros((0, HAND_POINTS, 2), np.float32), repr=False)

    @property
    def present(self) -> np.ndarray:
        """(T,) bool: where the face is seen."""
        return np.isfinite(self.stable_landmarks_px[:, 0, 0])

    def may_be_hidden(self, index: int, pts_s: float) -> bool:
        """Whether anything was seen near the mouth around this frame; `in_front` is worth asking only then."""
        near_hand = bool(len(self.hands_s)) and hand_at(self.hands_s, self.hands_px, pts_s) is not None
        return near_hand or float(self.covered[index]) > MAYBE_COVERED

    def in_front(
        self, crop_rgb: np.ndarray, origin_px: tuple[float, float], pose: HeadPose, *, pts_s: float, shot: int
    ) -> np.ndarray | None:
        """(h, w) float32: what stands before the face in a part of the frame shown at `pts_s`; None for nothing."""
        look = self.looks.get(shot)
        return occluder_mask(crop_rgb, origin_px, pose, look, hand_at(self.hands_s, self.hands_px, pts_s))


@dataclass(frozen=True)
class ClipPeople:
    """Everybody in a clip. pts_s: (T,) times of all frames. end_s: when the last frame ends. Shots cover the clip."""

    pts_s: np.ndarray
    end_s: float
    shots: tuple[Span, ...]
    people: tuple[Person, ...]
    _folder: PeopleFolder | None = field(default=None, repr=False, compare=False)  # keeps what is mapped on disk alive

    @property
    def kept_in(self) -> Path | None:
        """Where more can be kept about this very clip; None when nothing of it outlives the dub."""
        return None if self._folder is None or self._folder.is_temporary else self._folder.path

    def shot_of(self) -> np.ndarray:
        """(T,) int: number of the shot each frame belongs to."""
        starts = np.array([shot.start_s for shot in self.shots[1:]])
        return np.searchsorted(starts, self.pts_s + 1e-6)


def look_at_clip(
    path: Path,
    info: MediaInfo,
    *,
    cache_dir: Path | None = None,
    on_fraction: Callable[[float], None] = lambda fraction: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> ClipPeople:
    """Find everybody in the clip, in one streaming pass; clips without faces have no people, and that is no failure.

    Args:
        cache_dir: where results are kept by the clip's content and this tracker's version; None to keep nothing.
        on_fraction: told the share of the clip seen, rising to 1.

    Raises:
        EngineFailure: FILE_* and NO_VIDEO_STREAM as in `probe`, CANCELLED, DISK_FULL.
    """
    folder = PeopleFolder.for_clip(path, cache_dir)
    found = _read(folder)
    if found is None:
        with folder.being_written() as target:
            _look(path, info, target, on_fraction, should_stop)
        found = _read(folder)
        if found is None:
            raise EngineFailure(FailureCode.INTERNAL, reason="tracks")
    on_fraction(1.0)
    return found


def pose_fade(yaw_deg: np.ndarray) -> np.ndarray:
    """How much of the edit to show at a yaw: 1 up to 35°, 0 from 40°."""
    return np.clip((FADE_TO_DEG - np.abs(yaw_deg)) / (FADE_TO_DEG - FADE_FROM_DEG), 0.0, 1.0).astype(np.float32)


# -- the pass ----------------------------------------------------------------------------------------------------------


def _look(
    path: Path, info: MediaInfo, target: Path, on_fraction: Callable[[float], None], should_stop: Callable[[], bool]
) -> None:
    assert info.video is not None
    cuts, times_s = CutFinder(), []
    crowd = Crowd(target)
    try:
        decoded = (
            (frame, thumb_of(frame.picture.glance(THUMB_SOURCE_PX), frame.pts_s)) for frame in decode_video(path)
        )
        with one_ahead(decoded, "tracking-decoder") as frames:
            for frame, thumb in frames:
                if should_stop():
                    raise EngineFailure(FailureCode.CANCELLED)
                times_s.append(frame.pts_s)
                crowd.see(frame, thumb, may_be_cut=cuts.push(thumb))
                if frame.index % TOLD_EVERY == 0:
                    on_fraction(min(0.9, 0.9 * frame.pts_s / max(info.video.duration_s, 1e-3)))
        if not times_s:
            raise EngineFailure(FailureCode.FILE_UNREADABLE, kind="video")
        pts_s = np.array(times_s)
        first_frames = [0, *cuts.finish()]
        shot_of = np.searchsorted(np.array(first_frames[1:]), np.arange(len(pts_s)), side="right")
        people = [group for group in gather(crowd.finish(), shot_of, pts_s) if group.frame_count >= MIN_SEEN_FRAMES]
        rows = crowd.points.rows()
        kept = people[:MAX_PEOPLE_KEPT]
        for number, group in enumerate(kept):
            _write_person(target, number, group, rows, pts_s, shot_of)
            on_fraction(0.9 + 0.1 * (number + 1) / len(kept))
    finally:
        crowd.close()
    last_gap_s = float(1 / info.video.frame_rate)
    meta = {
        "end_s": float(pts_s[-1]) + last_gap_s,
        "cuts_s": [float(pts_s[i]) for i in first_frames[1:]],
        "widths_px": [group.width_px for group in kept],
    }
    np.save(target / "pts_s.npy", pts_s)
    (target / "meta.json").write_text(json.dumps(meta))


def _write_person(
    target: Path, number: int, group: Group, rows: np.ndarray, pts_s: np.ndarray, shot_of: np.ndarray
) -> None:
    shape = (len(pts_s), landmarks.N_LANDMARKS, 3)
    raw = np.lib.format.open_memmap(target / f"{number}-landmarks.npy", "w+", np.float32, shape)
    stable = np.lib.format.open_memmap(target / f"{number}-stable.npy", "w+", np.float32, shape)
    for start in range(0, len(pts_s), PIECE_FRAMES):
        raw[start : start + PIECE_FRAMES] = np.nan
        stable[start : start + PIECE_FRAMES] = np.nan
    seen: list[tuple[int, int]] = []
    for stretch in group.stretches:
        for index, row in zip(stretch.indices, stretch.rows, strict=True):
            raw[index] = rows[row]
        seen += [(index, MAX_FILLED_FRAMES) for index in stretch.indices[1:]]
        seen.append((stretch.indices[0], 0))
    _fill_gaps(raw, sorted(seen), pts_s, shot_of)
    usable = np.zeros(len(pts_s), np.float32)
    for shot in range(int(shot_of[-1]) + 1):
        first, end = np.searchsorted(shot_of, [shot, shot + 1])
        _stabilise(raw, stable, pts_s, int(first), int(end))
    present = np.flatnonzero(np.isfinite(stable[:, 0, 0]))
    for some in np.split(present, range(PIECE_FRAMES, len(present), PIECE_FRAMES)):
        usable[some] = pose_fade(np.array([pose.yaw_deg for pose in head_poses(stable[some])]))
    looks = _looks(group.stretches, shot_of)
    _write_looks(target / f"{number}-looks.npz", looks, group.stretches)
    covered, veiled = _covered(group.stretches, looks, pts_s, shot_of)
    np.save(target / f"{number}-covered.npy", covered)
    np.save(target / f"{number}-usable.npy", usable * (1 - veiled))
    np.save(target / f"{number}-thumbnail.npy", _best_thumbnail(group.stretches))
    raw.flush()
    stable.flush()


def _fill_gaps(raw: np.ndarray, seen: list[tuple[int, int]], pts_s: np.ndarray, shot_of: np.ndarray) -> None:
    """Straight lines over short gaps of one shot: between rare looks, and where the mesh lost the face for a moment.

    seen: (frame index, how many frames before it may be filled in any case), rising.
    """
    for (before, _), (after, allowed) in itertools.pairwise(seen):
        gap = after - before - 1
        short = gap <= allowed or pts_s[after] - pts_s[before] <= MAX_DROPOUT_S
        if gap < 1 or not short or shot_of[before] != shot_of[after]:
            continue
        for index in range(before + 1, after):
            part = np.float32((pts_s[index] - pts_s[before]) / (pts_s[after] - pts_s[before]))
            raw[index] = raw[before] + part * (raw[after] - raw[before])


def _stabilise(raw: np.ndarray, stable: np.ndarray, pts_s: np.ndarray, first: int, end: int) -> None:
    """One shot, in pieces that overlap, so that memory stays flat."""
    for start in range(first, end, PIECE_FRAMES):
        stop = min(start + PIECE_FRAMES, end)
        low, high = max(first, start - MARGIN_FRAMES), min(end, stop + MARGIN_FRAMES)
        if np.isfinite(raw[low:high, 0, 0]).any():
            stable[start:stop] = stabilize_landmarks(raw[low:high], pts_s[low:high])[start - low : stop - low]


def _looks(stretches: Sequence[Stretch], shot_of: np.ndarray) -> dict[int, FaceLook]:
    """What the lower face usually looks like, by shot: each has its own light."""
    patches: dict[int, list[np.ndarray]] = {}
    for stretch in stretches:
        patches.setdefault(int(shot_of[stretch.indices[0]]), []).extend(stretch.patches)
    found = {shot: FaceLook.of(np.stack(own)) for shot, own in patches.items() if own}
    return {shot: look for shot, look in found.items() if look is not None}


def _write_looks(path: Path, looks: Mapping[int, FaceLook], stretches: Sequence[Stretch]) -> None:
    hands = sorted((hand for stretch in stretches for hand in stretch.hands), key=lambda hand: hand[0])
    shots = list(looks)
    np.savez(
        path,
        shots=np.array(shots, np.int64),
        usual=np.array([looks[shot].usual for shot in shots], np.float32),
        spread=np.array([looks[shot].spread for shot in shots], np.float32),
        skin=np.array([looks[shot].skin for shot in shots], np.float32),
        hands_s=np.array([at_s for at_s, _ in hands]),
        hands_px=np.array([points for _, points in hands], np.float32).reshape(-1, HAND_POINTS, 2),
    )


def _covered(
    stretches: Sequence[Stretch], looks: Mapping[int, FaceLook], pts_s: np.ndarray, shot_of: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(covered, veiled), (T,) float32 each, straight lines between two looks. covered: by colour or by unusual looks,
    whichever is surer. veiled: by colour alone and for long, as masks and scarves do: no spot of it can be told from
    the face and kept in front, so there is nothing to change.
    """
    covered, veiled = np.zeros(len(shot_of), np.float32), np.zeros(len(shot_of), np.float32)
    for stretch in stretches:
        if not stretch.cover:
            continue
        at, by_colour = zip(*stretch.cover, strict=True)
        look = looks.get(int(shot_of[stretch.indices[0]]))
        by_looks = [0.0 if look is None else hidden_share(unlike(patch, look)) for patch in stretch.patches]
        frames = np.arange(stretch.indices[0], stretch.indices[-1] + 1)
        covered[frames] = np.interp(frames, at, np.maximum(by_colour, by_looks))
        evenly = np.array(by_colour) * (1 - np.array(by_looks))
        near = np.abs(pts_s[list(at)][:, None] - pts_s[list(at)]) <= VEIL_S
        lasting = np.array([np.median(evenly[row]) if row.sum() >= VEIL_LOOKS else 0.0 for row in near])
        veil = np.clip((lasting - VEIL_FROM) / (VEIL_TO - VEIL_FROM), 0.0, 1.0)
        veiled[frames] = np.interp(frames, at, veil)
    return covered, veiled


def _best_thumbnail(stretches: Sequence[Stretch]) -> np.ndarray:
    best = max(stretches, key=lambda stretch: stretch.thumbnail_score)
    assert best.thumbnail_rgb is not None
    return best.thumbnail_rgb


# -- reading back ------------------------------------------------------------------------------------------------------


def _read(folder: PeopleFolder) -> ClipPeople | None:
    """What was kept, or None when nothing (whole) is there."""
    path = folder.path
    try:
        meta = json.loads((path / "meta.json").read_text())
        pts_s = np.load(path / "pts_s.npy", allow_pickle=False)
        people = tuple(_read_person(path, i, float(w), pts_s) for i, w in enumerate(meta["widths_px"]))
        edges_s = [0.0, *map(float, meta["cuts_s"]), float(meta["end_s"])]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    shots = tuple(Span(a, b) for a, b in itertools.pairwise(edges_s))
    return ClipPeople(pts_s, float(meta["end_s"]), shots, people, folder)


def _read_person(path: Path, index: int, width_px: float, pts_s: np.ndarray) -> Person:
    def part(name: str, *, mapped: bool = False) -> np.ndarray:
        array = np.load(path / f"{index}-{name}.npy", mmap_mode="r" if mapped else None, allow_pickle=False)
        if name != "thumbnail" and len(array) != len(pts_s):
            raise ValueError(name)
        return array

    faces = FaceRow(part("landmarks", mapped=True), pts_s)
    stable = part("stable", mapped=True)
    looks, hands_s, hands_px = _read_looks(path / f"{index}-looks.npz")
    return Person(
        index, faces, stable, part("usable"), part("covered"), width_px, part("thumbnail"), looks, hands_s, hands_px
    )


def _read_looks(path: Path) -> tuple[dict[int, FaceLook], np.ndarray, np.ndarray]:
    with np.load(path, allow_pickle=False) as kept:
        looks = {
            int(shot): FaceLook(usual, spread, skin)
            for shot, usual, spread, skin in zip(
                kept["shots"], kept["usual"], kept["spread"], kept["skin"], strict=True
            )
        }
        return looks, kept["hands_s"], kept["hands_px"]


def is_large_enough(person: Person) -> bool:
    """Whether the face is wide enough to be dubbed."""
    return person.width_px >= MIN_FACE_PX
