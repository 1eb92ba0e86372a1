import numpy as np
import pytest

from worker.engine.dub.inside import DrawnInside, drawn_share, inside_mask
from worker.engine.dub.mouth_bank import Mouth


def mouth() -> Mouth:
    rgb = np.full((40, 40, 3), (190, 140, 120), np.uint8)
    skin, lips = np.array([200.0, 150.0, 130.0]), np.array([170.0, 90.0, 90.0])
    return Mouth(0, 0.0, rgb, None, skin, lips, 5.0, np.zeros(432, np.float32))


@pytest.mark.parametrize(
    ("wanted", "source", "least", "most"),
    [(0.2, 0.2, 0.0, 0.0), (0.2, 0.16, 0.0, 0.0), (0.2, 0.02, 0.99, 1.0), (0.02, 0.0, 0.0, 0.0), (0.2, 0.11, 0.3, 0.8)],
)
def test_only_what_the_clip_lacks_is_drawn(wanted, source, least, most):
    assert least <= drawn_share(wanted, source) <= most


def test_an_open_mouth_shows_teeth_above_and_dark_below():
    y, x = np.mgrid[0:0.16:40j, -0.12:0.12:60j].astype(np.float32)
    plane = np.stack([x, y], axis=-1)
    drawn = DrawnInside.of(mouth()).draw(plane, 0.16, y, 0.16 - y)
    luma = drawn.mean(-1)[:, 25:35]
    assert luma[3:12].max() > 1.8 * luma[14:30].min()
    assert np.isfinite(drawn).all() and drawn.min() >= 0 and drawn.max() <= 255


def test_the_mask_is_one_inside_and_nought_on_the_lips():
    from_top = np.array([[-0.05, 0.0, 0.05]], np.float32)
    mask = inside_mask(from_top, np.full_like(from_top, 0.1), 0.02)
    assert mask[0].tolist() == pytest.approx([0.0, 0.5, 1.0])
