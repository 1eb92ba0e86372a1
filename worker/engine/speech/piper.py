"""Piper voices an operator dropped into a folder (`NAME.onnx` beside `NAME.onnx.json`), where Piper is installed."""

import functools
import importlib.util
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.speech.child import ChildProcess
from worker.engine.speech.mouth_track import Phoneme
from worker.engine.speech.phonemes import is_vowel

TIMEOUT_S = 300.0
STRESS_MARKS = {"ˈ": 2, "ˌ": 1}
MODIFIERS = frozenset("ːˑʲʷˠˤ̩̯̪̥̬̃ʰ‿͡")
SENTENCE_MARKS = frozenset("^$_ .,;:!?…—-'\"()[]«»¿¡0123456789")


@dataclass(frozen=True)
class PiperVoice:
    voice_id: str
    name: str
    language: str
    language_name: str
    model_path: Path


@functools.lru_cache(maxsize=1)
def _child() -> ChildProcess:
    return ChildProcess(Path(__file__).with_name("piper_process.py"))


def is_installed() -> bool:
    return importlib.util.find_spec("piper") is not None


def find_voices(voice_dir: Path | None) -> list[PiperVoice]:
    """The usable voices of a folder, by name; broken or half-copied ones are left out."""
    if voice_dir is None or not voice_dir.is_dir() or not is_installed():
        return []
    return [voice for path in sorted(voice_dir.glob("*.onnx")) if (voice := _describe(path)) is not None]


def _describe(model_path: Path) -> PiperVoice | None:
    config_path = model_path.with_name(model_path.name + ".json")
    try:
        config = json.loads(config_path.read_text(encoding="utf-8"))
        language = config.get("language", {})
        tag = str(language.get("code") or config["espeak"]["voice"]).lower().replace("_", "-")
        language_name = str(language.get("name_english") or tag)
        if language.get("country_english"):
            language_name += f" ({language['country_english']})"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    person = str(config.get("dataset") or model_path.stem).replace("_", " ").title()
    return PiperVoice(f"piper:{model_path.stem}", f"{language_name}, {person}", tag, language_name, model_path)


def speak(
    voice: PiperVoice, text: str, rate: float
) -> tuple[np.ndarray, list[Phoneme], list[tuple[str, float, float]], int]:
    """(samples (N,) float32, phonemes, (word, start_s, end_s) list, sample rate).

    Voices exported with alignments give exact phoneme times; others are timed in proportion to typical durations
    within each sentence's audible part (median error about 40 ms).

    Raises:
        EngineFailure: VOICE_UNKNOWN when the model cannot be loaded, TIMED_OUT.
    """
    request = {"op": "speak", "model": str(voice.model_path), "text": text, "length_scale": 1.0 / rate}
    header, pcm = _child().ask(request, TIMEOUT_S)
    if not header["ok"]:
        raise EngineFailure(FailureCode.VOICE_UNKNOWN, voice=voice.voice_id)
    rate_hz = int(header["sample_rate_hz"])
    samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768.0
    phonemes: list[Phoneme] = []
    starts: list[bool] = []
    at = 0
    for sentence in header["sentences"]:
        count = int(sentence["samples"])
        found = time_symbols(sentence["symbols"], samples[at : at + count], rate_hz)
        phonemes += [Phoneme(p.symbol, p.start_s + at / rate_hz, p.end_s + at / rate_hz, p.stress) for p, _ in found]
        starts += [begins for _, begins in found]
        at += count
    return samples, phonemes, _words(text, phonemes, starts), rate_hz


def time_symbols(
    symbols: Sequence[Sequence[object]], samples: np.ndarray, sample_rate_hz: int
) -> list[tuple[Phoneme, bool]]:
    """One sentence's symbols (with sample counts, or None for all) → phonemes and whether each begins a word."""
    if any(count is None for _, count in symbols):
        symbols = _proportional(symbols, samples, sample_rate_hz)
    found: list[tuple[Phoneme, bool]] = []
    at, stress, begins = 0, 0, True
    for symbol, count in symbols:
        text, length = str(symbol), int(str(count))
        start_s, end_s = at / sample_rate_hz, (at + length) / sample_rate_hz
        at += length
        if text in STRESS_MARKS:
            stress = STRESS_MARKS[text]
            if found and not begins and length:  # the mark's own samples belong to the sound before it
                found[-1] = (
                    Phoneme(found[-1][0].symbol, found[-1][0].start_s, end_s, found[-1][0].stress),
                    found[-1][1],
                )
        elif text and text in MODIFIERS and found:
            last, first = found[-1]
            found[-1] = (Phoneme(last.symbol + text, last.start_s, end_s, last.stress), first)
        elif text in SENTENCE_MARKS:
            begins = begins or text == " "
        else:
            found.append((Phoneme(text, start_s, end_s, stress if is_vowel(text) else 0), begins))
            begins = False
            stress = 0 if is_vowel(text) else stress
    return [(phoneme, first) for phoneme, first in found if phoneme.end_s > phoneme.start_s]


def _proportional(
    symbols: Sequence[Sequence[object]], samples: np.ndarray, sample_rate_hz: int
) -> list[tuple[str, int]]:
    window = max(1, sample_rate_hz // 50)
    count = len(samples) // window
    level = np.abs(samples[: count * window]).reshape(count, window).max(axis=1) if count else np.zeros(0)
    heard = np.flatnonzero(level > 0.02 * max(float(level.max(initial=0.0)), 1e-6))
    first = int(heard[0]) * window if len(heard) else 0
    last = (int(heard[-1]) + 1) * window if len(heard) else len(samples)
    weights = np.array([_typical_length(str(symbol)) for symbol, _ in symbols])
    edges = first + np.concatenate([[0.0], np.cumsum(weights)]) / max(float(weights.sum()), 1e-6) * (last - first)
    counts = np.diff(edges.round().astype(int))
    counts = counts.tolist()
    return [("^", first), *zip([str(symbol) for symbol, _ in symbols], counts, strict=True)]


def _typical_length(symbol: str) -> float:
    if symbol in STRESS_MARKS or symbol in "^$_ ":
        return 0.0
    if symbol in ",;:—":
        return 2.5
    if symbol in SENTENCE_MARKS:
        return 0.0
    return 0.6 if symbol in MODIFIERS else (1.3 if is_vowel(symbol) else 1.0)


def _words(text: str, phonemes: Sequence[Phoneme], starts: Sequence[bool]) -> list[tuple[str, float, float]]:
    """Pairs the text's words with the runs of phonemes, where the counts agree; otherwise there is nothing to say."""
    first = [index for index, begins in enumerate(starts) if begins]
    spoken = [word for word in text.split() if any(letter.isalnum() for letter in word)]
    if len(spoken) != len(first):
        return []
    ends = [*first[1:], len(phonemes)]
    return [
        (word.strip(".,;:!?\"'()"), phonemes[a].start_s, phonemes[b - 1].end_s)
        for word, a, b in zip(spoken, first, ends, strict=True)
    ]
