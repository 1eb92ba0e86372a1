import numpy as np
import pytest
from PIL import Image

from tests.synth import drawn_landscape, drawn_portrait
from worker.compose.picture_hash import HASH_BITS, picture_hash
from worker.engine.contracts import SilentHooks
from worker.process.operations import preflight
from worker.process.orders import PreflightOrder

NEAR_BITS = 14  # as the site's block-list has it: apps.trust.blocking


def distance(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    return drawn_portrait(360, 440)


def test_a_hash_is_so_many_bits_and_always_the_same(portrait):
    told = picture_hash(portrait)
    assert len(told) == HASH_BITS // 4
    assert told == picture_hash(portrait.copy())


@pytest.mark.parametrize("change", ["small", "jpeg", "brighter", "trimmed"])
def test_copies_stay_near(portrait, tmp_path, change):
    picture = Image.fromarray(portrait)
    width, height = picture.size
    if change == "small":
        picture = picture.resize((width // 3, height // 3))
    elif change == "jpeg":
        picture.save(tmp_path / "copy.jpg", quality=30)
        picture = Image.open(tmp_path / "copy.jpg")
    elif change == "brighter":
        picture = picture.point(lambda value: min(255, int(value * 1.15 + 8)))
    else:
        picture = picture.crop((width // 100, height // 100, width - width // 100, height - height // 100))
    assert distance(picture_hash(portrait), picture_hash(np.asarray(picture.convert("RGB")))) <= NEAR_BITS


def test_other_pictures_are_far(portrait):
    noise = np.random.default_rng(1).integers(0, 256, (90, 70, 3), np.uint8)
    for other in (drawn_landscape(), np.flip(portrait, 0).copy(), noise):
        assert distance(picture_hash(portrait), picture_hash(other)) > 2 * NEAR_BITS


@pytest.mark.parametrize("rgb", [np.zeros((64, 64, 3), np.uint8), np.full((1, 1, 3), 255, np.uint8)])
def test_even_a_picture_without_anything_in_it_has_one(rgb):
    assert len(picture_hash(rgb)) == HASH_BITS // 4


def test_preflight_writes_it_down(portrait, tmp_path):
    path = tmp_path / "me.png"
    Image.fromarray(portrait).save(path)
    report = preflight(PreflightOrder(path, "portrait"), SilentHooks())
    assert report["picture_hash"] == picture_hash(portrait)
