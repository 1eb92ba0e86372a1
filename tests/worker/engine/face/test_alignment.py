import numpy as np
import pytest

from tests.synth import drawn_portrait
from worker.engine.face import landmarks as lm
from worker.engine.face.alignment import EYES_AT, align_face, canonical_crop, invert_affine, transform_points
from worker.engine.face.detection import find_faces
from worker.engine.face.pose import canonical_face, rotation_from_angles

EYES = [lm.RIGHT_EYE_OUTER, lm.RIGHT_EYE_INNER, lm.LEFT_EYE_OUTER, lm.LEFT_EYE_INNER]


def test_the_eyes_always_land_at_the_same_place_and_level():
    for roll, scale in ((0, 50), (25, 80), (-40, 300)):
        points = scale * canonical_face() @ rotation_from_angles(0, 0, roll).T + [400, 300, 0]
        aligned = transform_points(points[:, :2], align_face(points, size_px=200))
        assert aligned[EYES].mean(0) == pytest.approx(np.array(EYES_AT) * 200, abs=1e-6)
        assert aligned[lm.RIGHT_EYE_OUTER, 1] == pytest.approx(aligned[lm.LEFT_EYE_OUTER, 1], abs=1e-6)


def test_there_and_back_is_the_same_place():
    points = 70 * canonical_face() + [150, 90, 0]
    to_canonical = align_face(points)
    back = transform_points(transform_points(points[:, :2], to_canonical), invert_affine(to_canonical))
    assert np.allclose(back, points[:, :2])


def test_speaking_does_not_move_the_crop():
    points = 70 * canonical_face() + [150, 90, 0]
    opened = points.copy()
    opened[list(lm.LIPS)] += [0, 30, 0]
    assert np.allclose(align_face(points), align_face(opened))


def test_a_tilted_face_stands_upright_in_its_crop():
    rgb = drawn_portrait(roll_deg=20)
    face = find_faces(rgb)[0]
    crop = canonical_crop(rgb, align_face(face.landmarks.points_px))
    assert crop.shape == (256, 256, 3)
    again = find_faces(crop)[0]
    assert abs(again.pose.roll_deg) < 3


def test_other_points_are_refused():
    with pytest.raises(ValueError, match="expected"):
        align_face(np.zeros((68, 2)))
