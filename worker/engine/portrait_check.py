"""What a picture offers an animator: its faces, whether each can speak, and what may look bad about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np

from worker.engine.contracts import MIN_FACE_PX, FaceChoice
from worker.engine.face import landmarks
from worker.engine.face.detection import DetectedFace, FaceFinder, check_usable, choose_face
from worker.engine.face.occlusion import mouth_covered
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.images import LoadedImage

MEASURE_FACE_PX = 256  # faces are brought to this width before sharpness and light are measured
MEASURE_SIDE_PX = 384
MAX_EXAMINED_FACES = 8
GOOD_FACE_PX = 160  # below, the mouth has fewer than about 60 px and the result looks soft
TOO_DARK_LUMA = 18.0  # median of the face, 0-255: noise, no features
DARK_LUMA = 60.0
GLARING_SHARE = 0.25
BLURRED_DETAIL = 0.085  # deviation of the Laplacian ÷ deviation of luma inside the face
TURNED_YAW_DEG, NODDING_PITCH_DEG, TILTED_ROLL_DEG = 24.0, 22.0, 30.0
OPEN_MOUTH, WIDE_OPEN_MOUTH = 0.06, 0.35  # inner lip gap ÷ inter-ocular distance
SHUT_EYES = 0.12
COVER_DOUBT = 0.25
CUT_OFF_SHARE = 0.02
SUNGLASSES_DELTA = 20.0  # CIE76 between under-eye skin and cheek; makeup and shadows stay below 16


class PictureWarning(StrEnum):
    """What may look bad, though it can be animated."""

    SEVERAL_FACES = "several_faces"
    FACE_SMALL = "face_small"
    FACE_CUT_OFF = "face_cut_off"
    BLURRY = "blurry"
    DARK = "dark"
    GLARING = "glaring"
    TURNED = "turned"
    NODDING = "nodding"
    TILTED = "tilted"
    MOUTH_OPEN = "mouth_open"
    MOUTH_WIDE_OPEN = "mouth_wide_open"
    MOUTH_PARTLY_COVERED = "mouth_partly_covered"
    EYES_SHUT = "eyes_shut"
    SUNGLASSES = "sunglasses"
    TRANSPARENT = "transparent"
    FIRST_FRAME_ONLY = "first_frame_only"
    SCALED_DOWN = "scaled_down"


@dataclass(frozen=True)
class Finding:
    """A warning or a refusal with the facts for its sentence."""

    code: str
    detail: Mapping[str, object]

    def as_json(self) -> dict[str, object]:
        return {"code": self.code, "at_s": None, "detail": dict(self.detail)}


@dataclass(frozen=True)
class CheckedFace:
    """One face of a picture, in pixels of the picture as uploaded, upright."""

    index: int
    box: tuple[float, float, float, float]
    face_px: float
    yaw_deg: float | None
    pitch_deg: float | None
    roll_deg: float | None
    mouth_openness: float | None
    mouth_covered: float
    problem: Finding | None
    warnings: tuple[Finding, ...]

    def as_json(self) -> dict[str, object]:
        return {
            "index": self.index,
            "box": [round(v, 1) for v in self.box],
            "face_px": round(self.face_px, 1),
            "yaw_deg": _rounded(self.yaw_deg),
            "pitch_deg": _rounded(self.pitch_deg),
            "roll_deg": _rounded(self.roll_deg),
            "mouth_openness": _rounded(self.mouth_openness, 3),
            "mouth_covered": round(self.mouth_covered, 2),
            "usable": self.problem is None,
            "problem": None if self.problem is None else self.problem.as_json(),
            "warnings": [w.as_json() for w in self.warnings],
        }


@dataclass(frozen=True)
class CheckedPicture:
    """All faces, widest first; the one that is animated when nobody chooses; refusals and warnings of the picture."""

    faces: tuple[CheckedFace, ...]
    auto_face: int | None
    auto_face_failure: Finding | None
    problems: tuple[Finding, ...]
    warnings: tuple[Finding, ...]


@dataclass(frozen=True)
class _Measured:
    """Light and detail inside a face, measured on a crop of standard size; luma in 0-255."""

    median_luma: float
    glaring_share: float
    detail: float
    eye_shade: float


def check_picture(picture: LoadedImage, finder: FaceFinder) -> CheckedPicture:
    """Find the faces of a portrait and say what can be done with each."""
    found = finder.find(picture.rgb)
    if not found:
        turn_deg = finder.rotation_deg(picture.rgb)
        failure = (
            EngineFailure(FailureCode.NO_FACE)
            if turn_deg is None
            else EngineFailure(FailureCode.FACE_UPSIDE_DOWN, turn_deg=turn_deg)
        )
        problem = _finding(failure)
        return CheckedPicture((), None, problem, (problem,), _picture_warnings(picture, []))
    faces = tuple(check_face(picture, face, index) for index, face in enumerate(found[:MAX_EXAMINED_FACES]))
    auto_face, auto_failure = _automatic_choice(found, faces)
    usable = [face for face in faces if face.problem is None]
    problems = () if usable else (faces[0].problem,)
    return CheckedPicture(
        faces=faces,
        auto_face=auto_face,
        auto_face_failure=auto_failure,
        problems=tuple(p for p in problems if p is not None),
        warnings=_picture_warnings(picture, faces if auto_face is None else [faces[auto_face]]),
    )


def check_face(picture: LoadedImage, face: DetectedFace, index: int) -> CheckedFace:
    """One face: size, pose, light, sharpness, what hides it. Sizes are told in pixels of the upload."""
    up = 1.0 / picture.scale
    covered = mouth_covered(picture.rgb, face) if face.face_px >= MIN_FACE_PX else 0.0
    measured = None if face.landmarks is None else _measure(picture.rgb, face)
    problem = _problem_of(face, covered, measured)
    openness = None if face.landmarks is None else float(landmarks.mouth_openness(face.landmarks.points_px))
    warnings = () if problem else tuple(_face_warnings(picture, face, covered, measured))
    box, pose = face.box, face.pose
    return CheckedFace(
        index=index,
        box=(box.x0 * up, box.y0 * up, box.x1 * up, box.y1 * up),
        face_px=face.face_px * up,
        yaw_deg=None if pose is None else pose.yaw_deg,
        pitch_deg=None if pose is None else pose.pitch_deg,
        roll_deg=None if pose is None else pose.roll_deg,
        mouth_openness=openness,
        mouth_covered=covered,
        problem=problem,
        warnings=warnings,
    )


def _problem_of(face: DetectedFace, covered: float, measured: _Measured | None) -> Finding | None:
    try:
        check_usable(face, mouth_covered=covered)
        if measured is not None and measured.median_luma < TOO_DARK_LUMA:
            raise EngineFailure(FailureCode.IMAGE_TOO_DARK, luma=round(measured.median_luma))
    except EngineFailure as failure:
        return _finding(failure)
    return None


def _automatic_choice(found: list[DetectedFace], faces: tuple[CheckedFace, ...]) -> tuple[int | None, Finding | None]:
    """Index of the face that speaks unless the creator chooses, or why there is none."""
    try:
        chosen = choose_face(found, FaceChoice())
    except EngineFailure as failure:
        return None, _finding(failure)
    index = next(i for i, face in enumerate(found) if face is chosen)
    if index >= len(faces):
        return None, Finding(FailureCode.SEVERAL_FACES.value, {"count": len(found)})
    return index, faces[index].problem


def _face_warnings(
    picture: LoadedImage, face: DetectedFace, covered: float, measured: _Measured | None
) -> list[Finding]:
    found: list[Finding] = []

    def add(warning: PictureWarning, when: object, **detail: object) -> None:
        if when:
            found.append(Finding(warning.value, detail))

    face_px = face.face_px / picture.scale
    add(PictureWarning.FACE_SMALL, face_px < GOOD_FACE_PX, face_px=round(face_px), good_px=GOOD_FACE_PX)
    if face.pose is not None:
        pose = face.pose
        add(PictureWarning.TURNED, abs(pose.yaw_deg) > TURNED_YAW_DEG, yaw_deg=round(abs(pose.yaw_deg)))
        add(PictureWarning.NODDING, abs(pose.pitch_deg) > NODDING_PITCH_DEG, pitch_deg=round(pose.pitch_deg))
        add(PictureWarning.TILTED, abs(pose.roll_deg) > TILTED_ROLL_DEG, roll_deg=round(pose.roll_deg))
    if face.landmarks is not None:
        points = face.landmarks.points_px
        openness = float(landmarks.mouth_openness(points))
        add(PictureWarning.MOUTH_WIDE_OPEN, openness > WIDE_OPEN_MOUTH)
        add(PictureWarning.MOUTH_OPEN, OPEN_MOUTH < openness <= WIDE_OPEN_MOUTH)
        add(PictureWarning.EYES_SHUT, float(landmarks.eye_openness(points).max()) < SHUT_EYES)
        outside = _share_outside(points, picture.width_px, picture.height_px)
        add(PictureWarning.FACE_CUT_OFF, outside > CUT_OFF_SHARE, percent=round(100 * outside))
    if measured is not None:
        add(PictureWarning.DARK, measured.median_luma < DARK_LUMA)
        add(PictureWarning.GLARING, measured.glaring_share > GLARING_SHARE)
        add(PictureWarning.BLURRY, measured.detail < BLURRED_DETAIL)
        add(PictureWarning.SUNGLASSES, measured.eye_shade > SUNGLASSES_DELTA)
    add(PictureWarning.MOUTH_PARTLY_COVERED, covered > COVER_DOUBT)
    return found


def _picture_warnings(picture: LoadedImage, faces: list[CheckedFace] | tuple[CheckedFace, ...]) -> tuple[Finding, ...]:
    found: list[Finding] = []
    if len(faces) > 1:
        found.append(Finding(PictureWarning.SEVERAL_FACES.value, {"count": len(faces)}))
    else:
        found.extend(w for face in faces for w in face.warnings)
    if picture.alpha is not None:
        found.append(Finding(PictureWarning.TRANSPARENT.value, {}))
    if picture.frames > 1:
        found.append(Finding(PictureWarning.FIRST_FRAME_ONLY.value, {"frames": picture.frames}))
    if picture.scale < 1.0:
        size = {"width_px": picture.width_px, "height_px": picture.height_px}
        found.append(Finding(PictureWarning.SCALED_DOWN.value, size))
    return tuple(found)


def _measure(rgb: np.ndarray, face: DetectedFace) -> _Measured:
    assert face.landmarks is not None
    scale = MEASURE_FACE_PX / face.face_px
    box, half = face.box, MEASURE_SIDE_PX / 2
    affine = np.array(
        [[scale, 0, half - (box.x0 + box.x1) / 2 * scale], [0, scale, half - (box.y0 + box.y1) / 2 * scale]]
    )
    if scale < 0.8:  # average first, or detail aliases into noise and reads as sharp
        margin = half / scale
        x0, y0 = max(0, int((box.x0 + box.x1) / 2 - margin)), max(0, int((box.y0 + box.y1) / 2 - margin))
        part = rgb[y0 : y0 + int(2 * margin) + 1, x0 : x0 + int(2 * margin) + 1]
        part = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        source, affine_here = part, affine + np.array([[0, 0, x0 * scale], [0, 0, y0 * scale]])
        affine_here[:, :2] /= scale
    else:
        source, affine_here = rgb, affine
    size = (MEASURE_SIDE_PX, MEASURE_SIDE_PX)
    crop = cv2.warpAffine(source, affine_here, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    points = face.landmarks.xy_px @ affine[:, :2].T.astype(np.float32) + affine[:, 2].astype(np.float32)
    inside = _filled(points[list(landmarks.FACE_OVAL)])
    luma = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32)
    values = luma[inside] if inside.any() else luma.reshape(-1)
    laplacian = cv2.Laplacian(luma, cv2.CV_32F)
    detail = laplacian[inside].std() if inside.any() else laplacian.std()
    return _Measured(
        median_luma=float(np.median(values)),
        glaring_share=float(np.mean(values > 250)),
        detail=float(detail / max(1.0, float(values.std()))),
        eye_shade=_eye_shade(crop, points),
    )


def _eye_shade(crop: np.ndarray, points: np.ndarray) -> float:
    """How unlike the cheeks the skin right below both eyes is (CIE76 ΔE of medians, the lesser of the two eyes)."""
    lab = cv2.cvtColor(crop.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    shades = []
    for fold, cheek in (
        (landmarks.RIGHT_EYE_LOWER_FOLD, landmarks.CHEEK_RIGHT),
        (landmarks.LEFT_EYE_LOWER_FOLD, landmarks.CHEEK_LEFT),
    ):
        rim = points[list(fold[1:-1])]
        below = rim + (points[list(cheek)].mean(0) - rim.mean(0)) * 0.35
        under_eye, cheek_area = _filled(np.concatenate([rim, below[::-1]])), _filled(_hull(points[list(cheek)]))
        if under_eye.sum() < 10 or cheek_area.sum() < 10:
            return 0.0
        shades.append(float(np.linalg.norm(np.median(lab[under_eye], 0) - np.median(lab[cheek_area], 0))))
    return min(shades)


def _hull(points: np.ndarray) -> np.ndarray:
    return cv2.convexHull(points.astype(np.float32))[:, 0]


def _filled(polygon: np.ndarray) -> np.ndarray:
    mask = np.zeros((MEASURE_SIDE_PX, MEASURE_SIDE_PX), np.uint8)
    cv2.fillPoly(mask, [np.round(polygon).astype(np.int32)], 1)
    return mask > 0


def _share_outside(points_px: np.ndarray, width_px: int, height_px: int) -> float:
    x, y = points_px[: landmarks.N_MESH, 0], points_px[: landmarks.N_MESH, 1]
    return float(np.mean((x < 0) | (y < 0) | (x >= width_px) | (y >= height_px)))


def _finding(failure: EngineFailure) -> Finding:
    return Finding(failure.code.value, failure.detail)


def _rounded(value: float | None, digits: int = 1) -> float | None:
    return None if value is None else round(float(value), digits)
