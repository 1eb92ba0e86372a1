"""Sound of any container and codec → mono float32 for listening, and the untouched original for the encoder."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import av
import numpy as np
import soxr
from av.container import InputContainer

from worker.engine.contracts import LENGTH_SLACK_S, MAX_AUDIO_S, MIN_AUDIO_S
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.containers import check_file, moving_picture_stream, open_container, sound_stream
from worker.engine.media.kinds import MediaKind, looks_like_picture

SPEECH_SAMPLE_RATE_HZ = 16_000
SILENT_PEAK_DBFS = -70.0  # the quietest usable voice seen peaks near -50
_MAX_DAMAGED_PACKETS = 50
_GAP_TOLERANCE_S = 0.1
_MAX_GAP_S = 60.0
_MIN_LEVEL = 1e-6  # -120 dBFS, the floor of every level we report


class ChannelTrouble(StrEnum):
    """What is odd about a stereo recording; both would be heard on a phone's single speaker."""

    ONE_SIDED = "one_sided"
    OPPOSITE_PHASE = "opposite_phase"


@dataclass(frozen=True)
class Audio:
    """A voice as the engine listens to it.

    samples: (N,) float32, mono, in [-1, 1].
    sample_rate_hz: of `samples`.
    source_sample_rate_hz, channels: of the file.
    duration_s: N / sample_rate_hz.
    channel_trouble: set when the mono mix had to be rescued.
    damaged: some of the file could not be decoded (it is used up to there, or around it).
    """

    samples: np.ndarray
    sample_rate_hz: int
    source_sample_rate_hz: int
    channels: int
    duration_s: float
    channel_trouble: ChannelTrouble | None = None
    damaged: bool = False


@dataclass(frozen=True)
class AudioLevel:
    """Loudness of a recording. Levels in dB relative to full scale; `loudness_lufs` after ITU-R BS.1770-4.

    noise_dbfs: level of the quietest tenth of its 50 ms windows. clipped_share: samples at full scale, in [0, 1].
    """

    peak_dbfs: float
    rms_dbfs: float
    loudness_lufs: float | None
    noise_dbfs: float
    clipped_share: float


class SourceAudio:
    """The original sound of a file, block by block, at its own sample rate and with its own channels.

    Sound that starts after the picture of the same file is preceded by silence; gaps between packets are filled with
    it; sound from before the picture is dropped. So a sample's index is its time, for the ear and for the encoder.
    """

    def __init__(self, container: InputContainer, *, max_channels: int = 8) -> None:
        stream = sound_stream(container)
        if stream is None:
            raise EngineFailure(FailureCode.NO_AUDIO_STREAM)
        self._container = container
        self._stream = stream
        self.sample_rate_hz = int(stream.codec_context.sample_rate)
        self.source_channels = int(stream.codec_context.channels)
        self.channels = min(self.source_channels, max_channels)
        self.damaged = False
        self._layout = stream.codec_context.layout.name if self.channels == self.source_channels else "stereo"
        if self.channels not in (1, 2) and self.channels != self.source_channels:
            self.channels = 2
        if self.sample_rate_hz <= 0:
            raise EngineFailure(FailureCode.FILE_UNREADABLE)

    def blocks(self) -> Iterator[np.ndarray]:
        """Blocks (n, channels) float32 in order; damaged packets are passed over and set `damaged`."""
        resampler = self._resampler()
        key: tuple[object, ...] | None = None
        position, to_drop = 0, 0
        origin_s: float | None = None
        for frame in self._frames():
            frame_key = (frame.format.name, frame.layout.name, frame.sample_rate)
            if key is not None and frame_key != key:  # e.g. AAC that switches its extension on mid-stream
                resampler = self._resampler()
            key = frame_key
            if frame.pts is not None:
                frame_s = float(frame.pts * frame.time_base)
                origin_s = self._origin_s(frame_s) if origin_s is None else origin_s
                gap = round((frame_s - origin_s) * self.sample_rate_hz) - position
                if position == 0 and gap < 0:
                    to_drop = -gap
                elif self._is_gap(gap, at_start=position == 0):
                    yield np.zeros((gap, self.channels), np.float32)
                    position += gap
            for out in resampler.resample(frame):
                block = np.ascontiguousarray(out.to_ndarray().T)
                dropped, to_drop = min(to_drop, len(block)), max(0, to_drop - len(block))
                if dropped < len(block):
                    position += len(block) - dropped
                    yield block[dropped:]

    def _is_gap(self, gap: int, *, at_start: bool) -> bool:
        """Whether `gap` missing samples are real silence rather than rounding or a broken clock."""
        longest = round(_MAX_GAP_S * self.sample_rate_hz)
        return (0 if at_start else round(_GAP_TOLERANCE_S * self.sample_rate_hz)) < gap < longest

    def _resampler(self) -> av.AudioResampler:
        return av.AudioResampler(format="fltp", layout=self._layout, rate=self.sample_rate_hz)

    def _origin_s(self, first_frame_s: float) -> float:
        """Time zero: the picture's first frame in a clip, the first sound in a plain recording."""
        video = moving_picture_stream(self._container)
        if video is not None and video.start_time is not None:
            return float(video.start_time * video.time_base)
        return first_frame_s  # not the stream's stated start, which in WebM counts the codec's delay twice

    def _frames(self) -> Iterator[av.AudioFrame]:
        damaged_packets = 0
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                yield from packet.decode()
            except (av.InvalidDataError, av.EOFError, av.PatchWelcomeError) as error:
                self.damaged = True
                damaged_packets += 1
                if damaged_packets > _MAX_DAMAGED_PACKETS or isinstance(error, av.EOFError):
                    return


