"""What full tracking saw, in the shape of the first look's report: estimates become measurements."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from worker.engine.dub.people import ClipPeople, Person
from worker.engine.dub.report import MIN_PERSON_SHARE, DubWarning, SeenPerson, warnings_about
from worker.engine.face import landmarks
from worker.engine.face.detection import box_of_points

MOST_LOOKS = 3000  # of one person that are counted; of longer clips every so many frames
_SAME_TIME_S = 0.35
_SEEN_CODES = frozenset({*(code.value for code in DubWarning), "face_small"})


def measured_facts(clip: ClipPeople, report: Mapping[str, Any]) -> dict[str, object]:
    """The parts of preflight's `report` that a full look corrects: `estimated` (now False), `people`, `cuts_s` and
    `warnings`; empty where nobody was found.

    The people of the report keep their numbers and their order, since somebody may have been chosen by them already;
    whoever was missed comes after them, and who was not found again stays as estimated. What the report says about
    the file and the sound stays.
    """
    step = max(1, len(clip.pts_s) // MOST_LOOKS)
    pts_s = clip.pts_s[::step]
    period_s = float(np.median(np.diff(pts_s))) if len(pts_s) > 1 else clip.end_s
    seen = {person.index: _seen(person, len(pts_s), step) for person in clip.people}
    known = {index: one for index, one in seen.items() if one is not None and one.seen_share >= MIN_PERSON_SHARE}
    if not known:
        return {}
    people: list[dict[str, object]] = []
    told: list[SeenPerson] = []
    left = dict(known)
    for number, guess in enumerate(report.get("people", ())):
        found = _same_person(guess, clip, left)
        if found is None:
            people.append({**guess, "index": number})
            continue
        told.append(left.pop(found))
        people.append(told[-1].as_json(number, pts_s, period_s))
    for one in left.values():
        told.append(one)
        people.append(one.as_json(len(people), pts_s, period_s))
    cuts_s = [round(shot.start_s, 2) for shot in clip.shots[1:]]
    able = [person for person in told if person.problem is None]
    warnings = warnings_about(told, pts_s, cuts_s, period_s) if able else []
    return {
        "estimated": False,
        "people": people,
        "cuts_s": cuts_s,
        "warnings": [
            *(warning for warning in report.get("warnings", ()) if warning["code"] not in _SEEN_CODES),
            *({"code": code, "at_s": at_s, "detail": detail} for code, at_s, detail in warnings),
        ],
    }


def _seen(person: Person, looks: int, step: int) -> SeenPerson | None:
    """Counted from every `step`th frame; None where the person is in none of them."""
    frames = np.flatnonzero(person.present)
    frames = frames[frames % step == 0]
    frames = frames[[person.faces[int(index)] is not None for index in frames]]
    if not len(frames):
        return None
    yaw_deg, openness, widths_px = (np.zeros(len(frames)) for _ in range(3))
    for number, index in enumerate(frames):
        face = person.faces[int(index)]
        assert face is not None
        yaw_deg[number] = face.pose.yaw_deg
        openness[number] = float(np.mean(landmarks.mouth_openness(face.landmarks_px)))
        widths_px[number] = float(landmarks.face_width_px(face.landmarks_px))
    return SeenPerson(
        lambda number: person.faces[int(frames[number])],
        frames // step,
        looks,
        person.thumbnail_rgb,
        yaw_deg=yaw_deg,
        openness=openness,
        covered=np.asarray(person.covered)[frames].astype(float),
        widths_px=widths_px,
    )


def _same_person(guess: Mapping[str, Any], clip: ClipPeople, left: Mapping[int, SeenPerson]) -> int | None:
    """Whose face is where the first look saw this person."""
    at_s, (x, y) = float(guess["at_s"]), guess["point"]
    best, nearest = None, 1.0
    for index in left:
        row = clip.people[index].faces
        for frame in np.flatnonzero(np.abs(clip.pts_s - at_s) <= _SAME_TIME_S):
            face = row[int(frame)]
            if face is None:
                continue
            box = box_of_points(face.landmarks_px, 1.0)
            width, height = box.x1 - box.x0, box.y1 - box.y0
            away = max(abs((box.x0 + box.x1) / 2 - x) / width, abs((box.y0 + box.y1) / 2 - y) / height)
            away += abs(float(clip.pts_s[frame]) - at_s) / _SAME_TIME_S * 0.1
            if away < nearest:
                best, nearest = index, away
    return best
