"""Mouths that were kept are the mouths that were cut, or nothing."""

import numpy as np
import pytest

from worker.engine.dub.kept_mouths import read_mouths, write_mouths
from worker.engine.dub.mouth_bank import Mouth
from worker.engine.dub.reposing import MouthPlace

FRAMES = np.array([3, 8, 9])


def mouth(index: int, height: int, width: int) -> Mouth:
    some = np.random.default_rng(index)
    place = MouthPlace(some.normal(size=(8, 21, 2)), some.normal(size=2), some.normal(size=(2, 2)))
    rgb = some.integers(0, 256, (height, width, 3)).astype(np.uint8)
    look = some.normal(size=3), some.normal(size=3), float(some.normal()), some.normal(size=432).astype(np.float32)
    return Mouth(index, index / 25, rgb, place, *look)


@pytest.fixture
def mouths() -> list[Mouth]:
    return [mouth(3, 20, 31), mouth(8, 21, 30), mouth(9, 8, 9)]


def test_mouths_come_back_as_they_were(tmp_path, mouths):
    write_mouths(tmp_path, 0, FRAMES, mouths)
    back = read_mouths(tmp_path, 0, FRAMES)
    assert [(one.index, one.pts_s, one.sharpness) for one in back] == [
        (one.index, one.pts_s, one.sharpness) for one in mouths
    ]
    for one, other in zip(back, mouths, strict=True):
        for name in ("rgb", "light", "lips", "thumb"):
            a, b = getattr(one, name), getattr(other, name)
            assert a.dtype == b.dtype and a.shape == b.shape and (a == b).all()
        for name in ("rows", "origin_px", "to_px"):
            assert (getattr(one.place, name) == getattr(other.place, name)).all()
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".npy", ".npz"]


def test_other_people_and_other_frames_have_mouths_of_their_own(tmp_path, mouths):
    write_mouths(tmp_path, 0, FRAMES, mouths)
    assert read_mouths(tmp_path, 1, FRAMES) is None
    assert read_mouths(tmp_path, 0, FRAMES[:2]) is None


def test_nobodys_mouths_are_not_kept(tmp_path):
    write_mouths(tmp_path, 0, FRAMES, [])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
@pytest.mark.parametrize("harm", ["missing", "cut", "empty", "other"])
def test_what_is_not_whole_is_not_used(tmp_path, mouths, suffix, harm):
    write_mouths(tmp_path, 0, FRAMES, mouths)
    path = next(path for path in tmp_path.iterdir() if path.suffix == suffix)
    if harm == "missing":
        path.unlink()
    elif harm == "other":
        with path.open("wb") as file:
            np.save(file, np.arange(5)) if suffix == ".npy" else np.savez(file, index=[1])
    else:
        path.write_bytes(path.read_bytes()[: 0 if harm == "empty" else -40])
    assert read_mouths(tmp_path, 0, FRAMES) is None


def test_a_folder_that_went_meanwhile_is_no_failure(tmp_path, mouths):
    write_mouths(tmp_path / "gone", 0, FRAMES, mouths)
    assert read_mouths(tmp_path / "gone", 0, FRAMES) is None
