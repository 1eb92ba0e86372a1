"""Words that a project's voice says as they are spelled here; captions keep what the script says.

The worker has the same rules (`worker/engine/speech/pronouncing.py`); here they are checked while somebody types.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from apps.brands.services import known_brand_of
from apps.core.failures import SiteFailure
from apps.projects.models import Project

PRONUNCIATIONS_MAX = 200
WORD_MAX_CHARS = 60
SAID_MAX_CHARS = 120
_KEY = "pronunciations"
_SAID_MARKS = frozenset(" -'’·,")


def checked_pronunciations(rows: Any) -> list[dict[str, str]]:
    """As they are kept: [{"word", "said"}]; of a word given twice the last one counts. Raises option_invalid."""
    if not isinstance(rows, list):
        raise _invalid("give a list")
    if len(rows) > PRONUNCIATIONS_MAX:
        raise _invalid(f"at most {PRONUNCIATIONS_MAX} words fit")
    found: dict[str, dict[str, str]] = {}
    for number, row in enumerate(rows, start=1):
        one = _checked(row, number)
        found[one["word"].casefold()] = one
    return list(found.values())


def set_pronunciations(project: Project, rows: Any) -> None:
    """Keep these words instead of the ones before. Raises option_invalid."""
    wanted = checked_pronunciations(rows)
    kept = {name: value for name, value in project.options.items() if name != _KEY}
    project.options = {**kept, _KEY: wanted} if wanted else kept


def pronunciations_of(project: Project) -> list[dict[str, str]]:
    return [dict(row) for row in project.options.get(_KEY, [])]


def pronunciations_for(project: Project) -> list[dict[str, str]]:
    """What its voice goes by: the account's words and the project's own, which win."""
    return merged(known_brand_of(project.owner).pronunciations, pronunciations_of(project))


def merged(rows: Sequence[dict[str, str]], winning: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Both lists as one; of a word in both, the second one's row."""
    found = {row["word"].casefold(): row for row in (*rows, *winning)}
    return [dict(row) for row in found.values()][-PRONUNCIATIONS_MAX:]


def spelled(text: str, rows: Sequence[dict[str, str]]) -> dict[str, Any]:
    """What a script's order says of the words in it: nothing where none of them occurs, so that a longer list does not
    make anything anew.
    """
    read = " ".join(unicodedata.normalize("NFC", text).split()).casefold()
    found = [row for row in rows if row["word"].casefold() in read]
    return {"pronunciations": found} if found else {}


def _checked(row: Any, number: int) -> dict[str, str]:
    if not isinstance(row, Mapping) or set(row) != {"word", "said"}:
        raise _invalid(f"entry {number} has “word” and “said”, and nothing else")
    if not all(isinstance(value, str) and len(value) <= 4 * SAID_MAX_CHARS for value in row.values()):
        raise _invalid(f"“word” and “said” of entry {number} are short texts")
    word, said = (" ".join(unicodedata.normalize("NFC", row[name]).split()) for name in ("word", "said"))
    if not word or len(word) > WORD_MAX_CHARS:
        raise _invalid(f"entry {number} is for a word or name of at most {WORD_MAX_CHARS} characters")
    unfit = (one for one in word.replace(" ", "") if unicodedata.category(one)[0] not in "LMNPS" or one in "<>[]{}")
    if any(unfit) or not _has_sound(word):
        raise _invalid(f"the word of entry {number} needs a letter or a digit, and no brackets")
    if len(said) > SAID_MAX_CHARS or not _has_sound(said):
        raise _invalid(f"how the word of entry {number} is said takes letters, at most {SAID_MAX_CHARS} characters")
    if any(unicodedata.category(one)[0] not in "LMN" and one not in _SAID_MARKS for one in said):
        raise _invalid(f"spell entry {number} with letters, digits, spaces, commas, hyphens and apostrophes")
    return {"word": word, "said": said}


def _has_sound(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _invalid(reason: str) -> SiteFailure:
    return SiteFailure("option_invalid", option="pronunciations", reason=reason)
