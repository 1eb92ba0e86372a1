"""Pictures: which ones pages can show, and their size from the header alone, since the web process decodes no pixel."""

import uuid
from collections.abc import Sequence
from typing import IO

from django.db.models import QuerySet

from apps.core.failures import SiteFailure
from apps.uploads.models import Asset

# What every browser of the last years shows.
VIEWABLE_PICTURES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "image/avif", "image/bmp"})
_PREVIEW_ABOVE_PIXELS = 16_000_000  # a phone's browser takes seconds and hundreds of megabytes to show such a picture

# Pillow knows dozens of formats, some of which run other programs; only those we accept are tried.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")


def needs_preview(asset: Asset) -> bool:
    """Whether pages should show a file by a JPEG that preflight makes of it: a clip, or a portrait hard to show."""
    if asset.kind not in (Asset.Kind.PORTRAIT, Asset.Kind.PICTURE):
        return asset.kind == Asset.Kind.CLIP
    return is_hard_to_show(asset.content_type, (asset.width_px or 0) * (asset.height_px or 0))


def is_hard_to_show(content_type: str, pixels: int) -> bool:
    """Whether a browser cannot show a picture, or only slowly."""
    return content_type not in VIEWABLE_PICTURES or pixels > _PREVIEW_ABOVE_PIXELS


def preview_of(asset: Asset) -> Asset | None:
    """The preview of a file that needs one, once it is made."""
    if not needs_preview(asset):
        return None
    return _previews().filter(parent=asset).last()


def previews_of(asset_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """file's id → its preview's id, for those that have one."""
    if not asset_ids:
        return {}
    return dict(_previews().filter(parent__in=asset_ids).values_list("parent_id", "pk"))


def _previews() -> QuerySet[Asset]:
    made = Asset.objects.filter(kind=Asset.Kind.DERIVED, state=Asset.State.READY, content_type="image/jpeg")
    return made.order_by("created_at")


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
