"""The finished sound of a dub: the new voice in its places, over the background if that is kept, the rest as it was.

Everything is counted in samples from the beginning of the output, so sound and picture cannot drift apart. Long sounds
lie on disk, not in memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import soundfile
import soxr

from worker.engine.contracts import MAX_AUDIO_S, Loudness, Span
from worker.engine.dub.background import BackgroundMethod, background_of
from worker.engine.dub.loudness import STREAMING_LUFS, limit_in_place, loudness_lufs, voice_lufs
from worker.engine.dub.timing import Piece, Timeline
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.audio import Audio, SourceAudio, load_audio, mix_to_mono
from worker.engine.media.containers import open_container
from worker.engine.media.probe import MediaInfo, probe

JOIN_S = 0.010  # half of a crossfade where pieces meet
ONSET_S = 0.003
LOOP_JOIN_S = 0.05
AROUND_S = 8.0  # of a stretch, listened to for its background
SAME_LOUDNESS_DB = 0.5
MAX_GAIN_DB = 24.0
WRITTEN_AT_ONCE_S = 10.0
MIN_SOURCE_RATE_HZ = 8_000
_CENTRE = 2  # channel of the voice in 3.0, 5.1 and 7.1


@dataclass(frozen=True)
class DubbedSound:
    """What is heard in the output.

    path: the file, None for silence. is_copy: it is one of the inputs, to be taken over bit for bit. warnings: codes,
    with a span of output seconds where there is one ("sound_cut 1.20-3.40"). gains_db: by stretch. background: how the
    voice was taken out of it, None when it was not asked for.
    """

    path: Path | None
    is_copy: bool
    warnings: tuple[str, ...] = ()
    gains_db: tuple[float, ...] = ()
    background: BackgroundMethod | None = None


@dataclass(frozen=True)
class _Form:
    rate_hz: int
    channels: int

    def samples(self, time_s: float | Fraction) -> int:
        return round(time_s * self.rate_hz)


def dub_sound(
    clip_path: Path,
    info: MediaInfo,
    timeline: Timeline,
    sounds: Sequence[Path],
    *,
    folder: Path,
    keep_background: bool = False,
    loudness: Loudness = Loudness.SOURCE,
) -> DubbedSound:
    """Make the sound that belongs to `timeline`, in the clip's own sample rate and channels.

    Args:
        sounds: one recording per stretch of the timeline.
        folder: where the result and working files may go.

    Raises:
        EngineFailure: FILE_*, NO_AUDIO_STREAM, AUDIO_* for the recordings; DISK_FULL.
    """
    if not sounds and info.sound is None:
        return DubbedSound(None, is_copy=True)
    form = _form(info, sounds)
    try:
        mixer = _Mixer(clip_path, info, timeline, form, folder)
        gains_db = mixer.gains_db(sounds)
        copy = None if keep_background else _as_it_is(clip_path, info, timeline, sounds, gains_db, form, loudness)
        if copy is not None:
            return DubbedSound(copy, is_copy=True, gains_db=tuple(gains_db))
        mixer.keep_untouched()
        method = mixer.keep_background() if keep_background else None
        warnings = mixer.add_voices(sounds, gains_db)
        path = mixer.finish(loudness)
    except OSError as error:
        raise EngineFailure(FailureCode.DISK_FULL, errno=error.errno) from error
    if method is BackgroundMethod.DUCKED:
        warnings.append("background_ducked")
    return DubbedSound(path, is_copy=False, warnings=tuple(warnings), gains_db=tuple(gains_db), background=method)


def _form(info: MediaInfo, sounds: Sequence[Path]) -> _Form:
    """The clip's own sample rate and channels, or the first recording's when the clip has no sound."""
    sound = info.sound if info.sound is not None else probe(sounds[0]).sound
    if sound is None:
        raise EngineFailure(FailureCode.NO_AUDIO_STREAM)
    channels = sound.channels if sound.channels <= 8 else 2
    return _Form(max(MIN_SOURCE_RATE_HZ, sound.sample_rate_hz), max(1, channels))


def _as_it_is(
    clip_path: Path,
    info: MediaInfo,
    timeline: Timeline,
    sounds: Sequence[Path],
    gains_db: Sequence[float],
    form: _Form,
    loudness: Loudness,
) -> Path | None:
    """The one input that already is the finished sound, if there is one."""
    whole_s = float(timeline.end_s)
    frame_s = whole_s / max(1, len(timeline))
    if not sounds:
        own = [piece for piece in timeline.pieces if piece.stretch is None]
        return clip_path if len(own) == 1 and loudness is Loudness.SOURCE else None
    if len(sounds) > 1 or len(timeline.pieces) > 1 or loudness is not Loudness.SOURCE:
        return None
    sound = probe(sounds[0]).sound
    if sound is None or sound.duration_s is None or abs(sound.offset_s) > 1e-3 or abs(gains_db[0]) > SAME_LOUDNESS_DB:
        return None
    same_form = info.sound is None or (sound.sample_rate_hz, sound.channels) == (form.rate_hz, form.channels)
    return sounds[0] if same_form and sound.duration_s <= whole_s + frame_s else None


class _Mixer:
    """The output on disk, filled piece by piece."""

    def __init__(self, clip_path: Path, info: MediaInfo, timeline: Timeline, form: _Form, folder: Path) -> None:
        self._timeline, self._form, self._folder = timeline, form, folder
        self._source = _source_samples(clip_path, info, form, folder / "source.f32")
        self._listened: Audio | None = None
        self._spans: list[Span] = []
        if self._source is not None:
            self._listen(clip_path)
        length = max(1, form.samples(timeline.end_s))
        self._out = np.memmap(folder / "dub.f32", np.float32, "w+", shape=(length, form.channels))

    def _listen(self, clip_path: Path) -> None:
        from worker.engine.speech.detection import speech_spans  # loads torch

        try:
            self._listened = load_audio(clip_path, max_duration_s=2 * MAX_AUDIO_S)
        except EngineFailure:
            return  # too short or too damaged to hear a voice in
        self._spans = speech_spans(self._listened)

    def gains_db(self, sounds: Sequence[Path]) -> list[float]:
        """What brings each recording's voice to the loudness of the clip's own."""
        wanted = None if self._source is None else voice_lufs(self._source, self._form.rate_hz, self._spans)
        if wanted is None:
            return [0.0] * len(sounds)
        return [_gain_to(wanted, path, self._form) for path in sounds]

    def keep_untouched(self) -> None:
        """The clip's own sound where it stays, a little beyond its edges, so that it can fade."""
        if self._source is None:
            return
        for number, piece in enumerate(self._timeline.pieces):
            if piece.stretch is None:
                self._lay(self._source, self._form.samples(piece.source_start_s), piece, number)

    def keep_background(self) -> BackgroundMethod | None:
        """What is heard besides the voice, under every stretch; the least successful method of all."""
        worst: BackgroundMethod | None = None
        if self._source is None:
            return None
        for number, piece in enumerate(self._timeline.pieces):
            if piece.stretch is None:
                continue
            found, offset, method = self._background(piece)
            worst = method if worst is None or method is BackgroundMethod.DUCKED else worst
            needed = self._form.samples(piece.out_end_s) - self._form.samples(piece.out_start_s)
            join = self._form.samples(JOIN_S)
            if len(found) < offset + needed + join:
                found = _looped(found[offset:], needed + 2 * join, self._form.samples(LOOP_JOIN_S))
                offset = 0
            self._lay(found, offset, piece, number)
        return worst

    def _background(self, piece: Piece) -> tuple[np.ndarray, int, BackgroundMethod]:
        """(samples, where the stretch begins in them, method): of the clip's stretch and a little around it."""
        assert self._source is not None
        frames = self._timeline.source_index[piece.first : piece.end]
        shown_s = float(piece.out_end_s - piece.out_start_s)
        count = max(1, int(frames.max()) - int(frames.min()) + 1)
        own_s = max(shown_s * min(1.0, count / len(frames)), JOIN_S)
        start_s, end_s = max(0.0, piece.source_start_s - AROUND_S), piece.source_start_s + own_s + AROUND_S
        low, high = self._form.samples(start_s), min(len(self._source), self._form.samples(end_s))
        spans = [
            Span(max(0.0, span.start_s - start_s), span.end_s - start_s)
            for span in self._spans
            if span.end_s > start_s and span.start_s < end_s
        ]
        if high - low < self._form.samples(2 * JOIN_S):
            return (
                np.zeros((self._form.samples(own_s), self._form.channels), np.float32),
                0,
                BackgroundMethod.NOTHING_SPOKEN,
            )
        found = background_of(self._source[low:high], self._form.rate_hz, spans)
        offset = self._form.samples(piece.source_start_s) - low
        longer = shown_s > own_s + 0.1  # then it is repeated, and what comes after the stretch does not belong to it
        kept = found.samples[: offset + self._form.samples(own_s)] if longer else found.samples
        return kept, offset, found.method

    def _lay(self, samples: np.ndarray, offset: int, piece: Piece, number: int) -> None:
        """Add `samples` from `offset` on to the piece's place, faded with its neighbours by equal power."""
        join = self._form.samples(JOIN_S)
        start, end = self._form.samples(piece.out_start_s), self._form.samples(piece.out_end_s)
        before = join if number and offset >= join and start >= join else 0
        after = join if number + 1 < len(self._timeline.pieces) else 0
        first, last = start - before, min(end + after, len(self._out), start - offset + len(samples))
        block = self._form.samples(WRITTEN_AT_ONCE_S)
        for low in range(first, last, block):
            high = min(low + block, last)
            at = np.arange(low, high)
            gain = np.ones(high - low, np.float32)
            if before:
                gain *= _rise((at - start + join) / (2 * join))
            if after:
                gain *= _rise((end + join - at) / (2 * join))
            self._out[low:high] += gain[:, None] * samples[offset + low - start : offset + high - start]

    def add_voices(self, sounds: Sequence[Path], gains_db: Sequence[float]) -> list[str]:
        """Every recording in its place, cut where its piece ends; warnings about words that were cut off."""
        warnings: list[str] = []
        for piece in self._timeline.pieces:
            if piece.stretch is None:
                continue
            voice = _voice_samples(sounds[piece.stretch], self._form) * np.float32(10 ** (gains_db[piece.stretch] / 20))
            start, end = self._form.samples(piece.sound_at_s), self._form.samples(piece.out_end_s)
            frame = self._form.samples(piece.out_end_s - piece.out_start_s) // max(1, piece.end - piece.first)
            if len(voice) > end - start + frame:
                warnings.append(
                    f"sound_cut {float(piece.out_end_s):.2f}-{(start + len(voice)) / self._form.rate_hz:.2f}"
                )
            voice = voice[: max(0, end - start)]
            _soften(voice, self._form.samples(ONSET_S), self._form.samples(ONSET_S))
            self._out[start : start + len(voice)] += voice
        return warnings

    def finish(self, loudness: Loudness) -> Path:
        """Level, limit, and write the sound as a WAV file of 32-bit floats."""
        if loudness is Loudness.STREAMING:
            level = loudness_lufs(self._out, self._form.rate_hz)
            if level is not None:
                self._out *= np.float32(10 ** ((STREAMING_LUFS - level) / 20))
        limit_in_place(self._out, self._form.rate_hz)
        path = self._folder / "dub.wav"
        block = self._form.samples(WRITTEN_AT_ONCE_S)
        with soundfile.SoundFile(path, "w", self._form.rate_hz, self._form.channels, "FLOAT", format="WAV") as file:
            for low in range(0, len(self._out), block):
                file.write(self._out[low : low + block])
        return path


