"""A torch device draws what the processor draws, many frames at once."""

import subprocess
import sys

import numpy as np
import pytest

from tests.synth import drawn_portrait
from tests.worker.engine.render.test_renderer import motion, prepare
from worker.engine.render import parity
from worker.engine.render.renderer import Renderer

MOTIONS = [
    motion(openness=0.8, jaw=0.7, turn=(3, -2, 1), glance=(0.03, 0.01)),
    motion(),  # a still head leaves the photo as it is
    motion(blink=0.7, turn=(-9, 6, 4)),  # farther than in ordinary talking
    motion(openness=0.3, width=0.6, brows=1.0, turn=(0.5, 0.5, 0.5)),
]


@pytest.fixture(scope="module")
def portrait():
    return prepare(drawn_portrait())


@pytest.fixture(scope="module")
def stored(portrait, tmp_path_factory):
    path = tmp_path_factory.mktemp("parity") / "frames.npz"
    np.savez(path, **parity.stored(portrait))
    return path


def test_both_ways_draw_the_same_pictures_within_two_steps(portrait):
    ours = [frame.copy() for frame in Renderer(portrait).frames(MOTIONS)]
    theirs = [frame.copy() for frame in Renderer(portrait, "cpu:0").frames(MOTIONS)]
    for one, other in zip(ours, theirs, strict=True):
        assert np.abs(one.astype(int) - other).max() <= 2
        assert (one == other).mean() > 0.98


def test_one_frame_alone_is_the_same_as_in_a_batch(portrait):
    renderer = Renderer(portrait, "cpu:0")
    batch = [frame.copy() for frame in renderer.frames(MOTIONS)]
    np.testing.assert_array_equal(renderer.render(MOTIONS[2]), batch[2])


def test_frames_one_by_one_are_the_frames_of_the_stream(portrait):
    renderer = Renderer(portrait)
    stream = [frame.copy() for frame in renderer.frames(iter(MOTIONS))]
    for one, each in zip(MOTIONS, stream, strict=True):
        np.testing.assert_array_equal(renderer.render(one), each)


def test_parity_is_checked_with_nothing_but_torch_and_numpy(stored):
    code = (
        "import sys\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('cv2', 'scipy', 'mediapipe', 'av', 'PIL', 'librosa'):\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, Refuse())\n"
        "from worker.engine.render.parity import main\n"
        f"raise SystemExit(main(['check', {str(stored)!r}, 'cpu']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '"passed": true' in done.stdout


def test_parity_notices_a_picture_that_differs(stored, tmp_path):
    with np.load(stored) as data:
        changed = {name: data[name] for name in data.files}
    changed["expected"] = changed["expected"].copy()
    changed["expected"][3, 40:50, 40:50] ^= 16
    np.savez(tmp_path / "changed.npz", **changed)
    assert not parity.check(tmp_path / "changed.npz", "cpu")["passed"]


@pytest.mark.gpu
def test_the_graphics_card_draws_the_same_pictures(stored):
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    assert parity.check(stored, "cuda")["passed"]
