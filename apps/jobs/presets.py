"""What a paid export can be delivered as. The worker has the same names in `worker/compose/delivery.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

_AUDIO_BYTES_PER_S = 24_000
_PCM_BYTES_PER_S = 192_000


@dataclass(frozen=True)
class Preset:
    """A way to encode. `bits_per_pixel`: what a pixel of one frame takes on average, measured over talking photos."""

    name: str
    label: str
    hint: str
    content_type: str
    bits_per_pixel: float
    audio_bytes_per_s: int = _AUDIO_BYTES_PER_S
    is_see_through: bool = False


PRESETS = (
    Preset("h264", "MP4 · H.264", "Plays everywhere", "video/mp4", 0.060),
    Preset("h264_small", "MP4 · H.264, small", "For mail and chats", "video/mp4", 0.016),
    Preset("hevc", "MP4 · HEVC", "Much smaller, for newer devices", "video/mp4", 0.012),
    Preset("prores", "MOV · ProRes 422 HQ", "For editing; very large", "video/quicktime", 3.6, _PCM_BYTES_PER_S),
    Preset("webm_alpha", "WebM · VP9 with alpha", "See-through on the web", "video/webm", 0.05, is_see_through=True),
    Preset(
        "prores_alpha",
        "MOV · ProRes 4444 with alpha",
        "See-through, for editing; very large",
        "video/quicktime",
        5.0,
        _PCM_BYTES_PER_S,
        is_see_through=True,
    ),
)


def presets_for(order: Mapping[str, Any]) -> tuple[Preset, ...]:
    """The formats that an order's picture fits into: a see-through one needs its own."""
    is_see_through = order.get("background") == "transparent"
    return tuple(preset for preset in PRESETS if preset.is_see_through == is_see_through)


def estimated_bytes(preset: Preset, *, width_px: int, height_px: int, duration_s: float, frame_rate: Fraction) -> int:
    """About how large the file will be. For telling people beforehand, never for refusing."""
    picture = preset.bits_per_pixel / 8 * width_px * height_px * float(frame_rate) * duration_s
    return round(picture + preset.audio_bytes_per_s * duration_s)
