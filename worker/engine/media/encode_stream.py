"""Frames in segments, and a sound → an H.264/AAC MP4, and the same as fragments that play while it grows.

Every frame is encoded once, by an ffmpeg process for each run of neighbouring segments that have to be rendered;
segments begin with a closed group of pictures, so those of an earlier render join in without being touched. A second
ffmpeg process joins them with the sound (encoded once) and writes the finished file and, beside it, fragments of at
most a second.
"""

import contextlib
import logging
import os
import queue
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import numpy as np

from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.audio import SourceAudio
from worker.engine.media.containers import open_container
from worker.engine.media.encode import (
    Sound,
    enlarge_pipe,
    frame_shape,
    time_scale,
    write_all,
)
from worker.engine.media.ffmpeg import await_exit, failure_of, start_ffmpeg
from worker.engine.media.fragments import BrokenFragmentError, first_tick, moved, read_pieces, with_duration
from worker.engine.media.part_file import PartFile, part_beside
from worker.engine.media.segment_store import SegmentStore, SegmentWriter
from worker.engine.media.yuv import to_i420

log = logging.getLogger(__name__)

FRAGMENT_US = 240_000
KEYFRAME_INTERVAL_S = 2
_BUFFERED_FRAMES = 4
_STALL_LIMIT_S = 60.0
_FINISH_LIMIT_S = 120.0
_NAMED = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
_COLOURS = ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"]
FRAGMENTED = "+delay_moov+default_base_moof+frag_keyframe+skip_trailer"


@dataclass(frozen=True)
class PictureFormat:
    """What one picture encoder is told; everything that segments must share to be joined.

    pixel_format: of the frames that are written, "rgb24" or "yuv420p" as in `encode.VideoEncoder`.
    """

    width_px: int
    height_px: int
    frame_rate: Fraction
    pixel_format: str = "rgb24"
    crf: int = 18
    preset: str = "veryfast"

    def arguments(self, keyframes_at: Sequence[int]) -> list[str]:
        """ffmpeg's arguments: raw frames on `pipe:0` → a fragmented MP4 on `pipe:1`, with key frames where asked."""
        rate = f"{self.frame_rate.numerator}/{self.frame_rate.denominator}"
        size = f"{self.width_px // 2 * 2}x{self.height_px // 2 * 2}"
        source = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", size, "-framerate", rate]
        source += ["-nofind_stream_info", "-thread_queue_size", "8", "-i", "pipe:0"]
        picture = ["-vf", _NAMED, "-c:v", "libx264", "-preset", self.preset, "-crf", str(self.crf), *_COLOURS]
        picture += ["-g", str(max(1, round(KEYFRAME_INTERVAL_S * self.frame_rate)))]
        if keyframes_at:
            # half a frame early: the next frame is the one that is meant, whatever rounding does
            times = ",".join(f"{float((at - Fraction(1, 2)) / self.frame_rate):.6f}" for at in keyframes_at)
            picture += ["-force_key_frames", times, "-forced-idr", "1"]
        container = ["-video_track_timescale", str(time_scale(self.frame_rate)), "-movflags", FRAGMENTED]
        container += ["-frag_duration", str(FRAGMENT_US), "-flush_packets", "1", "-f", "mp4", "pipe:1"]
        return [*source, *picture, "-map_metadata", "-1", *container]


@dataclass
class _Segment:
    start: int  # frame
    frames: int
    key: str | None = None
    kept: BinaryIO | None = None  # the segment as it was kept


@dataclass
class _Run:
    """Neighbouring segments that one process encodes; more may join it while it is at work."""

    process: subprocess.Popen[bytes]
    errors: BinaryIO
    start: int  # frame
    segments: list[_Segment] = field(default_factory=list)
    frames: queue.SimpleQueue[np.ndarray | None] = field(default_factory=queue.SimpleQueue)
    is_open: bool = True


