"""What is heard besides the voice: music, rooms, streets – kept under a new voice, without any trained model.

Two simple witnesses say what the background is at every moment and pitch, and the quieter one is believed:

- what sounds again elsewhere: each moment's spectrum is replaced by the median of the moments most like it, at least
  a second away (REPET-SIM; Rafii & Pardo 2012, through librosa's nearest-neighbour filter). Music and machines repeat,
  words hardly do;
- what sounds while nobody speaks: a level per pitch, from the pauses around.

Where nobody speaks, the original stays as it is. If a speech detector still hears a voice in what is left, the method
has failed on this clip, and the original is turned down instead while somebody speaks, most of all where voices are.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from worker.engine.contracts import Span

BLOCK_S, OVERLAP_S = 24.0, 1.0
N_FFT, HOP_LENGTH = 2048, 512
NEIGHBOUR_GAP_S = 1.0
PAUSE_QUANTILE = 0.75
PAUSE_MARGIN = 1.6  # the background may be this much louder than in its pauses
MIN_PAUSE_S = 0.4  # of speech-free sound in a block, for its level to be known
MASK_POWER = 2.0
EDGE_S = 0.06  # by which speech is widened, so that no breath of it is left
VOICE_BAND_HZ = (90.0, 7500.0)
DUCKED_GAIN = 0.06  # −24 dB, in the voice's band
DUCKED_GAIN_BESIDE = 0.5
HEARD_SHARE = 0.35  # of the spoken time in which a voice may still be heard
INAUDIBLE = 1e-4  # of the power that was there: nobody hears a voice 40 dB down
_SMALL = 1e-8


_Method = Callable[[np.ndarray, int, np.ndarray], np.ndarray]  # (part, sample rate, talking frames) -> part


class BackgroundMethod(StrEnum):
    """How the voice was taken out."""

    SEPARATED = "separated"
    DUCKED = "ducked"
    NOTHING_SPOKEN = "nothing_spoken"  # the original is all background


@dataclass(frozen=True)
class Background:
    """samples: (N, channels) float32. method: how it was found."""

    samples: np.ndarray
    method: BackgroundMethod


def background_of(samples: np.ndarray, sample_rate_hz: int, spoken: Sequence[Span]) -> Background:
    """The sound without its voice.

    Args:
        samples: (N, channels) float32, may be mapped from disk.
        spoken: where somebody speaks, in seconds.
    """
    wide = [Span(max(0.0, span.start_s - EDGE_S), span.end_s + EDGE_S) for span in spoken]
    if not wide:
        return Background(np.asarray(samples, np.float32), BackgroundMethod.NOTHING_SPOKEN)
    separated = _in_blocks(samples, sample_rate_hz, wide, _separated)
    if not _still_heard(separated, samples, sample_rate_hz, spoken):
        return Background(separated, BackgroundMethod.SEPARATED)
    return Background(_in_blocks(samples, sample_rate_hz, wide, _ducked), BackgroundMethod.DUCKED)


def _in_blocks(samples: np.ndarray, sample_rate_hz: int, spoken: Sequence[Span], method: _Method) -> np.ndarray:
    """`method` block by block, faded into one another: memory grows with the sound's length only by the result."""
    done = np.zeros(samples.shape, np.float32)
    block, overlap = round(BLOCK_S * sample_rate_hz), round(OVERLAP_S * sample_rate_hz)
    for start, end in _blocks(len(samples), block, overlap):
        part = np.asarray(samples[start:end], np.float32)
        talking = _talking(part, start, sample_rate_hz, spoken)
        found = method(part, sample_rate_hz, talking) if talking.any() else part
        fade = min(overlap, len(part)) if start else 0
        if fade:
            rise = np.linspace(0.0, 1.0, fade, dtype=np.float32)[:, None]
            done[start : start + fade] = (1 - rise) * done[start : start + fade] + rise * found[:fade]
        done[start + fade : end] = found[fade:]
    return done


def _blocks(length: int, block: int, overlap: int) -> Iterator[tuple[int, int]]:
    start = 0
    while True:
        end = length if length - start <= block + overlap else start + block
        yield start, end
        if end == length:
            return
        start = end - overlap


