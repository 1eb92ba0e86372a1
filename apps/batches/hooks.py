"""The first sentence of a script, and another one in its place."""

import re

HOOK_MAX_CHARS = 300
# After an ideographic full stop there is no space; after others there is, or it is a number or an abbreviation.
_END = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])\s*(?=\S)|\n+")
_CLOSED = tuple(".!?…。！？,;:—–")
_IDEOGRAPHIC = 0x2E80


def first_sentence(script: str) -> str:
    return _parted(script)[0]


def with_hook(script: str, hook: str) -> str:
    """`script` with `hook` instead of its first sentence; with a full stop where more follows and the hook has none."""
    words = " ".join(hook.split())
    _, between, rest = _parted(script)
    if not rest:
        return words
    if not words.endswith(_CLOSED):
        words += "。" if ord(words[-1]) >= _IDEOGRAPHIC else "."
    return f"{words}{between or ('' if words.endswith(('。', '！', '？')) else ' ')}{rest}"


def _parted(script: str) -> tuple[str, str, str]:
    """The first sentence, what is between it and the rest, and the rest."""
    text = script.strip()
    found = _END.search(text)
    return (text, "", "") if found is None else (text[: found.start()], found.group(), text[found.end() :])
