"""A recording made ready: trimmed to the part that is wanted, and quieter where nobody speaks.

Cleaning is gentle spectral gating: how loud each pitch is in the recording's own pauses is its noise; what is not
clearly above it is turned down, by 12 dB at most. The gate is smoothed over time and pitch, since single open cells
would ring ("musical noise"; Berouti, Schwartz & Makhoul 1979). Sound is read and written in blocks.
"""

import itertools
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from worker.engine.contracts import MAX_AUDIO_S, Span
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.audio import SourceAudio, load_audio
from worker.engine.media.containers import open_container
from worker.engine.speech.detection import speech_spans

NO_PAUSE = "no_pause_to_learn_noise"  # the warning of a recording in which somebody always speaks
MAX_CUT_DB = 12.0
MIN_PAUSE_S = 0.4  # of pauses altogether, to know the noise from
EDGE_S = 0.1  # before and after speech: breath and room, not noise
QUIETEST_DBFS = -75.0  # noise below this is none
MAX_NOISE_FRAMES = 4000
OPEN_DB = (3.0, 8.0)  # above the noise: closed below the first, open above the second
N_FFT, HOP = 2048, 512
_BLOCK_HOPS, _CONTEXT_HOPS = 800, 16
_MEDIAN_OF_POWER = 0.6931  # of its mean, for noise
_SMALL = 1e-12


@dataclass(frozen=True)
class Prepared:
    """`duration_s` of what was written; `warnings`: codes."""

    duration_s: float
    warnings: tuple[str, ...] = ()


def prepare_recording(
    source: Path, output: Path, *, start_s: float = 0.0, end_s: float = 0.0, clean: bool = False
) -> Prepared:
    """Write the part of a recording from `start_s` to `end_s` (0: its end) as 16-bit WAV, at its own sample rate.

    Raises:
        EngineFailure: as `load_audio`; OPTION_INVALID for a part that is not inside the recording.
    """
    whole_s = _length_s(source)
    end_s = end_s or whole_s
    if not (0.0 <= start_s < end_s <= whole_s + 0.1):  # NaN fails this too
        raise EngineFailure(FailureCode.OPTION_INVALID, option="voice_end_s", reason=f"it is {whole_s:.2f} s long")
    with open_container(source) as container:
        rate_hz = SourceAudio(container, max_channels=2).sample_rate_hz
    first, last = round(start_s * rate_hz), round(end_s * rate_hz)
    noise, warnings = None, ()
    if clean:
        pauses = _pauses(speech_spans(load_audio(source, max_duration_s=MAX_AUDIO_S)), first / rate_hz, last / rate_hz)
        noise = _noise(_part(source, first, last), pauses, first, rate_hz)
        warnings = () if sum(one.duration_s for one in pauses) >= MIN_PAUSE_S else (NO_PAUSE,)
    blocks = _part(source, first, last)
    written = _write(output, blocks if noise is None else _gated(blocks, noise), rate_hz)
    return Prepared(written / rate_hz, warnings)


def _length_s(source: Path) -> float:
    return load_audio(source, max_duration_s=MAX_AUDIO_S).duration_s


def _part(source: Path, first: int, last: int) -> Iterator[np.ndarray]:
    """Blocks (n, channels) float32 of the samples from `first` until `last`."""
    at = 0
    with open_container(source) as container:
        for block in SourceAudio(container, max_channels=2).blocks():
            part = block[max(0, first - at) : max(0, last - at)]
            at += len(block)
            if len(part):
                yield np.nan_to_num(part, nan=0.0, posinf=1.0, neginf=-1.0)
            if at >= last:
                return


def _pauses(speech: Sequence[Span], start_s: float, end_s: float) -> list[Span]:
    """Where nobody speaks inside that part; none where nobody speaks at all, since nothing is noise by itself."""
    if not speech:
        return []
    edges = [start_s, *itertools.chain.from_iterable((s.start_s - EDGE_S, s.end_s + EDGE_S) for s in speech), end_s]
    pairs = zip(edges[::2], edges[1::2], strict=True)
    inside = [Span(max(a, start_s), min(b, end_s)) for a, b in pairs if min(b, end_s) > max(a, start_s)]
    return [span for span in inside if span.duration_s > 2 * N_FFT / 48_000]


