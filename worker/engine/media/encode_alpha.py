"""RGBA frames → video with a transparent background: VP9 in WebM for the web, ProRes 4444 in QuickTime for editing.

VP9 carries alpha as a second stream of its own (WebM project, "VP8/VP9 alpha encode", 2012), which Chromium and Firefox
show; ProRes 4444 has it in the codec (Apple ProRes White Paper, 2022), which every editor reads. Alpha is straight,
not premultiplied.
"""

from fractions import Fraction
from pathlib import Path

from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.encode import Sound, VideoEncoder, time_scale

ALPHA_SUFFIXES = (".webm", ".mov")
_VP9_CRF = 24
_OPUS_BITS_PER_CHANNEL = 64_000
_PRORES_4444_PROFILE = "4"


class WebmAlphaEncoder(VideoEncoder):
    """RGBA frames → VP9 with alpha and Opus in a WebM; otherwise as `VideoEncoder`."""

    _CHANNELS, _PIXELS, _SUFFIX = 4, "rgba", ".webm"

    def _sound_arguments(self, sound: Sound) -> list[str]:
        # Opus knows 48 kHz and its whole parts only; the player hears no difference
        layout = [] if sound.channels <= 2 else ["-ac", "2"]
        return [
            "-c:a",
            "libopus",
            "-ar",
            "48000",
            *layout,
            "-b:a",
            str(_OPUS_BITS_PER_CHANNEL * min(sound.channels, 2)),
        ]

    def _picture_arguments(self, crf: int, preset: str) -> list[str]:
        colours = ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"]
        convert = self._conversion("yuva420p")
        speed = ["-deadline", "realtime", "-cpu-used", "6", "-row-mt", "1", "-auto-alt-ref", "0"]
        quality = ["-b:v", "0", "-crf", str(_VP9_CRF)]
        return ["-vf", convert, "-c:v", "libvpx-vp9", *speed, *quality, *colours, "-f", "webm"]

    def _conversion(self, pixels: str) -> str:
        width, height = self._size_px
        crop = (
            f"crop={self.width_px}:{self.height_px}:0:0," if (self.height_px, self.width_px) != (height, width) else ""
        )
        return f"{crop}scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd,format={pixels}"


class ProresAlphaEncoder(WebmAlphaEncoder):
    """RGBA frames → ProRes 4444 with 16-bit alpha and PCM in a QuickTime file; otherwise as `VideoEncoder`."""

    _CHANNELS, _PIXELS, _SUFFIX = 4, "rgba", ".mov"

    def _sound_arguments(self, sound: Sound) -> list[str]:
        return ["-c:a", "pcm_s16le", "-ar", str(sound.sample_rate_hz)]

    def _picture_arguments(self, crf: int, preset: str) -> list[str]:
        colours = ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"]
        codec = ["-c:v", "prores_ks", "-profile:v", _PRORES_4444_PROFILE, "-vendor", "apl0", "-alpha_bits", "16"]
        scale = time_scale(self.frame_rate)
        return [
            "-vf",
            self._conversion("yuva444p10le"),
            *codec,
            *colours,
            "-video_track_timescale",
            str(scale),
            "-f",
            "mov",
        ]


def alpha_encoder(
    path: Path, width_px: int, height_px: int, frame_rate: Fraction, *, audio_path: Path | None = None
) -> VideoEncoder:
    """The encoder for a transparent video, by the ending of `path`.

    Raises:
        EngineFailure: OPTION_INVALID when the ending is none of `ALPHA_SUFFIXES`; else as `VideoEncoder`.
    """
    suffix = path.suffix.lower()
    if suffix not in ALPHA_SUFFIXES:
        raise EngineFailure(
            FailureCode.OPTION_INVALID, option="background", rule="a transparent video ends in .webm or .mov"
        )
    kind = WebmAlphaEncoder if suffix == ".webm" else ProresAlphaEncoder
    return kind(path, width_px, height_px, frame_rate, audio_path=audio_path)
