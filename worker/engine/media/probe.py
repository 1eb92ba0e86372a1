"""What a clip is made of: streams, rates, rotation, colour – from its index and first frame only."""

import itertools
import statistics
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.video.reformatter import ColorTrc
from av.video.stream import VideoStream

from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.containers import check_file, moving_picture_stream, open_container, sound_stream
from worker.engine.media.kinds import MediaKind, looks_like_picture

# Rates that cameras and editors really use; containers round them, e.g. 2997/100 for 30000/1001.
COMMON_FRAME_RATES: tuple[Fraction, ...] = (
    Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(48),
    Fraction(50), Fraction(60000, 1001), Fraction(60), Fraction(120000, 1001), Fraction(120),
)  # fmt: skip
_RATE_TOLERANCE = 0.0004  # half of the distance between 30 and 29.97
_MAX_PACKETS = 40_000  # 11 minutes at 60 per second
_JITTER = 0.3  # an interval this far from the usual one, relative, counts as irregular
_VFR_SHARE = 0.02
_HDR_TRANSFERS = {ColorTrc.SMPTE2084: "pq", ColorTrc.ARIB_STD_B67: "hlg"}


@dataclass(frozen=True)
class VideoInfo:
    """The moving picture of a clip.

    width_px, height_px: as shown, after rotation. stored_width_px, stored_height_px: as stored.
    frame_rate: the steady rate, or the mean one when `is_variable_rate`.
    rotation_deg: what a player turns the picture by, clockwise: 0, 90, 180 or 270.
    colour_transfer: "sdr", "pq" or "hlg".
    keyframe_times_s: where decoding can begin, in seconds after the first frame.
    """

    codec: str
    width_px: int
    height_px: int
    stored_width_px: int
    stored_height_px: int
    frame_rate: Fraction
    is_variable_rate: bool
    frame_count: int
    duration_s: float
    rotation_deg: int
    pixel_format: str
    bit_depth: int
    has_alpha: bool
    colour_transfer: str
    is_interlaced: bool
    sample_aspect_ratio: Fraction
    keyframe_times_s: tuple[float, ...] = ()


@dataclass(frozen=True)
class SoundInfo:
    """The sound of a recording or clip; `offset_s` is how much later than the picture it begins."""

    codec: str
    sample_rate_hz: int
    channels: int
    duration_s: float | None
    offset_s: float


@dataclass(frozen=True)
class MediaInfo:
    """A sound or video file. `damaged`: its index or first frames could be read only in part."""

    container: str
    duration_s: float
    size_bytes: int
    video: VideoInfo | None
    sound: SoundInfo | None
    damaged: bool = False

    @property
    def kind(self) -> MediaKind:
        return MediaKind.SOUND if self.video is None else MediaKind.VIDEO


@dataclass(frozen=True)
class _Timing:
    frame_rate: Fraction
    is_variable_rate: bool
    frame_count: int
    duration_s: float
    damaged: bool
    keyframe_times_s: tuple[float, ...] = ()


def probe(path: Path | str) -> MediaInfo:
    """Look into a sound or video file.

    Raises:
        EngineFailure: FILE_MISSING, FILE_EMPTY, FILE_UNREADABLE, FILE_WRONG_KIND (a picture).
    """
    path = Path(path)
    check_file(path)
    if looks_like_picture(path):
        raise EngineFailure(FailureCode.FILE_WRONG_KIND, found=MediaKind.PICTURE.value, needed=MediaKind.VIDEO.value)
    with open_container(path) as container:
        video_stream = moving_picture_stream(container)
        sound = _sound_info(container, video_stream)
        video, damaged = (None, False) if video_stream is None else _video_info(container, video_stream)
        if video is None and sound is None:
            raise EngineFailure(FailureCode.FILE_UNREADABLE)
        stated_s = 0.0 if container.duration is None else container.duration / av.time_base
        known = [d for d in (video and video.duration_s, sound and sound.duration_s) if d]
        return MediaInfo(
            container=container.format.name.split(",")[0],
            duration_s=max(known) if known else stated_s,
            size_bytes=path.stat().st_size,
            video=video,
            sound=sound,
            damaged=damaged,
        )


def _sound_info(container: InputContainer, video: VideoStream | None) -> SoundInfo | None:
    stream = sound_stream(container)
    if stream is None:
        return None
    duration_s = None if stream.duration is None else float(stream.duration * stream.time_base)
    if duration_s is None and video is None and container.duration is not None:
        duration_s = container.duration / av.time_base
    offset_s = 0.0
    if video is not None and stream.start_time is not None and video.start_time is not None:
        offset_s = float(stream.start_time * stream.time_base - video.start_time * video.time_base)
    context = stream.codec_context
    return SoundInfo(context.name, int(context.sample_rate), int(context.channels), duration_s, offset_s)


