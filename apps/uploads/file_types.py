"""What a file is, told by its first bytes; its name and the browser's claim are not asked.

This sorts files at the door. Whether they are whole and good enough is for preflight, which decodes them in a worker.
"""

from dataclasses import dataclass
from enum import StrEnum

HEAD_BYTES = 4096  # as much of a file's beginning as `sniff` looks at


class Category(StrEnum):
    PICTURE = "picture"
    SOUND = "sound"
    VIDEO = "video"
    DATA = "data"
    OTHER = "other"


@dataclass(frozen=True)
class FileType:
    """One kind of file. `label` completes "That file is …"."""

    content_type: str
    extension: str
    category: Category
    label: str


def _picture(subtype: str, extension: str, label: str) -> FileType:
    return FileType(f"image/{subtype}", extension, Category.PICTURE, label)


def _sound(subtype: str, extension: str, label: str) -> FileType:
    return FileType(f"audio/{subtype}", extension, Category.SOUND, label)


def _video(subtype: str, extension: str, label: str) -> FileType:
    return FileType(f"video/{subtype}", extension, Category.VIDEO, label)


def _other(label: str) -> FileType:
    return FileType("application/octet-stream", ".bin", Category.OTHER, label)


JPEG = _picture("jpeg", ".jpg", "a JPEG picture")
PNG = _picture("png", ".png", "a PNG picture")
WEBP = _picture("webp", ".webp", "a WebP picture")
GIF = _picture("gif", ".gif", "a GIF picture")
BMP = _picture("bmp", ".bmp", "a BMP picture")
TIFF = _picture("tiff", ".tiff", "a TIFF picture")
HEIC = _picture("heic", ".heic", "a HEIC picture")
AVIF = _picture("avif", ".avif", "an AVIF picture")
WAV = _sound("wav", ".wav", "a WAV recording")
MP3 = _sound("mpeg", ".mp3", "an MP3 recording")
M4A = _sound("mp4", ".m4a", "an M4A recording")
AAC = _sound("aac", ".aac", "an AAC recording")
OGG = _sound("ogg", ".ogg", "an OGG recording")
FLAC = _sound("flac", ".flac", "a FLAC recording")
AIFF = _sound("aiff", ".aiff", "an AIFF recording")
CAF = _sound("x-caf", ".caf", "a CAF recording")
AMR = _sound("amr", ".amr", "an AMR recording")
MP4 = _video("mp4", ".mp4", "an MP4 video")
MOV = _video("quicktime", ".mov", "a QuickTime video")
WEBM = _video("webm", ".webm", "a WebM file")  # sound alone or a video: both call themselves this
MKV = _video("x-matroska", ".mkv", "a Matroska video")
AVI = _video("x-msvideo", ".avi", "an AVI video")
UNKNOWN = _other("of a type we do not know")
TEXT = _other("a text file")
JSON = FileType("application/json", ".json", Category.DATA, "a JSON file")

_BY_PREFIX: tuple[tuple[bytes, FileType], ...] = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
    (b"OggS", OGG),
    (b"fLaC", FLAC),
    (b"ID3", MP3),
    (b"caff", CAF),
    (b"#!AMR", AMR),
    (b"%PDF-", _other("a PDF document")),
    (b"PK\x03\x04", _other("a ZIP archive or an office document")),
    (b"Rar!", _other("a RAR archive")),
    (b"7z\xbc\xaf\x27\x1c", _other("a 7-Zip archive")),
    (b"\x1f\x8b", _other("a compressed archive")),
    (b"8BPS", _other("a Photoshop document")),
    (b"\x7fELF", _other("a program")),
    (b"MZ", _other("a program")),
    (b"{\\rtf", _other("a text document")),
    (b"FLV\x01", _other("a Flash video")),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", _other("a Windows Media file")),
    (b"\x00\x00\x01\xba", _other("an MPEG video")),
    (b"\xff\x0a", _other("a JPEG XL picture")),
    (b"\x00\x00\x00\x0cJXL ", _other("a JPEG XL picture")),
    (b"\x00\x00\x00\x0cjP  ", _other("a JPEG 2000 picture")),
)
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_M4A_BRANDS = frozenset({b"M4A ", b"M4B ", b"M4P ", b"F4A "})
_BMP_HEADER_BYTES = frozenset({12, 16, 40, 52, 56, 64, 108, 124})


