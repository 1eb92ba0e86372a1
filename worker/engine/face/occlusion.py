"""Is the mouth hidden? By a mask, a hand, a microphone, a cup.

Three witnesses, each blind to what the others see: MediaPipe's hands (Apache-2.0) lying over the lips; lips that look
like what surrounds them while both differ from the face's bare skin (a mask or scarf: the mesh draws lips on it all
the same); lips far less red than the skin above (a microphone's foam, a cup). Skin is compared with the same face's
own forehead and cheekbones, never with a fixed colour, and beards keep red lips between them.
"""

from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from worker.engine.face import landmarks
from worker.engine.face.detection import DetectedFace
from worker.engine.face.mesh import silenced_stderr
from worker.engine.kept import Kept

if TYPE_CHECKING:
    from mediapipe.python.solutions.hands import Hands

CROP_SIDE_PX = 384
CROP_FACTOR = 2.2  # hands need their wrist in view to be found
RING_SHARE = 0.16  # width of the ring around the lips ÷ distance of the eyes' outer corners
LIPS_LIKE_RING_DELTA_E = 5.0  # CIE76; bare lips differ from what surrounds them by 7 and more, a mask by about 2
COVER_UNLIKE_SKIN_DELTA = 8.0  # in a*, b* and a third of L*
RED_DEFICIT = 10.0  # a*
MIN_LIGHT = 12.0  # L* of the skin, below which colours say nothing
UPPER_FACE = (
    (50, 101, 118, 117),  # cheekbones
    (280, 330, 347, 346),
    (151, 9, 107, 336, 108, 337),  # between the brows and above
)


def mouth_covered(rgb: np.ndarray, face: DetectedFace) -> float:
    """How surely something lies over the mouth, in [0, 1]; above 0.5 a creator should be told. 0 without a mesh.

    rgb: (H, W, 3) uint8, the picture the face was found in.
    """
    if face.landmarks is None:
        return 0.0
    crop, points = _crop(rgb, face)
    lips = _polygon(crop, points[list(landmarks.LIPS_OUTER)])
    if lips.sum() < 20:
        return 0.0
    return float(max(_cover_by_colour(crop, points, lips), _cover_by_hands(crop, lips)))


def mouth_covered_in_view(view_rgb: np.ndarray, points: np.ndarray) -> float:
    """As `mouth_covered`, by colour alone, for a window (h, w, 3) uint8 of some 320 px around a face that is followed.

    points: (478, 2) in pixels of the window. Cheap enough for several looks a second; hands are watched elsewhere.
    """
    lips = _polygon(view_rgb, points[list(landmarks.LIPS_OUTER)])
    return float(_cover_by_colour(view_rgb, points, lips)) if lips.sum() >= 20 else 0.0


def _crop(rgb: np.ndarray, face: DetectedFace) -> tuple[np.ndarray, np.ndarray]:
    """(S, S, 3) uint8 square around the face, and its mesh points (478, 2) in it."""
    box = face.box
    side = max(box.x1 - box.x0, box.y1 - box.y0) * CROP_FACTOR
    x0, y0 = (box.x0 + box.x1 - side) / 2, (box.y0 + box.y1 - side) / 2
    scale = CROP_SIDE_PX / side
    affine = np.array([[scale, 0, -x0 * scale], [0, scale, -y0 * scale]])
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    crop = cv2.warpAffine(rgb, affine, (CROP_SIDE_PX, CROP_SIDE_PX), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return crop, (face.landmarks.xy_px - np.array([x0, y0], np.float32)) * scale  # type: ignore[union-attr]


def _polygon(crop: np.ndarray, points: np.ndarray) -> np.ndarray:
    mask = np.zeros(crop.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(points).astype(np.int32)], 1)
    return mask > 0


def _grown(mask: np.ndarray, radius: int) -> np.ndarray:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return cv2.dilate(mask.astype(np.uint8), kernel) > 0


def _step(value: float, at: float, width: float) -> float:
    """A soft step from 0 to 1 around `at`."""
    return float(1 / (1 + np.exp(-np.clip((value - at) / width, -30, 30))))


def _cover_by_colour(crop: np.ndarray, points: np.ndarray, lips: np.ndarray) -> float:
    lab = cv2.cvtColor(crop.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    eyes_px = float(np.linalg.norm(points[landmarks.RIGHT_EYE_OUTER] - points[landmarks.LEFT_EYE_OUTER]))
    opening = _grown(_polygon(crop, points[list(landmarks.MOUTH_OPENING)]), 1)
    bare_lips = lips & ~opening if (lips & ~opening).sum() >= 20 else lips
    ring = _grown(lips, max(2, round(RING_SHARE * eyes_px))) & ~_grown(lips, 2)
    skin = np.zeros_like(lips)
    for patch in UPPER_FACE:
        skin |= _polygon(crop, cv2.convexHull(points[list(patch)].astype(np.float32))[:, 0])
    lips_lab, ring_lab, skin_lab = (np.median(lab[area], axis=0) for area in (bare_lips, ring, skin))
    if skin_lab[0] < MIN_LIGHT:
        return 0.0
    weights = np.array([1 / 3, 1.0, 1.0])  # light falls off towards the chin, colour does not
    lips_like_ring = _step(-float(np.linalg.norm(lips_lab - ring_lab)), -LIPS_LIKE_RING_DELTA_E, 0.7)
    # What the lips blend into must be smooth: an unshaven or painted face has no clear lips but a busy surface.
    smooth = _step(-float(lab[bare_lips][:, 0].std()), -9.0, 1.5)
    unlike_skin = _step(float(np.linalg.norm((lips_lab - skin_lab) * weights)), COVER_UNLIKE_SKIN_DELTA, 1.0)
    deficit = _step(float(skin_lab[1] - lips_lab[1]), RED_DEFICIT, 1.0)
    return max(lips_like_ring * smooth * unlike_skin, deficit)


@cache
def _kept_hands() -> "Kept[Hands]":
    return Kept(_new_hands)


def _new_hands() -> "Hands":
    with silenced_stderr():
        import mediapipe as mp

        return mp.solutions.hands.Hands(
            static_image_mode=True, max_num_hands=2, model_complexity=1, min_detection_confidence=0.3
        )


def _cover_by_hands(crop: np.ndarray, lips: np.ndarray) -> float:
    with _kept_hands().lent() as hands, silenced_stderr():  # its parts log as they are first needed
        found = hands.process(crop)
    covered = 0.0
    for hand in found.multi_hand_landmarks or []:
        points = np.array([(p.x * crop.shape[1], p.y * crop.shape[0]) for p in hand.landmark], np.float32)
        hull = _polygon(crop, cv2.convexHull(points)[:, 0])
        width = float(np.ptp(points[:, 0]) + np.ptp(points[:, 1])) / 2
        hull = _grown(hull, max(1, round(0.06 * width)))  # landmarks run inside the fingers
        share = float((hull & lips).sum() / lips.sum())
        covered = max(covered, _step(share, 0.4, 0.05))
    return covered
