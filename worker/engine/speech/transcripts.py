"""Words of a recording with their times: found where a known text is said, estimated, or guessed as a draft.

English texts are aligned by pocketsphinx. Texts in other languages are laid over detected speech in proportion to their
letters, and so are English ones that cannot be found in the sound. Without a text, a small English recogniser gives a
draft with the words marked that somebody has to check; faster-whisper gives one in other languages too, where an
operator has its weights.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from worker.engine.contracts import Span
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.speech.alignment import (
    HeardWord,
    english_words,
    find_words,
)
from worker.engine.speech.detection import speech_spans
from worker.engine.speech.recogniser import recognise, stretches
from worker.engine.speech.waveform import SPEECH_HZ, speech_samples
from worker.engine.speech.whisper import whispered

if TYPE_CHECKING:
    import numpy as np

    from worker.engine.media.audio import Audio

SOUGHT_MAX_S = 660.0  # longer recordings are estimated: the recogniser's search grows with them
COVERED_LEAST = 0.45  # of the speech; fewer seconds of found words mean that most of what is said is not in the text
SURE_FROM = 0.7  # a recogniser's probability from which a word needs no second look
ENGLISH_FROM = 0.65  # mean probability of a stretch: below it something else than English is said
LETTER_LEAST = 2  # even a short word takes this many letters' time


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
    """Words in order, not overlapping. is_found: False when an English text could not be found in the sound.

    knows_languages: of a draft, whether its recogniser understands more than English.
    """

    words: tuple[TranscriptWord, ...]
    timing: Timing
    is_found: bool = True
    knows_languages: bool = False


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
    heard = whispered(speech_samples(audio), whisper_dir)
    if heard is not None:
        sure = (word.probability >= SURE_FROM for word in heard)
        words = tuple(TranscriptWord(*word[:3], is_sure) for word, is_sure in zip(heard, sure, strict=True))
    else:
        words = tuple(_recognised(audio, spans))
    if not words:
        raise EngineFailure(FailureCode.NO_SPEECH)
    return TimedTranscript(words, Timing.DRAFT, knows_languages=heard is not None)


def _recognised(audio: "Audio", spans: Sequence[Span]) -> Iterator[TranscriptWord]:
    """What the English recogniser writes, stretch by stretch, each word where it is found in the sound."""
    samples = speech_samples(audio)
    for stretch in stretches(spans, samples):
        sound = samples[round(stretch.start_s * SPEECH_HZ) : round(stretch.end_s * SPEECH_HZ)]
        words = recognise(sound)
        if not words:
            continue
        is_english = fmean(word.probability for word in words) >= ENGLISH_FROM
        for word, placed in zip(words, _placed([word.text for word in words], sound, stretch, spans), strict=True):
            is_sure = is_english and word.probability >= SURE_FROM
            yield TranscriptWord(word.text, placed.start_s, placed.end_s, is_sure)


def _placed(texts: list[str], sound: "np.ndarray", stretch: Span, spans: Sequence[Span]) -> list[TranscriptWord]:
    """Where the texts are said in a stretch of a recording: found, or laid over its speech."""
    tokens = [(token, index) for index, text in enumerate(texts) for token in english_words(text)]
    try:
        heard = find_words(sound, [token for token, _ in tokens]) if tokens else []
    except EngineFailure:
        heard = []
    if not heard or [word.text for word in heard] != [token for token, _ in tokens]:
        inside = [s for s in spans if stretch.start_s <= s.start_s < stretch.end_s] or [stretch]
        return _laid_over(texts, inside)
    found = _owned(texts, [index for _, index in tokens], heard)
    return [TranscriptWord(word.text, word.start_s + stretch.start_s, word.end_s + stretch.start_s) for word in found]
