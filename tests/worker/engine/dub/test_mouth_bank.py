from types import SimpleNamespace

import numpy as np
import pytest

from tests.synth import drawn_portrait
from worker.engine.dub.mouth_bank import Mouth, choose_frames, lip_colour, lip_tone, look_of, room_for, straightened
from worker.engine.dub.reposing import place_mouth
from worker.engine.dub.speaker_shape import FEATURES, SpeakerFrames
from worker.engine.face.mesh import FaceMesh
from worker.engine.face.pose import head_pose


def speaker(gaps: np.ndarray, usable: np.ndarray | None = None, covered: np.ndarray | None = None) -> SpeakerFrames:
    count = len(gaps)
    features = np.zeros((count, len(FEATURES)), np.float32)
    features[:, 0] = gaps
    whole = np.ones(count) if usable is None else usable
    bare = np.zeros(count) if covered is None else covered
    yaw = np.zeros(count)
    return SpeakerFrames(np.zeros((count, 478, 3)), np.arange(count) / 25, whole, bare, features, yaw, yaw)


def test_a_short_clip_is_kept_whole():
    assert choose_frames(speaker(np.linspace(0, 0.2, 50)), cap=400).tolist() == list(range(50))


def test_rare_shapes_are_kept_when_there_is_not_room_for_all():
    gaps = np.full(5000, 0.02)
    gaps[1234], gaps[4000] = 0.25, 0.18  # seen once each
    gaps[::50] = 0.1
    chosen = choose_frames(speaker(gaps), cap=100)
    assert len(chosen) == 100
    assert {1234, 4000} <= set(chosen.tolist())
    assert chosen.tolist() == sorted(chosen.tolist())


def test_large_mouths_are_fewer_and_still_spread_over_the_whole_clip(monkeypatch):
    frames = speaker(np.linspace(0, 0.2, 3000))
    monkeypatch.setattr(SpeakerFrames, "pose", lambda self, index: SimpleNamespace(scale_px=60.0))
    assert room_for(frames) == 400
    monkeypatch.setattr(SpeakerFrames, "pose", lambda self, index: SimpleNamespace(scale_px=400.0))
    room = room_for(frames, max_bytes=220_000_000)
    assert 130 < room < 150
    chosen = choose_frames(frames, room)
    assert len(chosen) == room and chosen[0] < 300 and chosen[-1] > 2700


def test_covered_turned_and_missing_mouths_are_never_shown_elsewhere():
    gaps = np.linspace(0, 0.2, 10)
    gaps[2] = np.nan
    usable, covered = np.ones(10), np.zeros(10)
    usable[4], covered[6] = 0.2, 0.9
    assert choose_frames(speaker(gaps, usable, covered)).tolist() == [0, 1, 3, 5, 7, 8, 9]


@pytest.fixture(scope="module")
def face():
    rgb = drawn_portrait(384, 480)
    with FaceMesh(tracking=False) as mesh:
        points = mesh.detect(rgb)[0].points_px
    pose = head_pose(points)
    return rgb, place_mouth(points, pose.rotation, pose.scale_px)


def test_lips_are_redder_than_the_skin_around_them(face):
    rgb, place = face
    light, _ = look_of(straightened(rgb, place))
    lips = lip_colour(rgb, place)
    assert lips[0] / lips[1] > 1.1 * light[0] / light[1]


def test_a_blurred_mouth_is_measured_as_less_sharp(face):
    import cv2

    rgb, place = face
    sharp = look_of(straightened(rgb, place))[1]
    blurred = look_of(straightened(cv2.GaussianBlur(rgb, (0, 0), 3), place))[1]
    assert blurred < 0.6 * sharp


def test_exposure_does_not_change_the_tone_of_lips():
    def mouth(level: float) -> Mouth:
        return Mouth(0, 0, None, None, level * np.array([150.0, 120, 110]), level * np.array([120.0, 70, 70]), 1, None)

    assert lip_tone(mouth(0.5)) == pytest.approx(lip_tone(mouth(1.2)), abs=0.02)
