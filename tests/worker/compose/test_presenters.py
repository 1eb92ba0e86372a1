"""The drawn presenters, as painted and as committed."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.conftest import REPO
from worker.compose.presenters import CAST, paint_presenter
from worker.compose.presenters.__main__ import MAX_BYTES, jpeg, main, thumb
from worker.compose.presenters.face import MOUTH_Y, Pose
from worker.compose.presenters.painter import EYE_LINE, UNIT_SHARE
from worker.engine.contracts import MAX_SCRIPT_CHARS
from worker.engine.face.mesh import FaceMesh

FOLDER = REPO / "static" / "presenters"
LIP_UPPER, LIP_LOWER, CORNERS, IRISES, CHIN = 13, 14, (61, 291), (468, 473), 152


@pytest.fixture(scope="module")
def mesh():
    with FaceMesh(tracking=False, max_faces=3) as mesh:
        yield mesh


def read(slug):
    with Image.open(FOLDER / f"{slug}.jpg") as picture:
        return np.asarray(picture.convert("RGB"))


@pytest.mark.parametrize("slug", CAST)
def test_the_mesh_sits_on_the_drawn_eyes_and_mouth_of_every_presenter(slug, mesh):
    rgb = read(slug)
    height, width = rgb.shape[:2]
    faces = mesh.detect(rgb)
    assert len(faces) == 1
    points = faces[0].xy_px
    unit = UNIT_SHARE * height
    centre = np.array([width / 2, EYE_LINE * height])
    for side, iris in zip((-0.5, 0.5), IRISES, strict=True):
        assert np.linalg.norm(points[iris] - (centre + np.array([side * unit, 0.0]))) < 0.06 * unit
    mouth = (points[LIP_UPPER] + points[LIP_LOWER]) / 2
    assert np.abs(mouth - (centre + np.array([0.0, MOUTH_Y * unit]))).max() < 0.08 * unit
    assert abs(points[LIP_LOWER][1] - points[LIP_UPPER][1]) < 0.06 * unit, "the mouth is closed"
    left, right = points[CORNERS[0]], points[CORNERS[1]]
    assert abs(left[1] - right[1]) < 0.04 * unit
    drawn_width = 2 * 0.395 * CAST[slug].mouth_width
    assert (right[0] - left[0]) / unit == pytest.approx(drawn_width, rel=0.18)


@pytest.mark.parametrize("slug", CAST)
def test_committed_pictures_are_small_and_large_enough(slug):
    path = FOLDER / f"{slug}.jpg"
    assert path.stat().st_size <= MAX_BYTES
    with Image.open(path) as picture:
        assert picture.size == (1024, 1280)
    assert (FOLDER / f"{slug}-thumb.jpg").stat().st_size <= MAX_BYTES // 10


def test_the_list_names_every_picture_once_and_credits_it():
    listed = json.loads((FOLDER / "presenters.json").read_text(encoding="utf-8"))["presenters"]
    assert [row["slug"] for row in listed] == list(CAST)
    for row in listed:
        assert (FOLDER / row["file"]).is_file()
        assert row["name"] and row["description"] and "does not exist" in row["credit"]


def test_sample_scripts_come_in_three_languages_and_can_be_spoken():
    from worker.engine.speech.voices import list_voices

    scripts = json.loads((FOLDER / "presenters.json").read_text(encoding="utf-8"))["scripts"]
    assert {row["language"] for row in scripts} == {"en", "de", "es"}
    voices = {voice.id for voice in list_voices()}
    for row in scripts:
        assert row["voice"] in voices
        assert 60 < len(row["text"]) < min(300, MAX_SCRIPT_CHARS)


def test_presenters_differ_in_skin_and_hair():
    brightness = {slug: read(slug)[600:700, 470:550].mean() for slug in CAST}
    assert max(brightness.values()) > 1.6 * min(brightness.values())
    assert len({look.hairstyle for look in CAST.values()}) >= 4


def test_the_same_look_gives_the_same_picture():
    look = replace(CAST["kenji"], seed=3)
    one, two = (paint_presenter(look, 160, 200, supersample=1, detail=0.05) for _ in range(2))
    assert np.array_equal(one, two)
    assert one.shape == (200, 160, 3) and one.dtype == np.uint8


def test_opening_the_mouth_changes_the_mouth_and_leaves_the_eyes():
    look = CAST["mara"]
    closed, opened = (
        paint_presenter(look, 320, 400, pose=Pose(gap=gap), supersample=1, detail=0.05).astype(int)
        for gap in (0.0, 0.3)
    )
    unit, eye_y = UNIT_SHARE * 400, EYE_LINE * 400
    difference = np.abs(opened - closed).mean(axis=2)
    mouth = int(eye_y + MOUTH_Y * unit)
    assert difference[mouth : mouth + 15, 150:170].mean() > 25
    assert difference[int(eye_y - 0.4 * unit) : int(eye_y + 0.2 * unit)].max() < 6


def test_the_thumb_shows_the_head():
    small = thumb(read("amara"))
    assert small.shape == (192, 192, 3)
    with FaceMesh(tracking=False) as mesh:
        assert mesh.detect(np.ascontiguousarray(small))


def test_pictures_that_cannot_be_made_small_enough_are_refused():
    noise = np.random.default_rng(0).integers(100, 130, (256, 256, 3), dtype=np.uint8)
    with pytest.raises(ValueError, match="bytes"):
        jpeg(noise, 1500)


@pytest.mark.slow
def test_the_command_reproduces_a_committed_picture(tmp_path):
    assert main([str(tmp_path), "--only", "amara"]) == 0
    with Image.open(tmp_path / "amara.jpg") as picture:
        again = np.asarray(picture.convert("RGB")).astype(int)
    assert np.abs(again - read("amara")).mean() < 1.0
    assert (tmp_path / "presenters.json").read_bytes() == (FOLDER / "presenters.json").read_bytes()
