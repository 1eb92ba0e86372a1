"""What creators state about a file with somebody in it, in the words they see. A change of words is a new version."""

from django.db import models

STATEMENT_VERSION = "2026-11"
CLOSING = "I will not use it to deceive, harass or harm anybody."


class Basis(models.TextChoices):
    """Why this person may be shown, or heard, saying what they never said."""

    OWN = "own", "It’s me"
    CONSENT = "consent", "I have their written consent"
    LICENSED = "licensed", "Licensed, drawn or synthetic"
    PUBLIC_DOMAIN = "public_domain", "Public domain"


_PICTURED = {
    Basis.OWN: "The person in it is me.",
    Basis.CONSENT: "The person in it has agreed in writing to be shown speaking in videos made with AI.",
    Basis.LICENSED: "It is drawn or made by a computer, or its licence allows this use, likeness included.",
    Basis.PUBLIC_DOMAIN: "It is in the public domain, and no living person is shown in it.",
}
_HEARD = {
    Basis.OWN: "The voice in it is mine.",
    Basis.CONSENT: "The person who speaks has agreed in writing to be heard in videos made with AI.",
    Basis.LICENSED: "The voice is made by a computer, or its licence allows this use.",
    Basis.PUBLIC_DOMAIN: "It is in the public domain, and no living person is heard in it.",
}
_PLAYED = {
    Basis.OWN: "I made this music, and all rights in it are mine.",
    Basis.CONSENT: "Whoever holds the rights in this music has agreed in writing that I use it in my videos.",
    Basis.LICENSED: "This music is made by a computer, or its licence allows me to use it in videos I publish.",
    Basis.PUBLIC_DOMAIN: "This music and this recording of it are in the public domain.",
}
_SHOWN = {
    Basis.OWN: "I made this picture; whoever can be recognised in it is me, or has agreed to be shown.",
    Basis.CONSENT: "Its maker, and whoever can be recognised in it, has agreed in writing that I use it in my videos.",
    Basis.LICENSED: "It is drawn or made by a computer, or its licence allows me to use it in videos I publish.",
    Basis.PUBLIC_DOMAIN: "It is in the public domain, and no living person can be recognised in it.",
}
# The kinds of file that need a statement: all uploads that are seen or heard in a video.
_BY_KIND = {"portrait": _PICTURED, "clip": _PICTURED, "voice": _HEARD, "music": _PLAYED, "picture": _SHOWN}
_LABELS: dict[str, dict[Basis, str]] = {
    "voice": {Basis.OWN: "My own voice"},
    "music": {
        Basis.OWN: "I made it",
        Basis.CONSENT: "Its makers agreed in writing",
        Basis.LICENSED: "Licensed for my videos",
    },
    "picture": {Basis.OWN: "I made it", Basis.CONSENT: "Its maker agreed in writing"},
}
NEEDED_FOR = frozenset(_BY_KIND)


def statement(kind: str, basis: str) -> str:
    """The whole statement, e.g. "The person in it is me. I will not …"."""
    return f"{_BY_KIND[kind][Basis(basis)]} {CLOSING}"


def consent_words() -> dict[str, object]:
    """Everything a page needs to ask."""
    return {"closing": CLOSING, "choices": {kind: choices_for(kind) for kind in sorted(NEEDED_FOR)}}


def choices_for(kind: str) -> list[dict[str, str]]:
    """What may be chosen for a kind of file: [{basis, label, statement}]; empty when none is needed."""
    if kind not in _BY_KIND:
        return []
    labels = {**dict(Basis.choices), **_LABELS.get(kind, {})}
    return [{"basis": basis.value, "label": labels[basis], "statement": _BY_KIND[kind][basis]} for basis in Basis]
