"""The speaker's own mouths, cut from the clip: small pictures with their landmarks, chosen to show every shape.

Nothing is resampled when a mouth is kept: the crop has the source's own pixels, so it is warped only once, when used.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from worker.engine.dub.reposing import MouthPlace, place_mouth
from worker.engine.dub.speaker_shape import FEATURES, SpeakerFrames
from worker.engine.media.decode import Frame

MAX_MOUTHS = 400
MAX_BYTES = 220_000_000
THUMB = (24, 18)  # columns, rows of the small grey picture that says how alike two mouths look
_THUMB_REACH = (0.58, 0.34, 0.50)  # half width, above, below the mouth's middle, inter-ocular
_LOOK_PX = 96  # width of the straightened mouth on which light and sharpness are measured
_CROP = (0.98, 0.62, 1.02)  # of what is kept, likewise
_ROOM_LOOKS = 24
_GAP_BINS, _WIDTH_BINS, _YAW_BINS = 14, 5, 4


@dataclass(frozen=True)
class Mouth:
    """One kept mouth. index: of its frame in the clip. rgb: (h, w, 3) uint8; place: in this crop's pixels.

    light, lips: (3,) mean RGB of the skin around and of the lips. sharpness: mean absolute Laplacian of the straight
    mouth. thumb: (rows · columns,) float32 luma.
    """

    index: int
    pts_s: float
    rgb: np.ndarray
    place: MouthPlace
    light: np.ndarray
    lips: np.ndarray
    sharpness: float
    thumb: np.ndarray


def choose_frames(frames: SpeakerFrames, cap: int = MAX_MOUTHS) -> np.ndarray:
    """Indices, rising, of the clip's frames worth keeping: all, or `cap` of them spread over shapes and poses."""
    good = np.flatnonzero(frames.fit_for_bank)
    if len(good) <= cap:
        return good
    gap, width = frames.features[good, FEATURES.index("gap")], frames.features[good, FEATURES.index("width")]
    keys = [_binned(v, n) for v, n in ((gap, _GAP_BINS), (width, _WIDTH_BINS), (frames.yaw_deg[good], _YAW_BINS))]
    cell = keys[0] * 100 + keys[1] * 10 + keys[2]
    chosen: list[int] = []
    # Round by round, one from each cell, spread over the clip, until there is no more room.
    order = {key: _spread_order(good[cell == key]) for key in np.unique(cell)}
    turn = 0
    while len(chosen) < cap:
        for members in order.values():
            if turn < len(members) and len(chosen) < cap:
                chosen.append(int(members[turn]))
        turn += 1
    return np.array(sorted(chosen))


