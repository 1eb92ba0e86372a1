import numpy as np
import pytest

from worker.engine.dub.lower_face import face_box, lower_face_map, skin_moves, spread
from worker.engine.face import landmarks as lm
from worker.engine.face.pose import HeadPose, canonical_face, rotation_from_angles
from worker.engine.motion.mouth_shapes import load_mouth_shapes
from worker.engine.speech.mouth_track import ARTICULATORS, Articulator

BOX = (100, 150, 500, 520)


def pose(yaw_deg: float = 0.0) -> HeadPose:
    return HeadPose(yaw_deg, 0.0, 0.0, rotation_from_angles(yaw_deg, 0.0, 0.0), 100.0, np.array([300.0, 200.0, 0.0]))


def jaw_drop(amount: float = 1.0) -> np.ndarray:
    return amount * load_mouth_shapes().basis[ARTICULATORS.index(Articulator.JAW)]


def distances(found) -> np.ndarray:
    """(h, w) how far each pixel of the map comes from."""
    x0, y0, x1, y1 = found.box
    here = np.stack(np.meshgrid(np.arange(x0, x1), np.arange(y0, y1)), -1)
    return np.linalg.norm(found.source_px() - here, axis=-1)


def test_a_face_that_stays_moves_no_pixel():
    assert lower_face_map(pose(), np.zeros((478, 3)), BOX).box is None


@pytest.mark.parametrize("yaw_deg", [0.0, 20.0, -30.0])
def test_the_chin_comes_from_where_the_chin_was(yaw_deg):
    moves = jaw_drop()
    head = pose(yaw_deg)
    before = head.from_canonical(canonical_face())[lm.CHIN, :2]
    after = head.from_canonical(canonical_face() + moves)[lm.CHIN, :2]
    found = lower_face_map(head, moves, BOX)
    column, row = np.round(after).astype(int) - found.box[:2]
    assert np.linalg.norm(found.source_px()[row, column] - before) < 0.35 * np.linalg.norm(after - before) + 1


def test_motion_fades_out_before_the_boxs_rim_and_above_the_nose():
    found = lower_face_map(pose(), jaw_drop(1.5), BOX)
    moved = distances(found)
    assert moved.max() > 5
    assert np.concatenate([moved[0], moved[-1], moved[:, 0], moved[:, -1]]).max() < 0.5
    assert moved[: max(0, 215 - found.box[1])].max(initial=0) < 0.3


def test_the_map_never_folds():
    found = lower_face_map(pose(15.0), jaw_drop(1.5), BOX)
    down = np.diff(found.source_px()[..., 1], axis=0)
    across = np.diff(found.source_px()[..., 0], axis=1)
    assert down.min() > 0.2 and across.min() > 0.2


def test_skin_follows_the_lips_borders_and_not_their_opening():
    opening = load_mouth_shapes().basis[ARTICULATORS.index(Articulator.OPENNESS)]
    skin = skin_moves(opening)
    assert np.allclose(skin[lm.LOWER_LIP_CENTRE], opening[lm.LOWER_LIP_BOTTOM])
    assert np.isfinite(spread(skin)).all()


def test_the_box_is_even_and_inside_and_none_when_the_face_is_outside():
    x0, y0, x1, y1 = face_box(pose(), (640, 480))
    assert x0 % 2 == 0 and y0 % 2 == 0 and 0 <= x0 < x1 <= 640 and 0 <= y0 < y1 <= 480
    away = HeadPose(0, 0, 0, np.eye(3), 100.0, np.array([-900.0, 200.0, 0.0]))
    assert face_box(away, (640, 480)) is None
