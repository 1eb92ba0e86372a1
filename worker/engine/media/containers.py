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
from worker.engine.media.kinds import SAFE_CONTAINERS, check_file

_PICTURE_DEMUXERS = ("image2", "_pipe", "gif", "apng", "webp", "tty", "concat", "hls", "dash")


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
