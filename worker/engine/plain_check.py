"""A look at uploads without anybody in them: music, and pictures that are only shown."""

from pathlib import Path

from worker.engine.contracts import MAX_AUDIO_S
from worker.engine.media.audio import load_audio, measure_level, require_audible
from worker.engine.media.images import load_image


def check_music(path: Path) -> dict[str, object]:
    """A report as `preflight.preflight_file` gives, of JSON types: `duration_s` and `sound`.

    Raises:
        EngineFailure: FILE_*, NO_AUDIO_STREAM, AUDIO_TOO_LONG, AUDIO_TOO_SHORT, AUDIO_SILENT.
    """
    audio = load_audio(path, max_duration_s=MAX_AUDIO_S)
    level = measure_level(audio)
    require_audible(level)
    loudness = level.loudness_lufs
    return {
        "kind": "sound",
        "ok": True,
        "problems": [],
        "warnings": [{"code": "damaged", "at_s": None, "detail": {}}] if audio.damaged else [],
        "duration_s": round(audio.duration_s, 3),
        "sound": {
            "sample_rate_hz": audio.source_sample_rate_hz,
            "channels": audio.channels,
            "peak_dbfs": round(level.peak_dbfs, 1),
            "loudness_lufs": None if loudness is None else round(loudness, 1),
        },
    }


def check_picture_alone(path: Path) -> dict[str, object]:
    """A report of JSON types: `width_px, height_px` (upright) and `picture`.

    Raises:
        EngineFailure: FILE_*, IMAGE_*.
    """
    picture = load_image(path)
    return {
        "kind": "picture",
        "ok": True,
        "problems": [],
        "warnings": [],
        "width_px": picture.source_width_px,
        "height_px": picture.source_height_px,
        "picture": {"format": picture.format, "has_alpha": picture.alpha is not None, "frames": picture.frames},
    }
