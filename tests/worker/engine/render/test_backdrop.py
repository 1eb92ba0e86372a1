from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests import synth
from worker.engine.contracts import Aspect, Background, LifeScales, Style, TalkingPhotoRequest
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.looking import look
from worker.engine.motion.idling import idle_plan
from worker.engine.photo_options import check_options
from worker.engine.render.backdrop import blurred, covering
from worker.engine.render.renderer import Renderer

GREEN = (30, 160, 60)


@pytest.fixture(scope="module")
def portrait_path(tmp_path_factory) -> Path:
    return synth.write_image(tmp_path_factory.mktemp("photo") / "photo.png", synth.drawn_portrait())


def request_for(portrait_path: Path, **fields) -> TalkingPhotoRequest:
    return TalkingPhotoRequest(portrait_path, Path("video.mp4"), idle_s=2.0, max_short_side_px=256, **fields)


def test_a_colour_is_behind_the_person_in_every_frame_and_the_face_stays(portrait_path):
    plain = look(request_for(portrait_path))
    renderer = Renderer(look(request_for(portrait_path, background=Background.COLOUR, backdrop_rgb=GREEN)))
    plan = idle_plan(20, Fraction(25), Style.EXPRESSIVE, 3, LifeScales())
    for frame in renderer.frames(plan):
        for corner in (frame[2, 2], frame[2, -3]):
            np.testing.assert_allclose(corner, GREEN, atol=2)
    face = plain.face.region
    middle = np.s_[(face.y0 + face.y1) // 2 - 5 : (face.y0 + face.y1) // 2, face.x0 + 40 : face.x0 + 60]
    difference = np.abs(renderer.portrait.shown[middle].astype(int) - plain.rgb[middle])
    assert difference.mean() < 6


def test_a_still_head_stands_before_the_same_background_as_a_moving_one(portrait_path):
    portrait = look(request_for(portrait_path, background=Background.COLOUR, backdrop_rgb=GREEN))
    renderer = Renderer(portrait)
    plan = idle_plan(4, Fraction(25), Style.STILL, 3, LifeScales(0.0, 0.0, 0.0, 0.0))
    frame = next(renderer.frames(plan))
    np.testing.assert_allclose(frame[:10].astype(int), portrait.shown[:10], atol=3)


def test_a_blurred_background_has_nothing_of_the_person_in_it():
    rgb = np.full((200, 200, 3), 200, np.uint8)
    matte = np.zeros((200, 200), np.float32)
    cv2.circle(matte, (100, 120), 50, 1.0, -1)
    rgb[matte > 0] = (250, 0, 0)
    soft = blurred(rgb, matte, 0.5)
    assert soft.shape == rgb.shape
    np.testing.assert_allclose(soft, 200, atol=3)


def test_more_blur_leaves_less_detail():
    rgb = np.random.default_rng(1).integers(0, 255, (160, 240, 3), np.uint8)
    empty = np.zeros((160, 240), np.float32)
    left = [float(blurred(rgb, empty, strength).std()) for strength in (0.1, 0.5, 1.0)]
    assert left == sorted(left, reverse=True) and left[0] > 2 * left[-1]


@pytest.mark.parametrize("size_px", [(90, 160), (160, 90), (64, 64), (200, 300)], ids=str)
def test_a_picture_covers_every_shape_by_its_middle(tmp_path, size_px):
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[40:60, 40:60] = 255
    made = covering(synth.write_image(tmp_path / "behind.png", picture), size_px)
    assert made.shape == (size_px[1], size_px[0], 3)
    assert made[size_px[1] // 2, size_px[0] // 2].min() > 240 and made[0, 0].max() < 15


def test_where_a_photo_is_too_small_for_the_shape_nobody_floats(portrait_path):
    fields = {"background": Background.COLOUR, "backdrop_rgb": GREEN, "aspect": Aspect.PORTRAIT_9_16}
    bottom = look(request_for(portrait_path, **fields)).shown[-3]
    assert (np.abs(bottom.astype(int) - GREEN).max(axis=1) > 30).any()  # the person goes down to the edge


@pytest.mark.parametrize(
    "fields",
    [
        {"background": Background.PICTURE},
        {"backdrop_path": Path("wall.png")},
        {"background": Background.BLUR, "backdrop_blur": float("nan")},
        {"background": Background.COLOUR, "backdrop_rgb": (0, 0, 256)},
    ],
    ids=["no picture", "unasked picture", "no strength", "no colour"],
)
def test_backgrounds_that_make_no_sense_are_refused(fields):
    with pytest.raises(EngineFailure) as refused:
        check_options(request_for(Path("photo.png"), **fields))
    assert refused.value.code is FailureCode.OPTION_INVALID
