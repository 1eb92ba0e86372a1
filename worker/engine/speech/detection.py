"""Where somebody speaks: silero-vad's detector, then edges sharpened by level."""

import functools
import importlib.util
import math
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from worker.engine.contracts import Span
from worker.engine.speech.waveform import LEVEL_HZ, SPEECH_HZ, level_db, speech_samples

if TYPE_CHECKING:
    from worker.engine.media.audio import Audio

WINDOW = 512  # samples at 16 kHz: what the detector was trained on
CONTEXT = 64
SPECTRUM_WINDOW = 256
STRIDES = (1, 2, 2, 1)
MEMORY = 128
BLOCK_WINDOWS = 512
# Spectrum; weights and bias of four convolutions; LSTM weights for input and memory with their biases; output.
STORED_SHAPES = (
    *((258, 1, 256), (128, 129, 3), (128,), (64, 128, 3), (64,), (64, 64, 3), (64,), (128, 64, 3), (128,)),
    *((512, 128), (512, 128), (512,), (512,), (1, 128, 1), (1,)),
)
SPEECH_ON, SPEECH_OFF = 0.5, 0.35
MIN_SPEECH_S = 0.06
MIN_GAP_S = 0.12
PAUSE_S = 0.4
REACH_S = 0.12  # how far an edge may move to where the level says the sound begins or ends
TARGET_PEAK = 0.7


