"""Where somebody speaks: silero-vad's detector, then edges sharpened by level."""

import functools
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from worker.engine.contracts import Span
from worker.engine.speech.waveform import LEVEL_HZ, SPEECH_HZ, level_db, speech_samples

if TYPE_CHECKING:
    from worker.engine.media.audio import Audio

WINDOW = 512  # samples at 16 kHz: what the detector was trained on
CONTEXT = 64
SPEECH_ON, SPEECH_OFF = 0.5, 0.35
MIN_SPEECH_S = 0.06
MIN_GAP_S = 0.12
PAUSE_S = 0.4
REACH_S = 0.12  # how far an edge may move to where the level says the sound begins or ends
TARGET_PEAK = 0.7


class _Detector:
    """The bundled network and its state; one caller at a time."""

    def __init__(self) -> None:
        import silero_vad  # not at the top: importing it loads a model runtime

        self._model = silero_vad.load_silero_vad(onnx=False)
        self._lock = threading.Lock()

    def probabilities(self, samples: np.ndarray) -> np.ndarray:
        """(ceil(N / 512),) probability of speech per window of 32 ms."""
        padded = np.zeros((len(samples) + WINDOW - 1) // WINDOW * WINDOW, np.float32)
        padded[: len(samples)] = samples
        with self._lock, torch.inference_mode():
            self._model.reset_states()
            windows = torch.from_numpy(padded).reshape(-1, WINDOW)
            return np.array([self._model(window, SPEECH_HZ).item() for window in windows], np.float32)


@functools.lru_cache(maxsize=1)
def _detector() -> _Detector:
    return _Detector()


def speech_probability(samples: np.ndarray) -> np.ndarray:
    """(windows of 32 ms,) in [0, 1] for 16 kHz mono samples; loudness does not matter."""
    peak = float(np.percentile(np.abs(samples), 99.8)) if len(samples) else 0.0
    if peak < 1e-5:
        return np.zeros((len(samples) + WINDOW - 1) // WINDOW, np.float32)
    return _detector().probabilities((samples * (TARGET_PEAK / peak)).clip(-1, 1).astype(np.float32))


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
