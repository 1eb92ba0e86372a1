"""A script in sentences: each is spoken, moved and rendered on its own, so that changing one leaves the others alone.

What a sentence is depends on its own words only, never on how many came before: inserting one leaves all others as they
were.
"""

import re

LONGEST_CHARS = 260  # about twenty seconds; longer sentences are taken apart at a comma, or between words
SHORTEST_CHARS = 10  # "Hi." goes with what follows

# A mark that ends a sentence, with closing quotes and brackets; then white space, except after those of scripts that
# write without spaces. Not before a lower-case letter: "e.g. this" and "Yahoo! is" go on. A run of marks is looked at
# once, from its beginning, or a very long one would take for ever.
_END = re.compile(r"(?:(?<![.!?…؟۔।॥።])[.!?…؟۔।॥።]++[\"'”’»)\]]*+(?=\s+[^\sa-zа-яёα-ω])|[。！？｡]+[”’」』）]*|\n+)\s*")
_TITLES = frozenset(("mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "vs", "hr", "fr", "nr", "bzw", "mme", "mlle"))
_INNER = re.compile(r"[,;:،؛，；、—–]\s*")


def split_sentences(text: str) -> list[str]:
    """The sentences of cleaned text, each with something to say in it; joined by spaces they are the text again."""
    rough = _at_ends(text)
    pieces = [part for sentence in rough for part in _short_enough(sentence)]
    joined: list[str] = []
    for piece in pieces:
        goes_before = joined and len(joined[-1]) < SHORTEST_CHARS
        if joined and (goes_before or not _is_said(joined[-1]) or not _is_said(piece)):
            joined[-1] = f"{joined[-1]} {piece}"
        else:
            joined.append(piece)
    return joined


def _is_said(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _at_ends(text: str) -> list[str]:
    found, start = [], 0
    for end in _END.finditer(text):
        sentence = text[start : end.end()].strip()
        if not sentence or _goes_on(text[start : end.end()].rstrip()):
            continue
        found.append(sentence)
        start = end.end()
    rest = text[start:].strip()
    return [*found, rest] if rest else found


def _goes_on(sentence: str) -> bool:
    """Whether the full stop at its end belongs to an abbreviation, an initial or an ordinal number."""
    if not sentence.endswith(".") or sentence.endswith(".."):
        return False
    last = sentence[:-1].rsplit(None, 1)[-1].lstrip("(\"'“‘«").lower()
    return last in _TITLES or (len(last) == 1 and last.isalpha()) or "." in last or (last.isdigit() and len(last) < 3)


def _short_enough(sentence: str) -> list[str]:
    parts, rest = [], sentence
    while len(rest) > LONGEST_CHARS:
        commas = [found.end() for found in _INNER.finditer(rest, LONGEST_CHARS // 3, LONGEST_CHARS)]
        space = rest.rfind(" ", LONGEST_CHARS // 3, LONGEST_CHARS)
        cut = commas[-1] if commas else space
        if cut <= 0:  # one endless word
            return [*parts, rest]
        parts.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    return [*parts, rest] if rest else parts
