"""Makes `worker/engine/face/canonical_face.npy`: the mean closed-mouth face of given clips, made symmetric.

    python -m worker.train.canonical_face CLIP [CLIP …]

The file in the repository was made from seven clips of the GRID corpus (CC BY 4.0; Cooke, Barker, Cunningham & Shao
2006). It holds a mean over seven people: no likeness of anybody.
"""

import sys
from pathlib import Path

import av
import numpy as np

from worker.engine.face import landmarks
from worker.engine.face.mesh import FaceMesh
from worker.engine.face.pose import CANONICAL_FILE, fit_similarity

CLOSED_SHARE = 0.2  # the frames of each clip with the narrowest lip gap


def _meshes(clip: Path) -> np.ndarray:
    """(T, 478, 3) meshes of a clip's frames in which a face was found."""
    found = []
    with av.open(str(clip)) as container, FaceMesh(tracking=True) as mesh:
        for frame in container.decode(container.streams.video[0]):
            faces = mesh.detect(frame.to_ndarray(format="rgb24"))
            if faces:
                found.append(faces[0].points_px)
    if not found:
        raise ValueError(f"no face in {clip.name}")
    return np.array(found, np.float64)


def _mirrored(points: np.ndarray) -> np.ndarray:
    return (points * np.array([-1.0, 1.0, 1.0]))[landmarks.MIRROR]


def _onto(points: np.ndarray, target: np.ndarray) -> np.ndarray:
    rigid = list(landmarks.RIGID)
    rotation, scale, translation = fit_similarity(points[rigid], target[rigid])
    return scale * points @ rotation.T + translation


def _upright(points: np.ndarray) -> np.ndarray:
    """Unit, origin and pitch of canonical space for a symmetric face."""
    vertical = points[landmarks.CHIN] - points[landmarks.FOREHEAD_TOP]
    angle = np.arctan2(vertical[2], vertical[1])
    cos, sin = np.cos(angle), np.sin(angle)
    turned = points @ np.array([[1, 0, 0], [0, cos, sin], [0, -sin, cos]]).T
    turned = turned / landmarks.inter_ocular_px(turned)
    corners = [landmarks.RIGHT_EYE_OUTER, landmarks.RIGHT_EYE_INNER, landmarks.LEFT_EYE_OUTER, landmarks.LEFT_EYE_INNER]
    return turned - turned[corners].mean(0)


def mean_face(people: list[np.ndarray]) -> np.ndarray:
    """(478, 3) symmetric mean of each person's closed-mouth frames; every person weighs the same."""
    closed = []
    for meshes in people:
        openness = landmarks.mouth_openness(meshes)
        kept = meshes[openness <= np.quantile(openness, CLOSED_SHARE)]
        closed.append(np.mean([_onto(mesh, kept[0]) for mesh in kept], axis=0))
    mean = closed[0] - closed[0].mean(0)
    for _ in range(10):  # generalised Procrustes; converges in a few rounds
        aligned = [_onto(side, mean) for face in closed for side in (face, _mirrored(face))]
        mean = np.mean(aligned, axis=0)
        mean = (mean + _mirrored(mean)) / 2
    return _upright(mean)


def main(arguments: list[str]) -> int:
    if not arguments:
        sys.stderr.write("usage: python -m worker.train.canonical_face CLIP [CLIP …]\n")
        return 2
    face = mean_face([_meshes(Path(clip)) for clip in arguments])
    np.save(CANONICAL_FILE, face.astype(np.float32))
    sys.stdout.write(f"{CANONICAL_FILE.name}: mean of {len(arguments)} people\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