class StreamEncoder(PartFile):
    """Writes a video of known length, as a context manager: leaving it by an error leaves nothing but kept segments.

    For each segment in turn: `begin`, then, unless it says that the segment is there already, `write` all its frames.
    The sound keeps its sample rate and channels; it is cut, or continued with silence, to the length of the picture.

    Args:
        path: where the MP4 goes, in one step when it is complete; its folder must exist.
        picture: size, rate and quality.
        segments: how many frames each segment has.
        audio_path: recording or clip whose sound is used; None for a silent video.
        store: where segments with a key are kept and found again.
        with_fragments: collect fragments for `take_fragments`.

    Raises:
        EngineFailure: from any method: DISK_FULL, ENCODER_FAILED, TIMED_OUT; FILE_* and NO_AUDIO_STREAM for the sound.
        ValueError: a frame of another shape or type, or more or fewer frames than announced.
    """

    def __init__(
        self,
        path: Path,
        picture: PictureFormat,
        segments: Sequence[int],
        *,
        audio_path: Path | None = None,
        store: SegmentStore | None = None,
        with_fragments: bool = False,
    ) -> None:
        if not segments or min(segments) < 1:
            raise ValueError("a video has segments, and each has frames")
        self.path, self.picture = path, picture
        self.width_px, self.height_px = picture.width_px // 2 * 2, picture.height_px // 2 * 2
        self.frame_rate = picture.frame_rate
        self.frame_count = 0
        self._starts = [sum(segments[:index]) for index in range(len(segments))]
        self._lengths = list(segments)
        self._total = sum(segments)
        self._next = 0
        self._segment_end = 0
        self._shape = frame_shape(picture.width_px, picture.height_px, picture.pixel_format)
        self._store = store
        self._with_fragments = with_fragments
        self._fragments: deque[bytes] = deque()
        self._part = part_beside(self.path, ".mp4")
        self._stack = contextlib.ExitStack()
        self._failure: EngineFailure | None = None
        self._stopping = False
        self._runs: list[_Run] = []
        self._parts: queue.SimpleQueue[_Run | _Segment | None] = queue.SimpleQueue()
        self._free: queue.SimpleQueue[np.ndarray] = queue.SimpleQueue()
        for _ in range(_BUFFERED_FRAMES):
            self._free.put(np.empty(frame_shape(self.width_px, self.height_px, "yuv420p"), np.uint8))
        self._joiner: subprocess.Popen[bytes] | None = None
        self._threads: list[threading.Thread] = []
        try:
            self._start_joiner(audio_path)
        except BaseException:
            self._discard()
            raise

    @property
    def duration_s(self) -> float:
        """Length of what has been written so far."""
        return float(self.frame_count / self.frame_rate)

    def begin(self, key: str | None = None) -> bool:
        """Go on to the next segment. True: it is there already, its frames are not to be written.

        key: hexadecimal, of everything the segment's pixels depend on; None: it is neither looked up nor kept.
        """
        self._raise_if_broken()
        if self._next >= len(self._lengths) or self.frame_count != self._segment_end:
            raise ValueError("segments come one after the other, each with all its frames")
        segment = _Segment(self._starts[self._next], self._lengths[self._next], key if self._store else None)
        self._next += 1
        self._segment_end = segment.start + segment.frames
        if segment.key is not None and self._store is not None:
            segment.kept = self._store.open(segment.key, segment.frames)
        if segment.kept is not None:
            self._stack.callback(segment.kept.close)
            self._end_run()
            self._parts.put(segment)
            self.frame_count += segment.frames
            return True
        if not self._runs or not self._runs[-1].is_open:
            self._start_run(segment.start)
        self._runs[-1].segments.append(segment)
        return False

    def write(self, frame: np.ndarray) -> None:
        """Append one frame of the segment that was begun. It is copied: the array may be reused at once."""
        if frame.shape != self._shape or frame.dtype != np.uint8:
            raise ValueError(f"expected {self._shape} uint8, got {frame.shape} {frame.dtype}")
        if self.frame_count >= self._segment_end:
            raise ValueError("this segment has all its frames")
        buffer = self._next_free_buffer()
        if self.picture.pixel_format == "yuv420p":
            np.copyto(buffer, frame)
        else:
            to_i420(frame[: self.height_px, : self.width_px], buffer)
        self._runs[-1].frames.put(buffer)
        self.frame_count += 1

    def take_fragments(self) -> list[bytes]:
        """What has become playable since the last time: at first the beginning, then fragments, in order."""
        taken = []
        while self._fragments:
            taken.append(self._fragments.popleft())
        return taken

    def close(self) -> None:
        """Finish the file and move it to its place."""
        if self._joiner is None:
            return
        try:
            if self.frame_count != self._total:
                raise ValueError(f"{self.frame_count} frames of {self._total} were written")
            self._end_run()
            self._parts.put(None)
            for thread in self._threads:
                thread.join(_FINISH_LIMIT_S)
            self._raise_if_broken()
            exit_code = await_exit(self._joiner, _FINISH_LIMIT_S)
            if exit_code != 0:
                raise failure_of(exit_code, self._joiner_errors, output=self.path)
            self._put_in_place()
            if self._store is not None:
                self._store.trim()
        finally:
            self._discard()

    # -- encoding runs of segments ------------------------------------------------------------------------------------

    def _start_run(self, start: int) -> None:
        errors = self._stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        keyframes_at = [at - start for at in self._starts if at > start]
        try:
            process = start_ffmpeg(self.picture.arguments(keyframes_at), errors=errors, reads_output=True)
        except OSError as error:
            raise EngineFailure(FailureCode.ENCODER_FAILED, errno=error.errno) from error
        assert process.stdin is not None
        enlarge_pipe(process.stdin.fileno())
        run = _Run(process, errors, start)
        self._runs.append(run)
        self._parts.put(run)
        self._begin_thread("encoder-picture", self._feed, run)

    def _end_run(self) -> None:
        if self._runs and self._runs[-1].is_open:
            self._runs[-1].is_open = False
            self._runs[-1].frames.put(None)

    def _feed(self, run: _Run) -> None:
        assert run.process.stdin is not None
        pipe = run.process.stdin
        with contextlib.suppress(OSError), pipe:  # a broken pipe shows in the exit code
            while (frame := run.frames.get()) is not None:
                try:
                    write_all(pipe.fileno(), memoryview(frame).cast("B"))
                except OSError:
                    break
                self._free.put(frame)

    def _next_free_buffer(self) -> np.ndarray:
        give_up_at = time.monotonic() + _STALL_LIMIT_S
        while time.monotonic() < give_up_at:
            self._raise_if_broken()
            with contextlib.suppress(queue.Empty):
                return self._free.get(timeout=0.5)
        raise EngineFailure(FailureCode.TIMED_OUT, limit_s=_STALL_LIMIT_S)

    def _raise_if_broken(self) -> None:
        if self._joiner is None:
            raise ValueError("this encoder is closed")
        if self._failure is not None:
            raise self._failure

    # -- joining them with the sound ----------------------------------------------------------------------------------

    def _start_joiner(self, audio_path: Path | None) -> None:
        self._joiner_errors = self._stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        sound, descriptors = None, contextlib.ExitStack()
        if audio_path is not None:
            source = SourceAudio(self._stack.enter_context(open_container(audio_path)))
            sound = Sound(source.sample_rate_hz, source.channels, source.blocks())
        with descriptors:  # our copies of the ends that ffmpeg has
            sound_fd, sound_end = _pipe(descriptors) if sound is not None else (-1, -1)
            live_end, live_fd = -1, -1
            if self._with_fragments:
                live_end, live_fd = os.pipe()
                descriptors.callback(os.close, live_fd)
            arguments = self._joiner_arguments(sound, sound_fd, live_fd)
            keep = tuple(fd for fd in (sound_fd, live_fd) if fd >= 0)
            try:
                self._joiner = start_ffmpeg(
                    arguments, errors=self._joiner_errors, pass_fds=keep, folder=self._part.parent
                )
            except OSError as error:
                for fd in (sound_end, live_end):
                    if fd >= 0:
                        os.close(fd)
                raise EngineFailure(FailureCode.ENCODER_FAILED, errno=error.errno) from error
        assert self._joiner.stdin is not None
        self._joined = self._joiner.stdin
        self._begin_thread("encoder-join", self._join)
        if sound is not None:
            self._begin_thread("encoder-sound", self._feed_sound, sound, sound_end)
        if self._with_fragments:
            self._begin_thread("encoder-fragments", self._collect, live_end)

    def _begin_thread(self, name: str, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, name=name, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _joiner_arguments(self, sound: Sound | None, sound_fd: int, live_fd: int) -> list[str]:
        # nothing is probed: the beginning says all, and probing would wait for seconds of picture
        arguments = ["-nofind_stream_info", "-f", "mp4", "-i", "pipe:0"]
        if sound is not None:
            sound_in = ["-f", "wav", "-max_size", "256", "-ignore_length", "1", "-nofind_stream_info"]
            arguments += [*sound_in, "-thread_queue_size", "64", "-i", f"pipe:{sound_fd}"]
            arguments += ["-map", "0:v", "-map", "1:a", *sound.encoder_arguments(), "-flags:a", "+global_header"]
        arguments += ["-c:v", "copy", "-map_metadata", "-1"]
        scale = time_scale(self.frame_rate)
        if not self._with_fragments:
            container = ["-video_track_timescale", str(scale), "-movflags", "+faststart", "-f", "mp4"]
            return [*arguments, *container, f"file:{self._part.name}"]
        mapped = [] if sound is not None else ["-map", "0:v"]
        # one encode, two writers; names are relative, since the list's own marks could occur in a folder's name
        whole = f"[f=mp4:movflags=+faststart:video_track_timescale={scale}]{self._part.name}"
        live = f"[f=mp4:movflags={FRAGMENTED}:frag_duration={FRAGMENT_US}:video_track_timescale={scale}"
        live += f":flush_packets=1:onfail=ignore]pipe\\:{live_fd}"
        return [*arguments, *mapped, "-f", "tee", f"{whole}|{live}"]

    def _join(self) -> None:
        """Pass segment after segment on to the joiner, whatever it takes until they are there."""
        enlarge_pipe(self._joined.fileno())
        number = 0
        try:
            with self._joined:
                while (part := self._parts.get()) is not None:
                    number = self._pass_run(part, number) if isinstance(part, _Run) else self._pass_kept(part, number)
        except EngineFailure as failure:
            self._failure = self._failure or failure
        except (OSError, BrokenFragmentError) as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        if self._stopping or self._failure is not None or self._joiner is None:
            return
        with contextlib.suppress(EngineFailure):
            exit_code = await_exit(self._joiner, 2.0)
            if exit_code != 0:
                self._failure = failure_of(exit_code, self._joiner_errors, output=self.path)
                return
        log.error("the video could not be joined: %s", error)
        self._failure = EngineFailure(FailureCode.ENCODER_FAILED, reason="joining")

    def _pass_on(self, piece: bytes) -> None:
        write_all(self._joined.fileno(), memoryview(piece))

    def _ticks(self, frames: int) -> int:
        return int(frames * time_scale(self.frame_rate) / self.frame_rate)

    def _pass_kept(self, segment: _Segment, number: int) -> int:
        assert segment.kept is not None
        pieces = read_pieces(segment.kept)
        beginning = next(pieces)
        if number == 0:
            self._pass_on(beginning)
        for piece in pieces:
            number += 1
            self._pass_on(moved(piece, self._ticks(segment.start), number))
        segment.kept.close()
        return number

    def _pass_run(self, run: _Run, number: int) -> int:
        assert run.process.stdout is not None
        writer: SegmentWriter | None = None
        beginning, end, at, start = b"", 0, 0, 0
        try:
            with run.process.stdout as stream:
                for piece in read_pieces(stream):
                    if not beginning:
                        beginning = piece
                        if number == 0:
                            self._pass_on(beginning)
                        continue
                    tick = first_tick(piece) + self._ticks(run.start)
                    if tick >= end:  # the first fragment of the next segment
                        if writer is not None:
                            writer.keep()
                        segment = run.segments[at]
                        start, end, at = self._ticks(segment.start), self._ticks(segment.start + segment.frames), at + 1
                        writer = self._writer(segment, beginning)
                    if writer is not None:
                        writer.write(moved(piece, self._ticks(run.start) - start, 1))
                    number += 1
                    self._pass_on(moved(piece, self._ticks(run.start), number))
            exit_code = await_exit(run.process, _FINISH_LIMIT_S)
            if exit_code != 0 and not self._stopping:
                raise failure_of(exit_code, run.errors, output=self.path)
            if writer is not None and exit_code == 0 and not self._stopping and at == len(run.segments):
                writer.keep()
        finally:
            if writer is not None:
                writer.drop()  # of no effect when it was kept
        return number

    def _writer(self, segment: _Segment, beginning: bytes) -> SegmentWriter | None:
        if self._store is None or segment.key is None:
            return None
        writer = self._store.writer(segment.key)
        writer.write(beginning)
        return writer

    def _feed_sound(self, sound: Sound, pipe_fd: int) -> None:
        """Exactly as much sound as there is picture."""
        wanted = round(self._total / self.frame_rate * sound.sample_rate_hz)
        try:
            write_all(pipe_fd, memoryview(sound.wav_header()))
            for block in sound.endless_blocks():
                piece = block[:wanted]
                write_all(pipe_fd, memoryview(piece.tobytes()))
                wanted -= len(piece)
                if wanted <= 0:
                    return
        except (OSError, EngineFailure) as error:
            self._fail(error)
        finally:
            os.close(pipe_fd)

    def _collect(self, live_end: int) -> None:
        """Fragments as the joiner writes them."""
        total_s = float(self._total / self.frame_rate)
        try:
            with os.fdopen(live_end, "rb") as stream:
                for number, piece in enumerate(read_pieces(stream)):
                    self._fragments.append(piece if number else with_duration(piece, total_s))
        except (OSError, BrokenFragmentError) as error:
            if not self._stopping:
                log.warning("fragments end early: %s", error)

    def _discard(self) -> None:
        """Stop whatever still runs and leave nothing behind but a finished file and whole segments."""
        self._stopping = True
        joiner, self._joiner = self._joiner, None
        self._end_run()
        self._parts.put(None)
        for process in (*(run.process for run in self._runs), joiner):
            if process is not None and process.poll() is None:
                process.kill()
            if process is not None:
                process.wait()
        for thread in self._threads:
            thread.join(5.0)
        self._runs.clear()
        self._part.unlink(missing_ok=True)
        self._stack.close()


def _pipe(owned: contextlib.ExitStack) -> tuple[int, int]:
    """(read, write) ends of a pipe; `owned` closes the reading one."""
    read_end, write_end = os.pipe()
    owned.callback(os.close, read_end)
    return read_end, write_end
