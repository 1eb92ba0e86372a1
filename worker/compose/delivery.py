"""A finished video → the format in which it is delivered. The picture's stages are drawn already; this only encodes.

x265 after its own documentation's recommended CRF scale (28 looks like x264's 23), tagged hvc1 so that Apple's players
take it; ProRes 422 HQ as in Apple's white paper (2022), with PCM sound, as editors want it. For platforms: H.264 of
constant quality below a bitrate (constrained VBR, buffer of one second), keyframes by time, and the sound brought to a
loudness by ffmpeg's two-pass `loudnorm` (EBU R 128): linear where its peaks allow.
"""

import json
import math
import os
import re
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.ffmpeg import base_arguments, failure_of

_BT709 = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")
_MP4 = ("-movflags", "+faststart", "-f", "mp4")
_AAC = ("-c:a", "copy")
_PCM = ("-c:a", "pcm_s16le")
STREAMING_LUFS, TRUE_PEAK_DBTP, _LOUDNESS_RANGE_LU = -14.0, -1.0, 20.0
_QUIETEST_LUFS = -60.0  # below that there is nothing to bring up but noise
_SOUND_RATE_HZ = 48_000
_LOOK_S = 0.2
_SECONDS_PER_SECOND_MAX = 120.0  # an encoder slower than this hangs
_PATIENCE_S = 60.0


@dataclass(frozen=True)
class Delivery:
    """How ffmpeg is asked for a format, and the ending of its files. `loudness_lufs`: None leaves the sound alone."""

    suffix: str
    arguments: tuple[str, ...]
    loudness_lufs: float | None = None


def _platform(bitrate_max_kbps: int, *, keyframe_s: float = 2.0, crf: int = 21) -> Delivery:
    video = ("-c:v", "libx264", "-preset", "medium", "-crf", str(crf), "-profile:v", "high", "-pix_fmt", "yuv420p")
    rate = ("-maxrate", f"{bitrate_max_kbps}k", "-bufsize", f"{bitrate_max_kbps}k")
    keyframes = ("-force_key_frames", f"expr:gte(t,n_forced*{keyframe_s})", "-flags", "+cgop")
    return Delivery(".mp4", (*video, *rate, *keyframes, *_BT709, *_MP4), STREAMING_LUFS)


# None: as the renderer encoded it.
DELIVERIES: Mapping[str, Delivery | None] = {
    "h264": None,
    "h264_small": Delivery(
        ".mp4", ("-c:v", "libx264", "-preset", "medium", "-crf", "26", "-pix_fmt", "yuv420p", *_BT709, *_AAC, *_MP4)
    ),
    "hevc": Delivery(
        ".mp4",
        (
            *("-c:v", "libx265", "-preset", "fast", "-crf", "24", "-tag:v", "hvc1", "-x265-params", "log-level=error"),
            *("-pix_fmt", "yuv420p", *_BT709, *_AAC, *_MP4),
        ),
    ),
    "prores": Delivery(
        ".mov",
        (
            *("-c:v", "prores_ks", "-profile:v", "3", "-vendor", "apl0", "-pix_fmt", "yuv422p10le"),
            *(*_BT709, *_PCM, "-f", "mov"),
        ),
    ),
    "webm_alpha": None,
    "prores_alpha": None,
    "tiktok": _platform(10_000),
    "reels": _platform(8_000),
    "shorts": _platform(12_000),
    "youtube": _platform(45_000, keyframe_s=0.5, crf=20),
    "linkedin": _platform(5_000),
    "x": _platform(8_000),
    "web": _platform(2_500, crf=26),
}


