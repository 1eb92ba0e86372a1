"""What the marks of a file say, in a visitor's words."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_KINDS = {
    "talking_photo": "a talking photo",
    "video_dub": "a video whose words and lips were changed",
    "film": "a film of several scenes",
}


@dataclass(frozen=True)
class Answer:
    """One answer: a verdict ("yes", "changed", "elsewhere", "no"), what it means, and the single findings."""

    verdict: str
    title: str
    words: str
    findings: tuple[tuple[str, str], ...]
    render_id: str


def answer_in_words(found: Mapping[str, Any]) -> Answer:
    """From what the engine process told; see `worker.process.operations.identify`."""
    signed, mark = str(found.get("credentials", "none")), bool(found.get("has_hidden_mark"))
    findings = (
        ("Hidden mark", "found" if mark else "not found"),
        ("Content credentials", _CREDENTIALS.get(signed, _CREDENTIALS["none"])),
        *_known(found),
    )
    render_id = str(found.get("render_id") or "")
    if found.get("made_here") and signed == "invalid":
        title, verdict = "Made here, and changed afterwards", "changed"
        words = "Our hidden mark is in it, but the file was changed after we signed it: cut, edited or converted."
    elif found.get("made_here"):
        title, verdict = "Yes, this was made here", "yes"
        words = "It was made with AI on this site. The marks say which render it is, and nothing about its author."
    elif signed == "invalid":
        title, verdict = "We cannot tell", "elsewhere"
        words = "It carries content credentials that do not fit the file any more, and none of our hidden marks."
    elif signed in ("valid", "trusted"):
        title, verdict = "No trace of us", "elsewhere"
        words = "It carries content credentials of somebody else, and none of our marks."
    else:
        title, verdict = "No trace of us", "no"
        words = (
            "We found none of our marks. That is no proof: strong compression, cutting to a small part, or a very "
            "short clip can wear them off. It does not say either whether something else made it with AI."
        )
    return Answer(verdict, title, words, findings, render_id)


_CREDENTIALS = {
    "none": "none",
    "trusted": "signed by us, unchanged",
    "valid": "intact, of a signer we do not know",
    "invalid": "do not fit the file any more",
}


def _known(found: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    known = []
    if found.get("kind"):
        known.append(("What it is", _KINDS.get(str(found["kind"]), "a video")))
    if found.get("made_at"):
        made_at = datetime.datetime.fromisoformat(str(found["made_at"]))
        known.append(("Ordered", f"{made_at:%d %B %Y, %H:%M} UTC"))
    if found.get("generator") and not found.get("made_here"):
        known.append(("Names itself as made by", str(found["generator"])[:80]))
    return tuple(known)
