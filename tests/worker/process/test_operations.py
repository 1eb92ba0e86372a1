"""What an engine process does around the engine itself."""

from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image

from worker.process.operations import PREVIEW_SIDE_PX, write_preview


def test_the_preview_of_a_phones_photo_is_a_jpeg_of_the_same_picture_at_a_handy_size(tmp_path: Path) -> None:
    rows, columns = np.mgrid[0:1200, 0:2400]
    pixels = np.stack([rows * 255 // 1200, columns * 255 // 2400, np.full_like(rows, 90)], axis=2).astype(np.uint8)
    pillow_heif.register_heif_opener()
    Image.fromarray(pixels).save(tmp_path / "photo.heic", "HEIF", quality=90)
    write_preview(tmp_path / "photo.heic", tmp_path / "preview.jpg")
    with Image.open(tmp_path / "preview.jpg") as preview:
        assert preview.format == "JPEG"
        assert preview.size == (PREVIEW_SIDE_PX, PREVIEW_SIDE_PX // 2)
        expected = np.asarray(Image.fromarray(pixels).resize(preview.size), np.int16)
        assert np.abs(np.asarray(preview, np.int16) - expected).mean() < 4
