"""Forced alignment: a known English text and its recording → phoneme times (pocketsphinx, en-us model)."""

import functools
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pocketsphinx

from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.speech.mouth_track import Phoneme
from worker.engine.speech.phonemes import ipa_from_arpabet
from worker.engine.speech.waveform import SPEECH_HZ, speech_samples

if TYPE_CHECKING:
    from worker.engine.media.audio import Audio

# Letters read out when a word is in no dictionary and cannot be spelled by rule: enough for names and codes.
PHONES_BY_LETTERS = {
    **{"tion": "SH AH N", "ough": "OW", "igh": "AY", "tch": "CH", "sch": "SH", "eau": "OW", "qu": "K W", "ck": "K"},
    **{"ch": "CH", "sh": "SH", "th": "TH", "ph": "F", "wh": "W", "ng": "NG", "ee": "IY", "ea": "IY", "oo": "UW"},
    **{"ou": "AW", "ow": "OW", "oi": "OY", "oy": "OY", "ai": "EY", "ay": "EY", "au": "AO", "aw": "AO", "er": "ER"},
    **{"ar": "AA R", "or": "AO R", "ir": "ER", "ur": "ER", "a": "AE", "b": "B", "c": "K", "d": "D", "e": "EH"},
    **{"f": "F", "g": "G", "h": "HH", "i": "IH", "j": "JH", "k": "K", "l": "L", "m": "M", "n": "N", "o": "AA"},
    **{"p": "P", "q": "K", "r": "R", "s": "S", "t": "T", "u": "AH", "v": "V", "w": "W", "x": "K S", "y": "IY"},
    "z": "Z",
}
SPELLINGS = re.compile("|".join(sorted(PHONES_BY_LETTERS, key=len, reverse=True)))
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
FRAMES_PER_S = 100
NOISE_SIGMA = 1e-3  # perfectly clean audio breaks the recogniser's noise estimate
TARGET_RMS = 0.08
MAX_ALIGNED_S = 60.0
MAX_PART_S = 8.0
ATTEMPTS = 3
PART_MARGIN_S = 0.1
CUT_AT_SILENCE_S = 0.15


@dataclass(frozen=True)
class HeardWord:
    text: str
    start_s: float
    end_s: float


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
        hmm=model_file("en-us"), dict=model_file("cmudict-en-us.dict"), lm=None, loglevel="FATAL",
        samprate=SPEECH_HZ, beam=1e-60, wbeam=1e-40, pbeam=1e-60,
    )  # fmt: skip


def align_phonemes(audio: "Audio", text: str) -> list[Phoneme]:
    """Phonemes of `text` where they sound in `audio`, in order; silences are left out.

    Args:
        audio: a recording of the text, up to 60 s (align sentence by sentence beyond that).
        text: English words; digits are read one by one, words outside the dictionary by spelling.

    Returns:
        Phonemes with IPA symbols (stress unknown: 0), ±15 ms on clean speech.

    Raises:
        EngineFailure: SCRIPT_EMPTY without words; AUDIO_TOO_LONG; NO_SPEECH when the text cannot be found in the sound.
    """
    words = english_words(text)
    if not words:
        raise EngineFailure(FailureCode.SCRIPT_EMPTY)
    samples = speech_samples(audio)
    if len(samples) > MAX_ALIGNED_S * SPEECH_HZ:
        raise EngineFailure(FailureCode.AUDIO_TOO_LONG, max_s=MAX_ALIGNED_S)
    decoder = _decoder()
    found: list[Phoneme] = []
    for part in _parts(find_words(samples, words)):
        found += _align_part(decoder, samples, part)
    if not found:
        raise EngineFailure(FailureCode.NO_SPEECH)
    return found


def find_words(samples: np.ndarray, words: list[str]) -> list[HeardWord]:
    """Where each of `words` (as `english_words` gives them) sounds in 16 kHz samples, in order.

    About 30 times faster than the recording plays. Raises EngineFailure(NO_SPEECH) when they cannot be found in it:
    another text ends in no path at all.
    """
    decoder = _decoder()
    for word in words:
        if decoder.lookup_word(word) is None:
            decoder.add_word(word, spell_phones(word), update=True)
    decoder.set_align_text(" ".join(words))
    if not decode(decoder, sphinx_pcm(samples)) or decoder.hyp() is None:
        raise EngineFailure(FailureCode.NO_SPEECH)
    return heard_words(decoder)


