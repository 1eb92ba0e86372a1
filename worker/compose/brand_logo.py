"""A creator's logo in a corner of every frame, blended in the one encode.

It never lies over the "AI-generated" label: where both want the same place, the logo makes room. Captions make room for
the logo. The watermark of free videos is drawn over it.
"""

import io
import warnings
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageCms

from worker.compose.brand_plan import Logo, LogoSpot
from worker.compose.marks import LABEL_TEXT, MarkStage, Patch, Placed, label_place, label_size_px, pill_patch
from worker.engine.contracts import FrameStage
from worker.engine.failures import EngineFailure, FailureCode

FORMATS = ("PNG", "WEBP")  # both can be see-through, neither runs a program
MAX_SIDE_PX, MAX_BYTES = 4096, 2 * 2**20
WIDEST = 2.5  # times its height: a box for wordmarks
GAP_SHARE = 0.02  # of the short side, between logo and label
_SEEN = 8  # alpha of 255 below which a border is empty
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, Image.DecompressionBombError)


def logo_stage(width_px: int, height_px: int, logo: Logo, label_corner: str | None) -> FrameStage:
    """A stage that blends the logo into frames, in place. label_corner: where the label is, if there is one.

    Raises:
        EngineFailure: FILE_MISSING, FILE_UNREADABLE for a file that is no still PNG or WebP of a sensible size.
    """
    patch = _faded(logo_patch(logo.path, logo.digest, box_px(width_px, height_px, logo.spot)), logo.opacity)
    x, y = logo_place(width_px, height_px, patch.size_px, logo.spot.corner, label_corner)
    return MarkStage(width_px, height_px, [Placed(patch, x, y, width_px, height_px)])


def box_px(width_px: int, height_px: int, spot: LogoSpot) -> tuple[int, int]:
    """Width and height that a logo has at most."""
    high = max(8, round(min(width_px, height_px) * spot.size))
    return min(round(high * WIDEST), round(width_px * 0.6)), high


def logo_place(
    width_px: int, height_px: int, logo_px: tuple[int, int], corner: str, label_corner: str | None
) -> tuple[int, int]:
    """Top-left corner of the logo, with the label's margins; above or below the label where they would touch."""
    x, y = label_place(width_px, height_px, logo_px, corner)
    if label_corner is None or label_corner.split("-")[0] != corner.split("-")[0]:
        return x, y
    label_px = pill_patch(LABEL_TEXT, label_size_px(width_px, height_px)).size_px
    label_x, label_y = label_place(width_px, height_px, label_px, label_corner)
    gap = round(GAP_SHARE * min(width_px, height_px))
    if x > label_x + label_px[0] + gap or x + logo_px[0] + gap < label_x:
        return x, y
    y = label_y + label_px[1] + gap if corner.startswith("top") else label_y - gap - logo_px[1]
    return x, max(0, min(y, height_px - logo_px[1]))


def logo_height_px(width_px: int, height_px: int, spot: LogoSpot | None, label_corner: str | None) -> int:
    """How much of the lower edge the logo takes up, from its box's upper edge down; 0 when it is not there."""
    if spot is None or not spot.corner.startswith("bottom"):
        return 0
    box = box_px(width_px, height_px, spot)
    return height_px - logo_place(width_px, height_px, box, spot.corner, label_corner)[1]


@lru_cache(maxsize=8)
def logo_patch(path: Path, digest: str, box: tuple[int, int]) -> Patch:
    """The logo without its empty borders, as large as fits into `box` (width, height), never above its own size × 2."""
    rgba = read_logo(path)
    rows, columns = (np.flatnonzero((rgba[..., 3] > _SEEN).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return Patch(np.zeros((1, 1, 3), np.uint8), np.zeros((1, 1), np.uint8))
    rgba = rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = rgba.shape[:2]
    scale = min(box[0] / width, box[1] / height, 2.0)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # colours weighed by how much of them is seen: what lies invisibly around a logo must not bleed into its edge
    alpha = rgba[..., 3:].astype(np.float32) / 255
    seen = np.dstack([rgba[..., :3].astype(np.float32) * alpha, alpha])
    small = cv2.resize(seen, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    share = np.clip(small[..., 3:], 0.0, 1.0)
    rgb = np.clip(small[..., :3] / np.maximum(share, 1e-4), 0, 255)
    return Patch(np.round(rgb).astype(np.uint8), np.round(share[..., 0] * 255).astype(np.uint8))


def read_logo(path: Path) -> np.ndarray:
    """(H, W, 4) uint8, sRGB, straight alpha. Raises as `logo_stage`."""
    if not path.is_file():
        raise EngineFailure(FailureCode.FILE_MISSING)
    if path.stat().st_size > MAX_BYTES:
        raise _unreadable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as image:
                if max(image.size) > MAX_SIDE_PX or int(getattr(image, "n_frames", 1)) > 1:
                    raise _unreadable()
                profile = image.info.get("icc_profile")
                rgba = image.convert("RGBA")
    except _DAMAGE as error:
        raise _unreadable() from error
    return np.asarray(_in_srgb(rgba, profile))


def _in_srgb(rgba: Image.Image, profile: bytes | None) -> Image.Image:
    if not profile:
        return rgba
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        rgb = ImageCms.profileToProfile(rgba.convert("RGB"), source, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError, ValueError):  # a broken profile, or one of a grey picture: as if without
        return rgba
    assert rgb is not None
    rgb.putalpha(rgba.getchannel("A"))
    return rgb


def _faded(patch: Patch, opacity: float) -> Patch:
    return Patch(patch.rgb, np.round(patch.alpha.astype(np.float32) * opacity).astype(np.uint8))


def _unreadable() -> EngineFailure:
    return EngineFailure(FailureCode.FILE_UNREADABLE, kind="picture")