def deliver(
    path: Path,
    preset: str,
    *,
    duration_s: float,
    on_fraction: Callable[[float], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Path:
    """Bring the video at `path` into the format of `preset`; returns where it is now (`path` itself is replaced).

    duration_s: the video's length, for progress and for the time limit. Frames, their times and the sound stay.

    Raises:
        EngineFailure: OPTION_INVALID for an unknown preset; CANCELLED; TIMED_OUT, DISK_FULL, ENCODER_FAILED.
    """
    if preset not in DELIVERIES:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="preset", allowed=list(DELIVERIES))
    delivery = DELIVERIES[preset]
    if delivery is None:
        return path
    part = path.parent / f".{uuid.uuid4().hex}.part{delivery.suffix}"
    told = ["-progress", "pipe:1", "-stats_period", str(_LOOK_S)]
    keep_times = ["-map", "0:v:0", "-map", "0:a?", "-fps_mode", "passthrough", "-map_metadata", "-1"]
    sound = _sound_arguments(path, delivery.loudness_lufs, duration_s)
    arguments = [*base_arguments(), *told, "-i", str(path), *keep_times, *sound, *delivery.arguments, str(part)]
    try:
        _run(arguments, part, duration_s, on_fraction, should_stop)
        target = path.with_suffix(delivery.suffix)
        part.replace(target)
        if target != path:
            path.unlink()
    finally:
        part.unlink(missing_ok=True)
    return target


def _sound_arguments(path: Path, loudness_lufs: float | None, duration_s: float) -> tuple[str, ...]:
    """How the sound is brought to a loudness: measured first, so that the second pass only turns it up or down."""
    if loudness_lufs is None:
        return ()
    wanted = f"loudnorm=I={loudness_lufs}:TP={TRUE_PEAK_DBTP}:LRA={_LOUDNESS_RANGE_LU}"
    measured = _measured(path, wanted, duration_s)
    if measured is None:
        return _AAC
    told = ":".join(f"measured_{name}={measured[f'input_{key}']}" for name, key in _MEASURES.items())
    chain = f"{wanted}:{told}:offset={measured['target_offset']}:linear=true"
    return ("-af", chain, "-ar", str(_SOUND_RATE_HZ), "-c:a", "aac", "-b:a", "192k")


_MEASURES = {"I": "i", "TP": "tp", "LRA": "lra", "thresh": "thresh"}
_REPORT = re.compile(r"\{[^{}]*\}")


def _measured(path: Path, wanted: str, duration_s: float) -> dict[str, float] | None:
    """What loudnorm finds in the sound; None without sound, or where there is nothing to be heard."""
    arguments = [*base_arguments(), "-v", "info", "-i", str(path), "-map", "0:a?", "-af", f"{wanted}:print_format=json"]
    try:
        done = subprocess.run(
            [*arguments, "-f", "null", "-"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE_S + duration_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise EngineFailure(FailureCode.TIMED_OUT, limit_s=_PATIENCE_S) from error
    reports = _REPORT.findall(done.stderr.decode("utf-8", "replace")) if done.returncode == 0 else []
    if not reports:
        return None
    facts = {name: float(value) for name, value in json.loads(reports[-1]).items() if name != "normalization_type"}
    is_heard = all(math.isfinite(value) for value in facts.values()) and facts["input_i"] > _QUIETEST_LUFS
    return facts if is_heard else None


def _run(
    arguments: list[str],
    part: Path,
    duration_s: float,
    on_fraction: Callable[[float], None],
    should_stop: Callable[[], bool],
) -> None:
    """Let ffmpeg work, telling how far it is, until it is done, is told to stop, or takes far too long."""
    give_up_at = time.monotonic() + _PATIENCE_S + duration_s * _SECONDS_PER_SECOND_MAX
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as told:
        process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=told, stderr=errors, start_new_session=True
        )
        try:
            while process.poll() is None:
                time.sleep(_LOOK_S)
                if should_stop():
                    raise EngineFailure(FailureCode.CANCELLED)
                if time.monotonic() > give_up_at:
                    raise EngineFailure(FailureCode.TIMED_OUT, limit_s=_PATIENCE_S)
                on_fraction(min(_reached_s(told.fileno()) / max(duration_s, 0.001), 1.0))
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
        if process.returncode != 0:
            raise failure_of(process.returncode, errors, output=part)


def _reached_s(told: int) -> float:
    """The latest time that ffmpeg says it has written."""
    size = os.fstat(told).st_size
    text = os.pread(told, 2000, max(0, size - 2000)).decode("ascii", "replace")
    _, found, rest = text.rpartition("out_time_us=")
    number = rest.split("\n", 1)[0].strip()
    return int(number) / 1e6 if found and number.lstrip("-").isdigit() else 0.0
