from pathlib import Path

import pytest

from worker.compose.music_bed import MusicBed
from worker.engine.contracts import Background
from worker.engine.failures import EngineFailure
from worker.process.requests import Places, music_of, talking_photo_request

PLACES = Places(Path("video"), "cpu")


def test_an_order_without_music_has_none():
    assert music_of({}, {}) is None
    assert music_of({"music": {"volume": 0.5}}, {}) is None


def test_music_is_read_from_the_order():
    wanted = {"volume": 0.2, "ducking": 1, "fade_in_s": 0, "fade_out_s": 3, "loops": False}
    bed = music_of({"music": wanted}, {"music": Path("tune.mp3")})
    assert bed == MusicBed(Path("tune.mp3"), 0.2, 1.0, 0.0, 3.0, loops=False)


def test_a_loudness_there_is_not_is_refused():
    with pytest.raises(EngineFailure):
        music_of({"music": {"volume": 9}}, {"music": Path("tune.mp3")})


def test_colours_travel_as_one_number_and_arrive_as_three():
    order = {"background": "colour", "backdrop": {"blur": 0.5, "rgb": 0x12AB03}, "idle_s": 3}
    request = talking_photo_request(order, {"portrait": Path("p.jpg")}, PLACES)
    assert request.background is Background.COLOUR
    assert request.backdrop_rgb == (0x12, 0xAB, 0x03)


def test_the_picture_behind_the_person_is_found_among_the_files():
    files = {"portrait": Path("p.jpg"), "backdrop": Path("wall.jpg")}
    request = talking_photo_request({"background": "picture", "backdrop": {}, "idle_s": 3}, files, PLACES)
    assert request.backdrop_path == Path("wall.jpg")
