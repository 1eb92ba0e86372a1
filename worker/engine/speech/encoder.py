"""What a voice sounds like to a recogniser of speech: the encoder of Moonshine Tiny, evaluated on any recording.

A recogniser that learned from very many people in all kinds of rooms knows which differences of sound matter and which
are only another throat or microphone. Its encoder's states, one every 24 ms, are what our own mouth network listens to:
synthetic speech then teaches it what lips do without teaching it what synthetic speech sounds like.

Weights: `tiny-en` of the package moonshine-voice (MIT), used as installed. Jeffries et al., "Moonshine: Speech
Recognition for Live Transcription and Voice Commands" (2024): three strided convolutions on the waveform, six
transformer layers. The package itself is never imported (it wants a sound card).
"""

import functools
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from worker.engine.speech.waveform import SPEECH_HZ, level_db

if TYPE_CHECKING:
    import onnxruntime

STATES = 288  # values per frame
HOP_SAMPLES = 384
ENCODER_HZ = SPEECH_HZ / HOP_SAMPLES
RECEPTIVE_SAMPLES = 895  # of the convolutions: kernels of 127, 7, 3 with strides of 64, 3, 2
FIRST_FRAME_S = RECEPTIVE_SAMPLES // 2 / SPEECH_HZ  # of a stretch that starts at 0
WANTED_RMS, LOUD_DB = 0.1, 25.0
LEAST_RMS = 1e-4


def model_folder() -> Path:
    """The folder of the installed recogniser: encoder, decoder and vocabulary.

    Raises:
        FileNotFoundError: the package is not installed, or came without its English model.
    """
    found = importlib.util.find_spec("moonshine_voice")
    for place in (found.submodule_search_locations or []) if found else []:
        folder = Path(place) / "assets" / "tiny-en"
        if (folder / "encoder_model.ort").is_file():
            return folder
    raise FileNotFoundError("moonshine-voice lacks its tiny-en model: run `make clean-venv run`")


def session(name: str) -> "onnxruntime.InferenceSession":
    """A session of one of the recogniser's models, on one thread: jobs share the processor among themselves."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # windows come one after the other: keep nothing between them
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(model_folder() / name), options, providers=["CPUExecutionProvider"])


@functools.lru_cache(maxsize=1)
def _encoder() -> "onnxruntime.InferenceSession":
    return session("encoder_model.ort")


def even_gain(samples: np.ndarray) -> float:
    """What brings the loud parts of (N,) 16 kHz samples to one level."""
    if not len(samples):
        return 1.0
    level = level_db(samples)
    loud = level[level > np.percentile(level, 95) - LOUD_DB]
    peak_rms = float(np.sqrt(np.mean(10 ** (loud / 10)))) if len(loud) else 0.0
    return WANTED_RMS / max(peak_rms, LEAST_RMS)


def encode(samples: np.ndarray) -> np.ndarray:
    """(K, 288) float32 states of (n,) 16 kHz samples heard at once; K = (n - 895) // 384 + 1."""
    fed = {"input_values": samples[None].astype(np.float32), "attention_mask": np.ones((1, len(samples)), np.int64)}
    return _encoder().run(None, fed)[0][0]


def states(samples: np.ndarray, times_s: np.ndarray, gain: float) -> np.ndarray:
    """(T, 288) float32 states at `times_s`, interpolated.

    Args:
        samples: (N,) 16 kHz mono, some seconds of a recording (the encoder learned from utterances, not from hours).
        times_s: (T,) increasing, within the samples.
        gain: of `even_gain`, for the whole recording.
    """
    if not len(times_s):
        return np.zeros((0, STATES), np.float32)
    # Half a receptive field of silence before the first sound puts frame k at k · 24 ms.
    before = RECEPTIVE_SAMPLES // 2
    padded = np.pad(samples.astype(np.float32) * np.float32(gain), (before, RECEPTIVE_SAMPLES + HOP_SAMPLES))
    frames = encode(padded)
    at = np.clip(np.asarray(times_s) * ENCODER_HZ, 0, max(0.0, len(frames) - 1.001))
    index = at.astype(int)
    part = (at - index)[:, None].astype(np.float32)
    return frames[index] * (1 - part) + frames[np.minimum(index + 1, len(frames) - 1)] * part
