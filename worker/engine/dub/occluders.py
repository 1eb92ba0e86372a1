"""What stands in front of the mouth – a hand, a microphone, a phone – so that it stays there over the new lips.

The lower face is looked at in canonical space, a few times a second, while it is tracked. What it usually looks like
there, and how much that varies (lips move, teeth come and go), is learned from the clip itself, robustly: whatever
covers the mouth for less than half of the time stands out. A spot counts only if it is large, and reaches in from
outside the face, which nothing inside a mouth does. Where MediaPipe's hands (Apache-2.0) see a hand, less evidence is
enough, since hands have the colour of faces.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from worker.engine.closing import Closing
from worker.engine.face import landmarks
from worker.engine.face.mesh import silenced_stderr
from worker.engine.face.pose import HeadPose, canonical_face

PATCH_PX = (48, 48)
AREA = (-0.78, 0.42, 0.78, 1.72)  # of canonical space: x0, y0, x1, y1; from under the eyes to the chin
MOUTH_AREA = (-0.42, 0.80, 0.42, 1.40)
LEAST_PATCHES = 6  # from which anything is concluded
FLOOR = 5.5  # differences in Lab that mean nothing
SPREADS = 2.5
FROM, TO = 0.75, 1.7  # of that scale: how far a spot reaches, and what one spot of it must show
ALONE = 2.6  # the same where no hand was seen: better nothing in front than a mouth that flickers
HAND_EASE = 0.55  # under a hand, less is enough
ONE_SIDED = 9.0  # in the same units, what differs on one side only
CHEEKS = np.s_[3:14, 8:40]  # of the patch
MOST_LIGHT = 8.0  # L*
ROUNDNESS = 2.0  # a spot whose hull is larger than this many times itself is no solid thing
LEAST_SHARE = 0.03  # of the area
HAND_GROWTH = 0.12  # landmarks run inside the fingers: share of the hand's width
HANDS_NEAR_S = 0.35
HAND_POINTS = 21
COVERED_FROM, COVERED_TO = 0.12, 0.35  # share of the mouth that is hidden


@dataclass(frozen=True)
class FaceLook:
    """What the lower face usually looks like: `usual` (48, 48, 3) float32 Lab, `spread` (48, 48) float32 around it, and
    `skin` (3,) its bare skin.
    """

    usual: np.ndarray
    spread: np.ndarray
    skin: np.ndarray

    @classmethod
    def of(cls, patches: np.ndarray) -> "FaceLook | None":
        """From (K, 48, 48, 3) uint8 patches of one person in one shot; None when there are too few."""
        if len(patches) < LEAST_PATCHES:
            return None
        lab = np.stack([_lab(patch) for patch in patches[:: max(1, len(patches) // 120)]])
        usual = np.median(lab, axis=0)
        spread = 1.4826 * np.median(_distance(lab, usual), axis=0)
        skin = np.median(usual[CHEEKS].reshape(-1, 3), axis=0)
        return cls(usual.astype(np.float32), cv2.GaussianBlur(spread.astype(np.float32), (0, 0), 1.2), skin)


def canonical_patch(rgb: np.ndarray, pose: HeadPose, origin_px: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """(48, 48, 3) uint8: the lower face in `rgb`, upright and of one size; `origin_px`: of `rgb` in the frame."""
    matrix = _to_picture(pose, origin_px)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    if scale > 2:  # area-average first, or grain would alias
        rgb = cv2.blur(rgb, (int(scale), int(scale)))
    return cv2.warpAffine(rgb, matrix, PATCH_PX, flags=flags, borderMode=cv2.BORDER_REPLICATE)


def occluder_mask(
    crop_rgb: np.ndarray,
    origin_px: tuple[float, float],
    pose: HeadPose,
    look: FaceLook | None,
    hand_px: np.ndarray | None = None,
) -> np.ndarray | None:
    """(h, w) float32 over the crop, 1 = something is in front of the face; None when nothing is.

    Args:
        crop_rgb: (h, w, 3) uint8, a part of the frame that holds the lower face. origin_px: its (x, y) in the frame.
        look: what the lower face usually looks like in this shot.
        hand_px: (21, 2) points of a hand near the face in pixels of the frame, if one was seen.
    """
    if look is None:
        return None
    height, width = crop_rgb.shape[:2]
    spot = unlike(canonical_patch(crop_rgb, pose, origin_px), look, _hand_in_patch(hand_px, pose))
    if spot is None:
        return None
    matrix = _to_picture(pose, origin_px)
    mask = cv2.warpAffine(spot, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpAffine(np.ones(PATCH_PX[::-1], np.float32), matrix, (width, height), flags=cv2.INTER_LINEAR)
    soft = cv2.GaussianBlur(mask * (inside > 0), (0, 0), max(0.8, 0.02 * pose.scale_px))
    return np.clip(soft, 0.0, 1.0)


def unlike(patch: np.ndarray, look: FaceLook, hand: np.ndarray | None = None) -> np.ndarray | None:
    """(48, 48) float32 in [0, 1]: where `patch` shows something else than the face; None when nowhere.

    hand: (48, 48) bool, where a hand may be.
    """
    lab = _lab(patch)
    strength = _distance(lab[None].copy(), look.usual)[0] / (FLOOR + SPREADS * look.spread)
    strength = np.maximum(strength, _one_sided(lab, look.skin) / ONE_SIDED)
    if hand is not None:
        strength = np.where(hand, strength / HAND_EASE, strength)
    strength = cv2.GaussianBlur(strength.astype(np.float32), (0, 0), 1.0)
    counted, labels, stats, _ = cv2.connectedComponentsWithStats((strength > FROM).astype(np.uint8))
    kept = np.zeros(strength.shape, np.float32)
    for label in range(1, counted):
        part = labels == label
        large = stats[label, cv2.CC_STAT_AREA] >= LEAST_SHARE * part.size
        if large and _reaches_in(part) and strength[part].max() > (TO if hand is not None else ALONE):
            kept = np.maximum(kept, _filled(part))
    if not kept.any():
        return None
    return cv2.GaussianBlur(cv2.dilate(kept, np.ones((3, 3), np.uint8)), (0, 0), 0.8)  # fingers have soft edges


def hidden_share(spot: np.ndarray | None) -> float:
    """How surely the mouth is covered, in [0, 1], by a spot from `unlike`."""
    if spot is None:
        return 0.0
    x0, y0, x1, y1 = (round(v) for v in _patch_box(MOUTH_AREA))
    share = float(spot[y0:y1, x0:x1].mean())
    return float(np.clip((share - COVERED_FROM) / (COVERED_TO - COVERED_FROM), 0.0, 1.0))


class HandWatch(Closing):
    """Finds hands in the window around a face. A context manager; not thread-safe."""

    def __init__(self) -> None:
        with silenced_stderr():
            import mediapipe as mp

            self._hands = mp.solutions.hands.Hands(
                static_image_mode=True, max_num_hands=2, model_complexity=0, min_detection_confidence=0.4
            )
            self._hands.process(np.zeros((64, 64, 3), np.uint8))
        self._warm = False

    def find(self, view_rgb: np.ndarray) -> list[np.ndarray]:
        """(21, 2) float32 points of each hand, in pixels of the view."""
        if self._warm:
            found = self._hands.process(view_rgb)
        else:
            with silenced_stderr():
                found = self._hands.process(view_rgb)
            self._warm = bool(found.multi_hand_landmarks)
        size = np.array([view_rgb.shape[1], view_rgb.shape[0]], np.float32)
        hands = found.multi_hand_landmarks or []
        return [np.array([(p.x, p.y) for p in hand.landmark], np.float32) * size for hand in hands]

    def close(self) -> None:
        self._hands.close()


def hand_at(times_s: Sequence[float] | np.ndarray, hands_px: np.ndarray, pts_s: float) -> np.ndarray | None:
    """(21, 2) points at `pts_s`, from hands seen at rising `times_s`: between two sightings on the way, else the near
    one; None when none was seen within 0.35 s.
    """
    times = np.asarray(times_s)
    near = np.flatnonzero(np.abs(times - pts_s) <= HANDS_NEAR_S)
    if not len(near):
        return None
    before, after = near[times[near] <= pts_s], near[times[near] > pts_s]
    if not len(before) or not len(after):
        return np.asarray(hands_px[int(before[-1] if len(before) else after[0])])
    a, b = int(before[-1]), int(after[0])
    part = (pts_s - times[a]) / max(times[b] - times[a], 1e-6)
    return np.asarray(hands_px[a] + np.float32(part) * (hands_px[b] - hands_px[a]))


def _hand_in_patch(hand_px: np.ndarray | None, pose: HeadPose) -> np.ndarray | None:
    if hand_px is None:
        return None
    inverse = cv2.invertAffineTransform(_to_picture(pose, (0.0, 0.0)))
    points = hand_px @ inverse[:, :2].T + inverse[:, 2]
    mask = np.zeros(PATCH_PX[::-1], np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.round(points).astype(np.int32))[:, 0], 1)
    grow = max(1, round(HAND_GROWTH * float(np.ptp(points[:, 0]) + np.ptp(points[:, 1])) / 2))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * grow + 1, 2 * grow + 1))
    grown = cv2.dilate(mask, kernel) > 0
    return grown if grown.any() else None


def _to_picture(pose: HeadPose, origin_px: tuple[float, float]) -> np.ndarray:
    """(2, 3) affine map from pixels of the patch to pixels of the picture whose corner lies at `origin_px`."""
    width, height = PATCH_PX
    x0, y0, x1, y1 = AREA
    step = np.array([[(x1 - x0) / width, 0.0], [0.0, (y1 - y0) / height]])
    first = np.array([x0, y0]) + step @ np.array([0.5, 0.5])
    depth = float(canonical_face()[list(landmarks.LIPS), 2].mean())
    turn = pose.scale_px * pose.rotation[:2, :2]
    shift = pose.scale_px * pose.rotation[:2, 2] * depth + pose.translation_px[:2] - np.array(origin_px)
    return np.hstack([turn @ step, (turn @ first + shift)[:, None]])


def _patch_box(area: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = AREA
    across, down = PATCH_PX[0] / (x1 - x0), PATCH_PX[1] / (y1 - y0)
    return (area[0] - x0) * across, (area[1] - y0) * down, (area[2] - x0) * across, (area[3] - y0) * down


def _lab(patch: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(patch.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def _distance(lab: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """(K, 48, 48): difference in Lab after the light was evened out; lightness counts half."""
    difference = lab - usual
    light = np.median(difference[:, CHEEKS[0], CHEEKS[1], 0].reshape(len(lab), -1), axis=1)
    light = np.clip(light, -MOST_LIGHT, MOST_LIGHT)  # a larger step is something dark or bright before the cheeks
    difference[..., 0] = (difference[..., 0] - light[:, None, None]) / 2
    return np.sqrt((difference**2).sum(-1))


def _one_sided(lab: np.ndarray, skin: np.ndarray) -> np.ndarray:
    """(48, 48): by how much more than its mirror image a spot differs from skin. Beards and lips are on both sides;
    a phone at one corner of the mouth is not, however long it stays there.
    """
    difference = lab - skin
    difference[..., 0] /= 2
    distance = cv2.GaussianBlur(np.sqrt((difference**2).sum(-1)).astype(np.float32), (0, 0), 1.0)
    mirrored = cv2.dilate(distance[:, ::-1], np.ones((7, 7), np.uint8))  # faces are not quite alike on both sides
    return np.maximum(distance - mirrored, 0.0)


def _filled(part: np.ndarray) -> np.ndarray:
    """(48, 48) float32: a spot without the holes it has where lips move and differences say little."""
    points = np.argwhere(part)[:, ::-1].astype(np.int32)
    hull = np.zeros(part.shape, np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(points)[:, 0], 1)
    if hull.sum() <= ROUNDNESS * part.sum():
        return hull.astype(np.float32)
    return cv2.morphologyEx(part.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)).astype(np.float32)


def _reaches_in(part: np.ndarray) -> bool:
    """Whether a spot touches the area's border along more than a corner."""
    edge = part[0].sum() + part[-1].sum() + part[:, 0].sum() + part[:, -1].sum()
    return bool(edge >= 4)
