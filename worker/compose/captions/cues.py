"""From timed words to captions: which words stand together, on how many lines, and for how long.

Reading comfort follows the BBC's and Netflix's subtitle guidelines: at most two lines, breaks at the end of sentences
and at commas, lines of about the same length, nothing shorter than a glance, no flicker between neighbours.
"""

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

PAUSE_S = 0.5  # a pause this long ends a caption
SHORTEST_S = 0.7  # a glance
BRIDGE_S = 0.35  # a gap shorter than this is closed, or captions would flicker
WIDE_CHAR = 2  # a Chinese character takes the room of two Latin letters
ENDS_SENTENCE = ".!?…。！？؟।"
ENDS_CLAUSE = ",;:–—，、；：،؛"
SEARCH_CHARS = 48  # how far ahead in the script a spoken word may be found

_HAN_AND_KANA = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002fa1f"
_OPENING = "\\[({〈《「『【〔（［｛“‘«"
_UNSPACED = re.compile(f"[{_HAN_AND_KANA}]")
# One character of such a script, or a stretch of others; with what opens before it and what closes after it.
_UNSPACED_PIECES = re.compile(
    f"[{_OPENING}]*(?:[{_HAN_AND_KANA}]|[^{_HAN_AND_KANA}{_OPENING}]+|[{_OPENING}]+$)[^\\w{_OPENING}]*"
)


@dataclass(frozen=True)
class TimedWord:
    """A word as it is written, with its punctuation, and when it is said."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Cue:
    """One caption: its lines of words, and when it is shown (half-open, seconds)."""

    start_s: float
    end_s: float
    lines: tuple[tuple[TimedWord, ...], ...]

    @property
    def words(self) -> tuple[TimedWord, ...]:
        return tuple(word for line in self.lines for word in line)

    @property
    def text(self) -> str:
        return "\n".join(joined([word.text for word in line]) for line in self.lines)


def written_words(text: str) -> list[str]:
    """The words of a script as they should be shown: split at spaces, and between characters where a script has none.

    Punctuation stays with the word before it (opening brackets and quotes with the word after).
    """
    words: list[str] = []
    for chunk in text.replace("\x00", "").split():
        words.extend(_pieces(chunk))
    return words


def _pieces(chunk: str) -> list[str]:
    return _UNSPACED_PIECES.findall(chunk) if any(map(is_unspaced, chunk)) else [chunk]


def is_unspaced(character: str) -> bool:
    """Whether words are written without spaces in this character's script (Han, kana)."""
    return bool(character) and _UNSPACED.match(character) is not None


def joined(texts: Sequence[str]) -> str:
    """Words as one line: with spaces, except between scripts that write none."""
    line = ""
    for text in texts:
        tight = not line or (is_unspaced(_last_letter(line)) and is_unspaced(_first_letter(text)))
        line += text if tight else f" {text}"
    return line


def _last_letter(text: str) -> str:
    return next((c for c in reversed(text) if c.isalnum()), "")


def _first_letter(text: str) -> str:
    return next((c for c in text if c.isalnum()), "")


def timed_words(text: str, spoken: Sequence[tuple[str, float, float]], duration_s: float) -> list[TimedWord]:
    """The script's own words with their times.

    Args:
        spoken: (text, start_s, end_s) as a voice reported them, in order: its texts may be fragments of the script's
            words, repeat a part, or miss some.
        duration_s: of the whole recording; bounds everything.

    Words that no fragment names are given their share, by length, of the time between their neighbours.
    """
    words = written_words(text)
    if not words or duration_s <= 0:
        return []
    place, owner = "", []
    for index, word in enumerate(words):
        place += word.lower() + " "
        owner.extend([index] * (len(word) + 1))
    times: list[tuple[float, float] | None] = [None] * len(words)
    cursor = 0
    for fragment, start_s, end_s in spoken:
        said, until = fragment.lower(), cursor + SEARCH_CHARS + len(fragment)
        found = place.find(said, cursor, until) if fragment.strip() else -1
        if found < 0:
            continue
        whole = place.find(f" {said}", cursor, until + 1) + 1  # "is" after "This" is the next word, not its end
        if place[found - 1 : found].strip() and whole and owner[whole] <= owner[found] + 1:
            found = whole
        known = times[owner[found]]
        times[owner[found]] = (start_s, end_s) if known is None else (known[0], max(known[1], end_s))
        cursor = found + 1
    return filled(words, times, duration_s)


