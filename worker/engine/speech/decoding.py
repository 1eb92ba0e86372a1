"""Speech sounds of a recording nobody has a script for: pocketsphinx's English phones, good enough for lips."""

import functools
from pathlib import Path

import numpy as np
import pocketsphinx

from worker.engine.contracts import Span
from worker.engine.speech.mouth_track import Phoneme
from worker.engine.speech.phonemes import ipa_from_arpabet
from worker.engine.speech.waveform import SPEECH_HZ

FRAMES_PER_S = 100
NOISE_SIGMA = 1e-3  # perfectly clean audio breaks the recogniser's noise estimate
TARGET_RMS = 0.08
MAX_CHUNK_S = 20.0
PADDING_S = 0.15


def model_file(name: str) -> str:
    return str(Path(pocketsphinx.get_model_path("en-us")) / name)


def sphinx_pcm(samples: np.ndarray, seed: int = 0) -> bytes:
    """16 kHz float samples → int16 bytes at the level the recogniser likes, with a breath of noise."""
    rms = float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0
    levelled = samples * (TARGET_RMS / max(rms, 1e-5))
    noisy = levelled + np.random.default_rng(seed).normal(0.0, NOISE_SIGMA, len(samples))
    return (noisy.clip(-1.0, 1.0) * 32767).astype("<i2").tobytes()


@functools.lru_cache(maxsize=1)
def _decoder() -> pocketsphinx.Decoder:
    return pocketsphinx.Decoder(
        hmm=model_file("en-us"), allphone=model_file("en-us-phone.lm.bin"), lw=2.0, beam=1e-10, pbeam=1e-10,
        loglevel="FATAL", samprate=SPEECH_HZ,
    )  # fmt: skip


def decode_phonemes(samples: np.ndarray, spans: list[Span]) -> list[Phoneme]:
    """Phonemes heard within the spans of 16 kHz samples, in order; each span is decoded by itself, in flat memory."""
    found: list[Phoneme] = []
    for span in spans:
        start_s = span.start_s
        while start_s < span.end_s:
            end_s = min(span.end_s, start_s + MAX_CHUNK_S)
            found += _decode(samples, Span(start_s, end_s))
            start_s = end_s
    return found


def _decode(samples: np.ndarray, span: Span) -> list[Phoneme]:
    first = max(0, int((span.start_s - PADDING_S) * SPEECH_HZ))
    last = min(len(samples), int((span.end_s + PADDING_S) * SPEECH_HZ))
    decoder = _decoder()
    decoder.start_utt()
    decoder.process_raw(sphinx_pcm(samples[first:last]), full_utt=True)
    decoder.end_utt()
    found = []
    for segment in decoder.seg() or []:
        symbol, stress = ipa_from_arpabet(segment.word)
        start_s = first / SPEECH_HZ + segment.start_frame / FRAMES_PER_S
        end_s = first / SPEECH_HZ + (segment.end_frame + 1) / FRAMES_PER_S
        start_s, end_s = max(start_s, span.start_s), min(end_s, span.end_s)
        if symbol and end_s > start_s:
            found.append(Phoneme(symbol, start_s, end_s, stress))
    return found
