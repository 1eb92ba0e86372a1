"""Still pictures of any common kind → upright 8-bit sRGB, whatever a phone, a designer or a scanner made of them."""

import io
import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image, ImageCms, ImageOps

from worker.engine.contracts import MAX_IMAGE_PIXELS
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.containers import check_file
from worker.engine.media.kinds import MediaKind, sniff_kind

MIN_IMAGE_SIDE_PX = 64
MAX_LONG_SIDE_PX = 4096  # UHD output needs no more, and a 60-megapixel photo would cost seconds and a gigabyte
_FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "GIF", "BMP", "TIFF")  # no format that runs a program
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, struct.error, zlib.error)
_EXIF_ORIENTATION = 0x0112
# A soft studio backdrop behind cut-out portraits, lighter above: any flat colour looks like a mistake.
_BACKDROP_TOP_RGB = np.array([236, 238, 241], np.float32)
_BACKDROP_BOTTOM_RGB = np.array([204, 208, 215], np.float32)


@dataclass(frozen=True)
class LoadedImage:
    """A picture as people see it.

    rgb: (H, W, 3) uint8, sRGB, upright; a transparent surround is composited on a soft backdrop.
    alpha: (H, W) uint8, 255 = opaque; None when nothing is transparent.
    format: what the file really is, e.g. "JPEG".
    orientation_applied: whether the pixels had to be turned or mirrored to stand upright.
    frames: 1, or the number of frames of an animation, whose first one this is.
    source_width_px, source_height_px: size of the upright picture as uploaded.
    scale: `rgb` pixels per uploaded pixel, in (0, 1]; below 1 only above `MAX_LONG_SIDE_PX`.
    """

    rgb: np.ndarray
    alpha: np.ndarray | None
    format: str
    orientation_applied: bool
    frames: int
    source_width_px: int
    source_height_px: int
    scale: float = 1.0

    @property
    def width_px(self) -> int:
        return int(self.rgb.shape[1])

    @property
    def height_px(self) -> int:
        return int(self.rgb.shape[0])


def load_image(path: Path | str) -> LoadedImage:
    """Read a still picture: EXIF orientation, colour profile, CMYK, 16 bit, grey, palette, alpha, first frame.

    Pictures with a long side above `MAX_LONG_SIDE_PX` are scaled down while reading.

    Raises:
        EngineFailure: FILE_MISSING, FILE_EMPTY, FILE_UNREADABLE, FILE_WRONG_KIND (a sound or video),
            IMAGE_TOO_MANY_PIXELS (told from the header, before any pixel is read), IMAGE_TOO_SMALL.
    """
    path = Path(path)
    check_file(path)
    Image.init()  # every reader that was asked for by name has to be registered
    pillow_heif.register_heif_opener()
    with _opened(path) as image:
        stored_width, stored_height = image.size
        _check_size(stored_width, stored_height)
        try:
            frames = int(getattr(image, "n_frames", 1))
            orientation = image.getexif().get(_EXIF_ORIENTATION, 1)
            # libjpeg can scale by 1/2, 1/4 and 1/8 while decoding: a fraction of the time and memory
            image.draft(None, _fit(stored_width, stored_height))
            image.load()
            upright = ImageOps.exif_transpose(image)
            upright = _shrink(upright, stored_long_side=max(stored_width, stored_height))
            rgb, alpha = _to_srgb(upright)
        except MemoryError as error:
            raise EngineFailure(FailureCode.OUT_OF_MEMORY) from error
        except _DAMAGE as error:
            raise EngineFailure(FailureCode.FILE_UNREADABLE, kind=MediaKind.PICTURE.value) from error
        turned = 5 <= orientation <= 8
        source = (stored_height, stored_width) if turned and image.format != "HEIF" else (stored_width, stored_height)
        return LoadedImage(
            rgb=rgb,
            alpha=alpha,
            format="JPEG" if image.format == "MPO" else str(image.format),
            orientation_applied=orientation in range(2, 9),
            frames=frames,
            source_width_px=source[0],
            source_height_px=source[1],
            scale=min(1.0, max(rgb.shape[:2]) / max(source)),
        )


