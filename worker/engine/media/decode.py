"""Clips as a stream of frames that keep their native planes; RGB is made only when asked for."""

import functools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.containers import moving_picture_stream, open_container
from worker.engine.media.planes import Box, NativePicture
from worker.engine.media.probe import clockwise_rotation_deg

_MAX_DAMAGED_PACKETS = 200
_FEW_CORES = 2
_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
_HD_HEIGHT_PX = 720  # untagged pictures from here on are BT.709, smaller ones BT.601, as players assume


@dataclass(frozen=True)
class Frame:
    """One picture of a clip.

    native: the decoder's own planes (8 or 10 bit, any subsampling), as stored.
    pts_s: presentation time in seconds after the clip's first frame.
    index: 0, 1, 2 … in order of presentation.
    rotation_deg: clockwise turn that makes it upright; `rgb` and `crop_rgb` have it applied.
    """

    native: av.VideoFrame
    pts_s: float
    index: int
    rotation_deg: int

    @property
    def width_px(self) -> int:
        """Width of the upright picture."""
        return int(self.native.height if self.rotation_deg in (90, 270) else self.native.width)

    @property
    def height_px(self) -> int:
        """Height of the upright picture."""
        return int(self.native.width if self.rotation_deg in (90, 270) else self.native.height)

    def rgb(self, max_side_px: int | None = None) -> np.ndarray:
        """(H, W, 3) uint8, upright; scaled down so that its long side is at most `max_side_px`."""
        width, height = int(self.native.width), int(self.native.height)
        if max_side_px is not None and max(width, height) > max_side_px:
            return self.picture.rgb(max_side_px)  # scales the planes first: a quarter of the time
        rgb = self.native.reformat(
            width=width, height=height, format="rgb24", src_colorspace=_matrix_of(self.native),
            src_color_range=self.native.color_range or ColorRange.MPEG,
        ).to_ndarray()  # fmt: skip
        return np.ascontiguousarray(_upright(rgb, self.rotation_deg))

    @functools.cached_property
    def picture(self) -> NativePicture:
        """The native planes, for boxes in RGB and for changes."""
        return NativePicture(self.native, self.rotation_deg)

    def fresh_picture(self) -> NativePicture:
        """The planes once more, for changes that shall not be seen where this frame is used again."""
        return NativePicture(self.native, self.rotation_deg)

    def crop_rgb(self, box: Box, max_side_px: int | None = None) -> np.ndarray:
        """(y1 − y0, x1 − x0, 3) uint8 of the box (x0, y0, x1, y1), half-open, in pixels of the upright picture.

        Only the box is converted; scaled down so that its long side is at most `max_side_px`.

        Raises:
            ValueError: the box is empty or leaves the picture.
        """
        return self.picture.crop_rgb(box, max_side_px)


def _matrix_of(frame: av.VideoFrame) -> Colorspace:
    """The YUV matrix to decode with: the tagged one, else the one players assume for this size."""
    tagged = frame.colorspace
    if tagged in (1, 5, 6, 7, 9):  # BT.709, BT.470BG, SMPTE 170M, SMPTE 240M, BT.2020 as ITU-T H.273 numbers them
        return {1: Colorspace.ITU709, 7: Colorspace.SMPTE240M, 9: Colorspace.ITU709}.get(tagged, Colorspace.ITU601)
    return Colorspace.ITU709 if frame.height >= _HD_HEIGHT_PX else Colorspace.ITU601


def _upright(rgb: np.ndarray, rotation_deg: int) -> np.ndarray:
    return cv2.rotate(rgb, _TURNS[rotation_deg]) if rotation_deg in _TURNS else rgb


