"""A picture's size, from its header alone: no pixel is decoded in the web process."""

from typing import IO

from apps.core.failures import SiteFailure

# Pillow knows dozens of formats, some of which run other programs; only those we accept are tried.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")


def picture_size_px(file: IO[bytes], *, max_pixels: int) -> tuple[int, int]:
    """(width, height) as stored, before any EXIF rotation.

    Raises:
        SiteFailure: file_unreadable when the header makes no sense, image_too_many_pixels above `max_pixels`.
    """
    from PIL import Image, UnidentifiedImageError
    from pillow_heif import register_heif_opener

    register_heif_opener()
    file.seek(0)
    try:
        with Image.open(file, formats=_FORMATS) as picture:
            width_px, height_px = picture.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise SiteFailure("image_too_many_pixels") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError) as error:
        raise SiteFailure("file_unreadable", kind="picture") from error
    finally:
        file.seek(0)
    if width_px < 1 or height_px < 1:
        raise SiteFailure("file_unreadable", kind="picture")
    if width_px * height_px > max_pixels:
        raise SiteFailure(
            "image_too_many_pixels", megapixels=width_px * height_px / 1e6, max_megapixels=max_pixels / 1e6
        )
    return width_px, height_px