def _opened(path: Path) -> Image.Image:
    """The picture with only its header read, or the failure that says what the file is instead."""
    try:
        with warnings.catch_warnings():
            # we have a limit of our own, checked right after
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(path, formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise EngineFailure(FailureCode.IMAGE_TOO_MANY_PIXELS, max_megapixels=MAX_IMAGE_PIXELS / 1e6) from error
    except _DAMAGE as error:
        kind = sniff_kind(path)  # raises FILE_UNREADABLE itself when this is no media at all
        if kind is not MediaKind.PICTURE:
            raise EngineFailure(
                FailureCode.FILE_WRONG_KIND, found=kind.value, needed=MediaKind.PICTURE.value
            ) from error
        raise EngineFailure(FailureCode.FILE_UNREADABLE, kind=MediaKind.PICTURE.value) from error


def _check_size(width_px: int, height_px: int) -> None:
    if width_px * height_px > MAX_IMAGE_PIXELS:
        raise EngineFailure(
            FailureCode.IMAGE_TOO_MANY_PIXELS,
            megapixels=width_px * height_px / 1e6,
            max_megapixels=MAX_IMAGE_PIXELS / 1e6,
        )
    if min(width_px, height_px) < MIN_IMAGE_SIDE_PX:
        raise EngineFailure(
            FailureCode.IMAGE_TOO_SMALL, width_px=width_px, height_px=height_px, needed_px=MIN_IMAGE_SIDE_PX
        )


def _fit(width_px: int, height_px: int) -> tuple[int, int]:
    """The size, with the same shape, whose long side is at most `MAX_LONG_SIDE_PX`."""
    scale = min(1.0, MAX_LONG_SIDE_PX / max(width_px, height_px))
    return max(1, round(width_px * scale)), max(1, round(height_px * scale))


def _shrink(image: Image.Image, *, stored_long_side: int) -> Image.Image:
    if stored_long_side <= MAX_LONG_SIDE_PX or max(image.size) <= MAX_LONG_SIDE_PX:
        return image
    if image.mode in {"P", "PA", "1"}:  # indices cannot be averaged
        image = image.convert("RGBA" if "transparency" in image.info or image.mode == "PA" else "RGB")
    return image.resize(_fit(*image.size), Image.Resampling.LANCZOS, reducing_gap=2.0)


def _to_srgb(image: Image.Image) -> tuple[np.ndarray, np.ndarray | None]:
    """rgb (H, W, 3) uint8 on the backdrop, and alpha (H, W) uint8 or None."""
    if image.mode.startswith(("I", "F")):
        image = _deep_grey_to_8_bit(image)
    has_alpha = image.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in image.info
    alpha = None
    if has_alpha:
        if image.mode not in {"RGBA", "LA"}:
            image = _keeping_profile(image, "RGBA")
        alpha = np.array(image.getchannel("A"))
        image = _keeping_profile(image, "RGB" if image.mode == "RGBA" else "L")
    rgb = np.array(_apply_profile(image))
    if alpha is None or int(alpha.min()) == 255:
        return rgb, None
    return _on_backdrop(rgb, alpha), alpha


def _keeping_profile(image: Image.Image, mode: str) -> Image.Image:
    converted = image.convert(mode)
    if "icc_profile" in image.info:
        converted.info["icc_profile"] = image.info["icc_profile"]
    return converted


def _deep_grey_to_8_bit(image: Image.Image) -> Image.Image:
    """16-bit and 32-bit grey, which Pillow would clip at 255."""
    values = np.asarray(image).astype(np.float32)
    if image.mode.startswith("I;16") or (image.mode == "I" and 255 < float(values.max()) <= 65535):
        values = values / 257.0
    elif image.mode == "F" and float(values.max()) <= 1.0:
        values = values * 255.0
    elif float(values.max()) > 255.0:
        values = values * (255.0 / float(values.max()))
    return Image.fromarray(np.clip(values + 0.5, 0, 255).astype(np.uint8))


def _apply_profile(image: Image.Image) -> Image.Image:
    """RGB in sRGB. A profile that is broken or does not fit is ignored, as browsers do."""
    profile_bytes = image.info.get("icc_profile")
    if profile_bytes and image.mode in {"RGB", "L", "CMYK", "LAB"}:
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(profile_bytes))
            if "srgb" not in ImageCms.getProfileDescription(profile).lower():
                converted = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
                return converted if converted is not None else image.convert("RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            return image.convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _on_backdrop(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Composite in bands: what is fully transparent may hold any colour, so it must never show through."""
    height = rgb.shape[0]
    out = np.empty_like(rgb)
    for top in range(0, height, 256):
        rows = slice(top, min(top + 256, height))
        down = (np.arange(rows.start, rows.stop, dtype=np.float32) / max(1, height - 1))[:, None, None]
        backdrop = _BACKDROP_TOP_RGB * (1 - down) + _BACKDROP_BOTTOM_RGB * down
        opacity = alpha[rows, :, None].astype(np.float32) / 255.0
        out[rows] = (rgb[rows] * opacity + backdrop * (1 - opacity) + 0.5).astype(np.uint8)
    return out
