import numpy as np
import pytest

from worker.engine.dub.reposing import (
    LOWER_INNER,
    UPPER_INNER,
    looked_up,
    mouth_table,
    place_mouth,
    table_places,
    to_picture,
)
from worker.engine.face import landmarks as lm
from worker.engine.face.pose import canonical_face, rotation_from_angles
from worker.engine.motion.mouth_shapes import load_mouth_shapes
from worker.engine.speech.mouth_track import ARTICULATORS, Articulator

SCALE = 100.0


def mesh(openness: float = 0.0, width: float = 0.0) -> np.ndarray:
    """(478, 3) canonical, the mouth open and wide by so much."""
    basis = load_mouth_shapes().basis
    moved = openness * basis[ARTICULATORS.index(Articulator.OPENNESS)]
    return canonical_face() + moved + width * basis[ARTICULATORS.index(Articulator.WIDTH)]


def placed(points: np.ndarray, yaw_deg: float = 0.0, roll_deg: float = 0.0, shift=(300.0, 200.0)):
    rotation = rotation_from_angles(yaw_deg, 0.0, roll_deg)
    pixels = SCALE * (points @ rotation.T)[:, :2] + shift
    return place_mouth(pixels, rotation, SCALE), pixels


def source_of(target, source, at_px: np.ndarray) -> np.ndarray:
    """(N, 2) places of the source picture that are shown at (N, 2) places of the target picture."""
    places = table_places(target, at_px[None].astype(np.float32))
    return to_picture(source, looked_up(mouth_table(target, source).source, places))[0]


def inner_middle(pixels: np.ndarray) -> np.ndarray:
    return np.concatenate([pixels[list(lm.LIPS_INNER_UPPER[2:-2])], pixels[list(lm.LIPS_INNER_LOWER[2:-2])]])


@pytest.mark.parametrize("yaw_deg", [0.0, 25.0])
@pytest.mark.parametrize("roll_deg", [0.0, -20.0])
def test_a_mouth_in_its_own_place_is_left_alone(yaw_deg, roll_deg):
    place, _ = placed(mesh(0.6), yaw_deg, roll_deg)
    at = np.random.default_rng(3).uniform(-0.4, 0.4, (50, 2)) @ place.to_px.T + place.origin_px
    assert np.abs(source_of(place, place, at) - at).max() < 0.7


@pytest.mark.parametrize("openings", [(1.0, 0.5), (0.4, 1.1), (0.9, 0.2)])
def test_lips_are_taken_from_lips_whatever_the_two_openings(openings):
    target, there = placed(mesh(openings[0]), yaw_deg=10.0)
    source, here = placed(mesh(openings[1], width=0.5), roll_deg=8.0, shift=(90.0, 80.0))
    found = source_of(target, source, inner_middle(there))
    assert np.abs(found - inner_middle(here)).max() < 2.5  # px at 100 px between the eyes


def test_skin_beside_the_mouth_moves_along_rigidly():
    target, _ = placed(mesh(0.8))
    source, _ = placed(mesh(0.2), shift=(100.0, 100.0))
    beside = target.origin_px + np.array([[-62.0, 0.0], [62.0, 5.0]])
    found = source_of(target, source, beside)
    assert np.abs((found[1] - found[0]) - (beside[1] - beside[0])).max() < 6.0


def test_teeth_keep_their_size_when_the_mouth_opens_farther_than_in_the_source():
    target, there = placed(mesh(1.0))
    source, _ = placed(mesh(0.5))
    upper = there[lm.UPPER_LIP_CENTRE] + np.array([[0.0, 1.0], [0.0, 4.0]])
    found = source_of(target, source, upper)
    assert found[1, 1] - found[0, 1] == pytest.approx(3.0, abs=0.6)


def test_shut_lips_hide_what_was_between_them():
    target, there = placed(mesh(0.0))
    source, here = placed(mesh(1.0))
    above = there[lm.UPPER_LIP_CENTRE] - [0.0, 4.0]
    below = there[lm.LOWER_LIP_CENTRE] + [0.0, 4.0]
    found = source_of(target, source, np.stack([above, below]))
    assert found[0, 1] < here[lm.UPPER_LIP_CENTRE, 1] + 0.5
    assert found[1, 1] > here[lm.LOWER_LIP_CENTRE, 1] - 0.5


def test_the_table_knows_what_is_inside_the_mouth():
    place, pixels = placed(mesh(1.0))
    table = mouth_table(place, place)
    middle = (pixels[lm.UPPER_LIP_CENTRE] + pixels[lm.LOWER_LIP_CENTRE]) / 2
    at = table_places(place, np.array([[middle, middle - [0, 40]]], np.float32))
    inside = np.minimum(looked_up(table.from_top, at), looked_up(table.to_bottom, at))[0]
    assert inside[0] > 0.05 and inside[1] < 0
    assert place.rows[LOWER_INNER, 20, 1] > place.rows[UPPER_INNER, 20, 1]


def test_teeth_are_not_squeezed_when_the_mouth_is_pursed():
    target, there = placed(mesh(0.9, width=-0.8))
    source, here = placed(mesh(0.9, width=0.8))
    middle = (there[lm.UPPER_LIP_CENTRE] + there[lm.LOWER_LIP_CENTRE]) / 2
    teeth = source_of(target, source, middle + np.array([[-5.0, 0.0], [5.0, 0.0]]))
    assert teeth[1, 0] - teeth[0, 0] == pytest.approx(10.0, abs=0.8)
    inner = [lm.MOUTH_INNER_CORNER_RIGHT, lm.MOUTH_INNER_CORNER_LEFT]
    assert np.ptp(here[inner, 0]) > 1.2 * np.ptp(there[inner, 0])  # lips as such were squeezed by so much
    assert np.abs(source_of(target, source, there[inner]) - here[inner]).max() < 2.5
