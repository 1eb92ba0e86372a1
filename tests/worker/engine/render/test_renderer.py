"""Frames: the mouth does what it is told, the background does nothing, the same motion gives the same bytes."""

import numpy as np
import pytest

from tests.synth import drawn_portrait, portrait_truth
from worker.engine.contracts import FaceBox
from worker.engine.face.landmarks import MIRROR, mouth_openness
from worker.engine.face.mesh import FaceMesh
from worker.engine.face.segmentation import person_matte
from worker.engine.motion.expressions import smile
from worker.engine.motion.mouth_shapes import load_mouth_shapes
from worker.engine.motion.plan import FrameMotion
from worker.engine.render.mouth_interior import _first_row
from worker.engine.render.portrait import _directions, prepare_portrait
from worker.engine.render.renderer import Renderer
from worker.engine.speech.mouth_track import ARTICULATORS, Articulator


def motion(*, blink=0.0, turn=(0, 0, 0), glance=(0, 0), brows=0.0, **articulation):
    values = np.zeros(len(ARTICULATORS))
    for name, value in articulation.items():
        values[ARTICULATORS.index(Articulator(name))] = value
    zero = np.zeros(2)
    return FrameMotion(values, blink, np.array(glance, float), brows, 0.0, np.array(turn, float), zero, 0.0)


def prepare(rgb):
    with FaceMesh(tracking=False) as mesh:
        points = mesh.detect(rgb)[0].points_px
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    matte = person_matte(rgb, [FaceBox(*low, *high, 1.0)])
    return prepare_portrait(rgb, points, matte)


@pytest.fixture(scope="module")
def portrait():
    return prepare(drawn_portrait())


@pytest.fixture(scope="module")
def smiling():
    return prepare(drawn_portrait(gap=0.2))


def test_without_motion_a_closed_photo_stays_itself(portrait):
    frame = Renderer(portrait).render(motion())
    difference = np.abs(frame.astype(int) - portrait.rgb)
    assert difference.max() <= 12
    assert difference.mean() < 0.1


def test_a_turning_head_leaves_the_background_untouched_to_the_pixel(portrait):
    frame = Renderer(portrait).render(motion(turn=(4, 2, 2), openness=0.8, jaw=0.8))
    changed = np.abs(frame.astype(int) - portrait.rgb).max(-1) > 0
    reach = np.zeros(changed.shape, bool)
    reach[portrait.layers.zone.slices] = portrait.layers.reach > 0
    assert changed[reach].mean() > 0.2
    assert not changed[~reach].any()
    assert not changed[0].any()  # nothing smears at the picture's borders
    assert not changed[:, 0].any()
    assert not changed[:60, :60].any()


def test_the_lips_open_as_far_as_they_are_told(portrait):
    renderer, wanted, seen = Renderer(portrait), np.linspace(0, 1, 9), []
    with FaceMesh(tracking=False) as mesh:
        for openness in wanted:
            frame = renderer.render(motion(openness=openness, jaw=openness * 0.9))
            seen.append(float(mouth_openness(mesh.detect(frame)[0].points_px)))
    assert np.corrcoef(wanted, seen)[0, 1] > 0.96
    assert seen[0] < 0.03
    assert seen[-1] > 0.10


def test_an_open_mouth_closes_in_silence(smiling):
    with FaceMesh(tracking=False) as mesh:
        before = float(mouth_openness(mesh.detect(smiling.rgb)[0].points_px))
        after = float(mouth_openness(mesh.detect(Renderer(smiling).render(motion()))[0].points_px))
    assert before > 0.1
    assert after < 0.03


def test_opening_shows_a_dark_inside_and_teeth_lighter_than_it(portrait):
    frame = Renderer(portrait).render(motion(openness=1.0, jaw=1.0))
    x, y = (round(value) for value in portrait_truth()["mouth"])
    inside = frame[y - 4 : y + 18, x - 14 : x + 14].astype(int).mean(-1)
    skin = portrait.rgb[y + 40 : y + 46, x - 10 : x + 10].astype(int).mean()
    assert inside.min() < 0.4 * skin
    assert inside.max() > 0.65 * skin


def test_the_jaw_takes_the_chin_along(portrait):
    renderer = Renderer(portrait)
    with FaceMesh(tracking=False) as mesh:
        rest = mesh.detect(renderer.render(motion()))[0].points_px
        open_ = mesh.detect(renderer.render(motion(openness=0.9, jaw=1.0)))[0].points_px
    assert (open_ - rest)[152, 1] > 0.05 * portrait.pose.scale_px
    assert np.abs((open_ - rest)[[33, 263, 168], :2]).max() < 0.04 * portrait.pose.scale_px


