"""What a file really is, told by its content, never by its name."""

from enum import StrEnum
from pathlib import Path

from worker.engine.failures import EngineFailure, FailureCode

# ffmpeg's demuxers for things we call sound or video. Its picture, text and playlist demuxers are left out on purpose:
# a playlist could make it open other files.
SAFE_CONTAINERS: tuple[str, ...] = (
    "mov", "matroska", "avi", "mpeg", "mpegts", "mpegvideo", "flv", "asf", "ogg", "wav", "w64", "aiff", "caf", "au",
    "mp3", "flac", "aac", "ac3", "eac3", "amr", "amrnb", "amrwb", "ape", "wv", "tta", "dv", "mxf", "gxf", "3gp", "ivf",
    "h264", "hevc", "m4v", "rm", "voc", "dsf", "gsm", "sox", "nut", "loas", "latm", "mpc", "mpc8", "tak",
)  # fmt: skip


class MediaKind(StrEnum):
    PICTURE = "picture"
    SOUND = "sound"
    VIDEO = "video"


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


def looks_like_picture(path: Path) -> bool:
    """Whether the first bytes are those of a picture format we read."""
    with path.open("rb") as file:
        head = file.read(32)
    if head[4:8] == b"ftyp":  # the ISO container holds HEIC and AVIF pictures as well as MP4 videos
        return head[8:12] in {b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis"}
    if head[:4] == b"RIFF":
        return head[8:12] == b"WEBP"
    signatures = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*")
    return head.startswith(signatures)


def sniff_kind(path: Path) -> MediaKind:
    """Picture, sound or video, by content. An animated GIF or WebP is a picture; cover art does not make a video.

    Raises:
        EngineFailure: FILE_MISSING, FILE_EMPTY, or FILE_UNREADABLE (not media, or damaged beyond opening).
    """
    check_file(path)
    if looks_like_picture(path):
        return MediaKind.PICTURE
    from worker.engine.media.containers import moving_picture_stream, open_container, sound_stream

    with open_container(path) as container:
        if moving_picture_stream(container) is not None:
            return MediaKind.VIDEO
        if sound_stream(container) is not None:
            return MediaKind.SOUND
    raise EngineFailure(FailureCode.FILE_UNREADABLE)
