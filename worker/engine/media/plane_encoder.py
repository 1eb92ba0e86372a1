"""Frames in their native planes and a finished sound → a video file, without a detour through RGB.

The planes travel to ffmpeg as raw pictures in a NUT stream, because raw video alone has no times: so each frame keeps
its exact presentation time, at steady and at variable rates. 8-bit pictures become H.264, deeper ones stay 10-bit, in
HEVC. Colour tags and the display rotation go along; nothing is scaled or converted on the way, but HDR (PQ and HLG),
which is tone-mapped for ordinary screens after everything else.
"""

import contextlib
import fcntl
import io
import logging
import os
import queue
import subprocess
import tempfile
import threading
import time
from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO

import av
import numpy as np

from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.aac import aac_arguments
from worker.engine.media.containers import open_container, sound_stream
from worker.engine.media.encode_stream import FRAGMENT_US, FRAGMENTED
from worker.engine.media.ffmpeg import await_exit, failure_of, start_ffmpeg
from worker.engine.media.fragments import BrokenFragmentError, read_pieces, with_duration
from worker.engine.media.part_file import PartFile, part_beside
from worker.engine.media.planes import NativePicture

log = logging.getLogger(__name__)

_BUFFERED_FRAMES = 6
_PIPE_BYTES = 1 << 20
_STALL_LIMIT_S, _FINISH_LIMIT_S = 60.0, 120.0
_KEYFRAME_INTERVAL_S = 2
_CLOCK_HZ = 90_000  # for variable rates
_LEAST_CLOCK_HZ = 10_000
_COPIED_CODECS = frozenset({"aac", "mp3"})  # that an MP4 may hold and browsers play
_HDR_TRANSFERS = frozenset({16, 18})  # SMPTE ST 2084 (PQ) and ARIB STD-B67 (HLG), as ITU-T H.273 numbers them
# To linear light at 100 cd/m² white, highlights rolled off (a Möbius curve), and to BT.709: what ordinary screens show.
_TONE_MAPPING = (
    "zscale=transfer=linear:npl=100",
    "format=gbrpf32le",
    "zscale=primaries=bt709",
    "tonemap=tonemap=mobius:desat=0",
    "zscale=transfer=bt709:matrix=bt709:range=limited",
    "format=yuv420p",
)
_PLAIN = {"yuvj420p": "yuv420p", "yuvj422p": "yuv422p", "yuvj444p": "yuv444p"}


@dataclass(frozen=True)
class Looks:
    """How stored pictures are to be shown. Tags are numbers of ITU-T H.273, 2 = not said; rotation clockwise."""

    matrix: int = 2
    primaries: int = 2
    transfer: int = 2
    full_range: bool = False
    rotation_deg: int = 0
    pixel_aspect: Fraction = Fraction(1)

    @classmethod
    def of(cls, frame: av.VideoFrame, picture: NativePicture) -> "Looks":
        aspect = getattr(frame, "sample_aspect_ratio", None)
        return cls(
            int(frame.colorspace),
            int(frame.color_primaries),
            int(frame.color_trc),
            picture.colours.full_range,
            picture.rotation_deg,
            Fraction(aspect) if aspect else Fraction(1),
        )


