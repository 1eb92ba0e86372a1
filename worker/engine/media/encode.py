"""RGB frames and the source's own sound → an H.264/AAC MP4 that plays everywhere.

Frames become BT.709 planes here (see `yuv`) and go through a pipe to an ffmpeg process, which encodes them: measured
against PyAV in this process, that is faster and leaves Python's lock alone. Two threads feed it, one with pictures, one
with sound, so that the renderer hardly ever waits. A stream of fragments for live previews can be had later by giving
ffmpeg a second output beside the file; nothing here assumes that the file is the only one.
"""

import contextlib
import fcntl
import logging
import os
import queue
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from worker.engine.contracts import LENGTH_SLACK_S, MAX_AUDIO_S
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.aac import aac_arguments
from worker.engine.media.audio import Audio, SourceAudio
from worker.engine.media.containers import open_container
from worker.engine.media.ffmpeg import await_exit, failure_of, start_ffmpeg
from worker.engine.media.part_file import PartFile, part_beside
from worker.engine.media.yuv import to_i420

log = logging.getLogger(__name__)

_BUFFERED_FRAMES = 4
_PIPE_BYTES = 1 << 20  # what Linux allows without privileges
_F_SETPIPE_SZ = 1031
_HELD_UP_S = 2.0
_SOUND_LEAD_S = 0.3
_STALL_LIMIT_S = 60.0  # an encoder that takes no frame for this long hangs
_FINISH_LIMIT_S = 120.0
_KEYFRAME_INTERVAL_S = 2


