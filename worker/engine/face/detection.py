"""Faces in a picture of any size: found, checked, chosen.

MediaPipe's two face detectors (BlazeFace short and full range; Bazarevsky et al. 2019, Apache-2.0) look at the whole
picture and, for small faces, at overlapping tiles of it; every candidate is then looked at again through the face
mesh. A cat, a plate or a tree may fool one of them, hardly both.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from worker.engine.closing import Closing
from worker.engine.contracts import MAX_YAW_DEG, MIN_FACE_PX, FaceBox, FaceChoice
from worker.engine.face import landmarks
from worker.engine.face.mesh import FaceLandmarks, FaceMesh, silenced_stderr
from worker.engine.face.pose import HeadPose, fit_residual, head_pose
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.kept import Kept

WORK_SIDE_PX = 1280  # the whole picture is looked at no larger than this
TILE_SIDE_PX = 640
MESH_CROP_SIDE_PX = 384
MESH_CROP_FACTORS = (2.0, 2.8, 1.6)  # crop side ÷ face box side; the next one is tried where the mesh misses
MIN_SCORE_WHOLE = 0.58  # seen on whole pictures: faces 0.69 and more, a llama 0.54
MIN_SCORE_TILE = 0.70  # a tile shows texture out of context, which looks like faces more often
MIN_SCORE_ROTATED = 0.80  # an upright face seen upside down scores up to 0.76
SURE_SCORE = 0.78  # below this, a face may be a ghost seen in an upside-down one
GHOST_MARGIN = 0.12  # by which the picture has to score better when turned
MAX_RESIDUAL = 0.13  # RMS of rigid points from a canonical face, inter-ocular units; people's faces ≤ 0.12 in profile
SAME_FACE_OVERLAP = 0.35
MAX_CANDIDATES = 24
MAX_TILES = 40
DOMINANT_RATIO = 1.6  # a face this much wider than every other is the one that is meant
MAX_MOUTH_COVERED = 0.5  # see occlusion.mouth_covered
ROTATIONS_DEG = (180, 90, 270)


@dataclass(frozen=True)
class DetectedFace:
    """One face. `box` is in pixels of the picture; landmarks and pose are None when the mesh does not fit it."""

    box: FaceBox
    landmarks: FaceLandmarks | None
    pose: HeadPose | None

    @property
    def face_px(self) -> float:
        """Inter-ear width, the size a creator is told."""
        if self.landmarks is None:
            return self.box.x1 - self.box.x0
        return float(landmarks.face_width_px(self.landmarks.points_px))


class FaceFinder(Closing):
    """Holds the detectors and the mesh, so that looking at a second picture costs nothing extra. A context manager.

    Not thread-safe: MediaPipe's graphs take one picture at a time.
    """

    def __init__(self) -> None:
        with silenced_stderr():
            import mediapipe as mp

            self._detectors = [
                mp.solutions.face_detection.FaceDetection(model_selection=model, min_detection_confidence=0.4)
                for model in (0, 1)
            ]
            for detector in self._detectors:
                detector.process(np.zeros((32, 32, 3), np.uint8))  # or its threads log after this block
        self._mesh = FaceMesh(tracking=False, max_faces=2, min_confidence=0.4)

    def find(self, rgb: np.ndarray, *, thorough: bool = True) -> list[DetectedFace]:
        """Faces in `rgb` (H, W, 3) uint8, upright, widest first. Raises ValueError on other shapes.

        `thorough=False` leaves out the search for small faces and for ghosts: several times cheaper, for clips.
        """
        _check_picture(rgb)
        faces = self._verified(rgb, self._candidates_whole(rgb))
        if not thorough:
            return sorted(faces, key=lambda face: -face.face_px)
        # Tiles look for small faces. Beside a face that fills a good part of the picture they would not matter.
        if not faces or max(face.box.x1 - face.box.x0 for face in faces) < 0.12 * max(rgb.shape[:2]):
            faces = _without_duplicates(faces + self._verified(rgb, self._candidates_in_tiles(rgb)))
        best = max((face.box.score for face in faces), default=1.0)
        if best < SURE_SCORE and self._best_turn(rgb)[0] > best + GHOST_MARGIN:
            return []
        return sorted(faces, key=lambda face: -face.face_px)

    def rotation_deg(self, rgb: np.ndarray) -> int | None:
        """By how much to turn the picture anticlockwise so that its face stands upright; None when that shows none.

        Ask only when `find` has found nothing.
        """
        _check_picture(rgb)
        score, angle_deg = self._best_turn(rgb)
        return angle_deg if score > 0 else None

    def _best_turn(self, rgb: np.ndarray) -> tuple[float, int]:
        """(score, anticlockwise degrees) of the turn that shows a face best; score 0 where none does."""
        work, _ = _shrunk(rgb, WORK_SIDE_PX)
        scored = []
        for angle_deg in ROTATIONS_DEG:
            turned = np.ascontiguousarray(np.rot90(work, angle_deg // 90))
            best = max((box.score for box in self._detect(turned, MIN_SCORE_ROTATED)), default=0.0)
            scored.append((best, angle_deg))
        return max(scored)

    def _detect(self, rgb: np.ndarray, min_score: float) -> list[FaceBox]:
        height, width = rgb.shape[:2]
        boxes = []
        for detector in self._detectors:
            found = detector.process(rgb)
            for detection in found.detections or []:
                score = float(detection.score[0])
                rel = detection.location_data.relative_bounding_box
                if score >= min_score and rel.width * width > 1 and rel.height * height > 1:
                    x0, y0 = rel.xmin * width, rel.ymin * height
                    boxes.append(FaceBox(x0, y0, x0 + rel.width * width, y0 + rel.height * height, score))
        return boxes

    def _candidates_whole(self, rgb: np.ndarray) -> list[FaceBox]:
        work, scale = _shrunk(rgb, WORK_SIDE_PX)
        return [_scaled(box, 1 / scale) for box in self._detect(work, MIN_SCORE_WHOLE)]

    def _candidates_in_tiles(self, rgb: np.ndarray) -> list[FaceBox]:
        boxes: list[FaceBox] = []
        for x0, y0, side in _tiles(rgb.shape[1], rgb.shape[0]):
            tile, scale = _shrunk(np.ascontiguousarray(rgb[y0 : y0 + side, x0 : x0 + side]), TILE_SIDE_PX)
            for box in self._detect(tile, MIN_SCORE_TILE):
                boxes.append(_shifted(_scaled(box, 1 / scale), x0, y0))
        return boxes

    def _verified(self, rgb: np.ndarray, candidates: Sequence[FaceBox]) -> list[DetectedFace]:
        faces = []
        for box in _merged(candidates)[:MAX_CANDIDATES]:
            face = self._with_mesh(rgb, box)
            if face is not None:
                faces.append(face)
        return _without_duplicates(faces)

    def _with_mesh(self, rgb: np.ndarray, box: FaceBox) -> DetectedFace | None:
        """The candidate with its mesh, or None when the mesh says that this is no face."""
        for factor in MESH_CROP_FACTORS:
            face = self._mesh_in_crop(rgb, box, factor)
            if face is not None:
                return face
        return None

    def _mesh_in_crop(self, rgb: np.ndarray, box: FaceBox, factor: float) -> DetectedFace | None:
        crop, scale, x0, y0 = _crop_around(rgb, box, factor)
        best: tuple[float, DetectedFace] | None = None
        for found in self._mesh.detect(crop):
            points = found.points_px / np.float32(scale)
            points[:, 0] += x0
            points[:, 1] += y0
            pose = head_pose(points)
            mesh_box = box_of_points(points, box.score)
            overlap = _overlap(mesh_box, box)
            if fit_residual(points, pose) > MAX_RESIDUAL or overlap < 0.2 or abs(pose.roll_deg) > 100:
                continue
            if best is None or overlap > best[0]:
                best = overlap, DetectedFace(mesh_box, FaceLandmarks(points), pose)
        return best[1] if best else None

    def close(self) -> None:
        for detector in self._detectors:
            detector.close()
        self._mesh.close()


@cache
def kept_finder() -> Kept[FaceFinder]:
    """A finder that stays in memory: making one takes four times as long as looking at a picture."""
    return Kept(FaceFinder)


def find_faces(rgb: np.ndarray) -> list[DetectedFace]:
    """Faces in `rgb` (H, W, 3) uint8, upright, widest first. Raises ValueError on other shapes."""
    with kept_finder().lent() as finder:
        return finder.find(rgb)


def choose_face(faces: Sequence[DetectedFace], choice: FaceChoice) -> DetectedFace:
    """The face that is meant. `faces` as `find_faces` gives them.

    Raises NO_FACE, FACE_INDEX_OUT_OF_RANGE(count, index), NO_FACE_AT_POINT(count) or SEVERAL_FACES(count).
    """
    if not faces:
        raise EngineFailure(FailureCode.NO_FACE)
    if choice.index is not None:
        if not 0 <= choice.index < len(faces):
            raise EngineFailure(FailureCode.FACE_INDEX_OUT_OF_RANGE, count=len(faces), index=choice.index)
        return faces[choice.index]
    if choice.point is not None:
        return _face_at(faces, choice.point)
    widths = sorted((face.face_px for face in faces), reverse=True)
    if len(faces) > 1 and widths[0] < DOMINANT_RATIO * widths[1] and widths[1] >= MIN_FACE_PX / 2:
        raise EngineFailure(FailureCode.SEVERAL_FACES, count=len(faces))
    return max(faces, key=lambda face: face.face_px)


def check_usable(face: DetectedFace, *, mouth_covered: float | None = None) -> None:
    """Raise what keeps this face from being animated.

    `mouth_covered` is the answer of `occlusion.mouth_covered`, when it was asked.
    Raises FACE_TOO_SMALL(face_px, needed_px), FACE_TURNED_AWAY(yaw_deg, max_yaw_deg), FACE_UPSIDE_DOWN(roll_deg),
    FACE_COVERED(covered_percent), NO_FACE when no mesh fits.
    """
    if face.face_px < MIN_FACE_PX:
        raise EngineFailure(FailureCode.FACE_TOO_SMALL, face_px=round(face.face_px), needed_px=MIN_FACE_PX)
    if face.pose is None:
        raise EngineFailure(FailureCode.NO_FACE)
    if abs(face.pose.roll_deg) > 75:
        raise EngineFailure(FailureCode.FACE_UPSIDE_DOWN, roll_deg=round(face.pose.roll_deg))
    if abs(face.pose.yaw_deg) > MAX_YAW_DEG:
        raise EngineFailure(
            FailureCode.FACE_TURNED_AWAY, yaw_deg=round(abs(face.pose.yaw_deg)), max_yaw_deg=round(MAX_YAW_DEG)
        )
    if mouth_covered is not None and mouth_covered > MAX_MOUTH_COVERED:
        raise EngineFailure(FailureCode.FACE_COVERED, covered_percent=round(100 * mouth_covered))


def box_of_points(points_px: np.ndarray, score: float) -> FaceBox:
    """The box that just holds the points. `points_px` (N, 2 or 3)."""
    low, high = points_px[:, :2].min(0), points_px[:, :2].max(0)
    return FaceBox(float(low[0]), float(low[1]), float(high[0]), float(high[1]), score)


def _check_picture(rgb: np.ndarray) -> None:
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or 0 in rgb.shape:
        raise ValueError(f"expected (H, W, 3) uint8, got {rgb.shape} {rgb.dtype}")


def _shrunk(rgb: np.ndarray, side_px: int) -> tuple[np.ndarray, float]:
    """`rgb` no larger than `side_px` on its longer side, and the factor used."""
    scale = min(1.0, side_px / max(rgb.shape[:2]))
    if scale == 1.0:
        return np.ascontiguousarray(rgb), 1.0
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), scale


def _tiles(width: int, height: int) -> Iterator[tuple[int, int, int]]:
    """(x0, y0, side) of overlapping square tiles, coarse to fine; each level halves the side, overlap one third."""
    side, given = min(width, height), 0
    while side >= 96 and given < MAX_TILES:
        columns = _starts(width, side)
        rows = _starts(height, side)
        if given + len(columns) * len(rows) > MAX_TILES and given:
            return
        for y0 in rows:
            for x0 in columns:
                yield x0, y0, side
                given += 1
        side //= 2
        if side < 2 * MIN_FACE_PX:  # a face that fills half of such a tile is too small to be animated
            return


def _starts(length: int, side: int) -> list[int]:
    if length <= side:
        return [0]
    count = int(np.ceil((length - side) / (side * 2 / 3))) + 1
    return [round(i * (length - side) / (count - 1)) for i in range(count)]


def _crop_around(rgb: np.ndarray, box: FaceBox, factor: float) -> tuple[np.ndarray, float, float, float]:
    """A square around the box, (crop, crop px per picture px, x0, y0); grey where it leaves the picture."""
    side = max(box.x1 - box.x0, box.y1 - box.y0) * factor
    x0, y0 = (box.x0 + box.x1 - side) / 2, (box.y0 + box.y1 - side) / 2
    scale = MESH_CROP_SIDE_PX / side
    if scale < 0.5:  # area-average first, or fine detail aliases
        xa, ya = max(0, int(x0)), max(0, int(y0))
        part = rgb[ya : max(ya + 1, int(y0 + side) + 1), xa : max(xa + 1, int(x0 + side) + 1)]
        work, shrink = _shrunk(part, 2 * MESH_CROP_SIDE_PX)
    else:
        work, shrink, xa, ya = rgb, 1.0, 0, 0
    affine = np.array([[scale / shrink, 0, (xa - x0) * scale], [0, scale / shrink, (ya - y0) * scale]])
    crop = cv2.warpAffine(
        work, affine, (MESH_CROP_SIDE_PX, MESH_CROP_SIDE_PX), flags=cv2.INTER_LINEAR, borderValue=(128, 128, 128)
    )
    return crop, scale, x0, y0


def _scaled(box: FaceBox, factor: float) -> FaceBox:
    return FaceBox(box.x0 * factor, box.y0 * factor, box.x1 * factor, box.y1 * factor, box.score)


def _shifted(box: FaceBox, x: float, y: float) -> FaceBox:
    return FaceBox(box.x0 + x, box.y0 + y, box.x1 + x, box.y1 + y, box.score)


def _area(box: FaceBox) -> float:
    return max(0.0, box.x1 - box.x0) * max(0.0, box.y1 - box.y0)


def _overlap(a: FaceBox, b: FaceBox) -> float:
    """Intersection over union."""
    shared = FaceBox(max(a.x0, b.x0), max(a.y0, b.y0), min(a.x1, b.x1), min(a.y1, b.y1), 0.0)
    area = _area(shared)
    return area / max(_area(a) + _area(b) - area, 1e-9)


def _merged(boxes: Sequence[FaceBox]) -> list[FaceBox]:
    """Best-scored box of each group of overlapping ones (greedy non-maximum suppression)."""
    kept: list[FaceBox] = []
    for box in sorted(boxes, key=lambda b: -b.score):
        if all(_overlap(box, other) < SAME_FACE_OVERLAP for other in kept):
            kept.append(box)
    return kept


def _without_duplicates(faces: Sequence[DetectedFace]) -> list[DetectedFace]:
    kept: list[DetectedFace] = []
    for face in sorted(faces, key=lambda f: -f.box.score):
        if all(_overlap(face.box, other.box) < SAME_FACE_OVERLAP for other in kept):
            kept.append(face)
    return kept


def _face_at(faces: Sequence[DetectedFace], point: tuple[float, float]) -> DetectedFace:
    x, y = point
    hit = []
    for face in faces:
        box = face.box
        margin = 0.2 * (box.x1 - box.x0)  # people click on hair and chins too
        if box.x0 - margin <= x <= box.x1 + margin and box.y0 - 2 * margin <= y <= box.y1 + margin:
            hit.append((abs(x - (box.x0 + box.x1) / 2) + abs(y - (box.y0 + box.y1) / 2), face))
    if not hit:
        raise EngineFailure(FailureCode.NO_FACE_AT_POINT, count=len(faces))
    return min(hit, key=lambda pair: pair[0])[1]
