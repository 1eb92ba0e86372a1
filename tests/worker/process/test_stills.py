from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from tests import synth
from worker.compose.credentials import CredentialsState, read_credentials
from worker.engine.contracts import SilentHooks
from worker.engine.failures import EngineFailure, FailureCode
from worker.process.orders import StillOrder
from worker.process.stills import take_still


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """One second at 10 frames a second, each frame brighter than the one before."""
    frames = [np.full((64, 96, 3), 20 + 20 * index, np.uint8) for index in range(10)]
    return synth.write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", frames, Fraction(10))


@pytest.mark.parametrize(("at_s", "level"), [(0.0, 20), (0.55, 120), (0.999, 200), (1.5, 200)])
def test_the_frame_shown_at_that_time_is_taken(clip, tmp_path, at_s, level):
    still = take_still(StillOrder(clip, tmp_path / "still.jpg", at_s), SilentHooks())
    picture = np.asarray(Image.open(still.path))
    assert (still.width_px, still.height_px) == (96, 64)
    assert abs(float(picture.mean()) - level) < 8


def test_a_time_far_behind_the_end_is_refused(clip, tmp_path):
    with pytest.raises(EngineFailure) as refused:
        take_still(StillOrder(clip, tmp_path / "still.jpg", 20.0), SilentHooks())
    assert refused.value.code is FailureCode.OPTION_INVALID


def test_a_still_says_where_it_comes_from(clip, tmp_path):
    order = StillOrder(clip, tmp_path / "still.jpg", 0.2, "0123456789ab", tmp_path / "certificates")
    still = take_still(order, SilentHooks())
    assert read_credentials(still.path).state is not CredentialsState.NONE
