"""Words of a recording with their times: found where a known text is said, estimated, or guessed as a draft.

English texts are aligned by pocketsphinx. Texts in other languages are laid over detected speech in proportion to their
letters, and so are English ones that cannot be found in the sound. Without a text, pocketsphinx' free decoding gives a
draft that somebody has to check word by word; faster-whisper gives a better one where an operator has its weights.
"""

import functools
import importlib
import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import pocketsphinx

from worker.engine.contracts import Span
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.speech.alignment import (
    FRAMES_PER_S,
    HeardWord,
    decode,
    english_words,
    find_words,
    heard_words,
    model_file,
    sphinx_pcm,
)
from worker.engine.speech.detection import speech_spans
from worker.engine.speech.waveform import SPEECH_HZ, speech_samples

if TYPE_CHECKING:
    from worker.engine.media.audio import Audio

SOUGHT_MAX_S = 660.0  # longer recordings are estimated: the recogniser's search grows with them
COVERED_LEAST = 0.45  # of the speech; fewer seconds of found words mean that most of what is said is not in the text
SURE_FROM = 0.7  # faster-whisper's probability from which a word needs no second look
LETTER_LEAST = 2  # even a short word takes this many letters' time
DRAFT_PART_S = 30.0


class Timing(StrEnum):
    """How words got their times."""

    EXACT = "exact"  # the voice that speaks the script told them
    ALIGNED = "aligned"  # a given text was found in the recording
    ESTIMATED = "estimated"  # a given text was laid over detected speech
    DRAFT = "draft"  # the words themselves are guesses


@dataclass(frozen=True)
class TranscriptWord:
    """A word as it is written, when it is said, and whether somebody has to check that it is said at all."""

    text: str
    start_s: float
    end_s: float
    is_sure: bool = True


@dataclass(frozen=True)
class TimedTranscript:
    """Words in order, not overlapping. is_found: False when an English text could not be found in the sound."""

    words: tuple[TranscriptWord, ...]
    timing: Timing
    is_found: bool = True


def time_transcript(audio: "Audio", words: Sequence[str], *, is_english: bool) -> TimedTranscript:
    """When each word is said.

    Args:
        audio: the recording.
        words: as they shall be shown, with punctuation, in order.

    Raises:
        EngineFailure: SCRIPT_EMPTY without words; NO_SPEECH when nobody speaks.
    """
    shown = [word for word in words if word.strip()]
    if not shown:
        raise EngineFailure(FailureCode.SCRIPT_EMPTY)
    spans = speech_spans(audio)
    if not spans:
        raise EngineFailure(FailureCode.NO_SPEECH)
    if is_english and audio.duration_s <= SOUGHT_MAX_S:
        found = _found(audio, shown, spans)
        if found is not None:
            return TimedTranscript(tuple(found), Timing.ALIGNED)
    return TimedTranscript(tuple(_laid_over(shown, spans)), Timing.ESTIMATED, is_found=not is_english)


def _found(audio: "Audio", shown: list[str], spans: Sequence[Span]) -> list[TranscriptWord] | None:
    """The words where they sound; None when they do not, or when most of the speech would be left without words."""
    tokens, owners = [], []
    for index, word in enumerate(shown):
        for token in english_words(word):
            tokens.append(token)
            owners.append(index)
    if not tokens:
        return None
    try:
        heard = find_words(speech_samples(audio), tokens)
    except EngineFailure:
        return None
    if [word.text for word in heard] != tokens:
        return None
    if sum(word.end_s - word.start_s for word in heard) < COVERED_LEAST * sum(span.duration_s for span in spans):
        return None
    return _owned(shown, owners, heard)


def _owned(shown: list[str], owners: list[int], heard: list[HeardWord]) -> list[TranscriptWord]:
    """Times of shown words from those of their tokens; a word without any (an emoji, a dash) joins its neighbour."""
    times: list[tuple[float, float] | None] = [None] * len(shown)
    for index, word in zip(owners, heard, strict=True):
        known = times[index]
        times[index] = (word.start_s if known is None else known[0], word.end_s)
    placed: list[TranscriptWord] = []
    for text, known in zip(shown, times, strict=True):
        end_s = placed[-1].end_s if placed else heard[0].start_s
        start_s, end_s = known if known is not None else (end_s, end_s)
        placed.append(TranscriptWord(text, start_s, end_s))
    return placed


