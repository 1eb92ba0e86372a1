"""Opening sound and video files with PyAV, safely: known formats only, no network, no playlists."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from worker.engine.failures import EngineFailure, FailureCode

# ffmpeg's demuxers for things we call sound or video. Its picture, text and playlist demuxers are left out on purpose:
# a playlist could make it open other files.
SAFE_CONTAINERS: tuple[str, ...] = (
    "mov", "matroska", "avi", "mpeg", "mpegts", "mpegvideo", "flv", "asf", "ogg", "wav", "w64", "aiff", "caf", "au",
    "mp3", "flac", "aac", "ac3", "eac3", "amr", "amrnb", "amrwb", "ape", "wv", "tta", "dv", "mxf", "gxf", "3gp", "ivf",
    "h264", "hevc", "m4v", "rm", "voc", "dsf", "gsm", "sox", "nut", "loas", "latm", "mpc", "mpc8", "tak",
)  # fmt: skip
_PICTURE_DEMUXERS = ("image2", "_pipe", "gif", "apng", "webp", "tty", "concat", "hls", "dash")


def check_file(path: Path) -> None:
    """Refuse what is not a readable file with something in it.

    Raises:
        EngineFailure: FILE_MISSING, FILE_EMPTY or FILE_UNREADABLE.
    """
    try:
        if not path.exists():
            raise EngineFailure(FailureCode.FILE_MISSING, file_name=path.name)
        if not path.is_file():
            raise EngineFailure(FailureCode.FILE_UNREADABLE)
        if path.stat().st_size == 0:
            raise EngineFailure(FailureCode.FILE_EMPTY)
        with path.open("rb") as file:
            file.read(1)
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the name
        raise EngineFailure(FailureCode.FILE_UNREADABLE) from error


@contextlib.contextmanager
def open_container(path: Path) -> Iterator[InputContainer]:
    """A sound or video file, opened for reading.

    Raises:
        EngineFailure: FILE_MISSING, FILE_EMPTY, or FILE_UNREADABLE (also for damage found while it is open).
    """
    check_file(path)
    options = {"protocol_whitelist": "file", "format_whitelist": ",".join(SAFE_CONTAINERS) + ",mp4,m4a,3g2,mj2,webm"}
    try:
        # "file:" keeps a name such as "concat:a|b" or "http:x" from being taken for a protocol
        with av.open(f"file:{path}", mode="r", options=options, metadata_errors="replace") as container:
            name = container.format.name
            if any(word in name for word in _PICTURE_DEMUXERS):
                raise EngineFailure(FailureCode.FILE_UNREADABLE)
            yield container
    except av.FFmpegError as error:
        raise EngineFailure(FailureCode.FILE_UNREADABLE) from error


def moving_picture_stream(container: InputContainer) -> VideoStream | None:
    """The first video stream that is not cover art."""
    for stream in container.streams.video:
        if not stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails):
            return stream
    return None


def sound_stream(container: InputContainer) -> AudioStream | None:
    """The sound a player would play: the default one, else the first that has a decoder and channels."""
    candidates = [s for s in container.streams.audio if s.codec_context is not None and s.codec_context.channels > 0]
    for stream in candidates:
        if stream.disposition & Disposition.default:
            return stream
    return candidates[0] if candidates else None
