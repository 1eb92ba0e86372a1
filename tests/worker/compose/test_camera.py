"""The camera of another shape keeps heads inside, moves calmly, and jumps only where the clip does."""

import numpy as np
import pytest

from worker.compose.camera import STEP_S, Look, plan_camera
from worker.engine.contracts import FaceBox, Span

SIZE = (1920, 1080)
TALL = 9 / 16


def face(x: float, y: float = 400.0, width: float = 160.0) -> FaceBox:
    return FaceBox(x - width / 2, y - width * 0.6, x + width / 2, y + width * 0.6, 0.9)


def looks_along(path, seconds: float = 6.0, **shape) -> list[Look]:
    times = np.arange(0, seconds, STEP_S)
    return [Look(float(t), (face(path(t), **shape),)) for t in times]


def windows(looks, ratio=TALL, size=SIZE, shots=None):
    shots = shots or [Span(0.0, looks[-1].at_s + STEP_S)]
    camera = plan_camera(looks, shots, size, ratio)
    times = np.arange(0, looks[-1].at_s, 0.04)
    return times, [camera.window_at(float(t)) for t in times]


def test_a_walking_person_stays_inside_with_the_whole_head_in_every_frame():
    def walk(t):
        return 400 + 180 * t

    times, shown = windows(looks_along(walk))
    for time, window in zip(times, shown, strict=True):
        person = face(walk(time))
        assert window.x0 <= person.x0 - 20 and person.x1 + 20 <= window.x0 + window.width
        assert window.y0 <= person.y0 and person.y1 <= window.y0 + window.height
        assert window.x0 >= 0 and window.x0 + window.width <= SIZE[0] + 1e-6


def test_small_movements_leave_the_camera_on_its_tripod():
    _, shown = windows(looks_along(lambda t: 900 + 60 * np.sin(3 * t)))
    assert np.ptp([window.x0 for window in shown]) == 0
    middle = shown[0].x0 + shown[0].width / 2
    assert middle == pytest.approx(900, abs=40)


def test_a_quick_step_aside_is_followed_without_a_jerk():
    _, shown = windows(looks_along(lambda t: 500 if t < 3 else 1300))
    speed = np.abs(np.diff([window.x0 for window in shown])) / 0.04
    head_speed = 800 / STEP_S
    assert speed.max() < 0.75 * head_speed
    assert shown[0].x0 < 500 < shown[0].x0 + shown[0].width
    assert shown[-1].x0 < 1300 < shown[-1].x0 + shown[-1].width


def test_at_a_cut_the_camera_is_at_once_where_the_next_person_is():
    looks = looks_along(lambda t: 300 if t < 3 else 1500)
    times, shown = windows(looks, shots=[Span(0.0, 3.0), Span(3.0, 6.0)])
    before = shown[int(np.flatnonzero(times < 3.0 - 1e-6)[-1])]
    after = shown[int(np.flatnonzero(times >= 3.0 - 1e-6)[0])]
    assert before.x0 < 300 < before.x0 + before.width < 1500 < after.x0 + after.width


def test_a_head_too_wide_for_the_shape_is_shown_whole_in_a_window_beyond_the_picture():
    _, shown = windows(looks_along(lambda t: 960, width=560))
    window, person = shown[0], face(960, width=560)
    assert window.y0 < 0 and window.y0 + window.height > SIZE[1]
    assert window.x0 < person.x0 - 0.2 * 560 and person.x1 + 0.2 * 560 < window.x0 + window.width


def test_two_people_close_together_are_both_shown_and_far_apart_the_first():
    near = [Look(t, (face(900), face(1150))) for t in np.arange(0, 4, STEP_S)]
    far = [Look(t, (face(300), face(1600))) for t in np.arange(0, 4, STEP_S)]
    _, together = windows(near)
    _, first = windows(far)
    assert together[0].x0 < 820 and together[0].x0 + together[0].width > 1230
    assert first[0].x0 < 300 < first[0].x0 + first[0].width < 1600


def test_moments_without_a_face_are_bridged_and_a_clip_without_any_shows_its_middle():
    looks = [Look(look.at_s, () if 2 < look.at_s < 4 else look.faces) for look in looks_along(lambda t: 600 + 100 * t)]
    _, bridged = windows(looks)
    assert np.abs(np.diff([window.x0 for window in bridged])).max() < 20
    _, empty = windows([Look(t, ()) for t in np.arange(0, 2, STEP_S)])
    assert empty[0].x0 + empty[0].width / 2 == pytest.approx(960)
    assert empty[0].height == pytest.approx(1080)


@pytest.mark.parametrize("ratio", [9 / 16, 1.0, 4 / 5, 16 / 9])
@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (640, 640), (333, 777)], ids=str)
def test_every_window_has_the_shape_that_was_asked_for(ratio, size):
    looks = [Look(0.0, (face(size[0] / 2, size[1] / 2, min(size) / 5),))]
    window = plan_camera(looks, [Span(0.0, 1.0)], size, ratio).window_at(0.5)
    assert window.width / window.height == pytest.approx(ratio)
    assert window.width <= size[0] + 1e-6 and window.height <= size[1] + 1e-6