def sniff(head: bytes) -> FileType:
    """The type of the file that begins with `head` (its first `HEAD_BYTES` bytes, or all of a shorter file)."""
    if head[4:8] == b"ftyp":
        return _iso_container(head)
    if head[:4] in {b"RIFF", b"RF64", b"BW64"}:
        return {b"WAVE": WAV, b"WEBP": WEBP, b"AVI ": AVI}.get(head[8:12], UNKNOWN)
    if head[:4] == b"FORM" and head[8:12] in {b"AIFF", b"AIFC"}:
        return AIFF
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return WEBM if b"webm" in head[:64] else MKV
    if head[:2] == b"BM" and len(head) >= 18 and int.from_bytes(head[14:18], "little") in _BMP_HEADER_BYTES:
        return BMP
    for prefix, file_type in _BY_PREFIX:
        if head.startswith(prefix):
            return file_type
    return _mpeg_audio(head) or _text(head) or UNKNOWN


def _iso_container(head: bytes) -> FileType:
    """ISO base media files: HEIC and AVIF pictures, M4A sound, MP4 and QuickTime video share one outer form."""
    box_bytes = int.from_bytes(head[:4], "big")
    major = head[8:12]
    brands = {major, *(head[at : at + 4] for at in range(16, min(box_bytes, 256, len(head)), 4))}
    if major in _AVIF_BRANDS or (major in {b"mif1", b"msf1"} and brands & _AVIF_BRANDS):
        return AVIF
    if major in _HEIC_BRANDS or (major in {b"mif1", b"msf1"} and brands & _HEIC_BRANDS):
        return HEIC
    if major in _M4A_BRANDS:
        return M4A
    return MOV if major == b"qt  " else MP4


def _mpeg_audio(head: bytes) -> FileType | None:
    """MP3 and AAC without any header of their own begin with a frame; its fields have to make sense."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    if layer == 0:
        is_adts = head[1] & 0xF6 == 0xF0 and head[2] >> 2 & 0xF < 13
        return AAC if is_adts else None
    bitrate, sample_rate = head[2] >> 4, head[2] >> 2 & 3
    return MP3 if version != 1 and bitrate not in {0, 15} and sample_rate != 3 else None


def _text(head: bytes) -> FileType | None:
    try:
        words = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3 or not head[: error.start]:  # a letter cut in two at the end is no sign
            return None
        words = head[: error.start].decode("utf-8")
    if any(not (letter.isprintable() or letter.isspace() or letter == "\ufeff") for letter in words):
        return None
    beginning = words.lstrip("\ufeff \t\r\n").lower()
    if beginning.startswith(("<svg", "<?xml")) and "<svg" in beginning:
        return _other("an SVG drawing")
    if beginning.startswith(("<!doctype html", "<html", "<script", "<body", "<head")):
        return _other("a web page")
    return JSON if beginning.startswith("{") else TEXT


_BY_CONTENT_TYPE = {
    entry.content_type: entry
    for entry in (
        *(JPEG, PNG, WEBP, GIF, BMP, TIFF, HEIC, AVIF),
        *(WAV, MP3, M4A, AAC, OGG, FLAC, AIFF, CAF, AMR),
        *(MP4, MOV, WEBM, MKV, AVI),
    )
}


def extension_for(content_type: str) -> str:
    """The ending a file of this type gets, e.g. ".jpg"; ".bin" for what is not media."""
    known = JSON if content_type == JSON.content_type else _BY_CONTENT_TYPE.get(content_type)
    return known.extension if known else ".bin"


def is_media(content_type: str) -> bool:
    """Whether browsers may show this type; everything else is only ever downloaded."""
    return content_type in _BY_CONTENT_TYPE
