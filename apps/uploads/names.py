"""File names as people gave them, made harmless to show and to send back. They never become paths."""

import unicodedata

NAME_CHARS_MAX = 120
_ENDING_CHARS_MAX = 10
_JOINER = "\u200d"  # holds emoji families together; the only invisible character worth keeping


def display_name(raw: str) -> str:
    """The last part of a name, without control or direction-changing characters, at most `NAME_CHARS_MAX` long."""
    last = raw[-4096:].replace("\\", "/").rstrip("/").rpartition("/")[2]
    visible = "".join(
        letter if unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} or letter == _JOINER else ""
        for letter in unicodedata.normalize("NFC", last)
    )
    name = " ".join(visible.split()).lstrip(". ").rstrip(" ")
    if not any(letter.isalnum() or unicodedata.category(letter).startswith("S") for letter in name):
        return "untitled"
    if len(name) <= NAME_CHARS_MAX:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > _ENDING_CHARS_MAX:
        return name[: NAME_CHARS_MAX - 1] + "…"
    return stem[: NAME_CHARS_MAX - len(ending) - 2] + "…." + ending
