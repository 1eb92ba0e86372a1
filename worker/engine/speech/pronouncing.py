"""How words and names are said: the voice gets what a creator spelled for it, captions keep what the script says.

A word is found whole and in either case. Scripts written without spaces have no whole words, so there it is found
wherever it stands; a Korean one may have its endings after it.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from worker.engine.contracts import MAX_SCRIPT_CHARS, Pronunciation
from worker.engine.failures import EngineFailure, FailureCode

MAX_PRONUNCIATIONS = 200
MAX_WORD_CHARS = 60
MAX_SAID_CHARS = 120
_SPACELESS = ("CJK", "HIRAGANA", "KATAKANA", "BOPOMOFO", "THAI", "LAO", "KHMER", "MYANMAR")
_SAID_MARKS = frozenset(" -'’·,")  # nothing that a voice program could take for a command, or for a sentence's end


@dataclass(frozen=True)
class Respelled:
    """A sentence as the voice gets it. `spans`: (start, end, written word) of what was put in, in characters of `text`,
    by place.
    """

    text: str
    spans: Sequence[tuple[int, int, str]] = ()


def pronunciations_of(pairs: Iterable[tuple[str, str]]) -> tuple[Pronunciation, ...]:
    """Checked pronunciations, with white space made plain; a word given twice is said as the last one has it.

    Raises:
        EngineFailure: OPTION_INVALID (option "pronunciations", reason) for too many, for a word or name that is empty
            or long, and for ways to say it that are not letters, digits, spaces and plain marks.
    """
    found: dict[str, Pronunciation] = {}
    for count, (word, said) in enumerate(pairs, start=1):
        if count > MAX_PRONUNCIATIONS:
            raise _invalid(f"at most {MAX_PRONUNCIATIONS} words fit")
        one = _checked(word, said)
        found[one.word.casefold()] = one
    return tuple(found.values())


def respeller(pronunciations: Sequence[Pronunciation]) -> Callable[[str], Respelled]:
    """What puts the spelled words into a cleaned sentence; all at once, longer words first, so that none is changed
    twice. The result raises SCRIPT_TOO_LONG for a sentence that grows beyond all scripts.

    Raises:
        EngineFailure: as `pronunciations_of`.
    """
    checked = pronunciations_of((one.word, one.said) for one in pronunciations)
    if not checked:
        return Respelled
    said_by_word = {one.word.casefold(): one.said for one in checked}
    longest_first = sorted((one.word for one in checked), key=len, reverse=True)
    pattern = re.compile("|".join(re.escape(word) for word in longest_first), re.IGNORECASE)

    def respell(sentence: str) -> Respelled:
        parts: list[str] = []
        spans: list[tuple[int, int, str]] = []
        at = length = 0
        while (found := pattern.search(sentence, at)) is not None:
            said = said_by_word.get(found.group().casefold())
            if said is None or not _is_whole(sentence, found.start(), found.end()):
                shorter = _shorter_at(sentence, found.start(), said_by_word)
                if shorter is None:
                    parts.append(sentence[at : found.start() + 1])
                    length += found.start() + 1 - at
                    at = found.start() + 1
                    continue
                end, said = shorter
            else:
                end = found.end()
            parts += [sentence[at : found.start()], said]
            start = length + found.start() - at
            length = start + len(said)
            spans.append((start, length, sentence[found.start() : end]))
            at = end
        text = "".join([*parts, sentence[at:]])
        if len(text) > MAX_SCRIPT_CHARS:
            raise EngineFailure(FailureCode.SCRIPT_TOO_LONG, chars=len(text), max_chars=MAX_SCRIPT_CHARS)
        return Respelled(text, spans)

    return respell


def written_places(respelled: Respelled, spoken: Sequence[str]) -> list[tuple[int, int, str]]:
    """(first, last + 1, what is written) of the spoken words, in order: those said for one written word become it.

    Args:
        spoken: the words as the voice tells them, each a part of `respelled.text`.
    """
    places: list[tuple[int, int, str]] = []
    before = None  # the span that the word before belongs to
    at = 0
    for index, word in enumerate(spoken):
        start = respelled.text.find(word, at)
        if start < 0:
            places.append((index, index + 1, word))
            before = None
            continue
        at = start + len(word)
        span = next((one for one in respelled.spans if one[0] < at and start < one[1]), None)
        if span is None:
            places.append((index, index + 1, word))
        elif span is before:
            places[-1] = (places[-1][0], index + 1, places[-1][2] + word[max(0, span[1] - start) :])
        else:
            written = word[: max(0, span[0] - start)] + span[2] + word[max(0, span[1] - start) :]
            places.append((index, index + 1, written))
        before = span
    return places


def _checked(word: str, said: str) -> Pronunciation:
    word, said = (" ".join(unicodedata.normalize("NFC", text).split()) for text in (word, said))
    if not word or len(word) > MAX_WORD_CHARS:
        raise _invalid(f"“{word[:30]}” is no word or name of at most {MAX_WORD_CHARS} characters")
    unfit = (one for one in word.replace(" ", "") if unicodedata.category(one)[0] not in "LMNPS" or one in "<>[]{}")
    if any(unfit) or not _has_sound(word):
        raise _invalid(f"“{word[:30]}” has signs that no script has, or no letter or digit")
    if not said or len(said) > MAX_SAID_CHARS or not _has_sound(said):
        raise _invalid(f"how “{word[:30]}” is said takes letters, at most {MAX_SAID_CHARS} characters")
    if any(unicodedata.category(one)[0] not in "LMN" and one not in _SAID_MARKS for one in said):
        raise _invalid(f"how “{word[:30]}” is said is spelled with letters, digits, spaces, hyphens and apostrophes")
    return Pronunciation(word, said)


def _has_sound(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _shorter_at(sentence: str, start: int, said_by_word: dict[str, str]) -> tuple[int, str] | None:
    """Where the longest whole word on the list that begins at `start` ends, and how it is said."""
    for end in range(min(len(sentence), start + MAX_WORD_CHARS), start, -1):
        said = said_by_word.get(sentence[start:end].casefold())
        if said is not None and _is_whole(sentence, start, end):
            return end, said
    return None


def _is_whole(sentence: str, start: int, end: int) -> bool:
    first, last = sentence[start], sentence[end - 1]
    before, after = sentence[start - 1 : start], sentence[end : end + 1]
    goes_on_before = bool(before) and _in_word(first) and _in_word(before) and not _is_spaceless(first)
    if goes_on_before:
        return False
    if not after or not _in_word(after):
        return True
    return not _in_word(last) or _is_spaceless(last) or unicodedata.name(last, "").startswith("HANGUL")


def _in_word(character: str) -> bool:
    return character == "_" or unicodedata.category(character)[0] in "LMN"


def _is_spaceless(character: str) -> bool:
    return unicodedata.name(character, "").startswith(_SPACELESS)


def _invalid(reason: str) -> EngineFailure:
    return EngineFailure(FailureCode.OPTION_INVALID, option="pronunciations", reason=reason)
