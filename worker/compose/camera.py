"""Where a camera of another shape would have looked: a smooth path that never cuts the face."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from worker.engine.contracts import FaceBox, Span

STEP_S = 0.2  # between two points of the path; heads need longer to leave a margin
# What stays in the picture around the face box, in face widths and heights: aside, above (hair), below (chin).
ASIDE, ABOVE, BELOW = 0.34, 0.45, 0.32
FACE_AT = 0.40  # the face's middle sits at this share of the window's height
CALM_S = 1.2  # standard deviation of the path's smoothing: slower than any nod, faster than a walk
ROUNDS = 40
TOGETHER_SHARE = 0.6  # of a shot in which several people fit into one window, for it to show them all
MIN_COMPANION = 0.5  # of the largest face's width: smaller faces are the background's


@dataclass(frozen=True)
class Look:
    """The faces seen at one moment, px of the upright picture, the one that matters most first."""

    at_s: float
    faces: tuple[FaceBox, ...]


@dataclass(frozen=True)
class Window:
    """What the camera shows, px of the picture; it may reach beyond the picture's edges, never when it need not."""

    x0: float
    y0: float
    width: float
    height: float


@dataclass(frozen=True)
class CameraPath:
    """`window_at` any time; constant size within a shot, moving without steps."""

    times_s: np.ndarray  # (P,), rising
    windows: np.ndarray  # (P, 4): x0, y0, width, height
    shot_of: np.ndarray  # (P,) which shot a point belongs to
    shots: tuple[Span, ...]

    def window_at(self, pts_s: float) -> Window:
        shot = max(0, int(np.searchsorted([span.start_s for span in self.shots], pts_s + 5e-4, side="right")) - 1)
        mine = self.shot_of == shot
        times, windows = self.times_s[mine], self.windows[mine]
        x0, y0, width, height = (float(np.interp(pts_s, times, windows[:, column])) for column in range(4))
        return Window(x0, y0, width, height)


def plan_camera(looks: Sequence[Look], shots: Sequence[Span], size_px: tuple[int, int], ratio: float) -> CameraPath:
    """A path through all shots.

    Args:
        looks: in time, about STEP_S apart; moments without faces have none.
        shots: half-open, in time, without gaps.
        size_px: width and height of the picture.
        ratio: width ÷ height of the window.
    """
    times, windows, owners = [], [], []
    for number, shot in enumerate(shots):
        mine = [look for look in looks if shot.start_s - 5e-4 <= look.at_s < shot.end_s - 5e-4]
        if not mine:
            mine = [Look(shot.start_s, ())]
        times.append(np.array([look.at_s for look in mine]))
        windows.append(_windows_of_shot(mine, size_px, ratio))
        owners.append(np.full(len(mine), number))
    return CameraPath(np.concatenate(times), np.concatenate(windows), np.concatenate(owners), tuple(shots))


def _windows_of_shot(looks: list[Look], size_px: tuple[int, int], ratio: float) -> np.ndarray:
    """(P, 4) windows of one shot: one size, positions as calm as the heads allow."""
    width, height = size_px
    window = np.array([width, width / ratio] if width / height < ratio else [height * ratio, height], float)
    heads = _heads(looks, size_px, window)
    if heads is None:
        corner = (np.array(size_px) - window) / 2
        return np.tile(np.r_[corner, window], (len(looks), 1))
    # Where the head would not fit into the largest window inside the picture, the window grows beyond it.
    window = window * max(1.0, float(np.max((heads[:, 2:4] - heads[:, 0:2]) / window)))
    corners = np.empty((len(looks), 2))
    for axis in (0, 1):
        low, high, middle = heads[:, axis], heads[:, axis + 2], heads[:, 4 + axis]
        wanted = middle - window[axis] * (0.5 if axis == 0 else FACE_AT)
        corners[:, axis] = _calm(wanted, high - window[axis], low, size_px[axis], float(window[axis]))
    return np.column_stack([corners, np.tile(window, (len(looks), 1))])


def _heads(looks: list[Look], size_px: tuple[int, int], window: np.ndarray) -> np.ndarray | None:
    """(P, 6) at each look: x0, y0, x1, y1 of what must stay inside and the face's middle x, y; None without faces."""
    seen = [index for index, look in enumerate(looks) if look.faces]
    if not seen:
        return None
    together = [_together(looks[index].faces, size_px) for index in seen]
    fitting = [bool((both[2:4] - both[0:2] <= window).all()) for both in together]
    everybody = np.mean(fitting) >= TOGETHER_SHARE
    rows = [
        both if everybody and fits else _head(looks[index].faces[0], size_px)
        for index, both, fits in zip(seen, together, fitting, strict=True)
    ]
    times = np.array([look.at_s for look in looks])
    found = np.array(rows)
    return np.column_stack([np.interp(times, times[seen], found[:, column]) for column in range(6)])


def _together(faces: Sequence[FaceBox], size_px: tuple[int, int]) -> np.ndarray:
    least = MIN_COMPANION * (faces[0].x1 - faces[0].x0)
    heads = np.array([_head(face, size_px) for face in faces if face.x1 - face.x0 >= least])
    low, high = heads[:, :2].min(0), heads[:, 2:4].max(0)
    return np.r_[low, high, heads[:, 4:].mean(0)]


def _head(face: FaceBox, size_px: tuple[int, int]) -> np.ndarray:
    face_width, face_height = face.x1 - face.x0, face.y1 - face.y0
    width, height = size_px
    x0, x1 = max(0.0, face.x0 - ASIDE * face_width), min(float(width), face.x1 + ASIDE * face_width)
    y0, y1 = max(0.0, face.y0 - ABOVE * face_height), min(float(height), face.y1 + BELOW * face_height)
    return np.array([x0, y0, x1, y1, (face.x0 + face.x1) / 2, (face.y0 + face.y1) / 2])


def _calm(wanted: np.ndarray, least: np.ndarray, most: np.ndarray, side: float, window: float) -> np.ndarray:
    """(P,) corners between `least` and `most` (so that the head is inside), near `wanted`, as still as can be."""
    if window >= side:  # the whole side is shown, and more
        centred = np.full(len(wanted), (side - window) / 2)
        return np.clip(centred, least.max(), most.min()) if least.max() <= most.min() else centred
    least, most = np.clip(least, 0, side - window), np.clip(most, 0, side - window)
    if least.max() <= most.min():  # one place shows the head throughout: a tripod
        return np.full(len(wanted), np.clip(np.median(wanted), least.max(), most.min()))
    path = np.clip(wanted, least, most)
    for _ in range(ROUNDS):
        path = np.clip(gaussian_filter1d(path, CALM_S / STEP_S, mode="nearest"), least, most)
    return path