@dataclass(frozen=True)
class _Detector:
    """The network that silero-vad carries, worked out in NumPy: loading a tensor library takes longer than listening.

    Per window: short-time spectrum, four convolutions, one LSTM cell that remembers across windows, one output.
    Convolutions are kept as they are multiplied: (taps · channels in, channels out).
    """

    spectrum: np.ndarray  # (256, 258)
    convolutions: tuple[tuple[np.ndarray, np.ndarray, int], ...]  # weights, bias, stride
    gates: tuple[np.ndarray, np.ndarray, np.ndarray]  # of the input, of the memory, bias
    output: tuple[np.ndarray, float]

    def probabilities(self, samples: np.ndarray, gain: float) -> np.ndarray:
        """(ceil(N / 512),) probability of speech per window of 32 ms of the samples times `gain`, cut at ±1."""
        count = (len(samples) + WINDOW - 1) // WINDOW
        found = np.empty(count, np.float32)
        hidden, cell = np.zeros(MEMORY, np.float32), np.zeros(MEMORY, np.float32)
        from_input, from_memory, bias = self.gates
        for first in range(0, count, BLOCK_WINDOWS):
            seen = self._encode(_windows(samples, gain, first, min(BLOCK_WINDOWS, count - first))) @ from_input + bias
            for index, wanted in enumerate(seen):
                gate = wanted + hidden @ from_memory
                keep, forget, leave = (expit(gate[n * MEMORY : (n + 1) * MEMORY]) for n in (0, 1, 3))
                cell = forget * cell + keep * np.tanh(gate[2 * MEMORY : 3 * MEMORY])
                hidden = leave * np.tanh(cell)
                found[first + index] = expit(np.maximum(hidden, 0.0) @ self.output[0] + self.output[1])
        return found

    def _encode(self, windows: np.ndarray) -> np.ndarray:
        """(n, 640) → (n, 128)."""
        frames = np.lib.stride_tricks.sliding_window_view(windows, SPECTRUM_WINDOW, axis=1)[:, :: SPECTRUM_WINDOW // 2]
        # copied first: BLAS takes no rows that overlap, and without it this is three quarters of the work
        rows = np.ascontiguousarray(frames).reshape(-1, SPECTRUM_WINDOW)
        parts = (rows @ self.spectrum).reshape(*frames.shape[:2], -1)
        half = parts.shape[-1] // 2
        x = np.sqrt(parts[..., :half] ** 2 + parts[..., half:] ** 2)  # (n, 4, 129)
        for weights, bias, stride in self.convolutions:
            padded = np.pad(x, ((0, 0), (1, 1), (0, 0)))
            taps = np.concatenate([padded[:, tap : tap + x.shape[1] : stride] for tap in range(3)], axis=2)
            # as one product: window by window, their products take four times as long
            x = np.maximum((taps.reshape(-1, len(weights)) @ weights).reshape(*taps.shape[:2], -1) + bias, 0.0)
        return x[:, 0]


def _windows(samples: np.ndarray, gain: float, first: int, count: int) -> np.ndarray:
    """(n, 640): windows with the 64 samples before them, and 64 mirrored ones after."""
    start, stop = first * WINDOW - CONTEXT, (first + count) * WINDOW
    block = np.zeros(stop - start, np.float32)
    own = samples[max(0, start) : stop]
    block[max(0, -start) : max(0, -start) + len(own)] = (gain * own).clip(-1.0, 1.0)
    windows = np.lib.stride_tricks.sliding_window_view(block, WINDOW + CONTEXT)[::WINDOW]
    return np.pad(windows, ((0, 0), (0, CONTEXT)), mode="reflect")


@functools.lru_cache(maxsize=1)
def _detector() -> _Detector:
    spectrum, *layers = _stored_arrays()
    convolutions = []
    for number, stride in enumerate(STRIDES):
        weights, bias = layers[2 * number].reshape(STORED_SHAPES[1 + 2 * number]), layers[2 * number + 1]
        convolutions.append((weights.transpose(2, 1, 0).reshape(-1, len(weights)), bias, stride))
    from_input, from_memory, bias_input, bias_memory, output, output_bias = layers[8:]
    return _Detector(
        spectrum=spectrum.reshape(STORED_SHAPES[0])[:, 0].T,
        convolutions=tuple(convolutions),
        gates=(
            from_input.reshape(4 * MEMORY, MEMORY).T.copy(),
            from_memory.reshape(4 * MEMORY, MEMORY).T.copy(),
            bias_input + bias_memory,
        ),
        output=(output, float(output_bias[0])),
    )


def _stored_arrays() -> list[np.ndarray]:
    """The 16 kHz network's numbers, in order, out of the package's archive: plain little-endian floats in a zip."""
    package = importlib.util.find_spec("silero_vad")  # found, not imported: importing it loads a tensor library
    if package is None or package.origin is None:
        raise FileNotFoundError("silero-vad is not installed")
    with zipfile.ZipFile(Path(package.origin).parent / "data" / "silero_vad.jit") as archive:
        folder = archive.namelist()[0].split("/")[0]
        stored = [archive.read(f"{folder}/data/{number}") for number in range(2, 2 + len(STORED_SHAPES))]
    arrays = [np.frombuffer(data, "<f4") for data in stored]
    if [array.size for array in arrays] != [math.prod(shape) for shape in STORED_SHAPES]:
        raise RuntimeError("silero-vad's archive is not laid out as in version 6.2")
    return arrays


def speech_probability(samples: np.ndarray) -> np.ndarray:
    """(windows of 32 ms,) in [0, 1] for 16 kHz mono samples; loudness does not matter."""
    peak = float(np.percentile(np.abs(samples), 99.8)) if len(samples) else 0.0
    if peak < 1e-5:
        return np.zeros((len(samples) + WINDOW - 1) // WINDOW, np.float32)
    return _detector().probabilities(samples, TARGET_PEAK / peak)


def speech_spans(audio: "Audio") -> list[Span]:
    """Spans in which somebody speaks, in seconds, at least 0.4 s apart; empty for silence, music and noise.

    Edges are placed where the level crosses halfway (in dB) between the room and the voice, within 120 ms of what the
    detector says (its own resolution is 32 ms, and it hangs on after the last sound).
    """
    samples = speech_samples(audio)
    return spans_from(samples, speech_probability(samples), PAUSE_S)


def spans_from(samples: np.ndarray, probability: np.ndarray, pause_s: float) -> list[Span]:
    """As `speech_spans`, from 16 kHz samples and window probabilities; gaps shorter than `pause_s` are bridged."""
    rough = _hysteresis(probability)
    if not rough:
        return []
    levels = level_db(samples)
    spans = [_sharpen(span, levels) for span in rough]
    bridged: list[Span] = []
    for span in spans:
        if bridged and span.start_s - bridged[-1].end_s < pause_s:
            bridged[-1] = Span(bridged[-1].start_s, max(bridged[-1].end_s, span.end_s))
        else:
            bridged.append(span)
    duration_s = len(samples) / SPEECH_HZ
    return [Span(max(0.0, s.start_s), min(duration_s, s.end_s)) for s in bridged if s.duration_s >= MIN_SPEECH_S]


def spoken_frames(spans: Sequence[Span], sample_count: int) -> np.ndarray:
    """(N // 160 + 1,) bool every 10 ms: whether a span covers it."""
    spoken = np.zeros(sample_count * LEVEL_HZ // SPEECH_HZ + 1, bool)
    for span in spans:
        spoken[int(span.start_s * LEVEL_HZ) : int(np.ceil(span.end_s * LEVEL_HZ))] = True
    return spoken


def _hysteresis(probability: np.ndarray) -> list[Span]:
    window_s = WINDOW / SPEECH_HZ
    spans: list[Span] = []
    start: int | None = None
    for index, value in enumerate(probability):
        if start is None and value >= SPEECH_ON:
            start = index
        elif start is not None and value < SPEECH_OFF:
            spans.append(Span(start * window_s, index * window_s))
            start = None
    if start is not None:
        spans.append(Span(start * window_s, len(probability) * window_s))
    return spans


def _sharpen(span: Span, levels: np.ndarray) -> Span:
    first, last = int(span.start_s * LEVEL_HZ), min(int(span.end_s * LEVEL_HZ), len(levels))
    if last - first < 3:
        return span
    reach = int(REACH_S * LEVEL_HZ)
    voice_db = float(np.percentile(levels[first:last], 90))
    room_db = float(np.percentile(levels, 3))
    threshold_db = max(room_db + 0.35 * (voice_db - room_db), voice_db - 34.0)
    around = np.flatnonzero(levels[max(0, first - reach) : last + reach] > threshold_db) + max(0, first - reach)
    around = around[(around >= first - reach) & (around < last + reach)]
    if not len(around):
        return span
    start = int(np.clip(around[0], first - reach, first + reach))
    end = int(np.clip(around[-1] + 1, last - 3 * reach, last + reach // 2))
    return Span(start / LEVEL_HZ, max(end, start + 1) / LEVEL_HZ)