class PlaneEncoder(PartFile):
    """Writes a video, as a context manager: leaving it normally finishes the file, leaving it by an error removes it.

    The file appears at `path` in one step when it is complete. Odd sizes lose their last row or column.

    Args:
        path: where the MP4 goes; its folder must exist.
        picture: a first picture; all others must have its size and format.
        looks: colour tags, rotation.
        frame_rate: the steady rate, or None for a variable one.
        sound_path: finished sound, used to its end; None for silence.
        live_s: how long the video will be, to have pieces of it for `take_fragments`; None for none. There are none of
            videos deeper than 8 bits, which few browsers play.
        crf, preset: x264's (x265's for 10 bits) quality and effort.

    Raises:
        EngineFailure: from any method: DISK_FULL, ENCODER_FAILED, TIMED_OUT.
        ValueError: a picture of another size or format, or a time that does not rise.
    """

    def __init__(
        self,
        path: Path,
        picture: NativePicture,
        looks: Looks,
        frame_rate: Fraction | None,
        *,
        sound_path: Path | None = None,
        live_s: float | None = None,
        crf: int = 18,
        preset: str = "veryfast",
    ) -> None:
        self.path = path
        self.frame_count = 0
        self._kind = (picture.format, picture.stored_size_px)
        self._looks = looks
        self._rate = frame_rate
        self.clock_hz = _CLOCK_HZ if frame_rate is None else frame_rate.numerator
        while self.clock_hz < _LEAST_CLOCK_HZ:
            self.clock_hz *= 2
        self._last_tick = -1
        self._sound_path = sound_path
        self._live_s = None if self._is_deep else live_s
        self._fragments: deque[bytes] = deque()
        self._collector: threading.Thread | None = None
        self._coded_size = (self._kind[1][0] // 2 * 2, self._kind[1][1] // 2 * 2)
        self._part = part_beside(self.path, ".mp4")
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed by _discard)
        self._queue: queue.Queue[tuple[bytes, int] | None] = queue.Queue(_BUFFERED_FRAMES)
        self._broken = False
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = self._start(crf, preset)
        except OSError as error:
            self._discard()
            raise EngineFailure(FailureCode.ENCODER_FAILED, errno=error.errno) from error
        except EngineFailure:
            self._discard()
            raise
        self._feeder = threading.Thread(target=self._feed, name="plane-encoder", daemon=True)
        self._feeder.start()

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height) of the upright picture in the file."""
        width, height = self._coded_size
        return (height, width) if self._looks.rotation_deg in (90, 270) else (width, height)

    @property
    def _is_deep(self) -> bool:
        return self._kind[0].endswith("10le") and self._looks.transfer not in _HDR_TRANSFERS

    def take_fragments(self) -> list[bytes]:
        """What has become playable since the last time: at first the beginning, then fragments, in order."""
        taken = []
        while self._fragments:
            taken.append(self._fragments.popleft())
        return taken

    def write(self, picture: NativePicture, pts_s: float | Fraction) -> None:
        """Append a picture, shown from `pts_s` on. It is copied: its planes may be reused at once."""
        if (picture.format, picture.stored_size_px) != self._kind:
            raise ValueError(f"expected {self._kind}, got {(picture.format, picture.stored_size_px)}")
        tick = round(pts_s * self.clock_hz)
        if tick <= self._last_tick:
            raise ValueError(f"time {float(pts_s):.4f} s does not rise")
        self._last_tick = tick
        data = b"".join(np.ascontiguousarray(plane).data for plane in picture.planes)
        give_up = time.monotonic() + _STALL_LIMIT_S
        while True:
            if self._broken or self._process is None:
                raise self._failure()
            with contextlib.suppress(queue.Full):
                self._queue.put((data, tick), timeout=0.5)
                break
            if time.monotonic() > give_up:
                raise EngineFailure(FailureCode.TIMED_OUT, limit_s=_STALL_LIMIT_S)
        self.frame_count += 1

    def close(self) -> None:
        """Finish the file and move it to its place."""
        process = self._process
        if process is None:
            return
        try:
            if self.frame_count == 0:
                raise EngineFailure(FailureCode.ENCODER_FAILED, reason="no frames")
            while self._feeder.is_alive() and not self._broken:
                with contextlib.suppress(queue.Full):
                    self._queue.put(None, timeout=0.5)
                    break
            self._feeder.join(_FINISH_LIMIT_S)
            exit_code = await_exit(process, _FINISH_LIMIT_S)
            if exit_code != 0:
                raise failure_of(exit_code, self._errors, output=self.path)
            if self._collector is not None:
                self._collector.join(_FINISH_LIMIT_S)
            self._put_in_place()
        finally:
            self._discard()

    def _start(self, crf: int, preset: str) -> "subprocess.Popen[bytes]":
        if self._live_s is None:
            return start_ffmpeg(self._arguments(crf, preset), errors=self._errors)
        live_end, live_fd = os.pipe()
        try:
            process = start_ffmpeg(
                self._arguments(crf, preset, live_fd),
                errors=self._errors, pass_fds=(live_fd,), folder=self._part.parent,
            )  # fmt: skip
        except BaseException:
            os.close(live_end)
            raise
        finally:
            os.close(live_fd)
        self._collector = threading.Thread(target=self._collect, args=(live_end,), name="plane-fragments", daemon=True)
        self._collector.start()
        return process

    def _collect(self, live_end: int) -> None:
        """Pieces as ffmpeg writes them; without them the finished file still comes."""
        assert self._live_s is not None
        try:
            with os.fdopen(live_end, "rb") as stream:
                for number, piece in enumerate(read_pieces(stream)):
                    self._fragments.append(piece if number else with_duration(piece, self._live_s))
        except (OSError, BrokenFragmentError) as error:
            if not self._broken:
                log.warning("fragments end early: %s", error)

    def _arguments(self, crf: int, preset: str, live_fd: int | None = None) -> list[str]:
        looks = self._looks
        width, height = self._kind[1]
        arguments = ["-noautorotate", "-display_rotation", str(-looks.rotation_deg % 360)] if looks.rotation_deg else []
        arguments += ["-f", "nut", "-thread_queue_size", "16", "-i", "pipe:0"]
        if self._sound_path is not None:
            arguments += ["-i", f"file:{self._sound_path}", "-map", "0:v", *self._sound_arguments()]
        filters = [] if (width % 2, height % 2) == (0, 0) else [f"crop={width // 2 * 2}:{height // 2 * 2}:0:0:exact=1"]
        # tags are set on the frames, since as encoder options they would make ffmpeg convert the pictures
        range_name = "full" if looks.full_range else "limited"
        tags = (
            f"range={range_name}:colorspace={looks.matrix}:color_primaries={looks.primaries}:color_trc={looks.transfer}"
        )
        filters += [f"setparams={tags}", f"setsar={looks.pixel_aspect.numerator}/{looks.pixel_aspect.denominator}"]
        if looks.transfer in _HDR_TRANSFERS:
            filters += [*_TONE_MAPPING]
        arguments += ["-vf", ",".join(filters), "-fps_mode", "passthrough", "-enc_time_base", "demux"]
        if self._is_deep:
            codec = ["-c:v", "libx265", "-pix_fmt", "yuv420p10le", "-tag:v", "hvc1", "-x265-params", "log-level=error"]
            codec += ["-preset", "superfast", "-crf", str(crf)]
        else:
            codec = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", preset, "-crf", str(crf)]
        keyframes = str(max(1, round(_KEYFRAME_INTERVAL_S * (self._rate or 30))))
        arguments += [*codec, "-g", keyframes, "-map_metadata", "-1"]
        if live_fd is None:
            container = ["-video_track_timescale", str(self.clock_hz), "-movflags", "+faststart"]
            return [*arguments, *container, "-f", "mp4", str(self._part)]
        # one encode, two writers; names are relative, since the list's own marks could occur in a folder's name
        whole = f"[f=mp4:movflags=+faststart:video_track_timescale={self.clock_hz}]{self._part.name}"
        live = f"[f=mp4:movflags={FRAGMENTED}:frag_duration={FRAGMENT_US}:video_track_timescale={self.clock_hz}"
        live += f":flush_packets=1:onfail=ignore]pipe\\:{live_fd}"
        mapped = [] if self._sound_path is not None else ["-map", "0:v"]
        return [*arguments, *mapped, "-flags", "+global_header", "-f", "tee", f"{whole}|{live}"]

    def _sound_arguments(self) -> list[str]:
        assert self._sound_path is not None
        with open_container(self._sound_path) as container:
            stream = sound_stream(container)
            if stream is None:
                raise EngineFailure(FailureCode.NO_AUDIO_STREAM)
            name, rate = stream.codec_context.name, int(stream.codec_context.sample_rate)
            channels, index = int(stream.codec_context.channels), stream.index
        chosen = ["-map", f"1:{index}"]
        if name in _COPIED_CODECS:
            return [*chosen, "-c:a", "copy"]
        return [*chosen, *aac_arguments(rate, channels)]

    def _feed(self) -> None:
        assert self._process is not None and self._process.stdin is not None
        pipe = self._process.stdin
        _widen(pipe)
        name, (width, height) = self._kind
        try:
            with pipe, av.open(_Pipe(pipe), "w", format="nut", buffer_size=1 << 20) as stream_file:
                stream = stream_file.add_stream("rawvideo", rate=self._rate or 30)
                stream.width, stream.height, stream.pix_fmt = width, height, _PLAIN.get(name, name)
                stream.time_base = Fraction(1, self.clock_hz)
                while (item := self._queue.get()) is not None:
                    packet = av.Packet(item[0])
                    packet.stream, packet.time_base = stream, Fraction(1, self.clock_hz)
                    packet.pts = packet.dts = item[1]
                    packet.is_keyframe = True
                    stream_file.mux(packet)
        except (OSError, ValueError, av.FFmpegError):
            self._broken = True  # why, ffmpeg's exit code says

    def _failure(self) -> EngineFailure:
        if self._process is None:
            raise ValueError("this encoder is closed")
        try:
            exit_code = await_exit(self._process, _FINISH_LIMIT_S)
        except EngineFailure as failure:
            return failure
        return failure_of(exit_code, self._errors, output=self.path)

    def _discard(self) -> None:
        """Stop whatever still runs and leave nothing behind but a finished file."""
        process, self._process = self._process, None
        if process is not None:
            self._broken = True
            if process.poll() is None:
                process.kill()
            process.wait()
            if self._collector is not None:
                self._collector.join(5.0)
            while self._feeder.is_alive():
                try:
                    self._queue.put_nowait(None)
                except queue.Full:  # make room, but never take the end itself back
                    with contextlib.suppress(queue.Empty):
                        self._queue.get_nowait()
                self._feeder.join(0.05)
        self._part.unlink(missing_ok=True)
        self._errors.close()


def _widen(pipe: IO[bytes]) -> None:
    """A megabyte at a time, where the system allows it: at 64 KiB, both sides wake up for each fiftieth of a frame."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


class _Pipe(io.RawIOBase):
    """A pipe as the file PyAV writes to: only forwards, all at once."""

    def __init__(self, pipe: object) -> None:
        self._pipe = pipe

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        view = memoryview(data)
        while view:
            view = view[self._pipe.write(view) :]  # type: ignore[attr-defined]
        return len(data)
