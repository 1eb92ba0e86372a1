"""From a portrait to its one usable face, with every refusal that a creator can do something about."""

import numpy as np

from worker.engine.contracts import FaceChoice
from worker.engine.face.detection import DetectedFace, check_usable, choose_face, kept_finder
from worker.engine.face.occlusion import mouth_covered
from worker.engine.failures import EngineFailure, FailureCode


def require_face(rgb: np.ndarray, choice: FaceChoice) -> DetectedFace:
    """Find, choose and check: the one usable face of a portrait `rgb` (H, W, 3) uint8, its mouth included.

    Raises what `require_visible_face` and `require_bare_mouth` raise.
    """
    face = require_visible_face(rgb, choice)
    require_bare_mouth(rgb, face)
    return face


def require_visible_face(rgb: np.ndarray, choice: FaceChoice) -> DetectedFace:
    """As `require_face`, but for what may lie over the mouth.

    Raises what `choose_face` and `check_usable` raise, and FACE_UPSIDE_DOWN(turn_deg) when only turning the picture
    (anticlockwise by turn_deg) shows a face.
    """
    with kept_finder().lent() as finder:
        faces = finder.find(rgb)
        turn_deg = finder.rotation_deg(rgb) if not faces else None
    if turn_deg is not None:
        raise EngineFailure(FailureCode.FACE_UPSIDE_DOWN, turn_deg=turn_deg)
    face = choose_face(faces, choice)
    check_usable(face)
    return face


def require_bare_mouth(rgb: np.ndarray, face: DetectedFace) -> None:
    """Raises FACE_COVERED when something lies over the mouth of a usable face."""
    check_usable(face, mouth_covered=mouth_covered(rgb, face))
