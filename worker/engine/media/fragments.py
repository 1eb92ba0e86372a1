"""Fragments of an MP4 (ISO/IEC 14496-12): taken from a stream as they come, counted, and moved in time.

A fragmented video is a beginning (`ftyp` and `moov`: how to decode it) and then pieces of a `moof` and a `mdat`, each
of which can be played as soon as it is there.
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO

MAX_BOX_BYTES = 64 << 20
_HEADER = struct.Struct(">I4s")
_CONTAINERS = frozenset({b"moof", b"traf", b"moov", b"trak", b"mdia", b"mvex"})


class BrokenFragmentError(Exception):
    """The bytes are not what a fragmented MP4 consists of."""


def read_pieces(stream: BinaryIO) -> Iterator[bytes]:
    """The beginning, then fragment after fragment, each as soon as it has come in whole.

    Raises:
        BrokenFragmentError: the stream ends within a box, or holds something else.
    """
    piece = b""
    wanted, opener = b"moov", b"ftyp"
    while (box := _read_box(stream)) is not None:
        kind = box[4:8]
        if kind in (b"ftyp", b"styp", b"moof"):
            piece = box
        elif kind in (b"moov", b"mdat"):
            if kind != wanted or piece[4:8] != opener:
                raise BrokenFragmentError(f"found {kind!r} out of place")
            wanted, opener = b"mdat", b"moof"
            yield piece + box
            piece = b""
    if piece:
        raise BrokenFragmentError("it ends within a fragment")


def _read_box(stream: BinaryIO) -> bytes | None:
    head = _read_exactly(stream, _HEADER.size)
    if not head:
        return None
    size, _ = _HEADER.unpack(head)
    if not _HEADER.size <= size <= MAX_BOX_BYTES:
        raise BrokenFragmentError(f"a box of {size} bytes")
    body = _read_exactly(stream, size - _HEADER.size)
    if len(body) != size - _HEADER.size:
        raise BrokenFragmentError("it ends within a box")
    return head + body


def _read_exactly(stream: BinaryIO, count: int) -> bytes:
    """`count` bytes, or none at the end."""
    parts, missing = [], count
    while missing:
        part = stream.read(missing)
        if not part:
            break
        parts.append(part)
        missing -= len(part)
    if missing and parts and count == _HEADER.size:
        raise BrokenFragmentError("it ends within a box")
    return b"".join(parts)


def _boxes(data: bytes | bytearray, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, start of its content, end) of all boxes between, with those inside containers."""
    at = start
    while at + _HEADER.size <= end:
        size, kind = _HEADER.unpack_from(data, at)
        if size < _HEADER.size or at + size > end:
            raise BrokenFragmentError("a box reaches out of its place")
        yield kind, at + _HEADER.size, at + size
        if kind in _CONTAINERS:
            yield from _boxes(data, at + _HEADER.size, at + size)
        at += size


def _decode_time(data: bytes | bytearray, content: int) -> int:
    return int(struct.unpack_from(">Q" if data[content] else ">I", data, content + 4)[0])


def first_tick(fragment: bytes) -> int:
    """When the first track's first sample of this fragment is decoded, in ticks of its track."""
    for kind, content, _ in _boxes(fragment, 0, len(fragment)):
        if kind == b"tfdt":
            return _decode_time(fragment, content)
    raise BrokenFragmentError("a fragment without a time")


def sample_count(fragment: bytes) -> int:
    """How many samples (frames) the fragment holds, of all its tracks."""
    return sum(
        int(struct.unpack_from(">I", fragment, content + 4)[0])
        for kind, content, _ in _boxes(fragment, 0, len(fragment))
        if kind == b"trun"
    )


def moved(fragment: bytes, ticks: int, number: int) -> bytes:
    """The fragment of one track `ticks` later, as the `number`th of its video."""
    data = bytearray(fragment)
    for kind, content, _ in _boxes(fragment, 0, len(fragment)):
        if kind == b"tfdt":
            struct.pack_into(">Q" if data[content] else ">I", data, content + 4, _decode_time(data, content) + ticks)
        elif kind == b"mfhd":
            struct.pack_into(">I", data, content + 4, number)
    return bytes(data)


def with_duration(beginning: bytes, duration_s: float) -> bytes:
    """The beginning, saying how long the video will be once all of it is there: players then show its whole length."""
    data = bytearray(beginning)
    for kind, content, _ in _boxes(beginning, 0, len(beginning)):
        if kind == b"mvhd" and data[content] == 0:
            scale = struct.unpack_from(">I", data, content + 12)[0]
            struct.pack_into(">I", data, content + 16, min(round(duration_s * scale), 0xFFFFFFFE))
    return bytes(data)
