"""What a film of several scenes costs: each scene's shown seconds, at the price of its kind.

A film's seconds are counted by what they cost: one of a talking photo, a clip or a picture is one, one of a dub is two.
Of a film that was paid before, only scenes that are new, or of which more is shown, are paid again.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from apps.jobs.pricing import CREDITS_PER_S, PaidWork, PricedSegment

_WORK = {"talking_photo": PaidWork.TALKING_PHOTO, "video_dub": PaidWork.DUB}
_FORM = frozenset(
    {
        "aspect",
        "fps",
        "caption_brand",
        "captions",
        "caption_text",
        "label_corner",
        "max_short_side_px",
        "max_duration_s",
    }
)
_PAST_S = 0.05  # by which a trim may reach past a paid one: pages round


def credits_per_s(row: Mapping[str, Any]) -> int:
    """Of one scene of an order."""
    return CREDITS_PER_S[_WORK.get(str(row.get("film")), PaidWork.FILM)]


def paid_seconds(rows: Sequence[Mapping[str, Any]], lengths_s: Sequence[float]) -> float:
    """The seconds of all scenes, counted by what they cost."""
    return sum(length_s * credits_per_s(row) for row, length_s in zip(rows, lengths_s, strict=True))


def changed_scenes(
    paid: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], lengths_s: Sequence[float]
) -> list[PricedSegment]:
    """Every scene with its seconds, and whether it is another than in the film that was paid."""
    before: dict[str, list[Mapping[str, Any]]] = {}
    for row in paid.get("scenes") or ():
        before.setdefault(_content(row), []).append(row)
    return [
        PricedSegment(
            length_s * credits_per_s(row),
            is_changed=not any(_is_within(row, known) for known in before.get(_content(row), ())),
        )
        for row, length_s in zip(rows, lengths_s, strict=True)
    ]


def film_content(rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    """What is shown and said in the scenes, whichever shape and size it comes in."""
    return [[_content(row), row["start_s"], row["end_s"], row["fade_s"]] for row in rows]


def _content(row: Mapping[str, Any]) -> str:
    order = {name: value for name, value in (row.get("order") or {}).items() if name not in _FORM}
    shown = {name: row.get(name) for name in ("film", "video_asset", "picture_asset")}
    return json.dumps([shown, order], sort_keys=True, ensure_ascii=False)


def _is_within(row: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Whether no more of it is shown than was paid for."""
    if not known["end_s"]:
        return bool(row["start_s"] >= known["start_s"] - _PAST_S)
    return bool(
        row["start_s"] >= known["start_s"] - _PAST_S and row["end_s"] and row["end_s"] <= known["end_s"] + _PAST_S
    )