def room_for(frames: SpeakerFrames, cap: int = MAX_MOUTHS, max_bytes: int = MAX_BYTES) -> int:
    """How many of this speaker's mouths fit into `max_bytes`, at most `cap`: a bank that filled up on the way would
    know the clip's beginning only.
    """
    good = np.flatnonzero(frames.fit_for_bank)
    if not len(good):
        return cap
    scales = [frames.pose(int(index)).scale_px for index in good[:: max(1, len(good) // _ROOM_LOOKS)]]
    aside, above, below = _CROP
    mouth_bytes = 3 * 2 * aside * (above + below) * float(np.percentile(scales, 90)) ** 2
    return int(np.clip(max_bytes / max(mouth_bytes, 1.0), 1, cap))


def _binned(values: np.ndarray, bins: int) -> np.ndarray:
    low, high = float(values.min()), float(values.max())
    return np.clip(((values - low) / max(high - low, 1e-6) * bins).astype(int), 0, bins - 1)


def _spread_order(indices: np.ndarray) -> np.ndarray:
    """The same indices so that any beginning of them is spread over the whole (van der Corput's order)."""
    bits = max(1, int(np.ceil(np.log2(max(2, len(indices))))))
    turned = [int(f"{i:0{bits}b}"[::-1], 2) for i in range(1 << bits)]
    return indices[[i for i in turned if i < len(indices)]]


def collect_mouths(
    frames: Iterable[Frame],
    wanted: Sequence[tuple[SpeakerFrames, Sequence[int]]],
    on_frame: Callable[[Frame], None],
    max_bytes: int = MAX_BYTES,
) -> list[list[Mouth]]:
    """Cut the wanted frames' mouths, for each speaker; `on_frame` hears of every frame that passes by.

    max_bytes: of pictures, for each speaker.
    """
    by_frame: dict[int, list[int]] = {}
    for number, (_, indices) in enumerate(wanted):
        for index in indices:
            by_frame.setdefault(int(index), []).append(number)
    last = max(by_frame, default=-1)
    mouths: list[list[Mouth]] = [[] for _ in wanted]
    sizes = [0] * len(wanted)
    for frame in frames:
        on_frame(frame)
        for number in by_frame.get(frame.index, ()):
            mouth = cut_mouth(frame, wanted[number][0]) if sizes[number] < max_bytes else None
            if mouth is not None:
                mouths[number].append(mouth)
                sizes[number] += mouth.rgb.nbytes
        if frame.index >= last:
            break
    return mouths


def cut_mouth(frame: Frame, speaker: SpeakerFrames) -> Mouth | None:
    """The mouth of one frame, or None when it leaves the picture."""
    points, pose = speaker.points_px(frame.index), speaker.pose(frame.index)
    place = place_mouth(points, pose.rotation, pose.scale_px)
    aside, above, below = _CROP
    corners = np.array([(-aside, -above), (aside, -above), (aside, below), (-aside, below)]) @ place.to_px.T
    corners = corners + place.origin_px
    low, high = np.floor(corners.min(0)).astype(int), np.ceil(corners.max(0)).astype(int)
    x0, y0 = max(0, low[0]) // 2 * 2, max(0, low[1]) // 2 * 2
    x1, y1 = min(frame.width_px, high[0]), min(frame.height_px, high[1])
    shown = (x1 - x0) * (y1 - y0) / max(1, (high[0] - low[0]) * (high[1] - low[1]))
    if x1 - x0 < 8 or y1 - y0 < 8 or shown < 0.7:
        return None
    rgb = frame.crop_rgb((x0, y0, x1, y1))
    inside = MouthPlace(place.rows, place.origin_px - [x0, y0], place.to_px)
    straight = straightened(rgb, inside)
    light, sharpness = look_of(straight)
    return Mouth(frame.index, frame.pts_s, rgb, inside, light, lip_colour(rgb, inside), sharpness, _thumb(straight))


def straightened(rgb: np.ndarray, place: MouthPlace) -> np.ndarray:
    """(h, 96, 3) uint8: the mouth seen from the front at a fixed size."""
    aside, above, below = _THUMB_REACH
    step = 2 * aside / _LOOK_PX
    rows = round((above + below) / step)
    from_plane = place.to_px * step
    shift = place.origin_px + place.to_px @ np.array([-aside, -above])
    affine = np.hstack([from_plane, shift[:, None]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    if np.linalg.norm(place.to_px[:, 0]) * step > 1.6:  # reduce first, or fine detail would alias
        scale = 1.6 / (np.linalg.norm(place.to_px[:, 0]) * step)
        rgb = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        affine = affine * scale
    return cv2.warpAffine(rgb, affine, (_LOOK_PX, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def look_of(straight: np.ndarray) -> tuple[np.ndarray, float]:
    """(light (3,), sharpness) of a straightened mouth."""
    rows, columns = straight.shape[:2]
    side = columns // 7
    skin = np.concatenate([straight[:, :side].reshape(-1, 3), straight[:, -side:].reshape(-1, 3)])
    grey = cv2.cvtColor(straight, cv2.COLOR_RGB2GRAY)
    edges = np.abs(cv2.Laplacian(grey, cv2.CV_16S))[rows // 8 : -rows // 8, side:-side]
    return skin.mean(0), float(edges.mean())


def lip_tone(mouth: Mouth) -> np.ndarray:
    """(3,) colour of the lips ÷ that of the skin: what make-up and the light's direction change, exposure does not."""
    return (mouth.lips + 1) / (mouth.light + 1)


def lip_colour(rgb: np.ndarray, place: MouthPlace) -> np.ndarray:
    """(3,) mean RGB along the middle of both lips, away from their corners."""
    middle = slice(place.rows.shape[1] // 6, -place.rows.shape[1] // 6)
    upper = (place.rows[1, middle] + place.rows[2, middle]) / 2
    lower = (place.rows[5, middle] + place.rows[6, middle]) / 2
    at = (np.concatenate([upper, lower]) @ place.to_px.T + place.origin_px).astype(np.float32)
    return cv2.remap(rgb, at[None], None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0].mean(0)


def _thumb(straight: np.ndarray) -> np.ndarray:
    grey = cv2.cvtColor(straight, cv2.COLOR_RGB2GRAY)
    return cv2.resize(grey, THUMB, interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
