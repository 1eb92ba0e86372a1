import cv2
import numpy as np
import pytest

from worker.engine.quality import pictures


def texture(seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (96, 96, 3)).astype(np.float32)
    return np.clip(cv2.GaussianBlur(noise, (0, 0), 2) * 2 - 128, 0, 255).astype(np.uint8)


def disc(radius: float) -> np.ndarray:
    y, x = np.mgrid[:96, :96]
    return np.hypot(x - 48, y - 48) < radius


def test_a_still_background_reads_zero_however_the_person_moves():
    first = texture()
    later = first.copy()
    later[disc(20)] = 255 - later[disc(20)]
    assert pictures.background_motion(later, first, disc(25).astype(np.float32)) == 0.0
    assert pictures.background_motion(later, first, np.zeros((96, 96), np.float32)) > 1
    assert np.isnan(pictures.background_motion(later, first, np.ones((96, 96), np.float32)))


def test_a_background_that_is_brighter_by_three_reads_three():
    first = np.full((96, 96, 3), 100, np.uint8)
    assert pictures.background_motion(first + 3, first, disc(10).astype(np.float32)) == pytest.approx(3)


def test_a_pasted_patch_shows_a_seam_and_an_untouched_picture_none():
    picture = texture()
    pasted = picture.copy()
    pasted[disc(25)] = np.clip(pasted[disc(25)].astype(int) + 60, 0, 255)
    assert pictures.seam_ratio(picture, disc(25)) == pytest.approx(1, abs=0.15)
    assert pictures.seam_ratio(pasted, disc(25)) > 1.3
    assert np.isnan(pictures.seam_ratio(picture, np.zeros((96, 96))))


def test_a_blurred_mouth_is_less_sharp_than_its_cheeks():
    picture = texture()
    mouth, cheek = disc(15), disc(40) & ~disc(25)
    blurred = picture.copy()
    blurred[mouth] = cv2.GaussianBlur(picture, (0, 0), 2)[mouth]
    assert pictures.sharpness_ratio(blurred, mouth, cheek) < 0.5 * pictures.sharpness_ratio(picture, mouth, cheek)
    assert np.isnan(pictures.sharpness_ratio(picture, np.zeros((96, 96), bool), cheek))


def test_likeness_is_one_for_the_same_and_falls_with_change():
    picture = texture()
    assert pictures.structural_similarity(picture, picture) == pytest.approx(1)
    noisy = np.clip(picture + np.random.default_rng(1).normal(0, 20, picture.shape), 0, 255).astype(np.uint8)
    assert 0.2 < pictures.structural_similarity(picture, noisy) < 0.95
    assert pictures.structural_similarity(picture, texture(9)) < 0.3
    with pytest.raises(ValueError, match="differ"):
        pictures.structural_similarity(picture, picture[:50])


def test_a_patch_of_another_colour_has_a_colour_step_at_its_border():
    grey = np.full((96, 96, 3), 120, np.uint8)
    pasted = grey.copy()
    pasted[disc(25)] = (150, 110, 110)
    assert pictures.seam_delta_e(grey, disc(25)) == pytest.approx(0, abs=0.01)
    assert pictures.seam_delta_e(pasted, disc(25)) > 8
    assert np.isnan(pictures.seam_delta_e(grey, np.zeros((96, 96))))


@pytest.mark.parametrize(
    ("first", "second", "difference"),
    [  # from the test data of Sharma, Wu & Dalal 2005
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, -1.0, 2.0), (50.0, 0.0, 0.0), 2.3669),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_colour_differences_are_those_of_the_published_examples(first, second, difference):
    assert pictures.ciede2000(np.array([first]), np.array([second]))[0] == pytest.approx(difference, abs=1e-3)