def heard_words(decoder: pocketsphinx.Decoder) -> list[HeardWord]:
    """The words of what was just decoded, without silences and noises."""
    found = []
    for segment in decoder.seg():
        text = segment.word.split("(")[0]
        if not text.startswith(("<", "[")):
            end_s = (segment.end_frame + 1) / FRAMES_PER_S
            found.append(HeardWord(text, segment.start_frame / FRAMES_PER_S, end_s))
    return found


def _parts(found: list[HeardWord]) -> list[list[HeardWord]]:
    """Cuts at silences: aligning states over a long stretch loses its path."""
    parts: list[list[HeardWord]] = []
    for word in found:
        if (
            parts
            and word.start_s - parts[-1][-1].end_s < CUT_AT_SILENCE_S
            and word.end_s - parts[-1][0].start_s < MAX_PART_S
        ):
            parts[-1].append(word)
        else:
            parts.append([word])
    return parts


def _align_part(decoder: pocketsphinx.Decoder, samples: np.ndarray, words: list[HeardWord]) -> list[Phoneme]:
    """Phones within some words; where the recogniser gives up, halves are tried, and at last a word is split evenly."""
    first = max(0, round((words[0].start_s - PART_MARGIN_S) * SPEECH_HZ))
    last = round((words[-1].end_s + PART_MARGIN_S) * SPEECH_HZ)
    for attempt in range(ATTEMPTS):  # which frames survive its pruning hangs on the noise
        pcm = sphinx_pcm(samples[first:last], seed=attempt)
        decoder.set_align_text(" ".join(word.text for word in words))
        # First the words, then, within them, the phones; the second pass has no word hypothesis of its own.
        if not decode(decoder, pcm) or decoder.hyp() is None:
            continue
        decoder.set_alignment()
        if decode(decoder, pcm):
            return _phonemes(decoder, first / SPEECH_HZ)
    if len(words) > 1:
        half = len(words) // 2
        return _align_part(decoder, samples, words[:half]) + _align_part(decoder, samples, words[half:])
    return _spread(decoder.lookup_word(words[0].text).split(), words[0])


def _spread(phones: list[str], word: HeardWord) -> list[Phoneme]:
    edges_s = np.linspace(word.start_s, word.end_s, len(phones) + 1)
    return [
        Phoneme(*_placed(phone, float(start_s), float(end_s)))
        for phone, start_s, end_s in zip(phones, edges_s[:-1], edges_s[1:], strict=True)
    ]


def _placed(phone: str, start_s: float, end_s: float) -> tuple[str, float, float, int]:
    symbol, stress = ipa_from_arpabet(phone)
    return symbol, start_s, end_s, stress


def english_words(text: str) -> list[str]:
    """What the recogniser reads of a text: lower-case words without accents, digits one by one."""
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    text = re.sub(r"\d", lambda digit: f" {DIGITS[int(digit.group())]} ", text)
    return [word for word in re.findall(r"[a-z]+(?:'[a-z]+)*", text.lower().replace("’", "'"))]


def spell_phones(word: str) -> str:
    """ARPABET phones by English spelling rules: "zlotys" → "Z L AA T IY S"."""
    return " ".join(PHONES_BY_LETTERS[part] for part in SPELLINGS.findall(word.lower()))


def decode(decoder: pocketsphinx.Decoder, pcm: bytes) -> bool:
    """Runs the recogniser over 16 kHz int16 sound; False when it finds no way through."""
    try:
        decoder.start_utt()
        decoder.process_raw(pcm, full_utt=True)
        decoder.end_utt()
    except RuntimeError:  # its word for "no path through the text"
        return False
    return True


def _phonemes(decoder: pocketsphinx.Decoder, offset_s: float) -> list[Phoneme]:
    found: list[Phoneme] = []
    for word in decoder.get_alignment() or []:
        for phone in word:
            symbol, stress = ipa_from_arpabet(phone.name)
            start_s = offset_s + phone.start / FRAMES_PER_S
            end_s = start_s + phone.duration / FRAMES_PER_S
            if symbol and end_s > start_s:
                found.append(Phoneme(symbol, start_s, end_s, stress))
    return found
