import numpy as np
import pytest

from worker.engine.face import landmarks as lm
from worker.engine.face.pose import canonical_face, rotation_from_angles
from worker.engine.face.stabilization import landmark_jitter_px, smoothing_matrix, stabilize_landmarks

TIMES = np.arange(75) / 25


def face_track(yaw=lambda t: 0.0, open_by=lambda t: 0.0, noise_px=0.0, times=TIMES) -> np.ndarray:
    rng = np.random.default_rng(3)
    frames = []
    for t in times:
        face = canonical_face().copy()
        face[list(lm.LIPS_INNER_LOWER[1:-1])] += [0, open_by(t), 0]
        posed = 80 * face @ rotation_from_angles(yaw(t), 0, 0).T + [200, 200, 0]
        frames.append(posed + rng.normal(0, noise_px, posed.shape))
    return np.array(frames, np.float32)


def test_jitter_of_a_still_face_drops_to_less_than_half():
    noisy = face_track(noise_px=0.5)
    steady = stabilize_landmarks(noisy, TIMES)
    assert landmark_jitter_px(noisy) == pytest.approx(0.5, rel=0.05)
    assert landmark_jitter_px(steady) < 0.25
    cheek = list(lm.CHEEK_LEFT + lm.CHEEK_RIGHT)  # where boiling would be seen first
    assert landmark_jitter_px(steady[:, cheek]) < 0.05


@pytest.mark.parametrize("frequency_hz", [1.0, 2.0])
def test_a_nodding_head_is_followed_without_lag(frequency_hz):
    track = face_track(yaw=lambda t: 8 * np.sin(2 * np.pi * frequency_hz * t))
    steady = stabilize_landmarks(track, TIMES)
    nose, smooth = track[10:-10, lm.NOSE_TIP, 0], steady[10:-10, lm.NOSE_TIP, 0]
    lags = range(-3, 4)
    errors = [np.abs(nose - np.roll(smooth, lag)).mean() for lag in lags]
    assert list(lags)[int(np.argmin(errors))] == 0
    assert np.ptp(smooth) > 0.9 * np.ptp(nose)


def test_a_quick_lip_closure_keeps_its_time_and_depth():
    track = face_track(open_by=lambda t: 0.25 if abs(t - 1.52) > 0.06 else 0.0, noise_px=0.2)
    aperture = lm.mouth_openness(stabilize_landmarks(track, TIMES))
    assert TIMES[aperture.argmin()] == pytest.approx(1.52, abs=0.021)
    assert aperture.min() < 0.06


def test_missing_faces_stay_missing_and_do_not_bleed():
    track = face_track()
    track[20:30] = np.nan
    track[30:] += [500, 0, 0]
    steady = stabilize_landmarks(track, TIMES)
    assert np.isnan(steady[20:30]).all()
    assert np.abs(steady[:20] - track[:20]).max() < 0.5
    assert np.abs(steady[30:] - track[30:]).max() < 0.5


def test_uneven_frame_times_are_honoured():
    times = np.delete(TIMES, np.arange(2, 75, 3))
    track = face_track(yaw=lambda t: 6 * t, times=times)  # steady turning: a straight line in time
    steady = stabilize_landmarks(track, times)
    assert np.abs(steady[:, lm.NOSE_TIP] - track[:, lm.NOSE_TIP]).max() < 0.3


def test_parabolas_pass_the_smoother_unchanged():
    matrix = smoothing_matrix(TIMES, 3.0)
    parabola = 2 + 3 * TIMES - 4 * TIMES**2
    assert np.allclose(matrix @ parabola, parabola, atol=1e-6)
    assert np.allclose(matrix.sum(1), 1)


@pytest.mark.parametrize("frames", [0, 1, 2, 3])
def test_the_shortest_tracks_are_left_as_they_are(frames):
    track = face_track()[:frames]
    assert np.allclose(stabilize_landmarks(track, TIMES[:frames]), track, atol=0.01)


def test_lengths_that_do_not_match_are_refused():
    with pytest.raises(ValueError, match="expected"):
        stabilize_landmarks(face_track(), TIMES[:-1])