def _laid_over(shown: list[str], spans: Sequence[Span]) -> list[TranscriptWord]:
    """Words in proportion to their letters over the time in which somebody speaks."""
    sizes = [max(LETTER_LEAST, sum(character.isalnum() for character in word)) for word in shown]
    step_s = sum(span.duration_s for span in spans) / sum(sizes)
    placed, said = [], 0
    for word, size in zip(shown, sizes, strict=True):
        start_s, end_s = said * step_s, (said + size) * step_s
        said += size
        middle = _span_at((start_s + end_s) / 2, spans)
        first, last = (min(max(_at(t, spans), middle.start_s), middle.end_s) for t in (start_s + 1e-9, end_s))
        placed.append(TranscriptWord(word, first, last))
    return placed


def _span_at(spoken_s: float, spans: Sequence[Span]) -> Span:
    """The stretch of speech that holds this second of all speech."""
    for span in spans:
        if spoken_s <= span.duration_s:
            return span
        spoken_s -= span.duration_s
    return spans[-1]


def _at(spoken_s: float, spans: Sequence[Span]) -> float:
    for span in spans:
        if spoken_s <= span.duration_s:
            return span.start_s + spoken_s
        spoken_s -= span.duration_s
    return spans[-1].end_s


def draft_transcript(audio: "Audio", whisper_dir: Path | None = None) -> TimedTranscript:
    """What seems to be said, English unless `whisper_dir` holds a model of faster-whisper that knows more.

    Raises:
        EngineFailure: NO_SPEECH when nobody speaks or nothing can be made out.
    """
    spans = speech_spans(audio)
    if not spans:
        raise EngineFailure(FailureCode.NO_SPEECH)
    has_whisper = whisper_dir is not None and importlib.util.find_spec("faster_whisper") is not None
    if has_whisper and whisper_dir is not None and (whisper_dir / "model.bin").is_file():
        words = tuple(_whispered(audio, whisper_dir))
    else:
        words = tuple(_guessed(audio, spans))
    if not words:
        raise EngineFailure(FailureCode.NO_SPEECH)
    return TimedTranscript(words, Timing.DRAFT)


def _guessed(audio: "Audio", spans: Sequence[Span]) -> Iterator[TranscriptWord]:
    """pocketsphinx' best path through general English, stretch by stretch; every word is a guess."""
    samples = speech_samples(audio)
    decoder = _free_decoder()
    for span in spans:
        start_s = span.start_s
        while span.end_s - start_s > 0.1:
            end_s = min(span.end_s, start_s + DRAFT_PART_S)
            pcm = sphinx_pcm(samples[round(start_s * SPEECH_HZ) : round(end_s * SPEECH_HZ)])
            if decode(decoder, pcm) and decoder.hyp() is not None:
                for word in heard_words(decoder):
                    yield TranscriptWord(word.text, start_s + word.start_s, start_s + word.end_s, is_sure=False)
            start_s = end_s


@functools.lru_cache(maxsize=1)
def _free_decoder() -> pocketsphinx.Decoder:
    return pocketsphinx.Decoder(
        hmm=model_file("en-us"), dict=model_file("cmudict-en-us.dict"), lm=model_file("en-us.lm.bin"),
        loglevel="FATAL", samprate=SPEECH_HZ, frate=FRAMES_PER_S,
    )  # fmt: skip


def _whispered(audio: "Audio", whisper_dir: Path) -> Iterator[TranscriptWord]:
    whisper = importlib.import_module("faster_whisper")
    model = whisper.WhisperModel(str(whisper_dir), device="cpu", compute_type="int8", local_files_only=True)
    segments, _ = model.transcribe(speech_samples(audio), word_timestamps=True)
    for segment in segments:
        for word in segment.words or []:
            if text := word.word.strip():
                yield TranscriptWord(text, float(word.start), float(word.end), float(word.probability) >= SURE_FROM)
