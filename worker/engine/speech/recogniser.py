"""What seems to be said in English: Moonshine Tiny, whose encoder `encoder.py` carries, with its decoder.

It writes fluent English even of a voice that speaks something else; then it is unsure of nearly every word.

Jeffries et al. (2024), see `encoder.py`; decoding is greedy.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from worker.engine.contracts import Span
from worker.engine.speech.encoder import encode, even_gain, model_folder, session
from worker.engine.speech.waveform import LEVEL_HZ, SPEECH_HZ, level_db

if TYPE_CHECKING:
    import onnxruntime

START, END = 1, 2  # tokens
TOKENS_PER_S, TOKENS_LEAST = 6.5, 8  # nobody says more; without a limit a lost decoder repeats itself
LAYER_HEADS, HEAD_SIZE = 8, 36
STRETCH_MAX_S, CUT_FROM_S = 15.0, 10.0  # as long as the utterances it learned from
STRETCH_LEAST_S = 0.5
EDGE_S = 0.15
WORD_START = "▁"


@dataclass(frozen=True)
class RecognisedWord:
    """A word as it would be written, with punctuation, and how likely it is, in [0, 1]: its least likely piece."""

    text: str
    probability: float


@functools.lru_cache(maxsize=1)
def _decoder() -> "onnxruntime.InferenceSession":
    return session("decoder_model_merged.ort")


@functools.lru_cache(maxsize=1)
def _vocabulary() -> tuple[bytes, ...]:
    """The 32 768 pieces of words; the file gives each with its length before it, in one byte or two."""
    data = (model_folder() / "tokenizer.bin").read_bytes()
    pieces, at = [], 0
    while at < len(data):
        length, at = data[at], at + 1
        if length >= 128:
            length, at = length - 128 + 128 * data[at], at + 1
        pieces.append(data[at : at + length])
        at += length
    return tuple(pieces)


def stretches(spans: Sequence[Span], samples: np.ndarray) -> list[Span]:
    """Speech in portions of at most 15 s: cut in pauses, and where there is none at the quietest moment."""
    levels = level_db(samples)
    found: list[Span] = []
    for span in spans:
        while span.duration_s > STRETCH_MAX_S:
            first, last = (round((span.start_s + s) * LEVEL_HZ) for s in (CUT_FROM_S, STRETCH_MAX_S))
            cut_s = (first + int(np.argmin(levels[first:last]))) / LEVEL_HZ
            found.append(Span(span.start_s, cut_s))
            span = Span(cut_s, span.end_s)
        if found and span.end_s - found[-1].start_s <= STRETCH_MAX_S:
            found[-1] = Span(found[-1].start_s, span.end_s)
        else:
            found.append(span)
    return found


def recognise(samples: np.ndarray) -> list[RecognisedWord]:
    """The words of (N,) 16 kHz mono samples, up to 15 s of speech; none where nothing can be made out."""
    samples = np.pad(samples, max(round(EDGE_S * SPEECH_HZ), round(STRETCH_LEAST_S * SPEECH_HZ - len(samples) / 2)))
    tokens, probabilities = _decoded(samples * np.float32(even_gain(samples)))
    words: list[tuple[bytes, float]] = []
    for token, probability in zip(tokens, probabilities, strict=True):
        piece = _vocabulary()[token]
        if not words or piece.startswith(WORD_START.encode()):
            words.append((piece, probability))
        else:
            words[-1] = (words[-1][0] + piece, min(words[-1][1], probability))
    texts = [(piece.decode("utf-8", "ignore").replace(WORD_START, "").strip(), least) for piece, least in words]
    return [RecognisedWord(text, least) for text, least in texts if text]


def _decoded(samples: np.ndarray) -> tuple[list[int], list[float]]:
    """The likeliest token after token, each with its probability."""
    decoder = _decoder()
    inputs = [one.name for one in decoder.get_inputs()]
    outputs = [one.name for one in decoder.get_outputs()]
    fed: dict[str, np.ndarray] = {
        name: np.zeros((1, LAYER_HEADS, 0, HEAD_SIZE), np.float32) for name in inputs if name.startswith("past")
    }
    fed["encoder_hidden_states"] = encode(samples)[None]
    fed["encoder_attention_mask"] = np.ones((1, len(samples)), np.int64)
    tokens, probabilities = [START], []
    for step in range(round(len(samples) / SPEECH_HZ * TOKENS_PER_S) + TOKENS_LEAST):
        fed["input_ids"] = np.array([tokens[-1:]], np.int64)
        fed["use_cache_branch"] = np.array([step > 0])
        made = dict(zip(outputs, decoder.run(None, {name: fed[name] for name in inputs}), strict=True))
        logits = made.pop("logits")[0, -1]
        for name, value in made.items():
            if step == 0 or "encoder" not in name:  # what the decoder keeps of the encoder never changes
                fed[name.replace("present", "past_key_values")] = value
        token = int(logits.argmax())
        if token == END:
            break
        tokens.append(token)
        probabilities.append(float(1.0 / np.exp(logits - logits[token]).sum()))
    return tokens[1:], probabilities
