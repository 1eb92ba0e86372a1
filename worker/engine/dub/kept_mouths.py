"""A speaker's mouths, kept beside the clip's tracks: a second dub need not decode the clip to cut them out again."""

import contextlib
import hashlib
import json
import uuid
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from worker.engine.dub.mouth_bank import Mouth
from worker.engine.dub.reposing import MouthPlace

CUT_VERSION = 1  # raise it whenever the same frames would give other mouths
_PER_MOUTH = ("index", "pts_s", "rows", "origin_px", "to_px", "light", "lips", "sharpness", "thumb", "size_px")


def read_mouths(folder: Path, person: int, frames: np.ndarray) -> list[Mouth] | None:
    """The mouths cut from these `frames` (n,) of the clip, or None when they are not there, or not whole. Their
    pictures are mapped from disk.
    """
    table, pixels = _paths(folder, person, frames)
    try:
        with np.load(table, allow_pickle=False) as kept:
            parts = {name: kept[name] for name in _PER_MOUTH}
        flat = np.asarray(np.load(pixels, mmap_mode="r", allow_pickle=False))
        if flat.dtype != np.uint8 or flat.shape != (3 * int(parts["size_px"].prod(1).sum()),):
            return None
        ends = np.cumsum(3 * parts["size_px"].prod(1))
        return [
            Mouth(
                index=int(parts["index"][n]),
                pts_s=float(parts["pts_s"][n]),
                rgb=flat[end - 3 * height * width : end].reshape(height, width, 3),
                place=MouthPlace(parts["rows"][n], parts["origin_px"][n], parts["to_px"][n]),
                light=parts["light"][n],
                lips=parts["lips"][n],
                sharpness=float(parts["sharpness"][n]),
                thumb=parts["thumb"][n],
            )
            for n, (end, (height, width)) in enumerate(zip(ends.tolist(), parts["size_px"].tolist(), strict=True))
        ]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def write_mouths(folder: Path, person: int, frames: np.ndarray, mouths: Sequence[Mouth]) -> None:
    """Keep `mouths`, if there is room and the folder still is; a dub that cannot keep them is none the worse."""
    if not mouths:
        return
    table, pixels = _paths(folder, person, frames)
    parts = {
        "index": [mouth.index for mouth in mouths],
        "pts_s": [mouth.pts_s for mouth in mouths],
        "rows": [mouth.place.rows for mouth in mouths],
        "origin_px": [mouth.place.origin_px for mouth in mouths],
        "to_px": [mouth.place.to_px for mouth in mouths],
        "light": [mouth.light for mouth in mouths],
        "lips": [mouth.lips for mouth in mouths],
        "sharpness": [mouth.sharpness for mouth in mouths],
        "thumb": [mouth.thumb for mouth in mouths],
        "size_px": [mouth.rgb.shape[:2] for mouth in mouths],
    }
    name = f".{uuid.uuid4().hex}"
    new_pixels, new_table = folder / f"{name}.npy", folder / f"{name}.npz"
    try:
        bytes_in_all = sum(mouth.rgb.nbytes for mouth in mouths)
        with new_pixels.open("wb") as file:
            np.lib.format.write_array_header_1_0(
                file, {"descr": "|u1", "fortran_order": False, "shape": (bytes_in_all,)}
            )
            for mouth in mouths:
                file.write(np.ascontiguousarray(mouth.rgb))
        np.savez(new_table, **{part: np.array(values) for part, values in parts.items()})
        new_pixels.replace(pixels)
        new_table.replace(table)  # last: where it is, the pictures are
    except OSError:
        pass
    finally:
        for path in (new_pixels, new_table):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def _paths(folder: Path, person: int, frames: np.ndarray) -> tuple[Path, Path]:
    key = json.dumps([CUT_VERSION, np.asarray(frames).tolist()]).encode()
    stem = f"{person}-mouths-{hashlib.sha256(key).hexdigest()[:20]}"
    return folder / f"{stem}.npz", folder / f"{stem}.npy"
