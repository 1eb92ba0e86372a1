"""Contact sheets: frames of a clip side by side, for looking at renders and for the README's frame strip."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from worker.compose.marks import LABEL_FONT
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.decode import decode_video
from worker.engine.media.probe import probe

MAX_TILES = 400
GAP_PX = 6
PAPER = (24, 22, 28)
FACE_LOOKS = 5  # frames in which the face is looked for before its box is settled


def contact_sheet(
    video_path: Path,
    out_png: Path,
    columns: int = 6,
    rows: int = 4,
    *,
    zoom_to_face: bool = False,
    tile_width_px: int = 240,
    start_s: float = 0.0,
    end_s: float | None = None,
    captions: bool = True,
) -> tuple[int, int]:
    """Write `columns` × `rows` frames, evenly spread over start_s … end_s, as one PNG (or JPEG, WebP by suffix).

    Args:
        zoom_to_face: cut one fixed square around the face (the same in every tile, so that motion stays visible).
        captions: print each frame's time in its corner.

    Returns:
        Width and height of the sheet in px. Memory holds the sheet and one frame, however long the clip is.

    Raises:
        EngineFailure: OPTION_INVALID, NO_FACE (zoom without a face), NO_VIDEO_STREAM, and what decoding raises.
    """
    if columns < 1 or rows < 1 or columns * rows > MAX_TILES or not 16 <= tile_width_px <= 2048:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="sheet", columns=columns, rows=rows, most=MAX_TILES)
    info = probe(video_path)
    if info.video is None:
        raise EngineFailure(FailureCode.NO_VIDEO_STREAM)
    stop_s = info.video.duration_s if end_s is None else min(end_s, info.video.duration_s)
    if stop_s <= start_s or start_s < 0:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="times", start_s=start_s, end_s=stop_s)
    box = _face_square(video_path, start_s, stop_s) if zoom_to_face else None
    tiles = (_tile(rgb, box, tile_width_px, pts_s if captions else None)
             for rgb, pts_s in _spread(video_path, columns * rows, start_s, stop_s))  # fmt: skip
    sheet = _arrange(tiles, columns, rows)
    out_png.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet).save(out_png)
    return sheet.shape[1], sheet.shape[0]


def _spread(path: Path, count: int, start_s: float, stop_s: float) -> Iterator[tuple[np.ndarray, float]]:
    """`count` frames at the middles of equal spans; a clip with fewer frames repeats them."""
    wanted = [start_s + (i + 0.5) * (stop_s - start_s) / count for i in range(count)]
    last = None
    given = 0
    for frame in decode_video(path, start_s=start_s):
        if last is not None:
            middle = (last.pts_s + frame.pts_s) / 2
            while given < count and wanted[given] < middle:
                yield last.rgb(), last.pts_s
                given += 1
        if given == count:
            return
        last = frame
    while last is not None and given < count:
        yield last.rgb(), last.pts_s
        given += 1


def _face_square(path: Path, start_s: float, stop_s: float) -> tuple[int, int, int, int]:
    """One square, x0 y0 x1 y1 in px, that holds the largest face of a few frames with room around it."""
    from worker.engine.face.detection import find_faces

    boxes = []
    for rgb, _ in _spread(path, FACE_LOOKS, start_s, stop_s):
        faces = find_faces(rgb)
        if faces:
            boxes.append((faces[0].box.x0, faces[0].box.y0, faces[0].box.x1, faces[0].box.y1))
        height, width = rgb.shape[:2]
    if not boxes:
        raise EngineFailure(FailureCode.NO_FACE)
    x0, y0 = np.min(boxes, axis=0)[:2]
    x1, y1 = np.max(boxes, axis=0)[2:]
    side = min(round(1.35 * max(x1 - x0, y1 - y0)), width, height)
    left = int(np.clip((x0 + x1 - side) / 2, 0, width - side))
    top = int(np.clip((y0 + y1 - side) / 2, 0, height - side))
    return left, top, left + side, top + side


def _tile(rgb: np.ndarray, box: tuple[int, int, int, int] | None, width_px: int, pts_s: float | None) -> np.ndarray:
    if box is not None:
        rgb = rgb[box[1] : box[3], box[0] : box[2]]
    height_px = max(1, round(rgb.shape[0] * width_px / rgb.shape[1]))
    shrink = width_px < rgb.shape[1]
    tile = cv2.resize(rgb, (width_px, height_px), interpolation=cv2.INTER_AREA if shrink else cv2.INTER_CUBIC)
    if pts_s is None:
        return tile
    picture = Image.fromarray(tile)
    font = ImageFont.truetype(str(LABEL_FONT), max(10, width_px // 20))
    place = (width_px * 0.03, height_px - width_px * 0.03)
    ImageDraw.Draw(picture).text(
        place, f"{pts_s:.2f} s", font=font, fill=(255, 255, 255), anchor="ls", stroke_width=2, stroke_fill=(0, 0, 0)
    )
    return np.asarray(picture)


def _arrange(tiles: Iterator[np.ndarray], columns: int, rows: int) -> np.ndarray:
    sheet = None
    for i, tile in enumerate(tiles):
        h, w = tile.shape[:2]
        if sheet is None:
            size = (rows * (h + GAP_PX) + GAP_PX, columns * (w + GAP_PX) + GAP_PX, 3)
            sheet = np.full(size, PAPER, np.uint8)
        y, x = GAP_PX + (i // columns) * (h + GAP_PX), GAP_PX + (i % columns) * (w + GAP_PX)
        sheet[y : y + h, x : x + w] = tile
    if sheet is None:
        raise EngineFailure(FailureCode.CLIP_TOO_SHORT)
    return sheet
