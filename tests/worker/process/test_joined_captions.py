"""A film's captions are its scenes', where the scenes lie in it."""

from worker.process.joined_captions import joined_captions


def found(*words, timing="exact"):
    rows = [{"text": text, "start_s": start_s, "end_s": end_s} for text, start_s, end_s in words]
    cues = [{"start_s": row["start_s"], "end_s": row["end_s"], "words": [row]} for row in rows]
    return {"cues": cues, "fitted": None, "timing": timing, "is_found": True, "is_english_only": False}


def test_each_scenes_words_lie_where_the_scene_does_and_only_those_that_are_shown():
    scenes = [
        {"at_s": 0.0, "from_s": 0.0, "shown_s": 2.0},
        {"at_s": 1.5, "from_s": 1.0, "shown_s": 3.0},  # trimmed by a second, faded in over half of one
    ]
    first = found(("Hello", 0.2, 0.8), ("there", 1.2, 1.9), ("unseen", 2.1, 2.4))
    second = found(("cut", 0.2, 0.7), ("And", 1.1, 1.6), ("on", 3.9, 4.6), timing="aligned")
    made = joined_captions(scenes, [first, second])
    shown = [(cue["words"][0]["text"], cue["start_s"], cue["end_s"]) for cue in made["cues"]]
    assert shown == [("Hello", 0.2, 0.8), ("there", 1.2, 1.6), ("And", 1.6, 2.1), ("on", 4.4, 4.5)]
    assert made["cues"][3]["words"] == [{"text": "on", "start_s": 4.4, "end_s": 4.5}]
    assert (made["timing"], made["is_found"], made["duration_s"]) == ("aligned", True, 4.5)


def test_edited_captions_win_over_those_that_came_by_themselves():
    edited = found(("Wrong", 0.0, 1.0)) | {"fitted": found(("Right", 0.0, 1.0))["cues"]}
    (cue,) = joined_captions([{"at_s": 3.0, "from_s": 0.0, "shown_s": 2.0}], [edited])["cues"]
    assert (cue["words"][0]["text"], cue["start_s"]) == ("Right", 3.0)
