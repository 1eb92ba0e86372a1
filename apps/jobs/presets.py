"""What a paid export can be delivered as. The worker has the same names in `worker/compose/delivery.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

_AUDIO_BYTES_PER_S = 24_000
_PCM_BYTES_PER_S = 192_000
_PLATFORM_BITS = 0.034  # one constant quality for all of them, measured against the plain formats


@dataclass(frozen=True)
class Preset:
    """A way to encode. `bits_per_pixel`: what a pixel of one frame takes on average, measured over talking photos.

    The rest is what a platform asks for; None leaves it as the video is. `bitrate_max_kbps`: never above that.
    `loudness_lufs`: what the sound is brought to. `platform`: made for one, not a plain format.
    """

    name: str
    label: str
    hint: str
    content_type: str
    bits_per_pixel: float
    audio_bytes_per_s: int = _AUDIO_BYTES_PER_S
    is_see_through: bool = False
    platform: bool = False
    short_side_max_px: int | None = None
    frame_rate_max: int | None = None
    bitrate_max_kbps: int | None = None
    keyframe_s: float | None = None
    loudness_lufs: float | None = None


def _platform(name: str, label: str, hint: str, *, bits_per_pixel: float = _PLATFORM_BITS, **asked: Any) -> Preset:
    facts = {"short_side_max_px": 1080, "keyframe_s": 2.0, "loudness_lufs": -14.0} | asked
    return Preset(name, label, hint, "video/mp4", bits_per_pixel, platform=True, **facts)


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
    _platform("tiktok", "TikTok", "Best upright, 9:16", bitrate_max_kbps=10_000),
    _platform("reels", "Instagram Reels", "Best upright, 9:16", bitrate_max_kbps=8_000, frame_rate_max=30),
    _platform("shorts", "YouTube Shorts", "Best upright, 9:16", bitrate_max_kbps=12_000),
    _platform(
        "youtube",
        "YouTube",
        "Best across, 16:9; up to 4K",
        bits_per_pixel=0.04,
        short_side_max_px=None,
        bitrate_max_kbps=45_000,
        keyframe_s=0.5,
    ),
    _platform("linkedin", "LinkedIn", "Any shape; 4:5 takes most room", bitrate_max_kbps=5_000, frame_rate_max=30),
    _platform("x", "X", "Any shape", bitrate_max_kbps=8_000),
    _platform(
        "web",
        "Your own website",
        "Starts at once, plays everywhere",
        bits_per_pixel=0.016,
        short_side_max_px=720,
        bitrate_max_kbps=2_500,
        frame_rate_max=30,
    ),
)


def presets_for(order: Mapping[str, Any]) -> tuple[Preset, ...]:
    """The formats that an order's picture fits into: a see-through one needs its own."""
    is_see_through = order.get("background") == "transparent"
    return tuple(preset for preset in PRESETS if preset.is_see_through == is_see_through)


def estimated_bytes(preset: Preset, *, width_px: int, height_px: int, duration_s: float, frame_rate: Fraction) -> int:
    """About how large the file will be. For telling people beforehand, never for refusing."""
    bytes_per_s = preset.bits_per_pixel / 8 * width_px * height_px * float(frame_rate)
    if preset.bitrate_max_kbps is not None:
        bytes_per_s = min(bytes_per_s, preset.bitrate_max_kbps * 125)
    picture = bytes_per_s * duration_s
    return round(picture + preset.audio_bytes_per_s * duration_s)


def rate_for(preset: Preset, frames_per_second: str) -> str:
    """The rate a photo is rendered at for a preset: of what is wished, halved where the platform takes less."""
    rate = Fraction(frames_per_second)
    while preset.frame_rate_max is not None and rate > preset.frame_rate_max:
        rate /= 2
    return str(rate)


def size_for(preset: Preset, width_px: int, height_px: int) -> tuple[int, int]:
    """A picture's size with a preset: even numbers, the short side at most what the preset takes."""
    most = preset.short_side_max_px or min(width_px, height_px)
    scale = min(1.0, most / min(width_px, height_px))
    return max(2, int(width_px * scale) // 2 * 2), max(2, int(height_px * scale) // 2 * 2)
