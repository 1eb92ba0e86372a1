"""Voices that come with the studio, and the ones an operator adds: script → sound with exact phoneme times."""

import bisect
import functools
import itertools
import math
import wave
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from worker.engine.contracts import Script
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.speech import piper
from worker.engine.speech.child import ChildProcess
from worker.engine.speech.languages import HIDDEN_VOICES, LANGUAGE_NAMES, VOICE_ALIASES, VOICE_ORDER
from worker.engine.speech.mastering import master_voice
from worker.engine.speech.mouth_track import Phoneme
from worker.engine.speech.phonemes import base_letters
from worker.engine.speech.pronouncing import Respelled, respeller, written_places
from worker.engine.speech.scripts import clean_script, passages_of, plan_passages
from worker.engine.speech.sentences import split_sentences

SAMPLE_RATE_HZ = 22_050  # espeak-ng's own
NORMAL_RATE_WPM = 160
RATE_LIMITS = (0.4, 2.5)
PITCH_LIMITS = (0.5, 2.0)
LEAD_IN_S = 0.20  # silence before a sentence's first sound: the mouth starts closed and has time to prepare
LEAD_OUT_S = 0.30  # silence after its last one
TIMEOUT_S = 60.0
FEMALE_VARIANT = "+f3"
EVENT_WORD, EVENT_END, EVENT_PHONEME = 1, 5, 7
MIN_PHONEMES_PER_LETTER = 0.05
VOICELESS_STOPS = frozenset("ptkcqʈ")
MAX_CLOSURE_WINDOWS = 16  # of 5 ms
QUIET_LEVEL = 0.004
STRESS_MARKS = {"ˈ": 2, "ˌ": 1}


@dataclass(frozen=True)
class Voice:
    """A voice to choose from. `id` is what a script names; `language` a tag such as "en-us"; `gender` may be empty."""

    id: str
    name: str
    language: str
    engine: str
    gender: str
    language_name: str = ""


@dataclass(frozen=True)
class Word:
    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Synthesis:
    """A spoken script: a mono 16-bit WAV, and when each sound and word is heard, in seconds of that file."""

    audio_path: Path
    phonemes: Sequence[Phoneme]
    words: Sequence[Word]
    duration_s: float
    sample_rate_hz: int = SAMPLE_RATE_HZ


@dataclass(frozen=True)
class SpokenPassage:
    """What one voice program gave for one passage. `samples` is float32 in [-1, 1]."""

    samples: np.ndarray
    phonemes: Sequence[Phoneme]
    words: Sequence[Word]


@functools.lru_cache(maxsize=1)
def _espeak() -> ChildProcess:
    return ChildProcess(Path(__file__).with_name("espeak_process.py"))


@functools.lru_cache(maxsize=1)
def _espeak_voices() -> dict[str, tuple[str, str]]:
    """Voice key (espeak file name in lower case) → (file name, its own human name), without those nobody would pick."""
    header, _ = _espeak().ask({"op": "voices"}, TIMEOUT_S)
    keyed = {file.lower(): (file, name) for file, name, _ in header["voices"]}
    return {key: voice for key, voice in keyed.items() if key not in HIDDEN_VOICES}


def list_voices(voice_dir: Path | None = None) -> list[Voice]:
    """Every voice that can be asked for: the operator's Piper voices first, then espeak-ng's by language.

    Args:
        voice_dir: folder of Piper voices (`NAME.onnx` + `NAME.onnx.json`); ignored where Piper is not installed.
    """
    keys = _espeak_voices()
    ordered = [key for key in VOICE_ORDER if key in keys]
    ordered += sorted((key for key in keys if key not in VOICE_ORDER), key=_language_name)
    voices = [
        Voice(found.voice_id, found.name, found.language, "piper", "", found.language_name)
        for found in piper.find_voices(voice_dir)
    ]
    for key in ordered:
        for gender, word in (("female", "woman"), ("male", "man")):
            language = _language_name(key)
            voices.append(Voice(f"{key}:{gender}", f"{language}, {word}", key, "espeak-ng", gender, language))
    return voices


