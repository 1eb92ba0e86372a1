"""Captions of a film: those of its scenes, where the scenes lie in it."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

_SHORTEST_S = 0.05  # of what is left of a caption


def joined_captions(scenes: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What was found in each scene's voice, JSON-able like each of them, in the film's own time.

    scenes: each with "at_s" (when it begins in the film), "from_s" (which moment of its voice that is) and "shown_s".
    Words outside of what is shown are left out; where two scenes lie over each other, the later one is read.
    """
    cues: list[dict[str, Any]] = []
    for scene, made in zip(scenes, found, strict=True):
        later_s, from_s = float(scene["at_s"]) - float(scene["from_s"]), float(scene["from_s"])
        until_s = from_s + float(scene["shown_s"])
        for cue in made["fitted"] or made["cues"]:
            words = [word for word in cue["words"] if from_s <= word["start_s"] < until_s]
            span = _span(cue, from_s, until_s, later_s)
            if words and span["end_s"] - span["start_s"] >= _SHORTEST_S:
                cues.append(span | {"words": [word | _span(word, from_s, until_s, later_s) for word in words]})
    cues.sort(key=lambda cue: float(cue["start_s"]))
    for cue, after in itertools.pairwise(cues):
        cue["end_s"] = min(cue["end_s"], max(after["start_s"], cue["start_s"] + _SHORTEST_S))
    timings = {str(made["timing"]) for made in found}
    return {
        "cues": cues,
        "fitted": None,
        "timing": next((one for one in ("draft", "estimated", "aligned") if one in timings), "exact"),
        "is_found": all(made["is_found"] for made in found),
        "is_english_only": any(made["is_english_only"] for made in found),
        "duration_s": round(max((scene["at_s"] + scene["shown_s"] for scene in scenes), default=0.0), 3),
    }


def _span(one: Mapping[str, Any], from_s: float, until_s: float, later_s: float) -> dict[str, float]:
    start_s, end_s = max(float(one["start_s"]), from_s), min(float(one["end_s"]), until_s)
    return {"start_s": round(start_s + later_s, 3), "end_s": round(end_s + later_s, 3)}