def load_audio(
    path: Path | str, sample_rate_hz: int = SPEECH_SAMPLE_RATE_HZ, max_duration_s: float | None = None
) -> Audio:
    """Read the sound of any recording or clip as mono float32, resampled by soxr.

    Opposite-phase and one-sided stereo keep their voice. Memory is bounded by `max_duration_s` (`MAX_AUDIO_S` by
    default), whatever the file claims.

    Raises:
        EngineFailure: FILE_MISSING, FILE_EMPTY, FILE_UNREADABLE, FILE_WRONG_KIND (a picture), NO_AUDIO_STREAM,
            AUDIO_TOO_SHORT, AUDIO_TOO_LONG.
    """
    path = Path(path)
    check_file(path)
    if looks_like_picture(path):
        raise EngineFailure(FailureCode.FILE_WRONG_KIND, found=MediaKind.PICTURE.value, needed=MediaKind.SOUND.value)
    limit_s = MAX_AUDIO_S if max_duration_s is None else max_duration_s
    with open_container(path) as container:
        source = SourceAudio(container, max_channels=2)
        stated_s = _stated_duration_s(container)
        if stated_s is not None and stated_s > limit_s + 2 * LENGTH_SLACK_S:
            raise EngineFailure(FailureCode.AUDIO_TOO_LONG, duration_s=stated_s, max_s=limit_s)
        stereo = _resampled(source, sample_rate_hz, limit_s)
    if len(stereo) < MIN_AUDIO_S * sample_rate_hz:
        if not len(stereo) and source.damaged:
            raise EngineFailure(FailureCode.FILE_UNREADABLE, kind=MediaKind.SOUND.value)
        raise EngineFailure(FailureCode.AUDIO_TOO_SHORT, duration_s=len(stereo) / sample_rate_hz, needed_s=MIN_AUDIO_S)
    mono, trouble = mix_to_mono(np.clip(stereo, -1.0, 1.0))
    return Audio(
        samples=mono,
        sample_rate_hz=sample_rate_hz,
        source_sample_rate_hz=source.sample_rate_hz,
        channels=source.source_channels,
        duration_s=len(mono) / sample_rate_hz,
        channel_trouble=trouble,
        damaged=source.damaged,
    )


def _stated_duration_s(container: InputContainer) -> float | None:
    stream = sound_stream(container)
    if stream is not None and stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return None if container.duration is None else container.duration / av.time_base