def _talking(part: np.ndarray, start: int, sample_rate_hz: int, spoken: Sequence[Span]) -> np.ndarray:
    """(frames,) bool per hop: whether somebody speaks."""
    times_s = (start + np.arange(len(part) // HOP_LENGTH + 1) * HOP_LENGTH) / sample_rate_hz
    talking = np.zeros(len(times_s), bool)
    for span in spoken:
        talking |= (times_s >= span.start_s) & (times_s <= span.end_s)
    return talking


def _spectra(part: np.ndarray) -> np.ndarray:
    """(channels, bins, frames) complex64."""
    import librosa  # not at the top: loading it takes a second

    return librosa.stft(np.ascontiguousarray(part.T), n_fft=N_FFT, hop_length=HOP_LENGTH)


def _sound(spectra: np.ndarray, length: int) -> np.ndarray:
    import librosa

    return np.ascontiguousarray(librosa.istft(spectra, hop_length=HOP_LENGTH, length=length).T, dtype=np.float32)


def _separated(part: np.ndarray, sample_rate_hz: int, talking: np.ndarray) -> np.ndarray:
    import librosa

    spectra = _spectra(part)
    loudness = np.abs(spectra)
    whole = np.maximum(loudness.mean(0), _SMALL)
    estimate = whole.copy()
    gap = round(NEIGHBOUR_GAP_S * sample_rate_hz / HOP_LENGTH)
    if whole.shape[1] > 4 * gap:
        alike = librosa.decompose.nn_filter(whole, aggregate=np.median, metric="cosine", width=gap)
        estimate = np.minimum(estimate, alike)
    pauses = ~talking[: whole.shape[1]]
    if pauses.sum() * HOP_LENGTH >= MIN_PAUSE_S * sample_rate_hz:
        usual = np.quantile(whole[:, pauses], PAUSE_QUANTILE, axis=1)
        estimate = np.minimum(estimate, PAUSE_MARGIN * usual[:, None])
    mask = librosa.util.softmask(estimate, np.maximum(whole - estimate, 0.0) + _SMALL, power=MASK_POWER)
    mask = np.where(_softly(talking, mask.shape[1]) > 0, 1 + _softly(talking, mask.shape[1]) * (mask - 1), 1.0)
    return _sound(spectra * mask[None].astype(np.float32), len(part))


def _ducked(part: np.ndarray, sample_rate_hz: int, talking: np.ndarray) -> np.ndarray:
    spectra = _spectra(part)
    pitches_hz = np.arange(spectra.shape[1]) * sample_rate_hz / N_FFT
    in_band = (pitches_hz >= VOICE_BAND_HZ[0]) & (pitches_hz <= VOICE_BAND_HZ[1])
    gain = np.where(in_band, DUCKED_GAIN, DUCKED_GAIN_BESIDE)[:, None]
    amount = _softly(talking, spectra.shape[2])
    return _sound(spectra * (1 + amount * (gain - 1))[None].astype(np.float32), len(part))


def _softly(talking: np.ndarray, frames: int) -> np.ndarray:
    """(1, frames) 0 in pauses, 1 in speech, with ramps of some 40 ms."""
    amount = np.zeros(frames)
    amount[: len(talking)] = talking[:frames]
    kernel = np.array([1.0, 2.0, 3.0, 2.0, 1.0])
    return np.convolve(np.pad(amount, 2, mode="edge"), kernel / kernel.sum(), mode="valid")[None]


def _still_heard(left: np.ndarray, original: np.ndarray, sample_rate_hz: int, spoken: Sequence[Span]) -> bool:
    """Whether a speech detector hears a voice in what is left, where there was one."""
    import soxr

    from worker.engine.speech.detection import WINDOW, speech_probability
    from worker.engine.speech.waveform import SPEECH_HZ

    mono = soxr.resample(np.asarray(left, np.float32).mean(1), sample_rate_hz, SPEECH_HZ)
    before = soxr.resample(np.asarray(original, np.float32).mean(1), sample_rate_hz, SPEECH_HZ)
    inside = np.zeros(len(mono), bool)
    for span in spoken:
        inside[round(span.start_s * SPEECH_HZ) : round(span.end_s * SPEECH_HZ)] = True
    if not inside.any() or np.mean(mono[inside] ** 2) < INAUDIBLE * np.mean(before[inside] ** 2):
        return False
    probability = speech_probability(mono)
    windows = inside[np.minimum((np.arange(len(probability)) * WINDOW + WINDOW // 2), len(inside) - 1)]
    return bool(windows.any() and float(np.mean(probability[windows] > 0.5)) > HEARD_SHARE)