def _video_info(container: InputContainer, stream: VideoStream) -> tuple[VideoInfo, bool]:
    first = _first_frame(container, stream)
    timing = _timing(container, stream)
    context = stream.codec_context
    stored = (int(first.width), int(first.height))
    rotation_deg = clockwise_rotation_deg(first)
    turned = rotation_deg in (90, 270)
    aspect = first.sample_aspect_ratio if hasattr(first, "sample_aspect_ratio") else stream.sample_aspect_ratio
    return VideoInfo(
        codec=context.name,
        width_px=stored[1] if turned else stored[0],
        height_px=stored[0] if turned else stored[1],
        stored_width_px=stored[0],
        stored_height_px=stored[1],
        frame_rate=timing.frame_rate,
        is_variable_rate=timing.is_variable_rate,
        frame_count=timing.frame_count,
        duration_s=timing.duration_s,
        rotation_deg=rotation_deg,
        pixel_format=first.format.name,
        bit_depth=max((c.bits for c in first.format.components), default=8),
        has_alpha=any(c.is_alpha for c in first.format.components),
        colour_transfer=_HDR_TRANSFERS.get(first.color_trc, "sdr"),
        is_interlaced=bool(first.interlaced_frame),
        sample_aspect_ratio=Fraction(aspect) if aspect else Fraction(1),
        keyframe_times_s=timing.keyframe_times_s,
    ), timing.damaged


def clockwise_rotation_deg(frame: av.VideoFrame) -> int:
    """How far a player turns this frame clockwise: 0, 90, 180 or 270. (The display matrix counts the other way.)"""
    return round(-frame.rotation / 90) % 4 * 90


def _first_frame(container: InputContainer, stream: VideoStream) -> av.VideoFrame:
    """The first frame that decodes; a few damaged ones before it are passed over."""
    damaged = 0
    packets = container.demux(stream)
    while damaged < 50:
        try:
            packet = next(packets, None)
            if packet is None:
                break
            for frame in packet.decode():
                return frame
        except av.FFmpegError:
            damaged += 1
    raise EngineFailure(FailureCode.FILE_UNREADABLE, kind=MediaKind.VIDEO.value)


def _timing(container: InputContainer, stream: VideoStream) -> _Timing:
    """Frame rate, its steadiness and the length, from the presentation times of all packets (nothing is decoded)."""
    damaged = False
    ticks: list[int] = []
    key_ticks: list[int] = []
    container.seek(0)
    try:
        for packet in itertools.islice(container.demux(stream), _MAX_PACKETS):
            if packet.size and packet.is_corrupt:
                damaged = True
            elif packet.size and packet.pts is not None:
                ticks.append(packet.pts)
                if packet.is_keyframe:
                    key_ticks.append(packet.pts)
    except av.FFmpegError:
        damaged = True
    ticks = sorted(set(ticks))
    time_base = stream.time_base or Fraction(1, 1000)
    stated = stream.average_rate or stream.guessed_rate or Fraction(25)
    if len(ticks) < 2:
        rate = snap_frame_rate(Fraction(stated))
        return _Timing(
            rate, is_variable_rate=False, frame_count=len(ticks), duration_s=len(ticks) / float(rate), damaged=damaged
        )
    gaps = [b - a for a, b in itertools.pairwise(ticks)]
    usual = statistics.median(gaps)
    # millisecond time bases round every interval up or down by a tick
    tolerance = max(usual * _JITTER, 1.01)
    irregular = sum(abs(gap - usual) > tolerance for gap in gaps)
    is_variable = irregular > max(1, _VFR_SHARE * len(gaps))
    mean = Fraction(len(gaps)) / ((ticks[-1] - ticks[0]) * time_base)
    steady = Fraction(1) / (Fraction(usual) * time_base)
    if not is_variable and irregular == 0:
        steady = mean
    rate = mean if is_variable else snap_frame_rate(steady)
    span_s = float((ticks[-1] - ticks[0]) * time_base)
    keyframe_times_s = tuple(float((tick - ticks[0]) * time_base) for tick in key_ticks)
    duration_s = span_s + float(1 / rate)
    return _Timing(rate.limit_denominator(100_000), is_variable, len(ticks), duration_s, damaged, keyframe_times_s)


def snap_frame_rate(rate: Fraction) -> Fraction:
    """The common rate that `rate` is a rounded form of, else `rate` itself."""
    nearest = min(COMMON_FRAME_RATES, key=lambda common: abs(common - rate))
    return nearest if abs(nearest / rate - 1) <= _RATE_TOLERANCE else rate