class VideoEncoder(PartFile):
    """Writes a video, as a context manager: leaving it normally finishes the file, leaving it by an error removes it.

    The file appears at `path` in one step when it is complete. Odd sizes lose their last row or column, since yuv420p
    needs even ones. The sound keeps its sample rate and channels; it is cut, or continued with silence, to the length
    of the picture.

    Args:
        path: where the MP4 goes; its folder must exist.
        width_px, height_px: size of the frames that will be written.
        frame_rate: exact, frame n is shown at n / frame_rate.
        audio_path: recording or clip whose sound is used as it is.
        audio: the same from memory (mono); at most one of the two.
        crf, preset: x264's quality (0-51, lower is better) and effort.
        pixel_format: "rgb24": frames are (H, W, 3); "yuv420p": frames are (H * 3 / 2, W), the planes Y, U and V one
            after the other (I420) in limited-range BT.709, of an even size; they are encoded as they are.
        max_duration_s: writing more than this, and `LENGTH_SLACK_S`, is refused.

    Raises:
        EngineFailure: from any method: DISK_FULL, ENCODER_FAILED, CLIP_TOO_LONG; FILE_* and NO_AUDIO_STREAM for the
            sound.
        ValueError: a frame of another shape or type.
    """

    _CHANNELS, _PIXELS, _SUFFIX = 3, "rgb24", ".mp4"

    def __init__(
        self,
        path: Path | str,
        width_px: int,
        height_px: int,
        frame_rate: Fraction,
        *,
        audio_path: Path | str | None = None,
        audio: Audio | None = None,
        crf: int = 18,
        preset: str = "veryfast",
        pixel_format: str | None = None,
        max_duration_s: float = MAX_AUDIO_S,
    ) -> None:
        if width_px < 2 or height_px < 2 or frame_rate <= 0:
            raise ValueError(f"cannot encode {width_px} × {height_px} px at {frame_rate}/s")
        if audio_path is not None and audio is not None:
            raise ValueError("give audio_path or audio, not both")
        self.path = Path(path)
        self.width_px, self.height_px = width_px // 2 * 2, height_px // 2 * 2
        self.frame_rate = Fraction(frame_rate)
        self.frame_count = 0
        self._pixels = pixel_format or self._PIXELS
        self._size_px = (width_px, height_px)
        self._shape = frame_shape(width_px, height_px, self._pixels)
        self._piped = "yuv420p" if self._pixels == "rgb24" else self._pixels  # what ffmpeg is given
        self._piped_size_px = (self.width_px, self.height_px) if self._pixels != self._piped else self._size_px
        self._max_duration_s = max_duration_s
        self._max_frames = int((max_duration_s + LENGTH_SLACK_S) * self.frame_rate) + 1
        self._part = part_beside(self.path, self._SUFFIX)
        self._stack = contextlib.ExitStack()
        self._errors = self._stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        self._total_frames: int | None = None  # known once the picture has ended
        self._sound_may_reach_s = 0.0
        self._progress = threading.Condition()
        self._broken = False
        try:
            self._sound = self._open_sound(audio_path, audio)
            self._start(crf, preset)
        except BaseException:
            self._discard()
            raise

    @property
    def duration_s(self) -> float:
        """Length of what has been written so far."""
        return float(self.frame_count / self.frame_rate)

    def write(self, rgb: np.ndarray) -> None:
        """Append one frame, (H, W, 3) uint8 (or 4, with alpha; or planes, see `pixel_format`). It is copied: the array
        may be reused at once.
        """
        if rgb.shape != self._shape or rgb.dtype != np.uint8:
            raise ValueError(f"expected {self._shape} uint8, got {rgb.shape} {rgb.dtype}")
        if self.frame_count >= self._max_frames:
            raise EngineFailure(FailureCode.CLIP_TOO_LONG, max_s=self._max_duration_s)
        buffer = self._next_free_buffer()
        if self._pixels == self._piped:
            np.copyto(buffer, rgb)
        else:
            to_i420(rgb[: self.height_px, : self.width_px], buffer)
        self._filled.put(buffer)
        with self._progress:
            self.frame_count += 1
            self._progress.notify_all()

    def close(self) -> None:
        """Finish the file and move it to its place."""
        if self._process is None:
            return
        try:
            if self.frame_count == 0:
                raise EngineFailure(FailureCode.ENCODER_FAILED, reason="no frames")
            with self._progress:
                self._total_frames = self.frame_count
                self._progress.notify_all()
            self._filled.put(None)
            exit_code = self._wait()
            if exit_code != 0:
                raise failure_of(exit_code, self._errors, output=self.path)
            self._put_in_place()
        finally:
            self._discard()

    # -- the process and its two feeders --------------------------------------------------------------------------

    _process: subprocess.Popen[bytes] | None = None

    def _start(self, crf: int, preset: str) -> None:
        self._free: queue.SimpleQueue[np.ndarray] = queue.SimpleQueue()
        self._filled: queue.SimpleQueue[np.ndarray | None] = queue.SimpleQueue()
        for _ in range(_BUFFERED_FRAMES):
            self._free.put(np.empty(frame_shape(*self._piped_size_px, self._piped), np.uint8))
        sound_read = sound_write = -1
        if self._sound is not None:
            sound_read, sound_write = os.pipe()
        try:
            arguments = self._arguments(crf, preset, sound_read)
            keep = () if self._sound is None else (sound_read,)
            self._process = start_ffmpeg(arguments, errors=self._errors, pass_fds=keep)
        except OSError as error:
            if sound_write >= 0:
                os.close(sound_write)
            raise EngineFailure(FailureCode.ENCODER_FAILED, errno=error.errno) from error
        finally:
            if sound_read >= 0:
                os.close(sound_read)
        assert self._process.stdin is not None
        enlarge_pipe(self._process.stdin.fileno())
        self._feeders = [threading.Thread(target=self._feed_picture, name="encoder-picture", daemon=True)]
        if self._sound is not None:
            feeder = threading.Thread(target=self._feed_sound, args=(sound_write,), name="encoder-sound", daemon=True)
            self._feeders.append(feeder)
        for feeder in self._feeders:
            feeder.start()

    def _arguments(self, crf: int, preset: str, sound_fd: int) -> list[str]:
        width, height = self._piped_size_px
        rate = f"{self.frame_rate.numerator}/{self.frame_rate.denominator}"
        no_probing = ["-nofind_stream_info"]  # all is known, and probing the sound would wait for pictures
        picture_in = [
            "-f",
            "rawvideo",
            "-pix_fmt",
            self._piped,
            "-video_size",
            f"{width}x{height}",
            "-framerate",
            rate,
        ]
        arguments = [*picture_in, *no_probing, "-thread_queue_size", "8", "-i", "pipe:0"]
        if self._sound is not None:
            # as WAV, because ffmpeg reads raw samples in pieces of 100 ms: too long to wait for at high frame rates
            sound_in = ["-f", "wav", "-max_size", "256", "-ignore_length", "1"]
            arguments += [*sound_in, *no_probing, "-thread_queue_size", "64", "-i", f"pipe:{sound_fd}"]
            arguments += ["-map", "0:v", "-map", "1:a", *self._sound_arguments(self._sound)]
        return [*arguments, *self._picture_arguments(crf, preset), "-map_metadata", "-1", str(self._part)]

    def _sound_arguments(self, sound: "Sound") -> list[str]:
        """How the sound is encoded."""
        return sound.encoder_arguments()

    def _picture_arguments(self, crf: int, preset: str) -> list[str]:
        """How the picture is encoded, and into which container."""
        named = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
        colours = ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"]
        keyframes = str(max(1, round(_KEYFRAME_INTERVAL_S * self.frame_rate)))
        arguments = ["-vf", named, "-c:v", "libx264", "-preset", preset, "-crf", str(crf), "-g", keyframes, *colours]
        # At whole multiples also when frames fall between them (29.97 a second): there, the hidden mark turns over.
        arguments += ["-force_key_frames", f"expr:gte(t,n_forced*{_KEYFRAME_INTERVAL_S})"]
        scale = time_scale(self.frame_rate)
        return [*arguments, "-video_track_timescale", str(scale), "-movflags", "+faststart", "-f", "mp4"]

    def _next_free_buffer(self) -> np.ndarray:
        start = time.monotonic()
        while time.monotonic() < start + _STALL_LIMIT_S:
            self._raise_if_broken()
            with contextlib.suppress(queue.Empty):
                return self._free.get(timeout=0.5)
            if time.monotonic() > start + _HELD_UP_S:
                # ffmpeg holds the picture until it has a whole AAC packet: at 120 frames and 8 kHz that can be longer
                # than what is on its way, so let the sound run ahead just this once
                with self._progress:
                    self._sound_may_reach_s = self.duration_s + _SOUND_LEAD_S
                    self._progress.notify_all()
        raise EngineFailure(FailureCode.TIMED_OUT, limit_s=_STALL_LIMIT_S)

    def _raise_if_broken(self) -> None:
        if self._process is None:
            raise ValueError("this encoder is closed")
        if self._broken:
            exit_code = self._wait()
            raise failure_of(exit_code, self._errors, output=self.path)

    def _feed_picture(self) -> None:
        assert self._process is not None and self._process.stdin is not None
        pipe = self._process.stdin
        with contextlib.suppress(OSError), pipe:  # a broken pipe shows in the exit code
            while (frame := self._filled.get()) is not None:
                try:
                    write_all(pipe.fileno(), memoryview(frame).cast("B"))
                except OSError:
                    self._broken = True
                    return
                self._free.put(frame)

    def _feed_sound(self, pipe_fd: int) -> None:
        assert self._sound is not None
        try:
            write_all(pipe_fd, memoryview(self._sound.wav_header()))
            position = 0
            for block in self._sound.endless_blocks():
                sent = 0
                while sent < len(block):
                    allowed, is_last = self._samples_allowed(position)
                    piece = block[sent : sent + allowed - position]
                    write_all(pipe_fd, memoryview(piece.tobytes()))
                    sent, position = sent + len(piece), position + len(piece)
                    if is_last and position >= allowed:
                        return
        except (OSError, EngineFailure) as error:
            if not self._broken and self._process is not None:
                log.error("the sound could not be passed on: %s", error)
                self._broken = True
        finally:
            os.close(pipe_fd)

    def _samples_allowed(self, position: int) -> tuple[int, bool]:
        """How many samples may have gone out in all, and whether that is the final number.

        Waits while it is no more than `position`. The sound never runs ahead of the picture, because nobody knows how
        long the picture will be, and what ffmpeg has been given cannot be taken back.
        """
        assert self._sound is not None
        with self._progress:
            while True:
                frames = self.frame_count if self._total_frames is None else self._total_frames
                allowed = round(frames / self.frame_rate * self._sound.sample_rate_hz)
                if self._total_frames is None:
                    allowed = max(allowed, round(self._sound_may_reach_s * self._sound.sample_rate_hz))
                if self._broken or self._total_frames is not None or allowed > position:
                    return max(allowed, position), self._broken or self._total_frames is not None
                self._progress.wait(0.5)

    def _wait(self) -> int:
        assert self._process is not None
        for feeder in self._feeders:
            if not self._broken:
                feeder.join(_FINISH_LIMIT_S)
        return await_exit(self._process, _FINISH_LIMIT_S)

    def _discard(self) -> None:
        """Stop whatever still runs and leave nothing behind but a finished file."""
        process, self._process = self._process, None
        if process is not None:
            self._broken = True
            with self._progress:
                self._total_frames = self._total_frames or 0
                self._progress.notify_all()
            self._filled.put(None)
            if process.poll() is None:
                process.kill()
            process.wait()
            for feeder in self._feeders:
                feeder.join(5.0)
        self._part.unlink(missing_ok=True)
        self._stack.close()

    def _open_sound(self, audio_path: Path | str | None, audio: Audio | None) -> "Sound | None":
        if audio is not None:
            return Sound(audio.sample_rate_hz, 1, iter([audio.samples.reshape(-1, 1)]))
        if audio_path is None:
            return None
        source = SourceAudio(self._stack.enter_context(open_container(Path(audio_path))))
        return Sound(source.sample_rate_hz, source.channels, source.blocks())


