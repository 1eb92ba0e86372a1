"""Does a graphics card draw the pictures that the processor draws?

    python -m worker.engine.render.parity make FILE.npz PICTURE     on a machine with everything installed
    python -m worker.engine.render.parity check FILE.npz [cuda]     needs torch and NumPy alone

`make` stores one portrait, a few frames' grids and the frames as the CPU draws them; `check` draws them from these
grids on the device, prints the largest difference (of 255) and the time per frame, and fails when it is more than 2.
"""

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from worker.engine.render.batches import Place, Stage, TorchBatches

if TYPE_CHECKING:
    from worker.engine.motion.plan import FrameMotion

MAX_DIFFERENCE = 2
_FRAMES = 8
_ROUNDS = 20


def check(path: Path, device: str) -> dict[str, object]:
    """Draw the frames stored in `path` on `device`. `passed`: no pixel differs by more than `MAX_DIFFERENCE`."""
    with np.load(path, allow_pickle=False) as stored:
        data = {name: stored[name] for name in stored.files}
    batches = TorchBatches(stage_of(data), device)
    patches: list[list[tuple[Place, np.ndarray]]] = [[] for _ in data["away_head"]]
    for index, (frame, *edges) in enumerate(data["patch_places"].tolist()):
        patches[frame].append((place_of(edges), data[f"patch_{index}"]))
    drawn = batches.blended(data["away_head"], data["away_face"], patches)
    difference = np.abs(drawn.astype(np.int16) - data["expected"])
    started = time.perf_counter()
    for _ in range(_ROUNDS):
        batches.blended(data["away_head"], data["away_face"], patches)
    seconds = time.perf_counter() - started
    return {
        "device": device,
        "frames": len(drawn),
        "size": list(drawn.shape[2:0:-1]),
        "largest_difference": int(difference.max()),
        "mean_difference": float(difference.mean()),
        "ms_per_frame": 1000 * seconds / (_ROUNDS * len(drawn)),
        "passed": bool(difference.max() <= MAX_DIFFERENCE),
    }


def stage_of(data: dict[str, np.ndarray]) -> Stage:
    """The stage as `stored` wrote it."""
    return Stage(
        photo=data["photo"],
        plate=data["plate"],
        reach=data["reach"],
        corner=(int(data["corner"][0]), int(data["corner"][1])),
        face_size=(int(data["face_size"][0]), int(data["face_size"][1])),
        face_part=place_of(data["face_part"].tolist()),
        face_place=place_of(data["face_place"].tolist()),
    )


def place_of(edges: list[int]) -> Place:
    """(y0, y1, x0, x1) → slices."""
    y0, y1, x0, x1 = edges
    return slice(y0, y1), slice(x0, x1)


def edges_of(place: Place) -> list[int]:
    """Slices → (y0, y1, x0, x1)."""
    return [edge for one in place for edge in (one.start, one.stop)]


def stored(portrait: object) -> dict[str, np.ndarray]:
    """What `check` needs, as arrays: a portrait's stage, grids and patches of moving frames, and how they look."""
    from worker.engine.render.portrait import Portrait
    from worker.engine.render.renderer import Renderer

    assert isinstance(portrait, Portrait)
    renderer = Renderer(portrait)
    stage, motions = renderer.stage(), _motions()
    sketches = [renderer.sketch(motion) for motion in motions]
    zone = portrait.layers.zone.slices
    places = [(index, place, rgb) for index, one in enumerate(sketches) for place, rgb in one.places]
    return {
        "photo": stage.photo,
        "plate": stage.plate,
        "reach": stage.reach,
        "corner": np.array(stage.corner),
        "face_size": np.array(stage.face_size),
        "face_part": np.array(edges_of(stage.face_part)),
        "face_place": np.array(edges_of(stage.face_place)),
        "away_head": np.stack([one.away_head for one in sketches]),
        "away_face": np.stack([one.away_face for one in sketches]),
        "patch_places": np.array([[index, *edges_of(place)] for index, place, _ in places]).reshape(-1, 5),
        **{f"patch_{number}": rgb for number, (_, _, rgb) in enumerate(places)},
        "expected": np.stack([renderer.render(motion)[zone] for motion in motions]),
    }


def _motions() -> "list[FrameMotion]":
    """Frames in which everything moves, more and more."""
    from worker.engine.motion.plan import FrameMotion
    from worker.engine.speech.mouth_track import ARTICULATORS

    frames = []
    for share in np.linspace(0.2, 1.0, _FRAMES):
        articulation = np.zeros(len(ARTICULATORS))
        articulation[:3] = 0.9 * share, 0.8 * share, 0.3 - 0.6 * share
        turn_deg = np.array([3.5, -2.5, 2.0]) * share
        shift = np.array([0.04, 0.015]) * share
        blink = float(max(0.0, 1 - 3 * abs(share - 0.6)))
        frames.append(
            FrameMotion(articulation, blink, np.array([0.03, -0.01]) * share, 0.4, 0.1, turn_deg, shift, 0.01)
        )
    return frames


def make(path: Path, picture: Path) -> None:
    """Write the file for `check`, of a `picture` with a face."""
    from worker.engine.contracts import FaceChoice
    from worker.engine.face.segmentation import person_matte
    from worker.engine.face.selection import require_face
    from worker.engine.media.images import load_image
    from worker.engine.render.portrait import prepare_portrait

    rgb = load_image(picture).rgb
    face = require_face(rgb, FaceChoice())
    portrait = prepare_portrait(rgb, face.landmarks.points_px, person_matte(rgb, [face.box]))
    np.savez_compressed(path, **stored(portrait))


def main(arguments: list[str]) -> int:
    """0 when everything went well, 1 when the pictures differ, 2 for wrong words."""
    if arguments[:1] == ["make"] and len(arguments) == 3:
        make(Path(arguments[1]), Path(arguments[2]))
        return 0
    if arguments[:1] == ["check"] and len(arguments) in (2, 3):
        report = check(Path(arguments[1]), arguments[2] if len(arguments) == 3 else "cuda")
        sys.stdout.write(json.dumps(report) + "\n")
        return 0 if report["passed"] else 1
    sys.stderr.write((__doc__ or "") + "\n")
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
