from dataclasses import dataclass

import numpy as np
import pytest

from tests.synth import drawn_landscape, drawn_portrait
from worker.engine.contracts import FaceChoice
from worker.engine.face import landmarks as lm
from worker.engine.face.tracks import track_faces


@dataclass
class MadeFrame:
    index: int
    picture: np.ndarray

    @property
    def pts_s(self) -> float:
        return self.index / 25

    @property
    def width_px(self) -> int:
        return self.picture.shape[1]

    @property
    def height_px(self) -> int:
        return self.picture.shape[0]

    def rgb(self, max_side_px=None) -> np.ndarray:
        return self.picture

    def crop_rgb(self, box, max_side_px=None) -> np.ndarray:
        x0, y0, x1, y1 = box
        assert 0 <= x0 < x1 <= self.width_px
        assert 0 <= y0 < y1 <= self.height_px
        return np.ascontiguousarray(self.picture[y0:y1, x0:x1])


def frames_of(pictures):
    return (MadeFrame(i, p) for i, p in enumerate(pictures))


def room(x: int) -> np.ndarray:
    """A wide room with a face whose picture begins at column x."""
    wide = np.full((480, 900, 3), 200, np.uint8)
    wide[:, x : x + 384] = drawn_portrait()
    return wide


def test_a_face_that_walks_through_the_picture_is_followed_to_the_pixel():
    steps = [20 * i for i in range(20)]
    found = [face for _, face in track_faces(frames_of(room(x) for x in steps))]
    assert all(face is not None for face in found)
    noses = np.array([face.landmarks_px[lm.NOSE_TIP, 0] for face in found])
    assert np.abs((noses - noses[0]) - steps).max() < 4
    assert [face.index for face in found] == list(range(20))


def test_frames_without_a_face_are_none_in_place_and_the_face_is_found_again():
    pictures = [drawn_portrait()] * 3 + [drawn_landscape(384, 480)] * 6 + [drawn_portrait()] * 8
    found = [face is not None for _, face in track_faces(frames_of(pictures))]
    assert found[:3] == [True] * 3
    assert found[3:9] == [False] * 6
    assert all(found[13:])


def test_frames_pass_through_in_order_and_one_at_a_time():
    taken = []

    def source():
        for i in range(4):
            taken.append(i)
            yield MadeFrame(i, drawn_landscape(200, 200))

    for i, (frame, face) in enumerate(track_faces(source())):
        assert frame.index == i
        assert face is None
        assert len(taken) == i + 1  # nothing is read ahead


def test_the_clicked_person_is_followed():
    both = np.concatenate([drawn_portrait(look="light"), drawn_portrait(look="dark")], axis=1)
    choice = FaceChoice(point=(384 + 192, 200))
    found = [face for _, face in track_faces(frames_of([both] * 3), choice)]
    assert all(face.landmarks_px[:, 0].mean() > 384 for face in found)


def test_a_still_face_is_tracked_almost_without_jitter():
    found = [face for _, face in track_faces(frames_of([drawn_portrait()] * 10))]
    points = np.array([face.landmarks_px for face in found])
    assert np.abs(points[4:] - points[3]).max() < 0.6


def test_no_frames_give_no_faces():
    assert list(track_faces(frames_of([]))) == []


@pytest.mark.media
@pytest.mark.slow
def test_a_tiny_face_on_a_stage_is_followed_where_whole_frames_show_a_third(shared_media):
    from worker.engine.media.decode import decode_video

    clip = shared_media / "hard_cases" / "vid_stage_tiny_face_256p.mp4"
    found = [face is not None for _, face in track_faces(decode_video(clip, end_s=4.0))]
    assert np.mean(found) > 0.9