def filled(words: list[str], times: list[tuple[float, float] | None], duration_s: float) -> list[TimedWord]:
    """Words with their known times; the others share, by length, the time between their neighbours."""
    placed: list[TimedWord] = []
    index, last_s = 0, 0.0
    while index < len(words):
        known = times[index]
        if known is not None:
            start_s, end_s = max(last_s, known[0]), min(duration_s, max(known[1], known[0] + 0.02))
            placed.append(TimedWord(words[index], min(start_s, end_s), end_s))
            last_s, index = end_s, index + 1
            continue
        stop = next((n for n in range(index, len(words)) if times[n] is not None), len(words))
        following = times[stop] if stop < len(words) else None
        until_s = max(last_s, duration_s if following is None else following[0])
        sizes = [max(1, len(word)) for word in words[index:stop]]
        step_s = (until_s - last_s) / sum(sizes)
        for word, size in zip(words[index:stop], sizes, strict=True):
            placed.append(TimedWord(word, last_s, last_s + step_s * size))
            last_s += step_s * size
        index = stop
    return placed


def cues_of(
    words: Sequence[TimedWord],
    *,
    line_chars: int,
    max_lines: int = 2,
    is_whole: bool = False,
    shortest_s: float = SHORTEST_S,
) -> list[Cue]:
    """Captions of at most `max_lines` lines of about `line_chars` Latin letters; in time, never overlapping.

    is_whole: the words are one caption already, to be parted only where it is too long; otherwise sentences and pauses
    part them too. shortest_s: shown at least this long, where the next one leaves room.
    """
    groups: list[list[TimedWord]] = []
    visible = [word for word in words if word.text.strip()]
    for stretch in [visible] if is_whole and visible else _stretches(visible):
        groups.extend(_parts(stretch, line_chars * max_lines))
    cues: list[Cue] = []
    for number, group in enumerate(groups):
        next_s = groups[number + 1][0].start_s if number + 1 < len(groups) else float("inf")
        start_s, end_s = group[0].start_s, group[-1].end_s
        end_s = min(max(end_s, start_s + shortest_s), next_s)
        if 0 < next_s - end_s < BRIDGE_S:
            end_s = next_s
        cues.append(Cue(start_s, max(end_s, start_s + 1e-3), _lines(group, line_chars, max_lines)))
    return cues


def _stretches(words: Sequence[TimedWord]) -> list[list[TimedWord]]:
    """Words between places where a caption ends in any case: sentences and pauses."""
    stretches: list[list[TimedWord]] = []
    for word in words:
        if not stretches or _ends_before(stretches[-1][-1], word):
            stretches.append([])
        stretches[-1].append(word)
    return stretches


def _ends_before(last: TimedWord, word: TimedWord) -> bool:
    text = last.text.rstrip("\"'”’»)]」』")
    is_initial = re.fullmatch(r"\w\.", text) is not None
    return word.start_s - last.end_s >= PAUSE_S or (text[-1:] in ENDS_SENTENCE and not is_initial)


def _parts(words: list[TimedWord], most_chars: int) -> list[list[TimedWord]]:
    """As few captions as hold the words, alike in length, so that none is left with a single word; a comma is a good
    place to part.
    """
    left, parts = list(words), []
    while left:
        count = math.ceil(_room([word.text for word in left]) / most_chars)
        wanted = _room([word.text for word in left]) / count
        sizes = [_room([word.text for word in left[: n + 1]]) for n in range(len(left))]
        fitting = [n + 1 for n, size in enumerate(sizes) if size <= most_chars] or [1]

        def cost(at: int, wanted: float = wanted, sizes: list[int] = sizes, words: list[TimedWord] = left) -> float:
            is_clause = words[at - 1].text[-1:] in ENDS_CLAUSE
            return abs(sizes[at - 1] - wanted) - (0.3 * wanted if is_clause else 0)

        at = len(left) if count == 1 else min(fitting, key=cost)
        parts.append(left[:at])
        left = left[at:]
    return parts


def _room(texts: Sequence[str]) -> int:
    return sum(WIDE_CHAR if is_unspaced(c) else 0 if unicodedata.combining(c) else 1 for c in joined(texts))


def _lines(words: list[TimedWord], line_chars: int, max_lines: int) -> tuple[tuple[TimedWord, ...], ...]:
    """`words` on as few lines as fit, broken where the lines become most alike; a comma is a good place."""
    texts = [word.text for word in words]
    if _room(texts) <= line_chars or max_lines == 1 or len(words) == 1:
        return (tuple(words),)

    def cost(at: int) -> float:
        first, second = _room(texts[:at]), _room(texts[at:])
        after_clause = texts[at - 1][-1:] in ENDS_CLAUSE + ENDS_SENTENCE
        return abs(first - second) + 4 * max(0, max(first, second) - line_chars) - (6 if after_clause else 0)

    at = min(range(1, len(words)), key=cost)
    return tuple(words[:at]), tuple(words[at:])