def _language_name(key: str) -> str:
    return LANGUAGE_NAMES.get(key, _espeak_voices()[key][1])


def synthesize(script: Script, out_wav: Path, voice_dir: Path | None = None) -> Synthesis:
    """Speaks a script into `out_wav` (mono, 16 bit) and says when each phoneme and word sounds.

    Args:
        script: text and voice: an id from `list_voices`, or a language tag ("en-us", "de", "zh").
        out_wav: written whole or not at all.
        voice_dir: as in `list_voices`.

    Raises:
        EngineFailure: SCRIPT_EMPTY, SCRIPT_TOO_LONG, SCRIPT_NOT_SPEAKABLE, VOICE_UNKNOWN, OPTION_INVALID, TIMED_OUT.
    """
    parts: list[np.ndarray] = []
    phonemes: list[Phoneme] = []
    words: list[Word] = []
    count, sample_rate_hz = 0, SAMPLE_RATE_HZ
    for sentence in speak_sentences(script, voice_dir):
        sample_rate_hz = sentence.sample_rate_hz
        at_s = count / sample_rate_hz
        phonemes += [replace(p, start_s=p.start_s + at_s, end_s=p.end_s + at_s) for p in sentence.phonemes]
        words += [replace(w, start_s=w.start_s + at_s, end_s=w.end_s + at_s) for w in sentence.words]
        parts.append(sentence.samples)
        count += len(sentence.samples)
    write_wav(out_wav, parts, sample_rate_hz)
    return Synthesis(out_wav, phonemes, words, count / sample_rate_hz, sample_rate_hz)


@dataclass(frozen=True)
class SpokenSentence:
    """One sentence, the same whatever is said before and after it. `samples` (N,) float32 in [-1, 1], with silence at
    both ends; times in seconds of them.
    """

    text: str
    samples: np.ndarray
    phonemes: Sequence[Phoneme]
    words: Sequence[Word]
    sample_rate_hz: int


def speak_sentences(script: Script, voice_dir: Path | None = None) -> Iterator[SpokenSentence]:
    """The sentences of a script, each spoken on its own, one after the other.

    Raises:
        EngineFailure: as `synthesize`; the whole script is looked at before the first sentence is spoken. What goes
            wrong in a sentence names it: `sentence` (counted from 1) and `said`.
    """
    for option, value, limits in (("rate", script.rate, RATE_LIMITS), ("pitch", script.pitch, PITCH_LIMITS)):
        if not limits[0] <= value <= limits[1]:  # also refuses NaN
            raise EngineFailure(FailureCode.OPTION_INVALID, option=option, min=limits[0], max=limits[1])
    text = clean_script(script.text)
    respell = respeller(script.pronunciations)
    sentences = [(sentence, respell(sentence)) for sentence in split_sentences(text)]
    voiced = " ".join(respelled.text for _, respelled in sentences)
    found = next((v for v in piper.find_voices(voice_dir) if v.voice_id == script.voice), None)
    key, variant = ("", "") if found is not None else resolve_voice(script.voice)
    if found is None:
        plan_passages(voiced, key)
    said = 0
    for number, (sentence, respelled) in enumerate(sentences, 1):
        try:
            if found is not None:
                spoken, sample_rate_hz = _speak_with_piper(found, respelled.text, script.rate)
            else:
                passages = passages_of(respelled.text, key)
                spoken = [speak_passage(p.text, p.voice or key, variant, script.rate, script.pitch) for p in passages]
                sample_rate_hz = SAMPLE_RATE_HZ
        except EngineFailure as failure:
            raise EngineFailure(
                failure.code, at_s=failure.at_s, **{"sentence": number, "said": sentence[:80], **failure.detail}
            ) from failure
        samples, phonemes, words = _join(spoken, sample_rate_hz)
        said += len(phonemes)
        written = _as_written(words, respelled)
        yield SpokenSentence(sentence, master_voice(samples, sample_rate_hz), phonemes, written, sample_rate_hz)
    if said < max(1.0, MIN_PHONEMES_PER_LETTER * sum(character.isalnum() for character in voiced)):
        raise EngineFailure(FailureCode.SCRIPT_NOT_SPEAKABLE, voice=script.voice)