def test_a_blink_covers_the_pupil_with_skin_and_opens_again(portrait):
    renderer = Renderer(portrait)
    x, y = (round(value) for value in portrait_truth()["left_pupil"])
    region = np.s_[y - 2 : y + 3, x - 2 : x + 3]
    open_eye, shut = (renderer.render(motion(blink=blink))[region].mean() for blink in (0.0, 1.0))
    assert shut > open_eye + 25
    again = renderer.render(motion())[region].mean()
    assert again == pytest.approx(open_eye, abs=1e-6)


def test_a_glance_moves_the_iris_and_not_the_lids(portrait):
    renderer = Renderer(portrait)
    straight, aside = renderer.render(motion()), renderer.render(motion(glance=(0.05, 0.0)))
    changed = np.abs(straight.astype(int) - aside).max(-1) > 6
    eyes = np.zeros(changed.shape, bool)
    for eye in portrait.eyes:
        eyes[eye.box.slices] = True
    assert changed.any()
    assert not changed[~eyes].any()


def test_the_same_motion_gives_the_same_bytes_whatever_came_before(portrait):
    first, second = Renderer(portrait), Renderer(portrait)
    wanted = motion(openness=0.5, jaw=0.4, blink=0.3, turn=(1, -1, 0.5), glance=(0.02, 0.01), brows=0.5)
    one = first.render(wanted)
    second.render(motion(openness=1.0, jaw=1.0, blink=1.0, turn=(-3, 2, 1)))
    np.testing.assert_array_equal(one, second.render(wanted))


def test_a_mirrored_portrait_gives_the_mirrored_picture(portrait):
    """Mesh and matte are mirrored with it: what is asked is whether the renderer favours a side."""
    rgb = drawn_portrait()
    with FaceMesh(tracking=False) as mesh:
        points = mesh.detect(rgb)[0].points_px
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    matte = person_matte(rgb, [FaceBox(*low, *high, 1.0)])
    turned = points[MIRROR] * [-1, 1, 1] + [rgb.shape[1] - 1, 0, 0]
    mirrored = prepare_portrait(
        np.ascontiguousarray(rgb[:, ::-1]), turned.astype(np.float32), np.ascontiguousarray(matte[:, ::-1])
    )
    asked = {"openness": 0.7, "jaw": 0.6, "width": 0.3, "brows": 0.4}
    one = Renderer(portrait).render(motion(turn=(3, 1.5, 1), glance=(0.03, 0.01), **asked))
    other = Renderer(mirrored).render(motion(turn=(-3, 1.5, -1), glance=(-0.03, 0.01), **asked))
    difference = np.abs(one.astype(int) - other[:, ::-1])
    untouched = np.abs(one.astype(int) - portrait.rgb)
    assert difference.mean() < 0.15 * untouched.mean()
    assert np.percentile(difference, 99.5) <= 12


def test_a_canvas_that_was_used_before_gets_the_same_picture(portrait):
    renderer = Renderer(portrait)
    wanted = motion(openness=0.5, jaw=0.4, turn=(1, -1, 0.5))
    canvas = np.full_like(portrait.rgb, 77)
    assert renderer.render(wanted, canvas) is canvas
    np.testing.assert_array_equal(canvas, renderer.render(wanted))


def test_a_grey_photo_gets_a_grey_mouth():
    grey = drawn_portrait()
    grey[:] = grey.mean(-1, keepdims=True).astype(np.uint8)
    frame = Renderer(prepare(grey)).render(motion(openness=1.0, jaw=1.0)).astype(int)
    assert (frame.max(-1) - frame.min(-1)).max() <= 12


def test_lower_teeth_of_a_wide_open_photo_do_not_hang_on_the_skull():
    rows = np.zeros((60, 30), bool)
    rows[10:22] = True  # upper teeth
    rows[14, 5] = False  # a speck is no gap
    rows[40:50] = True  # lower teeth
    upper = _first_row(rows, 3.0)
    assert upper[10:22, 6:].all()
    assert upper[15:22, 5].all()
    assert not upper[40:50].any()


def test_a_stretched_mouth_has_a_longer_way_to_a_round_one():
    shapes = load_mouth_shapes()
    smiling_face = shapes.mean_mesh + 5 * smile(shapes.mean_mesh)
    way = []
    for face in (shapes.mean_mesh, smiling_face):
        directions, _ = _directions(shapes, face, is_open=False)
        rounding = directions[ARTICULATORS.index(Articulator.PROTRUSION)]
        way.append(rounding[308, 0] - rounding[78, 0])
    assert way[0] < 0
    assert way[1] < way[0] - 0.02
