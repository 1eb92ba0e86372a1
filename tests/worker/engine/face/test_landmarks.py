import subprocess
import sys

import numpy as np
import pytest

from worker.engine.face import landmarks as lm
from worker.engine.face.pose import canonical_face


def test_the_mesh_has_852_triangles_over_all_468_skin_points():
    assert lm.TRIANGLES.shape == (852, 3)
    assert set(lm.TRIANGLES.ravel().tolist()) == set(range(lm.N_MESH))


def test_neighbouring_triangles_run_their_shared_edge_in_opposite_directions():
    directed = [(a, b) for t in lm.TRIANGLES.tolist() for a, b in ((t[0], t[1]), (t[1], t[2]), (t[2], t[0]))]
    assert len(directed) == len(set(directed))


def test_triangles_are_clockwise_on_screen_for_a_frontal_face():
    corners = canonical_face()[lm.TRIANGLES][:, :, :2]
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    areas = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    assert (areas > 0).mean() > 0.98  # a few at the nose's wings look away


def test_the_open_rims_of_the_mesh_are_mouth_eyes_and_outline():
    count = {}
    for triangle in lm.TRIANGLES.tolist():
        for a, b in ((0, 1), (1, 2), (2, 0)):
            edge = frozenset((triangle[a], triangle[b]))
            count[edge] = count.get(edge, 0) + 1
    rim = {point for edge, faces in count.items() if faces == 1 for point in edge}
    holes = set(lm.MOUTH_OPENING) | set(lm.RIGHT_EYE_OPENING) | set(lm.LEFT_EYE_OPENING) | set(lm.FACE_OVAL)
    assert rim == holes


@pytest.mark.parametrize(
    ("triangles", "rim"),
    [
        (lm.MOUTH_OPENING_TRIANGLES, lm.MOUTH_OPENING),
        (lm.RIGHT_EYE_TRIANGLES, lm.RIGHT_EYE_OPENING),
        (lm.LEFT_EYE_TRIANGLES, lm.LEFT_EYE_OPENING),
    ],
)
def test_a_hole_is_filled_without_gap_or_overlap(triangles, rim):
    angles = np.linspace(0, 2 * np.pi, len(rim), endpoint=False)
    points = np.zeros((lm.N_LANDMARKS, 2))
    points[list(rim)] = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    polygon = points[list(rim)]
    x, y = polygon.T
    whole = 0.5 * abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))
    corners = points[triangles]
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    parts = 0.5 * (first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])
    assert np.abs(parts).sum() == pytest.approx(whole)
    assert (np.sign(parts) == np.sign(parts[0])).all()


def test_the_mirror_pairs_every_point_and_undoes_itself():
    assert sorted(lm.MIRROR.tolist()) == list(range(lm.N_LANDMARKS))
    assert (lm.MIRROR[lm.MIRROR] == np.arange(lm.N_LANDMARKS)).all()
    assert lm.MIRROR[lm.MOUTH_CORNER_LEFT] == lm.MOUTH_CORNER_RIGHT
    assert lm.MIRROR[lm.NOSE_TIP] == lm.NOSE_TIP
    assert lm.MIRROR[lm.LEFT_IRIS_CENTRE] == lm.RIGHT_IRIS_CENTRE


def test_mirrored_points_lie_where_their_partners_are_on_a_face():
    from tests.synth import drawn_portrait
    from worker.engine.face.detection import find_faces
    from worker.engine.face.pose import head_pose

    points = find_faces(drawn_portrait())[0].landmarks.points_px
    face = head_pose(points).to_canonical(points)
    mirrored = (face * [-1, 1, 1])[lm.MIRROR]
    assert np.linalg.norm(mirrored - face, axis=1)[: lm.N_MESH].max() < 0.1
    # But for a few diagonals the triangles are mirrored too.
    own = {frozenset(t) for t in lm.TRIANGLES.tolist()}
    other = {frozenset(lm.MIRROR[t].tolist()) for t in lm.TRIANGLES}
    assert len(own - other) < 30


def test_the_persons_left_lies_on_the_pictures_right():
    face = canonical_face()
    assert face[lm.LEFT_EYE_OUTER, 0] > 0 > face[lm.RIGHT_EYE_OUTER, 0]
    assert face[lm.MOUTH_CORNER_LEFT, 0] > 0 > face[lm.MOUTH_CORNER_RIGHT, 0]


def test_rigid_points_are_symmetric_and_leave_out_the_mouth():
    assert set(lm.MIRROR[list(lm.RIGID)].tolist()) == set(lm.RIGID)
    assert not set(lm.RIGID) & set(lm.LIPS)


def test_mouth_openness_is_the_gap_in_eye_distances_and_ignores_scale_and_turning():
    face = canonical_face().copy()
    upper, lower = list(lm.LIPS_INNER_UPPER[1:-1]), list(lm.LIPS_INNER_LOWER[1:-1])
    face[lower] = face[upper] + [0, 0.2, 0]
    assert lm.mouth_openness(face) == pytest.approx(0.2)
    turned = 70 * face @ np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    assert lm.mouth_openness(turned) == pytest.approx(0.2)
    assert lm.inter_ocular_px(turned) == pytest.approx(70)


def test_lengths_work_on_whole_tracks_and_keep_nan_rows():
    track = np.stack([canonical_face(), np.full((lm.N_LANDMARKS, 3), np.nan)])
    openness = lm.mouth_openness(track)
    assert openness.shape == (2,)
    assert openness[0] < 0.01
    assert np.isnan(openness[1])
    assert lm.eye_openness(track).shape == (2, 2)


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match="expected"):
        lm.mouth_openness(np.zeros((68, 2)))


def test_importing_the_names_does_not_import_mediapipe():
    code = "import sys, worker.engine.face.landmarks; sys.exit('mediapipe' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
