"""Several scenes as one film, on the command line."""

import json

import numpy as np
import pytest

from tests import synth
from worker.__main__ import main


@pytest.fixture
def folder(tmp_path):
    synth.write_clip(tmp_path / "a.mp4", [np.full((96, 64, 3), 90, np.uint8)] * 25, samples=synth.tone(1.0))
    synth.write_image(tmp_path / "p.png", synth.drawn_portrait(96, 120))
    return tmp_path


def film(folder, scenes, *words, out="film.mp4") -> int:
    text = scenes if isinstance(scenes, str) else json.dumps({"scenes": scenes})
    (folder / "scenes.json").write_text(text, encoding="utf-8")
    return main(["film", "--scenes", str(folder / "scenes.json"), "--out", str(folder / out), *words])


def test_scenes_become_a_film(folder, capfd):
    scenes = [{"video": "a.mp4", "end": 0.8}, {"picture": "p.png", "seconds": 1, "fade": 0.2}]
    assert film(folder, scenes, "--aspect", "1:1", "--max-short-side", "64") == 0
    told = json.loads(capfd.readouterr().out)
    assert (told["width_px"], told["height_px"], told["frame_count"]) == (64, 64, 20 + 25 - 5)


@pytest.mark.parametrize(
    ("scenes", "code", "words"),
    [
        ("not json", "scenes_unreadable", "not JSON"),
        ("[" * 100_000, "scenes_unreadable", "not JSON"),
        ([], "scenes_unreadable", "1 to 30"),
        ([{"video": "a.mp4"}] * 100, "scenes_unreadable", "1 to 30"),
        ([{"video": "a.mp4"}, {"video": "a.mp4", "picture": "p.png"}], "scenes_unreadable", "Scene 2"),
        ([{"photo": "p.png"}], "scenes_unreadable", "“audio”"),
        ([{"video": "a.mp4", "start": "soon"}], "scenes_unreadable", "a number"),
        ([{"video": "a.mp4", "start": True}], "scenes_unreadable", "a number"),
        ([{"video": "a.mp4"}, {"video": "gone.mp4"}], "file_missing", "Scene 2"),
        ([{"video": "p.png"}], "file_wrong_kind", "Scene 1"),
        ([{"video": "a.mp4", "start": 5}], "scene_trimmed_away", "Scene 1: Its trim leaves 5.0 s to 1.0 s"),
    ],
    ids=range(11),
)
def test_what_makes_no_film_is_told_in_one_sentence(folder, capfd, scenes, code, words):
    assert film(folder, scenes) == 2
    told = json.loads(capfd.readouterr().err)
    assert told["code"] == code and words in told["message"]
    assert sorted(path.name for path in folder.iterdir()) == ["a.mp4", "p.png", "scenes.json"]


def test_no_scene_is_overwritten(folder, capfd):
    before = (folder / "a.mp4").read_bytes()
    assert film(folder, [{"video": "a.mp4"}], out="a.mp4") == 2
    assert (folder / "a.mp4").read_bytes() == before and "overwrite" in capfd.readouterr().err