def frame_shape(width_px: int, height_px: int, pixel_format: str) -> tuple[int, ...]:
    """The shape of a frame's array in this pixel format.

    Raises:
        ValueError: an unknown format, or planes of an odd size.
    """
    if pixel_format == "yuv420p":
        if width_px % 2 or height_px % 2:
            raise ValueError(f"yuv420p needs even sizes, got {width_px} × {height_px}")
        return (height_px * 3 // 2, width_px)
    return (height_px, width_px, {"rgb24": 3, "rgba": 4}[pixel_format])


def time_scale(frame_rate: Fraction) -> int:
    """Ticks per second in the file: a multiple of the rate's numerator, so that frame times are exact there too."""
    scale = frame_rate.numerator
    while scale < 10_000:
        scale *= 2
    return scale


class Sound:
    """Blocks of sound for the encoder, (n, channels) float32."""

    def __init__(self, sample_rate_hz: int, channels: int, blocks: Iterator[np.ndarray]) -> None:
        self.sample_rate_hz = sample_rate_hz
        self.channels = channels
        self._blocks = blocks

    def endless_blocks(self) -> Iterator[np.ndarray]:
        """The sound in pieces of at most half a second, then silence for ever."""
        longest = max(1, self.sample_rate_hz // 2)
        for block in self._blocks:
            for start in range(0, len(block), longest):
                yield block[start : start + longest].astype(np.float32, copy=False)
        silence = np.zeros((longest, self.channels), np.float32)
        while True:
            yield silence

    def wav_header(self) -> bytes:
        """The head of an endless WAV file of 32-bit floats (Microsoft RIFF, WAVE_FORMAT_IEEE_FLOAT)."""
        frame_bytes = 4 * self.channels
        rate = self.sample_rate_hz
        form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, self.channels, rate, rate * frame_bytes, frame_bytes, 32)
        return struct.pack("<4sI4s", b"RIFF", 0xFFFFFFFF, b"WAVE") + form + struct.pack("<4sI", b"data", 0xFFFFFFFF)

    def encoder_arguments(self) -> list[str]:
        """AAC at the sound's own rate."""
        return aac_arguments(self.sample_rate_hz, self.channels)


def enlarge_pipe(fd: int) -> None:
    with contextlib.suppress(OSError):  # a smaller pipe is only slower
        fcntl.fcntl(fd, _F_SETPIPE_SZ, _PIPE_BYTES)


def write_all(fd: int, data: memoryview) -> None:
    while data:
        data = data[os.write(fd, data) :]
