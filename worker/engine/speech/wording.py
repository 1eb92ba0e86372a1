"""Which emotion a script's words propose: a hint from plain words, emoji and "?!", in twenty-two languages.

Only what is said outright counts. A sentence about a feeling need not be said with it, so the proposal is held back: it
needs a clear winner that is not rare in the text, and its intensity has few, low steps, so that changing one of many
sentences leaves the others' faces alone.
"""

import functools
import re
import unicodedata
from collections import Counter

from worker.engine.contracts import Emotion, Script
from worker.engine.speech.emotion import PROPOSED, EmotionProposal
from worker.engine.speech.emotive_words import DENIED_AFTER, DENIED_BEFORE, EMOTIVE_SIGNS, EMOTIVE_WORDS, UNSPACED
from worker.engine.speech.scripts import MARKUP_TAG
from worker.engine.speech.sentences import split_sentences

STEPS = (0.3, 0.45, 0.6)  # intensities; a voice, which was really heard, may reach 0.9
RARE_SHARE = 0.12  # hints per sentence: below it the rest of the text says otherwise
CLEAR_RATIO = 1.5  # against the next emotion
_UNKNOWN = 0.25  # hints that each emotion has before a word is read
_MEDDLING = 2  # words that may stand between a denial and what it denies, itself included
_LANGUAGE = {"cmn": "zh", "yue": "zh", "hak": "zh", "no": "nb", "nn": "nb"}


def propose_from_words(script: Script) -> EmotionProposal | None:
    """What the words say is felt; None where they say nothing, too little, or two things at once."""
    hints, sentences = count_hints(script.text, language_of(script.voice))
    if not hints:
        return None
    (best, most), *others = hints.most_common()
    second = others[0][1] if others else 0
    if most < CLEAR_RATIO * second or most < RARE_SHARE * sentences:
        return None
    clear = most / hints.total() * min(1.0, most / sentences)
    step = STEPS[min(len(STEPS) - 1, int(clear * len(STEPS)))]
    total = hints.total() + _UNKNOWN * len(PROPOSED)
    scores = {emotion: (hints[emotion] + _UNKNOWN) / total for emotion in PROPOSED}
    return EmotionProposal(best, step, scores, source="words")


def language_of(voice: str) -> str:
    """The language of a voice's id or tag, as `EMOTIVE_WORDS` names it: "cmn:f" → "zh", "piper:de_DE-eva" → "de"."""
    tag = re.split(r"[-_:]", voice.removeprefix("piper:").lower())[0]
    return _LANGUAGE.get(tag, tag)


def count_hints(text: str, language: str) -> tuple[Counter[Emotion], int]:
    """How often each emotion is hinted at in a text of any length, and how many sentences it has (at least one)."""
    text = unicodedata.normalize("NFC", MARKUP_TAG.sub(" ", text)).replace("’", "'")
    hints: Counter[Emotion] = Counter()
    for emotion, pattern in _signs().items():
        hints[emotion] += len(pattern.findall(text))
    if language == "tr":  # whose I is the capital of ı
        text = text.replace("I", "ı").replace("İ", "i")
    lowered = text.lower()
    denied = _denial(language)
    after = re.compile(DENIED_AFTER[language]) if language in DENIED_AFTER else None
    for emotion, pattern in _words(language).items():
        for found in pattern.finditer(lowered):
            is_denied = denied is not None and denied.search(lowered[max(0, found.start() - 40) : found.start()])
            if not is_denied and not (after and after.match(lowered, found.end())):
                hints[emotion] += 1
    return +hints, max(1, len(split_sentences(text)))


@functools.cache
def _signs() -> dict[Emotion, re.Pattern[str]]:
    """Runs of signs, which count once: "😀😀😀" is one hint. Those of letters stand alone: not ":D" in "a:Data"."""
    patterns = {}
    for emotion, listed in EMOTIVE_SIGNS.items():
        signs = [re.escape(sign) + (r"(?!\w)" if sign[-1].isalpha() else "") for sign in listed.split()]
        patterns[emotion] = re.compile(rf"(?:(?:{'|'.join(signs)})[\ufe0f\U0001f3fb-\U0001f3ff\s!?]*)+")
    return patterns


@functools.cache
def _words(language: str) -> dict[Emotion, re.Pattern[str]]:
    return {emotion: _any_of(listed, language) for emotion, listed in EMOTIVE_WORDS.get(language, {}).items()}


def _any_of(listed: str, language: str) -> re.Pattern[str]:
    words = sorted(listed.split(), key=len, reverse=True)
    stems = "|".join(
        re.escape(word.rstrip("*").replace("_", " ")).replace(r"\ ", r"\s+")
        + (r"\w*" if word.endswith("*") else "" if language in UNSPACED else r"(?!\w)")
        for word in words
    )
    if language in UNSPACED:
        return re.compile(f"(?:{stems})")
    # Arabic writes "and" and "the" as one with the word.
    prefix = "(?:[وف]?(?:ال)?)" if language == "ar" else ""
    return re.compile(rf"(?<!\w){prefix}(?:{stems})")


@functools.cache
def _denial(language: str) -> re.Pattern[str] | None:
    """Finds a denial at the end of what stands before a word; not over the end of a clause."""
    listed = DENIED_BEFORE.get(language)
    if listed is None:
        return None
    words = "|".join(re.escape(word) for word in listed.split())
    if language == "zh":
        return re.compile(f"(?:{words})[很太是会會]?$")
    return re.compile(rf"(?<!\w)(?:{words})\s+(?:[\w']+\s+){{0,{_MEDDLING - 1}}}$")
