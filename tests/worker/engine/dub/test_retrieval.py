import numpy as np

from worker.engine.dub.mouth_bank import Mouth
from worker.engine.dub.retrieval import Bank, Wanted, blended, cheapest_path
from worker.engine.dub.speaker_shape import FEATURES

GAP_S = 0.04


def mouth(index: int, luma: float = 100.0, sharpness: float = 5.0) -> Mouth:
    grey = np.full(3, 120.0)
    thumb = np.full(432, luma, np.float32)
    return Mouth(index, index * GAP_S, np.zeros((4, 4, 3), np.uint8), None, grey, grey, sharpness, thumb)


def shapes(gaps: list[float]) -> np.ndarray:
    features = np.zeros((len(gaps), len(FEATURES)), np.float32)
    features[:, 0] = features[:, 1] = gaps
    return features


def wanted(gaps: list[float], starts: tuple[int, ...] = (0,), own_s: float = 100.0) -> Wanted:
    shot_start = np.zeros(len(gaps), bool)
    shot_start[list(starts)] = True
    return Wanted(shapes(gaps), np.zeros(len(gaps)), np.full(len(gaps), own_s), shot_start)


def bank(mouths: list[Mouth], gaps: list[float]) -> Bank:
    return Bank(mouths, shapes(gaps), np.zeros(len(gaps)), GAP_S)


def test_each_frame_gets_a_mouth_of_its_shape():
    gaps = [0.0, 0.05, 0.10, 0.15, 0.20]
    found = cheapest_path(bank([mouth(10 * i) for i in range(5)], gaps), wanted([0.2, 0.0, 0.1]))
    assert found.tolist() == [4, 0, 2]


def test_mouths_that_followed_each_other_are_preferred_to_equals_from_elsewhere():
    gaps = [0.05, 0.06, 0.05, 0.06]
    one = bank([mouth(0), mouth(50), mouth(100), mouth(101)], gaps)
    assert cheapest_path(one, wanted([0.05, 0.06])).tolist() == [2, 3]


def test_a_mouth_that_looks_different_is_not_shown_for_a_single_frame():
    gaps = [0.10, 0.11, 0.10]
    one = bank([mouth(0), mouth(20, luma=30.0), mouth(40)], gaps)
    assert 1 not in cheapest_path(one, wanted([0.10, 0.107, 0.10]))


def test_mouths_near_in_time_can_be_left_out():
    gaps = [0.10, 0.13]
    one = bank([mouth(25), mouth(100)], gaps)
    want = wanted([0.10, 0.10], own_s=1.0)
    assert cheapest_path(one, want).tolist() == [0, 0]
    assert cheapest_path(one, want, leave_out_s=0.5).tolist() == [1, 1]


def test_frames_that_want_nothing_get_nothing():
    want = wanted([0.1, 0.1, 0.1])
    want.features[1] = np.nan
    assert cheapest_path(bank([mouth(0)], [0.1]), want).tolist() == [0, -1, 0]


def test_an_empty_bank_gives_nothing():
    empty = Bank.__new__(Bank)
    empty.mouths = []
    assert cheapest_path(empty, wanted([0.1])).tolist() == [-1]


def test_blurred_mouths_are_avoided():
    one = bank([mouth(0, sharpness=0.4), mouth(30), mouth(60), mouth(90)], [0.10, 0.108, 0.2, 0.2])
    assert cheapest_path(one, wanted([0.10, 0.10])).tolist() == [1, 1]


def test_both_sides_of_a_jump_are_blended_but_never_across_a_cut():
    one = bank([mouth(0), mouth(50, luma=60.0)], [0.0, 0.2])
    path = np.array([0, 0, 1, 1])
    shares = blended(one, path, np.array([True, False, False, False]))
    assert [len(share) for share in shares] == [1, 2, 2, 1]
    assert all(abs(sum(part for _, part in share) - 1) < 1e-9 for share in shares)
    cut = blended(one, path, np.array([True, False, True, False]))
    assert [len(share) for share in cut] == [1, 1, 1, 1]