def _resampled(source: SourceAudio, sample_rate_hz: int, limit_s: float) -> np.ndarray:
    """(N, channels) float32 of the whole source; refuses what is clearly more than `limit_s`."""
    stream = soxr.ResampleStream(source.sample_rate_hz, sample_rate_hz, source.channels, dtype="float32")
    parts: list[np.ndarray] = []
    taken = 0
    for block in source.blocks():
        taken += len(block)
        if taken > (limit_s + LENGTH_SLACK_S) * source.sample_rate_hz:
            raise EngineFailure(FailureCode.AUDIO_TOO_LONG, duration_s=taken / source.sample_rate_hz, max_s=limit_s)
        # float files may hold infinities or NaN, which would poison every filter downstream
        clean = np.nan_to_num(block, nan=0.0, posinf=1.0, neginf=-1.0)
        parts.append(stream.resample_chunk(clean).reshape(-1, source.channels))
    parts.append(
        stream.resample_chunk(np.zeros((0, source.channels), np.float32), last=True).reshape(-1, source.channels)
    )
    length = round(taken * sample_rate_hz / source.sample_rate_hz)
    joined = np.concatenate(parts)[:length]
    return np.pad(joined, ((0, length - len(joined)), (0, 0)))


def mix_to_mono(samples: np.ndarray) -> tuple[np.ndarray, ChannelTrouble | None]:
    """(N, 1 or 2) float32 → (N,) float32, without losing a voice that is on one side or in opposite phase."""
    if samples.shape[1] == 1:
        return np.ascontiguousarray(samples[:, 0]), None
    left, right = samples[:, 0], samples[:, 1]
    power_left, power_right = float(np.mean(left**2)), float(np.mean(right**2))
    louder = np.ascontiguousarray(left if power_left >= power_right else right)
    if max(power_left, power_right) < _MIN_LEVEL**2:
        return louder, None
    if min(power_left, power_right) < 0.001 * max(power_left, power_right):
        return louder, ChannelTrouble.ONE_SIDED
    correlation = float(np.mean(left * right)) / math.sqrt(power_left * power_right)
    if correlation < -0.3:
        return louder, ChannelTrouble.OPPOSITE_PHASE
    return (left + right) * np.float32(0.5), None


def measure_level(audio: Audio) -> AudioLevel:
    """Peak, RMS, loudness (ITU-R BS.1770-4), noise floor and clipping of a recording."""
    samples = audio.samples
    peak = float(np.abs(samples).max(initial=0.0))
    window = max(1, audio.sample_rate_hz // 20)
    usable = samples[: len(samples) // window * window].reshape(-1, window)
    window_rms = np.sqrt(np.mean(usable**2, axis=1)) if len(usable) else np.zeros(1)
    # resampling rounds the flat tops of clipped waves, so "at full scale" has to be taken with a margin
    clipped = float(np.mean(np.abs(samples) > 0.985)) if peak > 0.985 else 0.0
    return AudioLevel(
        peak_dbfs=_decibels(peak),
        rms_dbfs=_decibels(float(np.sqrt(np.mean(samples**2)))),
        loudness_lufs=_loudness_lufs(audio),
        noise_dbfs=_decibels(float(np.percentile(window_rms, 10))),
        clipped_share=clipped,
    )


def require_audible(level: AudioLevel) -> None:
    """Refuse a recording in which there is nothing to hear.

    Raises:
        EngineFailure: AUDIO_SILENT.
    """
    if level.peak_dbfs < SILENT_PEAK_DBFS:
        raise EngineFailure(FailureCode.AUDIO_SILENT, peak_dbfs=level.peak_dbfs)


def _decibels(amplitude: float) -> float:
    return 20.0 * math.log10(max(amplitude, _MIN_LEVEL))


def _loudness_lufs(audio: Audio) -> float | None:
    """None when the recording is shorter than one gating block or below the absolute gate."""
    import pyloudnorm

    if audio.duration_s < 0.4:
        return None
    with np.errstate(divide="ignore"):
        value = float(pyloudnorm.Meter(audio.sample_rate_hz).integrated_loudness(audio.samples.astype(np.float64)))
    return value if math.isfinite(value) else None
