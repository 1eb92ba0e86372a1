"""Everybody in a clip, followed frame by frame in one pass: stretches of one face each, ended by cuts and by losing it.

Whole frames are searched where a shot may begin, where a face was lost and once a second for newcomers; between these,
each face is followed in its own window. Small faces in the background and more than a few people at once are looked at
every few frames only; what lies between is filled in afterwards.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from worker.engine.contracts import MIN_FACE_PX, FaceBox
from worker.engine.dub.cuts import Thumb
from worker.engine.dub.likeness import Likeness, same_place
from worker.engine.dub.occluders import HandWatch, canonical_patch
from worker.engine.face import landmarks
from worker.engine.face.detection import FaceFinder
from worker.engine.face.occlusion import mouth_covered_in_view
from worker.engine.face.pose import head_pose
from worker.engine.face.tracks import FaceFollower, FrameFace, TrackableFrame, scaled_box

MAX_PEOPLE = 6  # followed at once
FULL_RATE_PEOPLE = 3
BACKGROUND_PX = 0.6 * MIN_FACE_PX  # narrower faces are looked at rarely: they cannot be dubbed anyway
MIN_WIDTH_PX = 20
RARELY, SELDOM = 3, 5  # every so many frames
SEARCH_SIDE_PX = 960
NEWCOMERS_S = 1.0  # between searches while somebody is followed
NOBODY_S = 0.2  # the same while nobody is
SMALL_FACES_S = 2.0  # between thorough searches while nobody is
WINDOW_FACTORS = (1.0, 1.27, 0.73)  # of the window a face is first looked for in: the mesh misses some at one size
LOOK_S = 0.5  # between looks at what a person looks like
COVER_S = 0.2  # between looks at what lies over the mouth
CLOSE_COVER_S = 0.1  # the same while something does
HANDS_S = 0.4  # between searches for hands, while none is seen
HAND_REACH = 0.35  # of the face's size, within which a hand concerns it
SAME_PLACE = 0.5
THUMBNAIL_SIDE_PX = 160


class PointsFile:
    """(rows, 478, 3) float32 on disk, appended row by row and then read back by number. A context manager."""

    _SHAPE = (landmarks.N_LANDMARKS, 3)

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
        self.count = 0

    def append(self, points: np.ndarray) -> int:
        """The number of the row that now holds `points` (478, 3)."""
        self._file.write(np.ascontiguousarray(points, np.float32).tobytes())
        self.count += 1
        return self.count - 1

    def rows(self) -> np.ndarray:
        """All rows, mapped into memory, read-only."""
        if not self.count:
            return np.zeros((0, *self._SHAPE), np.float32)
        self._file.flush()
        return np.memmap(self._file, np.float32, "r", shape=(self.count, *self._SHAPE))

    def close(self) -> None:
        self._file.close()


@dataclass(eq=False)
class Stretch:
    """One face without a break: frame indices and the rows of its points, and what is remembered of it."""

    first_thumb: Thumb
    first_box: FaceBox
    every: int = 1
    indices: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    cover: list[tuple[int, float]] = field(default_factory=list)
    patches: list[np.ndarray] = field(default_factory=list)  # the lower face at each of these looks, see `occluders`
    hands: list[tuple[float, np.ndarray]] = field(default_factory=list)  # when, and (21, 2) px
    likeness: Likeness = field(default_factory=Likeness)
    width_px: float = 0.0  # mean
    last_box: FaceBox | None = None
    thumbnail_rgb: np.ndarray | None = None
    thumbnail_score: float = -1.0
    next_look_s: float = 0.0
    next_cover_s: float = 0.0
    next_hands_s: float = 0.0


@dataclass(eq=False)
class _Followed:
    follower: FaceFollower
    stretch: Stretch


class Crowd:
    """Push every frame in order, then `finish`. A context manager."""

    def __init__(self, folder: Path) -> None:
        self._finder = FaceFinder()
        self._hands = HandWatch()
        self._idle: list[FaceFollower] = []
        self._active: list[_Followed] = []
        self._done: list[Stretch] = []
        self._next_search_s = 0.0
        self._next_thorough_s = 0.0
        self.points = PointsFile(folder)

    def see(self, frame: TrackableFrame, thumb: Thumb, *, may_be_cut: bool) -> None:
        """Follow everybody into this frame."""
        if may_be_cut:
            for followed in list(self._active):
                self._end(followed)
            self._next_search_s = self._next_thorough_s = frame.pts_s
        lost = False
        for followed in list(self._active):
            if (frame.index - followed.stretch.indices[-1]) % followed.stretch.every:
                continue
            face = followed.follower.follow(frame)
            if face is None:
                self._end(followed)
                lost = True
            else:
                self._record(followed, face)
        self._drop_doubles()
        if lost or frame.pts_s >= self._next_search_s:
            self._search(frame, thumb)
            self._share_attention()

    def finish(self) -> list[Stretch]:
        """Every stretch of at least two looks."""
        for followed in list(self._active):
            self._end(followed)
        return [stretch for stretch in self._done if len(stretch.indices) > 1]

    def close(self) -> None:
        for follower in [*self._idle, *(followed.follower for followed in self._active)]:
            follower.close()
        self._finder.close()
        self._hands.close()
        self.points.close()

    def _search(self, frame: TrackableFrame, thumb: Thumb) -> None:
        """Look for faces that nobody follows yet."""
        thorough = not self._active and frame.pts_s >= self._next_thorough_s
        if thorough:
            self._next_thorough_s = frame.pts_s + SMALL_FACES_S
        rgb = frame.rgb(max_side_px=SEARCH_SIDE_PX)
        scale = rgb.shape[1] / frame.width_px
        for found in self._finder.find(rgb, thorough=thorough):
            box = scaled_box(found.box, 1 / scale)
            known = any(
                f.follower.last is not None and same_place(f.follower.last, box) < SAME_PLACE for f in self._active
            )
            if known or box.x1 - box.x0 < MIN_WIDTH_PX or len(self._active) >= MAX_PEOPLE:
                continue
            follower = self._idle.pop() if self._idle else FaceFollower()
            face = None
            for factor in WINDOW_FACTORS:
                follower.start(frame, _grown(box, factor))
                face = follower.follow(frame)
                if face is not None:
                    break
            if face is None:
                self._idle.append(follower)
                continue
            followed = _Followed(follower, Stretch(thumb, box))
            self._active.append(followed)
            self._record(followed, face)
        self._next_search_s = frame.pts_s + (NEWCOMERS_S if self._active else NOBODY_S)

    def _record(self, followed: _Followed, face: FrameFace) -> None:
        stretch, follower = followed.stretch, followed.follower
        assert follower.view_rgb is not None and follower.view_points is not None
        stretch.indices.append(face.index)
        stretch.rows.append(self.points.append(face.landmarks_px))
        stretch.last_box = follower.last
        width_px = float(landmarks.face_width_px(face.landmarks_px))
        stretch.width_px += (width_px - stretch.width_px) / len(stretch.indices)
        if face.pts_s >= stretch.next_cover_s:
            self._look_for_cover(stretch, face, follower.view_rgb, follower.view_points)
        if face.pts_s >= stretch.next_look_s:
            stretch.next_look_s = face.pts_s + LOOK_S
            stretch.likeness.look(face, follower.view_rgb, follower.view_points)
            keep_best_thumbnail(stretch, face, follower.view_rgb, follower.view_points)

    def _look_for_cover(self, stretch: Stretch, face: FrameFace, view: np.ndarray, points: np.ndarray) -> None:
        """What may lie over the mouth: by colour, by the lower face's looks (judged later), and by hands nearby."""
        covered = mouth_covered_in_view(view, points[:, :2])
        stretch.cover.append((face.index, covered))
        stretch.patches.append(canonical_patch(view, head_pose(points)))
        is_seen = covered > 0.5
        if stretch.width_px >= BACKGROUND_PX and face.pts_s >= stretch.next_hands_s:
            hand = _nearest_hand(self._hands.find(view), points)
            if hand is not None:
                is_seen = True
                stretch.hands.append((face.pts_s, _in_frame(hand, points, face.landmarks_px)))
            stretch.next_hands_s = face.pts_s + (CLOSE_COVER_S if hand is not None else HANDS_S)
        stretch.next_cover_s = face.pts_s + (CLOSE_COVER_S if is_seen else COVER_S)

    def _drop_doubles(self) -> None:
        """Two windows that have drifted onto one face: the newer one goes."""
        for i, followed in enumerate(list(self._active)):
            for older in self._active[:i]:
                a, b = followed.follower.last, older.follower.last
                if followed in self._active and a is not None and b is not None and same_place(a, b) < 0.25:
                    self._end(followed)
                    break

    def _share_attention(self) -> None:
        """Who is looked at in every frame: the widest few; the others now and then."""
        by_width = sorted(self._active, key=lambda f: -f.stretch.width_px)
        for rank, followed in enumerate(by_width):
            small = followed.stretch.width_px < BACKGROUND_PX
            followed.stretch.every = SELDOM if small and rank else RARELY if rank >= FULL_RATE_PEOPLE else 1

    def _end(self, followed: _Followed) -> None:
        self._active.remove(followed)
        self._idle.append(followed.follower)
        self._done.append(followed.stretch)


