"""What a file really is, told by its content, never by its name."""

from enum import StrEnum
from pathlib import Path

from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.containers import check_file, moving_picture_stream, open_container, sound_stream


class MediaKind(StrEnum):
    PICTURE = "picture"
    SOUND = "sound"
    VIDEO = "video"


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
    with open_container(path) as container:
        if moving_picture_stream(container) is not None:
            return MediaKind.VIDEO
        if sound_stream(container) is not None:
            return MediaKind.SOUND
    raise EngineFailure(FailureCode.FILE_UNREADABLE)
