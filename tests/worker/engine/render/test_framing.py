"""Every shape keeps the head in the picture, at even sizes, and never enlarges."""

import numpy as np
import pytest

from worker.engine.contracts import Aspect, FaceBox
from worker.engine.render.framing import frame_picture

RATIOS = {
    Aspect.PORTRAIT_9_16: 9 / 16,
    Aspect.SQUARE: 1.0,
    Aspect.PORTRAIT_4_5: 4 / 5,
    Aspect.LANDSCAPE_16_9: 16 / 9,
}


def picture(width, height):
    ys, xs = np.mgrid[:height, :width]
    return np.stack([xs * 255 // width, ys * 255 // height, (xs + ys) % 256], axis=-1).astype(np.uint8)


def test_source_keeps_the_picture_and_trims_an_odd_side():
    rgb = picture(641, 481)
    framed = frame_picture(rgb, FaceBox(250, 100, 400, 280, 1.0), Aspect.SOURCE, None)
    assert framed.rgb.shape == (480, 640, 3)
    np.testing.assert_array_equal(framed.rgb, rgb[:480, :640])
    assert framed.content == (0, 0, 640, 480)


@pytest.mark.parametrize("aspect", list(RATIOS))
@pytest.mark.parametrize(
    ("size", "face"),
    [
        ((1000, 1500), FaceBox(150, 380, 838, 1180, 1.0)),  # a tight portrait
        ((1600, 900), FaceBox(1300, 200, 1500, 440, 1.0)),  # a small face near the right border
        ((512, 512), FaceBox(178, 72, 272, 175, 1.0)),
    ],
)
def test_shapes_have_their_ratio_and_hold_the_whole_face(aspect, size, face):
    framed = frame_picture(picture(*size), face, aspect, None)
    height, width = framed.rgb.shape[:2]
    assert width % 2 == 0
    assert height % 2 == 0
    assert width / height == pytest.approx(RATIOS[aspect], rel=0.02)
    box = framed.box(face)
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 <= width
    assert box.y1 <= height


def test_points_travel_with_the_picture():
    rgb = np.zeros((900, 1600, 3), np.uint8)
    rgb[300, 1400] = 255
    framed = frame_picture(rgb, FaceBox(1300, 200, 1500, 440, 1.0), Aspect.SQUARE, None)
    x, y, z = framed.points(np.array([[1400.0, 300.0, 5.0]]))[0]
    assert framed.rgb[round(y), round(x)].min() == 255
    assert z == 5.0


def test_a_picture_that_cannot_be_cut_is_set_into_its_own_blurred_colours():
    rgb = np.full((1500, 1000, 3), (200, 40, 40), np.uint8)
    framed = frame_picture(rgb, FaceBox(150, 380, 838, 1180, 1.0), Aspect.LANDSCAPE_16_9, None)
    x0, y0, x1, y1 = framed.content
    assert x0 > 0
    assert x1 < framed.rgb.shape[1]
    np.testing.assert_array_equal(framed.rgb[y0:y1, x0:x1], np.full((y1 - y0, x1 - x0, 3), (200, 40, 40)))
    around = framed.rgb[:, : x0 - 2].astype(int)
    assert around[..., 0].min() > 120  # the picture's own red, a little darker, never black
    assert around[..., 0].max() < 200


def test_the_short_side_is_brought_down_and_never_up():
    rgb, face = picture(800, 1200), FaceBox(300, 300, 500, 540, 1.0)
    assert min(frame_picture(rgb, face, Aspect.SOURCE, 400).rgb.shape[:2]) == 400
    assert min(frame_picture(rgb, face, Aspect.SOURCE, 4000).rgb.shape[:2]) == 800