def _rise(part: np.ndarray) -> np.ndarray:
    """Equal power: 0 → 1 as the sine of a quarter turn, so that what fades in and what fades out keep their sum."""
    return np.sin(np.pi / 2 * np.clip(part, 0.0, 1.0)).astype(np.float32)


def _soften(samples: np.ndarray, first: int, last: int) -> None:
    """Fade the very edges in place, so that nothing clicks."""
    first, last = min(first, len(samples)), min(last, len(samples))
    if first:
        samples[:first] *= np.linspace(0.0, 1.0, first, dtype=np.float32)[:, None]
    if last:
        samples[-last:] *= np.linspace(1.0, 0.0, last, dtype=np.float32)[:, None]


def _looped(samples: np.ndarray, length: int, join: int) -> np.ndarray:
    """(length, channels): the samples again and again, faded into one another by equal power."""
    if len(samples) < 4:
        return np.zeros((length, samples.shape[1] if samples.ndim > 1 else 1), np.float32)
    join = min(join, len(samples) // 4)
    looped = np.zeros((length + len(samples), samples.shape[1]), np.float32)
    rise = _rise(np.arange(join) / max(1, join))[:, None]
    at = 0
    while at < length:
        part = np.array(samples, np.float32)
        if join and at:
            part[:join] *= rise
        if join:
            part[-join:] *= rise[::-1]
        looped[at : at + len(part)] += part
        at += len(part) - join
    return looped[:length]


def _source_samples(clip_path: Path, info: MediaInfo, form: _Form, target: Path) -> np.ndarray | None:
    """The clip's own sound, (N, channels) float32 mapped from `target`; None when it has none that can be read."""
    if info.sound is None:
        return None
    count = 0
    with open_container(clip_path) as container, target.open("wb") as file:
        source = SourceAudio(container)
        if source.channels != form.channels or source.sample_rate_hz != form.rate_hz:
            return None
        for block in source.blocks():
            count += len(block)
            if count > 2 * MAX_AUDIO_S * form.rate_hz:
                raise EngineFailure(FailureCode.AUDIO_TOO_LONG, duration_s=count / form.rate_hz, max_s=MAX_AUDIO_S)
            file.write(np.nan_to_num(block, nan=0.0, posinf=1.0, neginf=-1.0).astype(np.float32).tobytes())
    return np.memmap(target, np.float32, "r", shape=(count, form.channels)) if count else None


def _voice_samples(path: Path, form: _Form) -> np.ndarray:
    """(N, channels) float32 of a recording in the output's form."""
    with open_container(path) as container:
        source = SourceAudio(container, max_channels=2)
        stream = soxr.ResampleStream(source.sample_rate_hz, form.rate_hz, source.channels, dtype="float32")
        parts, taken = [], 0
        for block in source.blocks():
            taken += len(block)
            if taken > (MAX_AUDIO_S + 1) * source.sample_rate_hz:
                break
            clean = np.nan_to_num(block, nan=0.0, posinf=1.0, neginf=-1.0)
            parts.append(stream.resample_chunk(clean).reshape(-1, source.channels))
        rest = stream.resample_chunk(np.zeros((0, source.channels), np.float32), last=True)
        samples = np.concatenate([*parts, rest.reshape(-1, source.channels)])
    if form.channels == samples.shape[1]:
        return np.array(samples, np.float32)
    mono, _ = mix_to_mono(samples)
    if form.channels > 2:  # where films have their dialogue
        placed = np.zeros((len(mono), form.channels), np.float32)
        placed[:, _CENTRE] = mono
        return placed
    return np.repeat(mono[:, None], form.channels, axis=1)


def _gain_to(wanted_lufs: float, path: Path, form: _Form) -> float:
    """What brings the voice in a recording to a loudness, in dB; 0 when no voice can be measured in it."""
    from worker.engine.speech.detection import speech_spans

    # measured as it will be placed: the same voice in two channels is 3 dB louder than in one
    level = voice_lufs(_voice_samples(path, form), form.rate_hz, speech_spans(load_audio(path)))
    if level is None:
        return 0.0
    return float(np.clip(wanted_lufs - level, -MAX_GAIN_DB, MAX_GAIN_DB))
