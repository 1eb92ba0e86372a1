"""Both ways to read the photo give the same picture."""

import numpy as np
import pytest

from worker.engine.render.sampling import CpuSampler, TorchSampler, make_sampler
from worker.engine.render.warping import Window


@pytest.fixture(scope="module")
def photo():
    return np.random.default_rng(0).integers(0, 256, (60, 80, 4), dtype=np.uint8)


@pytest.fixture(scope="module")
def sources():
    """Sources that bend, shrink and leave the photo on every side."""
    xs, ys = np.meshgrid(np.linspace(-6, 86, 70), np.linspace(-5, 66, 50))
    return np.stack([xs + 2 * np.sin(ys / 9), ys + 3 * np.cos(xs / 7)], axis=-1).astype(np.float32)


def sampled(sampler, sources, windows):
    out = np.full((*sources.shape[:2], 4), 7, np.uint8)
    sampler.sample(sources, windows, out)
    return out


EVERYWHERE = (Window(0, 0, 70, 50),)


def test_torch_and_opencv_agree_within_two_steps_even_on_noise(photo, sources):
    one = sampled(CpuSampler(photo, (70, 50)), sources, EVERYWHERE)
    other = sampled(TorchSampler(photo, "cpu"), sources, EVERYWHERE)
    assert np.abs(one.astype(int) - other).max() <= 2


def test_windows_are_filled_as_the_whole_would_be_and_nothing_else_is_touched(photo, sources):
    windows = (Window(10, 0, 40, 20), Window(12, 20, 60, 45))
    sampler = CpuSampler(photo, (70, 50))
    whole, parts = sampled(sampler, sources, EVERYWHERE), sampled(sampler, sources, windows)
    inside = np.zeros(whole.shape[:2], bool)
    for window in windows:
        inside[window.slices] = True
    np.testing.assert_array_equal(parts[inside], whole[inside])
    assert (parts[~inside] == 7).all()


def test_a_batch_reads_as_its_frames_do_one_by_one(photo, sources):
    sampler = TorchSampler(photo, "cpu")
    batch = sampler.read(np.stack([sources, sources + 0.5])).numpy()
    np.testing.assert_array_equal(batch[1], sampler.read((sources + 0.5)[None]).numpy()[0])


def test_whole_pixels_are_read_exactly(photo):
    at = np.stack(np.meshgrid(np.arange(80.0), np.arange(60.0)), axis=-1).astype(np.float32)
    for device in ("cpu", "torch"):
        sampler = make_sampler(photo, (80, 60), "cpu") if device == "cpu" else TorchSampler(photo, "cpu")
        np.testing.assert_array_equal(sampled(sampler, at, (Window(0, 0, 80, 60),)), photo)


@pytest.mark.gpu
def test_the_graphics_card_shows_the_same_picture(photo, sources):
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    one = sampled(CpuSampler(photo, (70, 50)), sources, EVERYWHERE)
    other = sampled(make_sampler(photo, (70, 50), "cuda"), sources, EVERYWHERE)
    assert np.abs(one.astype(int) - other).max() <= 2
