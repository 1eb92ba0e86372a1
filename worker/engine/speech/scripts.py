"""What a creator typed → what a voice can say: hygiene, writing systems, and runs of one writing system."""

import html
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

from worker.engine.contracts import MAX_SCRIPT_CHARS
from worker.engine.failures import EngineFailure, FailureCode

# A tag starts with a letter, '/', '!' or '?' right after '<': "a < b" stays text. The bound keeps a lone '<' cheap.
MARKUP_TAG = re.compile(r"<[A-Za-z/!?][^<>]{0,500}>")
REPEATED_MARK = re.compile(r"([^\w\s])\1{3,}")
SPOKEN_SYMBOLS = frozenset("°©®™№℃℉")
JOINERS = frozenset("\u200c\u200d")  # carry meaning inside Persian and Indic words
MIN_OWN_SHARE = 0.5  # of the letters must be in the voice's own writing systems, or it is the wrong voice

LATIN, HAN = "LATIN", "CJK"
# Unicode name prefix → the espeak voice key that reads a passage in it when the chosen voice cannot.
READER_BY_WRITING_SYSTEM = {
    LATIN: "en-us",
    "CYRILLIC": "ru",
    "GREEK": "el",
    "ARABIC": "ar",
    "HEBREW": "he",
    "DEVANAGARI": "hi",
    "BENGALI": "bn",
    "GURMUKHI": "pa",
    "GUJARATI": "gu",
    "ORIYA": "or",
    "TAMIL": "ta",
    "TELUGU": "te",
    "KANNADA": "kn",
    "MALAYALAM": "ml",
    "SINHALA": "si",
    "THAI": "th",
    "MYANMAR": "my",
    "GEORGIAN": "ka",
    "ARMENIAN": "hy",
    "ETHIOPIC": "am",
    "HANGUL": "ko",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    HAN: "cmn",
    "CHEROKEE": "chr-us-qaaa-x-west",
}
# Voices whose own writing is not Latin (they read Latin too, most by English rules, so it counts as theirs).
WRITING_SYSTEMS_BY_VOICE = {
    **{
        voice: {"CYRILLIC"} for voice in ("ba", "be", "bg", "cv", "kk", "ky", "mk", "nog", "ru", "ru-cl", "ru-lv", "uk")
    },
    **{voice: {"CYRILLIC"} for voice in ("sr", "bs", "tt", "tk", "uz", "az", "kaa")},
    **{voice: {"GREEK"} for voice in ("el", "grc")},
    **{voice: {"ARABIC"} for voice in ("ar", "fa", "ur", "sd", "ug", "ku")},
    **{voice: {"DEVANAGARI"} for voice in ("hi", "mr", "ne", "kok")},
    **{voice: {"BENGALI"} for voice in ("bn", "as", "bpy")},
    **{voice: {"ETHIOPIC"} for voice in ("am", "ti")},
    **{voice: {"ARMENIAN"} for voice in ("hy", "hyw")},
    **{voice: {HAN, "BOPOMOFO"} for voice in ("cmn", "yue", "hak")},
    **{voice: {"MYANMAR"} for voice in ("my", "shn")},
    "he": {"HEBREW"},
    "pa": {"GURMUKHI"},
    "gu": {"GUJARATI"},
    "or": {"ORIYA"},
    "ta": {"TAMIL"},
    "te": {"TELUGU"},
    "kn": {"KANNADA"},
    "ml": {"MALAYALAM"},
    "si": {"SINHALA"},
    "th": {"THAI"},
    "ka": {"GEORGIAN"},
    "ko": {"HANGUL"},
    "ja": {"HIRAGANA", "KATAKANA"},  # espeak-ng has no readings for kanji: it says "Chinese letter"
    "chr-us-qaaa-x-west": {"CHEROKEE"},
}


@dataclass(frozen=True)
class Passage:
    """A stretch of text one voice reads. `voice` is a voice key; None means the chosen voice."""

    text: str
    voice: str | None


