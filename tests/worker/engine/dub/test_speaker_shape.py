import numpy as np
import pytest

from worker.engine.dub.speaker_shape import FEATURES, fit_range, inner_gap, measure_speaker, shape_features
from worker.engine.face.pose import HeadPose, canonical_face, rotation_from_angles
from worker.engine.motion.mouth_shapes import load_mouth_shapes
from worker.engine.speech.mouth_track import ARTICULATORS, Articulator

OPENNESS = ARTICULATORS.index(Articulator.OPENNESS)
TIMES_S = np.arange(100) / 25


def clip(openness: np.ndarray, yaw_deg: float = 0.0) -> np.ndarray:
    """(T, 478, 3) px of a face that opens its mouth."""
    head = HeadPose(0, 0, 0, rotation_from_angles(yaw_deg, 0, 0), 90.0, np.array([200.0, 150.0, 0.0]))
    basis = load_mouth_shapes().basis[OPENNESS]
    return np.stack([head.from_canonical(canonical_face() + o * basis) for o in openness]).astype(np.float32)


def measured(openness: np.ndarray, yaw_deg: float = 0.0):
    whole = np.ones(len(openness))
    return measure_speaker(clip(openness, yaw_deg), TIMES_S[: len(openness)], whole, 0 * whole)


TALK = 0.5 + 0.5 * np.sin(2 * np.pi * 3 * TIMES_S)


@pytest.mark.parametrize("yaw_deg", [0.0, 25.0])
def test_the_opening_is_measured_whatever_the_pose(yaw_deg):
    frames = measured(TALK, yaw_deg)
    assert frames.features[:, 0] == pytest.approx(0.164 * TALK, abs=0.012)
    assert np.abs(frames.yaw_deg - yaw_deg).max() < 3


def test_missing_frames_stay_missing():
    points = clip(TALK)
    points[10:20] = np.nan
    whole = np.ones(100)
    frames = measure_speaker(points, TIMES_S, whole, 0 * whole)
    assert not frames.found[10:20].any() and frames.found.sum() == 90
    assert not frames.fit_for_bank[10:20].any()


def test_the_mesh_opens_as_far_as_this_speaker_does():
    quiet = fit_range(measured(0.68 * TALK))
    loud = fit_range(measured(1.0 * TALK))
    wide = np.zeros(len(ARTICULATORS))
    wide[OPENNESS] = 1.0
    assert inner_gap(loud.mesh(wide, 0.0)) > 1.3 * inner_gap(quiet.mesh(wide, 0.0))
    assert inner_gap(loud.mesh(wide, 0.0)) == pytest.approx(0.164, abs=0.03)
    assert abs(inner_gap(loud.mesh(np.zeros(len(ARTICULATORS)), 0.0))) < 0.015


def test_the_widest_vowel_has_an_end():
    reach = fit_range(measured(TALK))
    shouted = np.zeros(len(ARTICULATORS))
    shouted[OPENNESS] = 3.0
    assert inner_gap(reach.mesh(shouted, 0.0)) < 1.2 * reach.open_gap


def test_a_clip_that_never_opens_or_never_closes_says_so():
    assert not fit_range(measured(0.1 * TALK)).opens
    assert not fit_range(measured(0.6 + 0.3 * TALK)).closes
    usual = fit_range(measured(TALK))
    assert usual.opens and usual.closes


def test_a_lasting_smile_is_kept_and_speech_is_not_taken_for_one():
    frames = measured(TALK)
    assert np.abs(frames.smile).max() < 0.35
    assert len(FEATURES) == len(shape_features(canonical_face()))