def _as_written(words: Sequence[Word], respelled: Respelled) -> Sequence[Word]:
    """The words as the script has them, with the times at which they are said."""
    if not respelled.spans:
        return words
    places = written_places(respelled, [word.text for word in words])
    return [word for first, last, text in places for word in _each(text, words[first].start_s, words[last - 1].end_s)]


def _each(written: str, start_s: float, end_s: float) -> list[Word]:
    """The words of a name, each with a share of its time by its letters."""
    texts = written.split(" ")
    ends = np.cumsum([len(text) for text in texts]) / sum(map(len, texts)) * (end_s - start_s) + start_s
    starts = [start_s, *ends[:-1]]
    return [Word(text, float(at_s), float(to_s)) for text, at_s, to_s in zip(texts, starts, ends, strict=True)]


def resolve_voice(voice: str) -> tuple[str, str]:
    """A voice id or language tag → (voice key, variant suffix).

    Raises:
        EngineFailure: VOICE_UNKNOWN.
    """
    key, _, gender = voice.strip().lower().replace("_", "-").partition(":")
    key = VOICE_ALIASES.get(key, key)
    if key not in _espeak_voices() or gender not in ("", "male", "female"):
        raise EngineFailure(FailureCode.VOICE_UNKNOWN, voice=voice[:80])
    return key, FEMALE_VARIANT if gender == "female" else ""


def speak_passage(text: str, voice_key: str, variant: str, rate: float, pitch: float) -> SpokenPassage:
    """espeak-ng's own sound for clean text, unmastered; `variant` is one of its "+f3"-like suffixes."""
    return _speak_with_espeak(text, _espeak_voices()[voice_key][0] + variant, rate, pitch)


def _speak_with_espeak(text: str, voice: str, rate: float, pitch: float) -> SpokenPassage:
    request = {
        "op": "speak",
        "text": text,
        "voice": voice,
        "rate_wpm": round(NORMAL_RATE_WPM * rate),
        # espeak's scale: 50 is the voice's own pitch, +50 an octave up.
        "pitch": round(float(np.clip(50 + 50 * np.log2(pitch), 0, 99))),
    }
    header, pcm = _espeak().ask(request, TIMEOUT_S)
    if not header["ok"]:
        crashed = header.get("error") == "crashed"
        raise EngineFailure(FailureCode.ENGINE_CRASHED if crashed else FailureCode.VOICE_UNKNOWN, voice=voice)
    samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768.0
    events = [tuple(event) for event in header["events"]]
    phonemes = _with_closures(_phonemes(events), samples)
    return SpokenPassage(samples, phonemes, _words(events, phonemes, text))


def _phonemes(events: Sequence[tuple]) -> list[Phoneme]:
    """Sounds from events: an empty symbol is a pause, one in brackets a change of language."""
    marks = [
        (sample / SAMPLE_RATE_HZ, text)
        for kind, sample, _, _, text in events
        if kind in (EVENT_PHONEME, EVENT_END) and not text.startswith("(")
    ]
    found: list[Phoneme] = []
    for (start_s, text), (end_s, _) in itertools.pairwise(marks):
        stress = max((STRESS_MARKS.get(letter, 0) for letter in text), default=0)
        symbol = "".join(letter for letter in text if letter not in STRESS_MARKS).strip(".|")
        if not symbol or end_s <= start_s:
            continue
        if base_letters(symbol):
            found.append(Phoneme(symbol, start_s, end_s, stress))
        elif found and start_s - found[-1].end_s < 1e-3:  # a lone mark, e.g. ʲ, colours the sound before it
            found[-1] = replace(found[-1], symbol=found[-1].symbol + symbol, end_s=end_s)
    return found