def decode_video(
    path: Path | str, *, start_s: float = 0.0, end_s: float | None = None, rough: bool = False, alone: bool = False
) -> Iterator[Frame]:
    """Frames of a clip in order of presentation, one at a time; damaged ones are passed over.

    Args:
        start_s, end_s: only frames with start_s ≤ pts_s < end_s (half a millisecond of tolerance).
        rough: for looks that need not be exact: a third quicker or more. Frames that no other depends on are left out
            where the codec has such, and blocks may show. Indices then count what comes, not the clip's frames.
        alone: nothing else works meanwhile, so that even the last core may decode.

    Raises:
        EngineFailure: FILE_* as in `probe`, NO_VIDEO_STREAM.
    """
    with open_container(Path(path)) as container:
        stream = moving_picture_stream(container)
        if stream is None:
            raise EngineFailure(FailureCode.NO_VIDEO_STREAM)
        _share_out(stream, alone=alone)
        if rough:
            stream.codec_context.skip_frame = "NONREF"
            stream.codec_context.options = {"skip_loop_filter": "all"}
        origin_s = 0.0 if stream.start_time is None else float(stream.start_time * stream.time_base)
        if start_s > 0:
            container.seek(int((origin_s + start_s) / stream.time_base), stream=stream, backward=True)
        fallback_gap_s = float(1 / (stream.average_rate or 25))
        index = 0
        last_s = start_s - fallback_gap_s
        for native in _native_frames(container, stream):
            pts_s = last_s + fallback_gap_s if native.time is None else float(native.time) - origin_s
            if end_s is not None and pts_s >= end_s - 0.0005:
                return
            if pts_s < start_s - 0.0005:
                continue
            last_s = pts_s
            yield Frame(native, pts_s, index, clockwise_rotation_deg(native))
            index += 1


def _share_out(stream: av.VideoStream, *, alone: bool) -> None:
    """As many threads as help. Whoever decodes mostly does something else at the same time, so on two cores a second
    decoding thread only costs: a tenth to a quarter more processor time, and its own pictures.
    """
    if alone or (os.cpu_count() or 1) > _FEW_CORES:
        stream.thread_type = "AUTO"
    else:
        stream.thread_type, stream.codec_context.thread_count = "NONE", 1


def sample_frames(
    path: Path | str, times_s: Sequence[float], keyframe_times_s: Sequence[float] = (0.0,), max_decoded: int = 10_000
) -> Iterator[Frame]:
    """Frames at, or near, the given times, in one pass that skips from keyframe to keyframe.

    Args:
        times_s: rising, in seconds after the first frame.
        keyframe_times_s: where decoding can begin, from `probe`.
        max_decoded: once so many frames have been decoded, the nearest keyframe before a time has to do. Fewer frames
            come back when several times would get the same one, or the clip ends early.
    """
    decoded = 0
    position_s = -1.0
    frames: Iterator[Frame] = iter(())
    for time_s in times_s:
        keyframe_s = max((k for k in keyframe_times_s if k <= time_s + 0.0005), default=0.0)
        if keyframe_s > position_s:
            frames = decode_video(path, start_s=keyframe_s)
        frame = None
        while frame is None or (frame.pts_s < time_s - 0.0005 and decoded < max_decoded):
            following = next(frames, None)
            if following is None:
                break
            frame, decoded = following, decoded + 1
        if frame is not None and frame.pts_s > position_s:
            position_s = frame.pts_s
            yield frame


def _native_frames(container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[av.VideoFrame]:
    """Frames as stored; interlaced ones become whole pictures (bwdif: Weston 3-field with edge-directed lines)."""
    smoothing: av.filter.Graph | None = None
    for frame in _stored_frames(container, stream):
        if smoothing is None and not frame.interlaced_frame:
            yield frame
            continue
        if smoothing is None:
            smoothing = _deinterlacing(stream)
        smoothing.vpush(frame)
        yield from _pulled(smoothing)
    if smoothing is not None:
        smoothing.vpush(None)
        yield from _pulled(smoothing)


def _deinterlacing(stream: av.VideoStream) -> av.filter.Graph:
    graph = av.filter.Graph()
    graph.link_nodes(
        graph.add_buffer(template=stream), graph.add("bwdif", "mode=send_frame"), graph.add("buffersink")
    ).configure()
    return graph


def _pulled(graph: av.filter.Graph) -> Iterator[av.VideoFrame]:
    while True:
        try:
            yield graph.vpull()
        except (av.BlockingIOError, av.EOFError):
            return


def _stored_frames(container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[av.VideoFrame]:
    damaged = 0
    packets = container.demux(stream)
    while damaged <= _MAX_DAMAGED_PACKETS:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            yield from packet.decode()
        except (av.InvalidDataError, av.PatchWelcomeError):
            damaged += 1
        except av.EOFError:
            return
