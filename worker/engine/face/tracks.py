"""One person's face through a clip, frame by frame, with None in place where it is missing.

The mesh looks at a window around the face, not at whole frames: on 1080p that is five times cheaper, and small faces
are seen larger. The window stays where it is while the face moves little, since a window that follows every frame
would add its own jitter.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

import cv2
import numpy as np

from worker.engine.closing import Closing
from worker.engine.contracts import FaceBox, FaceChoice
from worker.engine.face.detection import DetectedFace, FaceFinder, box_of_points, choose_face
from worker.engine.face.mesh import FaceMesh
from worker.engine.face.pose import HeadPose, fit_residual, head_pose
from worker.engine.failures import EngineFailure

WINDOW_FACTOR = 2.2  # window side ÷ face height
WINDOW_SIDE_PX = 320  # the mesh itself works at 256
DRIFT_SHARE = 0.14  # of the window's side, after which it is put anew
GROWTH = 1.3  # of the face, after which the window is put anew
JUMP_SHARE = 0.6  # of the face's width between two frames: somebody else, or a cut
SEARCH_SIDE_PX = 960
SEARCH_EVERY = 5  # frames between searches while no face is there
MAX_RESIDUAL = 0.2


class TrackableFrame(Protocol):
    """What `media.decode.Frame` offers, and anything alike."""

    @property
    def index(self) -> int: ...
    @property
    def pts_s(self) -> float: ...
    @property
    def width_px(self) -> int: ...
    @property
    def height_px(self) -> int: ...
    def rgb(self, max_side_px: int | None = None) -> np.ndarray: ...
    def crop_rgb(self, box: tuple[int, int, int, int], max_side_px: int | None = None) -> np.ndarray: ...


AnyFrame = TypeVar("AnyFrame", bound=TrackableFrame)


@dataclass(frozen=True)
class FrameFace:
    """One face in one frame. landmarks_px: (478, 3) float32, pixels of the upright frame."""

    index: int
    pts_s: float
    landmarks_px: np.ndarray
    pose: HeadPose


@dataclass
class _Window:
    x0: int
    y0: int
    x1: int
    y1: int
    face_px: float

    @property
    def side(self) -> int:
        return max(self.x1 - self.x0, self.y1 - self.y0)


def track_faces(
    frames: Iterable[AnyFrame], choice: FaceChoice | None = None
) -> Iterator[tuple[AnyFrame, FrameFace | None]]:
    """Each frame with the chosen person's face in it, or None. Streams; holds one frame at a time.

    The face is chosen in the first frame that shows any: by `choice`, or the widest when several could be meant
    (also when `choice` names none of them).
    """
    with FaceFinder() as finder, FaceFollower() as follower:
        tracker = _Tracker(finder, follower, choice or FaceChoice())
        for frame in frames:
            yield frame, tracker.follow(frame)


class FaceFollower(Closing):
    """Follows one face from frame to frame, in a window around it. A context manager.

    view_rgb, view_points: the window as the mesh last saw it, (h, w, 3) uint8 of about 320 px, and the face's points
    in it, (478, 3); None before a face was seen.
    """

    def __init__(self) -> None:
        self._mesh = FaceMesh(tracking=True)
        self._window: _Window | None = None
        self.last: FaceBox | None = None
        self.view_rgb: np.ndarray | None = None
        self.view_points: np.ndarray | None = None

    @property
    def is_following(self) -> bool:
        return self._window is not None

    def start(self, frame: TrackableFrame, box: FaceBox) -> None:
        """Begin with the face in `box`, pixels of the upright frame."""
        self.last = None
        self._put_window(frame, box)

    def follow(self, frame: TrackableFrame) -> FrameFace | None:
        """The face in the next frame, or None once it is lost; then it has to be started anew."""
        window = self._window
        if window is None:
            return None
        small = frame.crop_rgb((window.x0, window.y0, window.x1, window.y1), WINDOW_SIDE_PX)
        scale = WINDOW_SIDE_PX / max(small.shape[:2])
        if scale > 1:
            small = cv2.resize(small, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        found = self._mesh.detect(small)
        face = None if not found else self._checked(frame, found[0].points_px, small, window)
        if face is None:
            self._window = None
            return None
        self.view_rgb, self.view_points = small, found[0].points_px
        self.last = box_of_points(face.landmarks_px, 1.0)
        self._keep_window(frame)
        return face

    def close(self) -> None:
        self._mesh.close()

    def _checked(
        self, frame: TrackableFrame, found: np.ndarray, small: np.ndarray, window: _Window
    ) -> FrameFace | None:
        # The rounded size may stretch the two directions a little differently.
        across, down = (window.x1 - window.x0) / small.shape[1], (window.y1 - window.y0) / small.shape[0]
        factor = np.array([across, down, across], np.float32)
        points = found * factor + np.array([window.x0, window.y0, 0], np.float32)
        pose = head_pose(points)
        if fit_residual(points, pose) > MAX_RESIDUAL or self._jumped(box_of_points(points, 1.0)):
            return None
        return FrameFace(frame.index, frame.pts_s, points, pose)

    def _jumped(self, box: FaceBox) -> bool:
        if self.last is None:
            return False
        width = self.last.x1 - self.last.x0
        moved = abs(box.x0 + box.x1 - self.last.x0 - self.last.x1) / 2
        moved = max(moved, abs(box.y0 + box.y1 - self.last.y0 - self.last.y1) / 2)
        grown = (box.x1 - box.x0) / max(width, 1e-6)
        return moved > JUMP_SHARE * width or not 1 / 1.5 < grown < 1.5

    def _put_window(self, frame: TrackableFrame, box: FaceBox) -> None:
        side = max(box.x1 - box.x0, box.y1 - box.y0) * WINDOW_FACTOR
        x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
        x0, y0 = max(0, round(x - side / 2)), max(0, round(y - side / 2))
        x1, y1 = min(frame.width_px, round(x + side / 2)), min(frame.height_px, round(y + side / 2))
        x0, y0 = min(x0, frame.width_px - 2), min(y0, frame.height_px - 2)
        self._window = _Window(x0, y0, max(x0 + 2, x1), max(y0 + 2, y1), side / WINDOW_FACTOR)
        # A mesh that has followed the face in the old window would look for it in the wrong place.
        self._mesh.reset()

    def _keep_window(self, frame: TrackableFrame) -> None:
        window, box = self._window, self.last
        if window is None or box is None:
            return
        x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
        side = window.face_px * WINDOW_FACTOR
        left, top = max(0.0, x - side / 2), max(0.0, y - side / 2)
        drift = max(abs(left - window.x0), abs(top - window.y0)) / side
        grown = max(box.x1 - box.x0, box.y1 - box.y0) / window.face_px
        if drift > DRIFT_SHARE or not 1 / GROWTH < grown < GROWTH:
            self._put_window(frame, box)


class _Tracker:
    """The chosen person: followed while seen, searched for while not."""

    def __init__(self, finder: FaceFinder, follower: FaceFollower, choice: FaceChoice) -> None:
        self._finder = finder
        self._follower = follower
        self._choice = choice
        self._last: FaceBox | None = None
        self._missing = 0

    def follow(self, frame: TrackableFrame) -> FrameFace | None:
        was_following = self._follower.is_following
        face = self._follower.follow(frame)
        if face is None and (was_following or self._missing % SEARCH_EVERY == 0) and self._search(frame):
            face = self._follower.follow(frame)
        if face is None:
            self._missing += 1
            return None
        self._missing = 0
        self._last = self._follower.last
        return face

    def _search(self, frame: TrackableFrame) -> bool:
        """Look for the person in the whole frame; starts the follower. False when there is no face."""
        rgb = frame.rgb(max_side_px=SEARCH_SIDE_PX)
        scale = rgb.shape[1] / frame.width_px
        faces = self._finder.find(rgb)
        if not faces:
            return False
        box = self._wanted(faces, scale).box
        self._last = None
        self._follower.start(frame, scaled_box(box, 1 / scale))
        return True

    def _wanted(self, faces: list[DetectedFace], scale: float) -> DetectedFace:
        if self._last is not None:  # whoever is nearest to where the person was
            x, y = (self._last.x0 + self._last.x1) / 2 * scale, (self._last.y0 + self._last.y1) / 2 * scale
            return min(faces, key=lambda f: np.hypot((f.box.x0 + f.box.x1) / 2 - x, (f.box.y0 + f.box.y1) / 2 - y))
        choice = self._choice
        if choice.point is not None:
            choice = FaceChoice(point=(choice.point[0] * scale, choice.point[1] * scale))
        try:
            return choose_face(faces, choice)
        except EngineFailure:
            return faces[0]


def scaled_box(box: FaceBox, factor: float) -> FaceBox:
    """The box in a picture scaled by `factor`."""
    return FaceBox(box.x0 * factor, box.y0 * factor, box.x1 * factor, box.y1 * factor, box.score)
