"""The clip's frames in any order: forwards at the price of decoding, backwards in pieces, jumps by seeking."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from worker.engine.media.decode import Frame, decode_video

_PIECE_FRAMES = 16  # kept at once while running backwards: 50 MB of 1080p
_WORTH_SEEKING = 24  # frames ahead, beyond which a seek is tried instead of decoding on


def frames_in_order(
    path: Path, wanted: Sequence[int], pts_s: np.ndarray, keyframe_times_s: Sequence[float]
) -> Iterator[Frame]:
    """The clip's frames `wanted`, one for each entry, in that order; the same frame twice in a row is decoded once.

    pts_s: (T,) times of all frames. keyframe_times_s: where decoding can begin. Yielded frames are numbered by their
    place in the clip. A frame may be shown twice, so whoever changes its planes takes a copy first.
    """
    reader = _Reader(path, pts_s, keyframe_times_s)
    at = 0
    while at < len(wanted):
        end = at + 1
        while end < len(wanted) and wanted[end] < wanted[end - 1]:
            end += 1
        if end - at > 2:
            yield from _backwards(reader, list(wanted[at:end]))
            at = end
        else:
            yield reader.frame(int(wanted[at]))
            at += 1


def _backwards(reader: "_Reader", indices: list[int]) -> Iterator[Frame]:
    for start in range(0, len(indices), _PIECE_FRAMES):
        piece = indices[start : start + _PIECE_FRAMES]
        kept = {index: reader.frame(index) for index in sorted(piece)}
        yield from (kept[index] for index in piece)


class _Reader:
    def __init__(self, path: Path, pts_s: np.ndarray, keyframe_times_s: Sequence[float]) -> None:
        self._path, self._pts_s = path, pts_s
        self._keyframes = np.searchsorted(pts_s, np.asarray([*keyframe_times_s, 0.0]) - 5e-4)
        self._frames: Iterator[Frame] = iter(())
        self._next = len(pts_s) + 1  # nothing is open yet
        self._last: Frame | None = None

    def frame(self, index: int) -> Frame:
        if self._last is not None and self._last.index == index:
            return self._last
        key = int(max(self._keyframes[self._keyframes <= index], default=0))
        if index < self._next or (key > self._next and index - self._next > _WORTH_SEEKING):
            self._open(key)
        for frame in self._frames:
            number = int(np.abs(self._pts_s - frame.pts_s).argmin()) if self._seeked else frame.index
            self._next = number + 1
            if number >= index:
                self._last = Frame(frame.native, frame.pts_s, number, frame.rotation_deg)
                return self._last
        if self._last is None:
            raise ValueError(f"the clip has no frame {index}")
        return self._last  # a damaged end: the last picture stays

    def _open(self, key: int) -> None:
        self._seeked = key > 0
        self._frames = decode_video(self._path, start_s=float(self._pts_s[key]) if self._seeked else 0.0)
        self._next = key
