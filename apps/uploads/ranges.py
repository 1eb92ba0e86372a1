"""HTTP ranges (RFC 9110 §14), as far as players need them: one range of bytes per request."""

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes\s*=\s*(?P<first>[0-9]{0,18})-(?P<last>[0-9]{0,18})", re.ASCII)


@dataclass(frozen=True)
class ByteRange:
    """Bytes `first` up to and including `last`; empty for a file of no bytes."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


class RangeNotSatisfiableError(Exception):
    """The range lies outside of the file."""


def requested_range(header: str, size_bytes: int) -> ByteRange | None:
    """The range asked for, clipped to the file; None when the whole file is to be sent.

    Ranges that make no sense, other units and lists of ranges are ignored, as the RFC allows: the answer is then the
    whole file. Lists especially, since many small or overlapping ranges are a way to make a server work for nothing.

    Raises:
        RangeNotSatisfiableError: the range begins at or after the file's end.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or (not match["first"] and not match["last"]):
        return None
    if not match["first"]:  # the last so many bytes
        wanted = int(match["last"])
        if wanted == 0 or size_bytes == 0:
            raise RangeNotSatisfiableError
        return ByteRange(max(0, size_bytes - wanted), size_bytes - 1)
    first = int(match["first"])
    if match["last"] and int(match["last"]) < first:
        return None
    if first >= size_bytes:
        raise RangeNotSatisfiableError
    last = min(int(match["last"]), size_bytes - 1) if match["last"] else size_bytes - 1
    return ByteRange(first, last)
