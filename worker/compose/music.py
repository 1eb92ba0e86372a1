"""Music under a voice: looped or not, faded, stepping back while somebody speaks, the whole at streaming loudness.

Sounds lie on disk and are mixed in blocks, so that memory does not grow with length.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
import soxr

from worker.compose.music_bed import MusicBed
from worker.engine.contracts import MAX_AUDIO_S, Span
from worker.engine.dub.loudness import STREAMING_LUFS, limit_in_place, loudness_lufs, voice_lufs
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.audio import SourceAudio, load_audio
from worker.engine.media.containers import open_container

RATE_HZ = 48_000
DUCKED_MOST_DB = 18.0
CONTROL_HZ = 100  # of the ducking's curve
LOOP_JOIN_S = 1.0
BLOCK_S = 10.0
MAX_GAIN_DB = 24.0
SILENCE_FLOOR = 1e-4  # of volume: quieter than -80 dB is off
_CHANNELS = 2


def lay_music(voice_path: Path | None, bed: MusicBed, duration_s: float, folder: Path) -> Path:
    """The sound of a video `duration_s` long: what is at `voice_path`, if anything, over the music, as a stereo WAV.

    The music's level goes by the spoken parts of the voice; the whole is brought to -14 LUFS and at most -1 dBTP.
    folder: takes the result and the working files.

    Raises:
        EngineFailure: FILE_*, NO_AUDIO_STREAM for the music; DISK_FULL.
    """
    length = max(1, round(duration_s * RATE_HZ))
    try:
        voice = None if voice_path is None else sound_on_disk(voice_path, folder / "under_voice.f32", length)
        music = sound_on_disk(bed.path, folder / "music.f32", length + round(LOOP_JOIN_S * RATE_HZ))
        if music is None:
            raise EngineFailure(FailureCode.AUDIO_SILENT)
        spans = [] if voice_path is None or voice is None else _spoken(voice_path)
        gain_db = _gain_db(music, voice, spans, bed.volume)
        curve = ducking_db(spans, duration_s, bed)
        out = np.memmap(folder / "mixed.f32", np.float32, "w+", shape=(length, _CHANNELS))
        block = round(BLOCK_S * RATE_HZ)
        for low in range(0, length, block):
            high = min(low + block, length)
            gains = _envelope(low, high, length, len(music), bed) * _at_samples(curve, low, high)
            if bed.volume > SILENCE_FLOOR:
                out[low:high] = music_between(music, low, high, loops=bed.loops)
                out[low:high] *= (gains * 10 ** (gain_db / 20))[:, None].astype(np.float32)
            if voice is not None and low < len(voice):
                part = voice[low:high]
                out[low : low + len(part)] += part
        return finish_sound(out, folder / "with_music.wav", quieter_db=0.0 if voice is not None else _db(bed.volume))
    except OSError as error:
        raise EngineFailure(FailureCode.DISK_FULL, errno=error.errno) from error


def ducking_db(spans: Sequence[Span], duration_s: float, bed: MusicBed) -> np.ndarray:
    """(N,) how far the music steps back, in dB ≤ 0, at CONTROL_HZ: an envelope over where somebody speaks.

    One pole in dB on either side, as in a side-chained compressor; the look-ahead shifts the voice earlier.
    """
    count = int(duration_s * CONTROL_HZ) + 2
    wanted = np.zeros(count)
    for span in spans:
        first = max(0, int((span.start_s - bed.look_ahead_ms / 1000) * CONTROL_HZ))
        wanted[first : int(np.ceil(span.end_s * CONTROL_HZ))] = -DUCKED_MOST_DB * bed.ducking
    attack, release = (np.exp(-1000 / (ms / 3 * CONTROL_HZ)) for ms in (bed.attack_ms, bed.release_ms))
    level, curve = float(wanted[0]), np.empty(count)
    for index, target in enumerate(wanted):
        level = target + (level - target) * (attack if target < level else release)
        curve[index] = level
    return curve


def music_between(music: np.ndarray, low: int, high: int, *, loops: bool) -> np.ndarray:
    """Samples `low` to `high` of the music, (high - low, 2) float32; its end faded into its beginning when it loops."""
    out = np.zeros((high - low, _CHANNELS), np.float32)
    if not loops:
        part = music[low:high]
        out[: len(part)] = part
        return out
    join = min(round(LOOP_JOIN_S * RATE_HZ), len(music) // 4)
    period = len(music) - join
    at = low
    while at < high:
        turn, phase = divmod(at, period)
        count = min(high - at, (join if turn and phase < join else period) - phase)
        part = np.array(music[phase : phase + count])
        if turn and phase < join:
            rise = np.sin(np.pi / 2 * np.arange(phase, phase + count) / join).astype(np.float32)[:, None]
            part = part * rise + music[period + phase : period + phase + count] * np.sqrt(1 - rise**2)
        out[at - low : at - low + count] = part
        at += count
    return out


def sound_on_disk(path: Path, target: Path, longest: int) -> np.ndarray | None:
    """The file's sound as (n ≤ longest, 2) float32 at RATE_HZ, mapped from `target`; None when there is none."""
    count = 0
    with open_container(path) as container, target.open("wb") as file:
        source = SourceAudio(container, max_channels=_CHANNELS)
        stream = soxr.ResampleStream(source.sample_rate_hz, RATE_HZ, source.channels, dtype="float32")

        def keep(samples: np.ndarray) -> int:
            part = samples.reshape(-1, source.channels)[: longest - count]
            file.write(np.ascontiguousarray(np.repeat(part, _CHANNELS // source.channels, axis=1)).tobytes())
            return len(part)

        for block in source.blocks():
            count += keep(stream.resample_chunk(np.nan_to_num(block, nan=0.0, posinf=1.0, neginf=-1.0)))
            if count >= longest:
                break
        count += keep(stream.resample_chunk(np.zeros((0, source.channels), np.float32), last=True))
    return np.memmap(target, np.float32, "r", shape=(count, _CHANNELS)) if count else None


def _spoken(path: Path) -> list[Span]:
    from worker.engine.speech.detection import speech_spans  # loads torch

    try:
        return speech_spans(load_audio(path, max_duration_s=2 * MAX_AUDIO_S))
    except EngineFailure:
        return []  # too short or too quiet to hear anybody in: nothing to step back for


def _gain_db(music: np.ndarray, voice: np.ndarray | None, spans: Sequence[Span], volume: float) -> float:
    """What brings the music to its place under the voice; without one, to streaming loudness."""
    level = loudness_lufs(music, RATE_HZ)
    if level is None:
        return 0.0
    spoken = None if voice is None else voice_lufs(voice, RATE_HZ, spans) or loudness_lufs(voice, RATE_HZ)
    to_voice = float(np.clip((STREAMING_LUFS if spoken is None else spoken) - level, -2 * MAX_GAIN_DB, MAX_GAIN_DB))
    return to_voice + _db(volume)


def _db(factor: float) -> float:
    return float(20 * np.log10(max(factor, SILENCE_FLOOR)))


def _envelope(low: int, high: int, length: int, music_length: int, bed: MusicBed) -> np.ndarray:
    """(high - low,) fades in [0, 1]: in at the beginning, out at the end of the video or of the music."""
    at = np.arange(low, high)
    end = length if bed.loops else min(length, music_length)
    gain = np.ones(high - low)
    if bed.fade_in_s > 0:
        gain *= np.clip(at / (bed.fade_in_s * RATE_HZ), 0, 1)
    if bed.fade_out_s > 0:
        gain *= np.clip((end - at) / (bed.fade_out_s * RATE_HZ), 0, 1)
    return np.sin(np.pi / 2 * gain)


def _at_samples(curve_db: np.ndarray, low: int, high: int) -> np.ndarray:
    at = np.arange(low, high) * (CONTROL_HZ / RATE_HZ)
    return 10 ** (np.interp(at, np.arange(len(curve_db)), curve_db) / 20)


def finish_sound(out: np.ndarray, path: Path, *, quieter_db: float = 0.0) -> Path:
    """Level, limit and write (N, 2) float32 samples at RATE_HZ, which it changes; `quieter_db` ≤ 0: how far below
    streaming loudness they are wanted.
    """
    level = loudness_lufs(out, RATE_HZ)
    block = round(BLOCK_S * RATE_HZ)
    if level is not None:
        gain = np.float32(10 ** (min(STREAMING_LUFS + quieter_db - level, MAX_GAIN_DB) / 20))
        for low in range(0, len(out), block):
            out[low : low + block] *= gain
    limit_in_place(out, RATE_HZ)
    with soundfile.SoundFile(path, "w", RATE_HZ, _CHANNELS, "FLOAT", format="WAV") as file:
        for low in range(0, len(out), block):
            file.write(out[low : low + block])
    return path