def _with_closures(phonemes: Sequence[Phoneme], samples: np.ndarray) -> list[Phoneme]:
    """Gives voiceless stops their silent closure, which espeak leaves to the vowel before: it marks the burst."""
    window = SAMPLE_RATE_HZ // 200  # 5 ms
    level = np.abs(samples[: len(samples) // window * window]).reshape(-1, window).max(axis=1)
    found = list(phonemes)
    for index, phoneme in enumerate(found):
        if base_letters(phoneme.symbol)[:1] not in VOICELESS_STOPS:
            continue
        at = round(phoneme.start_s * 200)
        quiet = at
        while quiet > max(0, at - MAX_CLOSURE_WINDOWS) and quiet <= len(level) and level[quiet - 1] < QUIET_LEVEL:
            quiet -= 1
        start_s = min(quiet / 200, phoneme.start_s)
        if index and found[index - 1].end_s > start_s:
            previous = found[index - 1]
            start_s = max(start_s, (previous.start_s + previous.end_s) / 2)
            found[index - 1] = replace(previous, end_s=start_s)
        found[index] = replace(phoneme, start_s=start_s)
    return found


def _words(events: Sequence[tuple], phonemes: Sequence[Phoneme], text: str) -> list[Word]:
    """Words with the span of the sounds they own."""
    opened = [
        (sample / SAMPLE_RATE_HZ, position, length)
        for kind, sample, position, length, _ in events
        if kind == EVENT_WORD
    ]
    starts_s = [phoneme.start_s for phoneme in phonemes]
    words = []
    for (start_s, position, length), (next_s, _, _) in itertools.pairwise([*opened, (math.inf, 0, 0)]):
        own = phonemes[bisect.bisect_left(starts_s, start_s - 1e-4) : bisect.bisect_left(starts_s, next_s - 1e-4)]
        spelled = text[position - 1 : position - 1 + length].strip()
        if own and spelled:
            words.append(Word(spelled, own[0].start_s, own[-1].end_s))
    return words


def _speak_with_piper(voice: "piper.PiperVoice", text: str, rate: float) -> tuple[list[SpokenPassage], int]:
    samples, phonemes, words, sample_rate_hz = piper.speak(voice, text, rate)
    return [SpokenPassage(samples, phonemes, [Word(*word) for word in words])], sample_rate_hz


def _join(passages: Sequence[SpokenPassage], sample_rate_hz: int) -> tuple[np.ndarray, list[Phoneme], list[Word]]:
    """One sound with silence before and after, all times moved along."""
    parts = [np.zeros(round(LEAD_IN_S * sample_rate_hz), np.float32)]
    phonemes: list[Phoneme] = []
    words: list[Word] = []
    for passage in passages:
        at_s = sum(len(part) for part in parts) / sample_rate_hz
        phonemes += [replace(p, start_s=p.start_s + at_s, end_s=p.end_s + at_s) for p in passage.phonemes]
        words += [replace(w, start_s=w.start_s + at_s, end_s=w.end_s + at_s) for w in passage.words]
        parts.append(passage.samples)
    sounding = np.flatnonzero(np.abs(parts[-1]) > QUIET_LEVEL)  # voices differ in how long they are silent at the end
    heard_s = (sum(map(len, parts[:-1])) + (int(sounding[-1]) + 1 if len(sounding) else 0)) / sample_rate_hz
    end_s = max([heard_s, *(phoneme.end_s for phoneme in phonemes[-1:])]) + LEAD_OUT_S
    samples = np.concatenate(parts)[: round(end_s * sample_rate_hz)]
    return np.pad(samples, (0, max(0, round(end_s * sample_rate_hz) - len(samples)))), phonemes, words


def write_wav(path: Path, parts: Iterable[np.ndarray], sample_rate_hz: int) -> None:
    """Parts (N,) float32 in [-1, 1], one after the other, as a mono 16-bit WAV that is there whole or not at all."""
    partial = path.with_name(path.name + ".part")
    try:
        with partial.open("wb") as file, wave.open(file, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(sample_rate_hz)
            for part in parts:
                out.writeframesraw((np.clip(part, -1.0, 1.0) * 32767.0).round().astype("<i2").tobytes())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
