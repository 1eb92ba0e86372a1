"""Cuts in pictures whose history is known, and what looks like a cut and is none."""

import numpy as np
import pytest

from tests.synth import drawn_landscape, drawn_portrait
from worker.engine.dub.cuts import CutFinder, difference, thumb_of

RATE = 25
SIZE = (384, 320)


def scene(seed: int) -> np.ndarray:
    """(320, 384, 3): blocks of colour at random places, one room or another."""
    rng = np.random.default_rng(seed)
    rgb = np.full((SIZE[1], SIZE[0], 3), rng.integers(60, 190, 3), np.uint8)
    for _ in range(14):
        x, y = rng.integers(0, SIZE[0] - 60), rng.integers(0, SIZE[1] - 60)
        rgb[y : y + int(rng.integers(30, 120)), x : x + int(rng.integers(30, 120))] = rng.integers(0, 255, 3)
    return rgb


def cuts_in(pictures: list[np.ndarray]) -> list[int]:
    finder = CutFinder()
    for index, rgb in enumerate(pictures):
        finder.push(thumb_of(rgb, index / RATE))
    return finder.finish()


def noisy(rgb: np.ndarray, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 6, rgb.shape)
    return np.clip(rgb + noise, 0, 255).astype(np.uint8)


def test_cuts_are_found_at_their_frames():
    pictures = [noisy(scene(1 + i // 20), i) for i in range(60)]
    assert cuts_in(pictures) == [20, 40]


def test_a_tracker_is_told_at_once():
    finder = CutFinder()
    told = [finder.push(thumb_of(scene(1 + i // 10), i / RATE)) for i in range(20)]
    assert told == [False] * 10 + [True] + [False] * 9


def test_a_face_that_talks_in_one_shot_has_no_cuts():
    gaps = [0.0, 0.1, 0.24, 0.1]
    assert cuts_in([drawn_portrait(*SIZE, gap=gaps[i % 4]) for i in range(40)]) == []


@pytest.mark.parametrize("length", [1, 2, 4])
def test_a_flash_is_no_cut(length):
    pictures = [noisy(scene(1), i) for i in range(40)]
    for i in range(15, 15 + length):
        pictures[i] = np.clip(pictures[i] * 0.2 + 200, 0, 255).astype(np.uint8)
    assert cuts_in(pictures) == []


def test_a_frame_that_dropped_out_is_no_cut():
    pictures = [noisy(scene(1), i) for i in range(40)]
    pictures[20] = np.zeros_like(pictures[20])
    assert cuts_in(pictures) == []


def test_a_fast_pan_is_no_cut():
    wide = np.concatenate([scene(i) for i in range(1, 7)], axis=1)
    pictures = [wide[:, x : x + SIZE[0]] for x in range(0, wide.shape[1] - SIZE[0], 45)]
    assert cuts_in([pictures[0]] * 10 + pictures + [pictures[-1]] * 10) == []


def test_a_slow_fade_is_no_cut():
    a, b = scene(1).astype(np.float32), scene(2).astype(np.float32)
    pictures = [(a + (b - a) * min(1, max(0, (i - 10) / 30))).astype(np.uint8) for i in range(50)]
    assert cuts_in(pictures) == []


def test_light_that_changes_is_hardly_a_difference():
    a = scene(3)
    darker = (a * 0.6).astype(np.uint8)
    assert difference(thumb_of(a), thumb_of(darker)) < 0.25
    assert difference(thumb_of(a), thumb_of(drawn_landscape(*SIZE))) > 0.5


def test_a_cut_into_black_is_one():
    black = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    assert cuts_in([scene(1)] * 20 + [black] * 20) == [20]


def test_no_frames_and_one_frame_have_no_cuts():
    assert cuts_in([]) == []
    assert cuts_in([scene(1)]) == []