def _grown(box: FaceBox, factor: float) -> FaceBox:
    """The box, `factor` times as large about its middle."""
    x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    across, down = factor * (box.x1 - box.x0) / 2, factor * (box.y1 - box.y0) / 2
    return FaceBox(x - across, y - down, x + across, y + down, box.score)


def _nearest_hand(hands: Sequence[np.ndarray], points: np.ndarray) -> np.ndarray | None:
    """Of the hands in a view, the one nearest to the mouth, if it is near the face at all."""
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    reach = HAND_REACH * float(max(high - low))
    near = [hand for hand in hands if ((hand > low - reach) & (hand < high + reach)).all(axis=1).any()]
    mouth = points[list(landmarks.LIPS_OUTER), :2].mean(0)
    return min(near, key=lambda hand: float(np.linalg.norm(hand - mouth, axis=1).min()), default=None)


def _in_frame(hand: np.ndarray, view_points: np.ndarray, frame_points: np.ndarray) -> np.ndarray:
    """(21, 2) from pixels of the view to pixels of the frame, by the face that is known in both."""
    scale = np.ptp(frame_points[:, :2], axis=0) / np.ptp(view_points[:, :2], axis=0)
    return ((hand - view_points[:, :2].mean(0)) * scale + frame_points[:, :2].mean(0)).astype(np.float32)


def keep_best_thumbnail(stretch: Stretch, face: FrameFace, view_rgb: np.ndarray, view_points: np.ndarray) -> None:
    """The clearest look straight ahead becomes the person's picture: (160, 160, 3) uint8."""
    turned = max(0.0, 1.0 - abs(face.pose.yaw_deg) / 60.0)
    eyes = float(np.mean(landmarks.eye_openness(face.landmarks_px)))
    size = min(1.0, float(landmarks.face_width_px(face.landmarks_px)) / 200.0)
    score = turned * size * (0.3 + min(eyes, 0.3))
    if score <= stretch.thumbnail_score:
        return
    stretch.thumbnail_score = score
    low, high = view_points[:, :2].min(0), view_points[:, :2].max(0)
    side = 1.7 * float(max(high - low))
    x0, y0 = (low + high) / 2 - side / 2 - np.array([0.0, 0.06 * side])
    scale = THUMBNAIL_SIDE_PX / side
    affine = np.array([[scale, 0, -x0 * scale], [0, scale, -y0 * scale]])
    stretch.thumbnail_rgb = cv2.warpAffine(
        view_rgb,
        affine,
        (THUMBNAIL_SIDE_PX, THUMBNAIL_SIDE_PX),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
