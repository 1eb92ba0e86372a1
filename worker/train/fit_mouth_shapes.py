"""Learns how real mouths move: a small Gaussian model of face-mesh displacements, from the seven GRID clips.

    python -m worker.train.fit_mouth_shapes --clips ../shared/media/talking_videos --out
    worker/engine/models/mouth_shapes.npz

Only `g01`-`g07` (GRID corpus, CC BY 4.0) are read. Every frame's mesh is brought into the pose-free frame of
`engine/face/pose.py`, the clip's own closed mouth is subtracted, left and right are mirrored, and the principal
components of what is left are stored with their standard deviations. Cootes & Taylor 1995 (statistical shape models).
"""

import argparse
import sys
from pathlib import Path

import av
import cv2
import numpy as np

from worker.engine.face.landmarks import MIRROR, RIGID
from worker.engine.face.mesh import FaceMesh
from worker.engine.face.pose import head_pose

COMPONENTS = 14
UPSCALE = 3  # GRID faces are about 110 px wide; the mesh is steadier on a larger picture
OPEN_PERCENTILE = 95.0


def tracked_meshes(clip: Path) -> np.ndarray:
    """(T, 478, 3) meshes of one clip's frames that have a face."""
    meshes = []
    with av.open(str(clip)) as container, FaceMesh(tracking=True) as mesh:
        for frame in container.decode(video=0):
            rgb = frame.to_ndarray(format="rgb24")
            large = cv2.resize(rgb, None, fx=UPSCALE, fy=UPSCALE, interpolation=cv2.INTER_CUBIC)
            found = mesh.detect(large)
            if found:
                meshes.append(found[0].points_px)
    return np.stack(meshes)


def canonical_displacements(meshes: np.ndarray) -> np.ndarray:
    """(2T, 478, 3) displacements from the clip's own closed mouth in the pose-free frame, with their mirror images."""
    canonical = np.stack([head_pose(points).to_canonical(points) for points in meshes])
    gap = canonical[:, 14, 1] - canonical[:, 13, 1]
    closed = canonical[gap <= np.percentile(gap, 20)]
    moved = canonical - np.median(closed, axis=0)
    moved -= moved[:, list(RIGID)].mean(axis=1, keepdims=True)
    flipped = moved[:, MIRROR] * np.array([-1.0, 1.0, 1.0])
    return np.concatenate([moved, flipped])


def fit(clips: list[Path]) -> dict[str, np.ndarray]:
    """Everything the shipped model holds, from the clips."""
    moved = np.concatenate([canonical_displacements(tracked_meshes(clip)) for clip in clips])
    flat = moved.reshape(len(moved), -1)
    _, spread, axes = np.linalg.svd(flat, full_matrices=False)
    deviation = spread[:COMPONENTS] / np.sqrt(len(flat))
    gap = moved[:, 14, 1] - moved[:, 13, 1]
    width = moved[:, 308, 0] - moved[:, 78, 0]
    jaw = moved[:, 152, 1]
    return {
        "components": axes[:COMPONENTS].reshape(COMPONENTS, -1, 3).astype(np.float16),
        "deviations": deviation.astype(np.float32),
        "open_range": np.float32(np.percentile(gap, OPEN_PERCENTILE)),
        "jaw_range": np.float32(np.percentile(jaw, OPEN_PERCENTILE)),
        "width_range": np.percentile(width, [2.5, 97.5]).astype(np.float32),
        "explained": (spread[:COMPONENTS] ** 2 / (spread**2).sum()).astype(np.float32),
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, required=True, help="folder with g01…g07")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    clips = sorted(options.clips.glob("g0[1-7]_*.mpg"))
    if len(clips) != 7:
        sys.stderr.write(f"expected the seven GRID clips, found {len(clips)}\n")
        return 1
    model = fit(clips)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(options.out, **model)
    for name in ("open_range", "jaw_range", "width_range", "deviations", "explained"):
        sys.stdout.write(f"{name}: {model[name]}\n")
    sys.stdout.write(f"{options.out.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