def _noise(blocks: Iterator[np.ndarray], pauses: Sequence[Span], first: int, rate_hz: int) -> np.ndarray | None:
    """(bins,) power of the noise; None where there is too little to tell, or nothing to take away."""
    if sum(span.duration_s for span in pauses) < MIN_PAUSE_S:
        return None
    heard: list[np.ndarray] = []
    for spectra, frame in _spectra(blocks):
        times_s = (first + (frame + np.arange(spectra.shape[2])) * HOP) / rate_hz
        margin_s = N_FFT / 2 / rate_hz
        quiet = np.zeros(len(times_s), bool)
        for span in pauses:
            quiet |= (times_s >= span.start_s + margin_s) & (times_s <= span.end_s - margin_s)
        power = _power(spectra)[:, quiet]
        heard.extend(power[:, power.sum(0) > _SMALL].T[: MAX_NOISE_FRAMES - len(heard)])
    if len(heard) * HOP < MIN_PAUSE_S / 2 * rate_hz:
        return None
    noise = np.median(np.stack(heard), axis=0) / _MEDIAN_OF_POWER
    # a Hann window's spectrum sums to N · Σw² · mean square: 3/8 N² (both halves)
    level = float(2 * noise.sum() / (0.375 * N_FFT**2))
    return None if level < 10 ** (QUIETEST_DBFS / 10) else noise + _SMALL


def _gated(blocks: Iterator[np.ndarray], noise: np.ndarray) -> Iterator[np.ndarray]:
    from scipy.ndimage import uniform_filter

    for part, before, count in _windows(blocks):
        spectra = _stft(part)
        above_db = 10 * np.log10(uniform_filter(_power(spectra), (7, 5), mode="nearest") / noise[:, None] + _SMALL)
        openness = np.clip((above_db - OPEN_DB[0]) / (OPEN_DB[1] - OPEN_DB[0]), 0.0, 1.0)
        gain = 10 ** ((uniform_filter(openness, (5, 5), mode="nearest") - 1.0) * MAX_CUT_DB / 20)
        yield _sound(spectra * gain[None].astype(np.float32), len(part))[before : before + count]


def _spectra(blocks: Iterator[np.ndarray]) -> Iterator[tuple[np.ndarray, int]]:
    """(channels, bins, frames) of the sound, piece by piece, and the number of each one's first frame."""
    at = 0
    for part, before, count in _windows(blocks):
        yield _stft(part)[:, :, before // HOP : (before + count) // HOP], at
        at += count // HOP


def _windows(blocks: Iterator[np.ndarray]) -> Iterator[tuple[np.ndarray, int, int]]:
    """Stretches of sound with what is around them: (samples, how many of them come before, how many it is about)."""
    size, around = _BLOCK_HOPS * HOP, _CONTEXT_HOPS * HOP
    held, before = np.zeros((0, 1), np.float32), 0
    for block in blocks:
        held = block if not len(held) else np.concatenate([held, block])
        while len(held) >= before + size + around:
            yield held[: before + size + around], before, size
            held, before = held[before + size - around :], around
    if len(held) > before:
        yield held, before, len(held) - before


def _power(spectra: np.ndarray) -> np.ndarray:
    """(bins, frames) mean over the channels."""
    return (np.abs(spectra) ** 2).mean(0)


def _stft(part: np.ndarray) -> np.ndarray:
    import librosa  # not at the top: loading it takes a second

    return librosa.stft(np.ascontiguousarray(part.T), n_fft=N_FFT, hop_length=HOP)


def _sound(spectra: np.ndarray, length: int) -> np.ndarray:
    import librosa

    return librosa.istft(spectra, hop_length=HOP, n_fft=N_FFT, length=length).T


def _write(path: Path, blocks: Iterator[np.ndarray], rate_hz: int) -> int:
    """Returns how many samples (of each channel) were written."""
    first = next(blocks, np.zeros((0, 1), np.float32))
    written = 0
    with wave.open(str(path), "wb") as out:
        out.setnchannels(first.shape[1])
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        for block in itertools.chain([first], blocks):
            out.writeframesraw((np.clip(block, -1.0, 1.0) * 32767.0).round().astype("<i2").tobytes())
            written += len(block)
    return written
