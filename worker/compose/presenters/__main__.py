"""`python -m worker.compose.presenters OUT_DIR`: paint the whole cast and its list, as they are committed."""

import argparse
import io
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from worker.compose.presenters.cast import CAST, CREDIT, LISTED, SCRIPTS
from worker.compose.presenters.painter import paint_presenter

MAX_BYTES = 250_000
THUMB_SIZE_PX = 192


def jpeg(rgb: np.ndarray, max_bytes: int) -> bytes:
    """The best JPEG of `rgb` (H, W, 3) uint8 that is no larger than `max_bytes`."""
    for quality in range(94, 40, -2):
        buffer = io.BytesIO()
        Image.fromarray(rgb).save(buffer, "JPEG", quality=quality, optimize=True, progressive=True, subsampling=0)
        if buffer.tell() <= max_bytes:
            return buffer.getvalue()
    raise ValueError(f"cannot fit the picture into {max_bytes} bytes")


def thumb(rgb: np.ndarray) -> np.ndarray:
    """The head, square."""
    height, width = rgb.shape[:2]
    side = round(0.72 * width)
    left, top = (width - side) // 2, round(0.115 * height)
    box = (left, top, left + side, top + side)
    return np.asarray(Image.fromarray(rgb).resize((THUMB_SIZE_PX, THUMB_SIZE_PX), Image.Resampling.LANCZOS, box))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m worker.compose.presenters", description=__doc__)
    parser.add_argument("out_dir", type=Path)
    parser.add_argument("--only", choices=sorted(CAST), help="paint one presenter")
    options = parser.parse_args(argv)
    options.out_dir.mkdir(parents=True, exist_ok=True)
    for slug in [options.only] if options.only else list(CAST):
        rgb = paint_presenter(CAST[slug])
        (options.out_dir / f"{slug}.jpg").write_bytes(jpeg(rgb, MAX_BYTES))
        (options.out_dir / f"{slug}-thumb.jpg").write_bytes(jpeg(thumb(rgb), MAX_BYTES // 10))
        sys.stdout.write(f"{slug}\n")
    people = [{"slug": slug, "file": f"{slug}.jpg", **LISTED[slug], "credit": CREDIT} for slug in CAST]
    text = json.dumps({"presenters": people, "scripts": SCRIPTS}, ensure_ascii=False, indent=2)
    (options.out_dir / "presenters.json").write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
