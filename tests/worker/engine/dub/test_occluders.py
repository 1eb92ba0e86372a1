"""What stands before a drawn face is seen, and what belongs to it is not."""

import cv2
import numpy as np
import pytest

from tests.synth import drawn_portrait
from worker.engine.dub.occluders import FaceLook, canonical_patch, hand_at, hidden_share, occluder_mask, unlike
from worker.engine.face.mesh import FaceMesh
from worker.engine.face.pose import HeadPose, head_pose

SIZE = (384, 480)
GAPS = [0.0, 0.08, 0.16, 0.24]


def face(gap: float = 0.0) -> np.ndarray:
    return drawn_portrait(*SIZE, gap=gap)


BROWN, LIKE_THE_FACE = (122, 78, 58), (196, 140, 116)


def with_hand(rgb: np.ndarray, x: int, y: int, skin: tuple[int, int, int] = BROWN) -> np.ndarray:
    """A drawn hand that reaches in from below: a palm and four fingers."""
    drawn = rgb.copy()
    for finger in range(4):
        tip = (x - 30 + 20 * finger, y - 55)
        cv2.line(drawn, (x - 24 + 16 * finger, y + 20), tip, skin, 17, cv2.LINE_AA)
    cv2.ellipse(drawn, (x, y + 40), (44, 52), 0, 0, 360, skin, -1, cv2.LINE_AA)
    cv2.rectangle(drawn, (x - 30, y + 60), (x + 30, SIZE[1]), (60, 70, 120), -1)
    return drawn


@pytest.fixture(scope="module")
def pose() -> HeadPose:
    with FaceMesh(tracking=False) as mesh:
        return head_pose(mesh.detect(face())[0].points_px)


@pytest.fixture(scope="module")
def look(pose) -> FaceLook:
    found = FaceLook.of(np.stack([canonical_patch(face(GAPS[i % 4]), pose) for i in range(12)]))
    assert found is not None
    return found


@pytest.mark.parametrize("gap", GAPS)
def test_a_mouth_that_talks_is_not_in_front_of_itself(pose, look, gap):
    assert occluder_mask(face(gap), (0, 0), pose, look) is None


def test_light_that_changes_is_nothing_in_front(pose, look):
    darker = (face(0.08) * 0.75).astype(np.uint8)
    assert hidden_share(unlike(canonical_patch(darker, pose), look)) == 0.0


def test_a_hand_over_the_mouth_is_covered_by_the_mask(pose, look):
    x, y = (round(v) for v in pose.from_canonical(np.array([0.0, 1.1, 0.0]))[:2])
    covered = with_hand(face(0.16), x, y)
    mask = occluder_mask(covered, (0, 0), pose, look)
    assert mask is not None and mask.shape == covered.shape[:2]
    hand = (np.abs(covered.astype(int) - face(0.16)).sum(-1) > 40)[y - 30 : y + 25, x - 40 : x + 40]
    found = mask[y - 30 : y + 25, x - 40 : x + 40]
    assert found[hand].mean() > 0.75
    assert mask[: y - 110].max() == 0
    assert hidden_share(unlike(canonical_patch(covered, pose), look)) > 0.5


def test_a_hand_of_the_faces_own_colour_is_seen_where_hands_were_found(pose, look):
    x, y = (round(v) for v in pose.from_canonical(np.array([0.0, 1.1, 0.0]))[:2])
    covered = with_hand(face(0.16), x, y, LIKE_THE_FACE)
    angles = np.linspace(0, 2 * np.pi, 21)
    hand = np.stack([x + 45 * np.cos(angles), y + 20 + 70 * np.sin(angles)], 1).astype(np.float32)
    with_help = occluder_mask(covered, (0, 0), pose, look, hand)
    without = occluder_mask(covered, (0, 0), pose, look)
    assert with_help is not None
    assert with_help.sum() > 1.2 * (0 if without is None else without.sum())


def test_a_hand_that_crosses_is_seen_while_it_is_there(pose, look):
    y = round(pose.from_canonical(np.array([0.0, 1.1, 0.0]))[1])
    hidden = []
    for x in range(-60, SIZE[0] + 80, 40):
        patch = canonical_patch(with_hand(face(0.08), x, y), pose)
        hidden.append(hidden_share(unlike(patch, look)))
    assert hidden[0] == hidden[-1] == 0.0
    assert max(hidden) > 0.8
    over = np.flatnonzero(np.array(hidden) > 0.5)
    assert np.array_equal(over, np.arange(over[0], over[-1] + 1))  # one crossing, without holes


def test_something_beside_the_mouth_all_the_time_stands_out_by_its_side(pose):
    def with_phone(gap: float) -> np.ndarray:
        rgb = face(gap)
        x, y = (round(v) for v in pose.from_canonical(np.array([0.62, 1.1, 0.0]))[:2])
        cv2.rectangle(rgb, (x - 18, y - 60), (x + 60, y + 60), (18, 18, 22), -1)
        return rgb

    look = FaceLook.of(np.stack([canonical_patch(with_phone(GAPS[i % 4]), pose) for i in range(12)]))
    mask = occluder_mask(with_phone(0.08), (0, 0), pose, look)
    assert mask is not None
    x, y = (round(v) for v in pose.from_canonical(np.array([0.66, 1.1, 0.0]))[:2])
    assert mask[y, x] > 0.6
    middle = [round(v) for v in pose.from_canonical(np.array([0.0, 1.1, 0.0]))[:2]]
    assert mask[middle[1], middle[0]] < 0.1


def test_a_crop_gives_the_same_mask_as_the_whole_frame(pose, look):
    x, y = (round(v) for v in pose.from_canonical(np.array([0.0, 1.1, 0.0]))[:2])
    covered = with_hand(face(0.16), x, y)
    whole = occluder_mask(covered, (0, 0), pose, look)
    part = occluder_mask(covered[100:420, 60:340], (60, 100), pose, look)
    assert np.abs(whole[120:400, 80:320] - part[20:300, 20:260]).max() < 0.1


def test_too_few_looks_conclude_nothing(pose):
    assert FaceLook.of(np.zeros((3, 48, 48, 3), np.uint8)) is None
    assert occluder_mask(face(), (0, 0), pose, None) is None


def test_hands_are_followed_between_sightings():
    seen = np.stack([np.zeros((21, 2)), np.full((21, 2), 10.0)]).astype(np.float32)
    times_s = [1.0, 1.4]
    assert hand_at(times_s, seen, 1.1)[0, 0] == pytest.approx(2.5)
    assert hand_at(times_s, seen, 0.8)[0, 0] == 0.0
    assert hand_at(times_s, seen, 1.7)[0, 0] == 10.0
    assert hand_at(times_s, seen, 2.0) is None
    assert hand_at([], np.zeros((0, 21, 2)), 1.0) is None
