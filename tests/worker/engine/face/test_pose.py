import numpy as np
import pytest

from tests.synth import drawn_portrait
from worker.engine.face import landmarks as lm
from worker.engine.face.detection import find_faces
from worker.engine.face.pose import (
    HeadPose,
    angles_from_rotation,
    canonical_face,
    fit_residual,
    fit_similarity,
    head_pose,
    rotation_from_angles,
)


def posed(yaw=0.0, pitch=0.0, roll=0.0, scale=90.0, shift=(200.0, 150.0, -40.0)) -> np.ndarray:
    return scale * canonical_face() @ rotation_from_angles(yaw, pitch, roll).T + np.array(shift)


def mirrored(points: np.ndarray, width: float) -> np.ndarray:
    return (points * [-1, 1, 1] + [width, 0, 0])[lm.MIRROR]


def test_the_canonical_face_is_symmetric_upright_closed_and_of_unit_size():
    face = canonical_face()
    assert np.allclose((face * [-1, 1, 1])[lm.MIRROR], face, atol=1e-5)
    assert lm.inter_ocular_px(face) == pytest.approx(1, abs=1e-5)
    assert face[lm.FOREHEAD_TOP, 2] == pytest.approx(face[lm.CHIN, 2], abs=1e-5)
    assert lm.mouth_openness(face) < 0.01
    assert face[lm.NOSE_TIP, 2] < face[lm.EAR_LEFT, 2]  # the nose is nearer to the viewer


@pytest.mark.parametrize("angles", [(0, 0, 0), (30, 0, 0), (-40, 10, 5), (0, -20, 0), (0, 0, 35), (15, 12, -8)])
def test_a_posed_face_gives_its_angles_back(angles):
    pose = head_pose(posed(*angles))
    assert (pose.yaw_deg, pose.pitch_deg, pose.roll_deg) == pytest.approx(angles, abs=1e-6)
    assert pose.scale_px == pytest.approx(90)
    assert pose.translation_px == pytest.approx([200, 150, -40])
    assert angles_from_rotation(rotation_from_angles(*angles)) == pytest.approx(angles)


def test_signs_are_as_a_viewer_sees_them():
    nose, between_eyes = lm.NOSE_TIP, np.array([200.0, 150.0, -40.0])
    assert posed(yaw=20)[nose, 0] > between_eyes[0]  # turns to the picture's right
    assert posed(pitch=20)[nose, 1] > posed()[nose, 1]  # looks down
    tilted = posed(roll=20)
    assert tilted[lm.LEFT_EYE_OUTER, 1] > tilted[lm.RIGHT_EYE_OUTER, 1]  # clockwise: the right side goes down


def test_mirroring_negates_yaw_and_roll_and_keeps_pitch():
    pose, other = head_pose(posed(20, 9, -6)), head_pose(mirrored(posed(20, 9, -6), 400))
    assert (other.yaw_deg, other.pitch_deg, other.roll_deg) == pytest.approx((-20, 9, 6), abs=1e-3)
    assert pose.scale_px == pytest.approx(other.scale_px, rel=1e-4)


def test_a_mirrored_picture_gives_a_mirrored_pose():
    rgb = drawn_portrait(roll_deg=12)
    pose = find_faces(rgb)[0].pose
    other = find_faces(np.ascontiguousarray(rgb[:, ::-1]))[0].pose
    assert pose.roll_deg == pytest.approx(12, abs=2.5)
    assert other.roll_deg == pytest.approx(-pose.roll_deg, abs=2.5)
    assert other.yaw_deg == pytest.approx(-pose.yaw_deg, abs=4)


def test_canonical_coordinates_and_back_are_the_same_points():
    points = posed(25, -10, 4) + np.random.default_rng(1).normal(0, 2, (lm.N_LANDMARKS, 3))
    pose = head_pose(points)
    assert np.allclose(pose.from_canonical(pose.to_canonical(points)), points, atol=1e-9)


def test_opening_the_mouth_does_not_move_the_pose():
    points = posed(10, 5, 2)
    opened = points.copy()
    opened[list(lm.LIPS)] += [0, 25, 0]
    assert head_pose(opened).pitch_deg == pytest.approx(head_pose(points).pitch_deg)
    assert fit_residual(opened, head_pose(opened)) < 1e-6


def test_turning_further_adds_up():
    pose = head_pose(posed()).moved(yaw_deg=12, scale=1.1, shift_px=(3, 0, 0))
    assert isinstance(pose, HeadPose)
    assert pose.yaw_deg == pytest.approx(12)
    assert pose.scale_px == pytest.approx(99)
    assert pose.translation_px[0] == pytest.approx(203)


def test_a_fit_is_never_a_reflection():
    points = np.random.default_rng(2).normal(size=(20, 3))
    rotation, _, _ = fit_similarity(points, points * [-1, 1, 1])
    assert np.linalg.det(rotation) == pytest.approx(1)


@pytest.mark.parametrize("points", [np.zeros((468, 3)), np.zeros((478, 2)), np.full((478, 3), np.nan)])
def test_points_that_are_no_mesh_are_refused(points):
    with pytest.raises(ValueError, match="expected"):
        head_pose(points)