def clean_script(text: str) -> str:
    """Text as a voice should get it: markup, emoji, control and private characters gone, white space collapsed.

    Raises:
        EngineFailure: SCRIPT_TOO_LONG (chars, max_chars); SCRIPT_EMPTY when no letter or digit is left.
    """
    if len(text) > MAX_SCRIPT_CHARS * 4:  # not worth cleaning first
        raise EngineFailure(FailureCode.SCRIPT_TOO_LONG, chars=len(text), max_chars=MAX_SCRIPT_CHARS)
    text = html.unescape(MARKUP_TAG.sub(" ", text))
    text = unicodedata.normalize("NFC", text)
    kept = "".join(_kept(character) for character in text)
    kept = REPEATED_MARK.sub(lambda found: found.group(1) * 3, kept)
    paragraphs = [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", kept)]
    cleaned = "\n\n".join(paragraph for paragraph in paragraphs if paragraph)
    if len(cleaned) > MAX_SCRIPT_CHARS:
        raise EngineFailure(FailureCode.SCRIPT_TOO_LONG, chars=len(cleaned), max_chars=MAX_SCRIPT_CHARS)
    if not any(character.isalnum() for character in cleaned):
        raise EngineFailure(FailureCode.SCRIPT_EMPTY)
    return cleaned


def _kept(character: str) -> str:
    if character in "\n\t\r\v\f\u2028\u2029":
        return "\n" if character in "\n\u2029" else " "
    category = unicodedata.category(character)
    if character in JOINERS or character in SPOKEN_SYMBOLS:
        return character
    if category in ("Cc", "Cf", "Cs", "Co", "Cn", "So", "Sk") or "\ufe00" <= character <= "\ufe0f":
        return " " if category == "So" else ""
    return character


def writing_system(character: str) -> str | None:
    """The Unicode script of a letter by its character name ("LATIN", "CYRILLIC", "CJK"…), None for non-letters."""
    if not character.isalpha():
        return None
    name = unicodedata.name(character, "")
    first = name.split(" ", 1)[0].split("-", 1)[0]
    if first in ("FULLWIDTH", "MODIFIER", "FEMININE", "MASCULINE", "SCRIPT", "DOUBLE"):
        return LATIN
    if first == "HALFWIDTH":
        return "KATAKANA" if "KATAKANA" in name else "HANGUL"
    return first


def plan_passages(text: str, voice_key: str) -> list[Passage]:
    """Splits text into stretches by who can read them; foreign stretches go to a voice of their own language.

    Raises:
        EngineFailure: SCRIPT_NOT_SPEAKABLE (writing_system, share) when the text is mostly foreign to the voice, or
            holds letters that no voice here reads.
    """
    own = WRITING_SYSTEMS_BY_VOICE.get(voice_key, set()) | {LATIN}
    counts = Counter(system for system in map(writing_system, text) if system)
    foreign = {system: count for system, count in counts.items() if system not in own}
    if not foreign:
        return [Passage(text, None)]
    worst = max(foreign, key=lambda system: foreign[system])
    share = sum(foreign.values()) / sum(counts.values())
    # Kanji in a Japanese script would be read as Chinese: refused rather than said wrongly.
    unreadable = [system for system in foreign if system not in READER_BY_WRITING_SYSTEM]
    unreadable += [HAN] if voice_key == "ja" and HAN in foreign else []
    if share > MIN_OWN_SHARE or unreadable:
        found = (unreadable or [worst])[0]
        raise EngineFailure(
            FailureCode.SCRIPT_NOT_SPEAKABLE, writing_system=found.lower(), share=round(share, 2), voice=voice_key
        )
    return _runs(text, own)


def passages_of(sentence: str, voice_key: str) -> list[Passage]:
    """The passages of one sentence of a text that `plan_passages` has found speakable."""
    return _runs(sentence, WRITING_SYSTEMS_BY_VOICE.get(voice_key, set()) | {LATIN})


def _runs(text: str, own: set[str]) -> list[Passage]:
    passages: list[Passage] = []
    buffer, reader = "", None
    for character in text:
        system = writing_system(character)
        # Non-letters stay with the passage before them.
        wanted = reader if system is None else (None if system in own else READER_BY_WRITING_SYSTEM[system])
        if wanted != reader and buffer.strip():
            passages.append(Passage(buffer, reader))
            buffer = ""
        reader = wanted
        buffer += character
    if buffer.strip():
        passages.append(Passage(buffer, reader))
    return passages
