"""What a driver does arrives on the photo: as far, at the same time, and nothing of how the driver looks."""

import numpy as np
import pytest

from worker.engine.contracts import LifeScales
from worker.engine.face import landmarks as lm
from worker.engine.face.pose import canonical_face, head_pose, rotation_from_angles
from worker.engine.face.tracks import FrameFace
from worker.engine.motion.driving import measure_face, perform, plan_from_performance
from worker.engine.motion.expressions import brow_raise
from worker.engine.motion.mouth_shapes import load_mouth_shapes
from worker.engine.speech.mouth_track import ARTICULATORS, Articulator

RATE = 25
TIMES_S = np.arange(0, 4, 1 / RATE)
OPENNESS = ARTICULATORS.index(Articulator.OPENNESS)
WIDTH = ARTICULATORS.index(Articulator.WIDTH)
SYLLABLES = 0.35 * (1 - np.cos(2 * np.pi * 1.5 * TIMES_S))


def face_at(index, *, openness=0.0, width=0.0, shut=0.0, look=0.0, brows=0.0, turn_deg=(0.0, 0.0, 0.0), at_s=None):
    """A tracked face whose truth is known: the canonical face with a mouth, lids, irises, brows and a pose."""
    shapes = load_mouth_shapes()
    points = canonical_face() + openness * shapes.basis[OPENNESS] + width * shapes.basis[WIDTH]
    points = points + brows * brow_raise(canonical_face())
    for upper, lower in ((lm.RIGHT_EYE_UPPER, lm.RIGHT_EYE_LOWER), (lm.LEFT_EYE_UPPER, lm.LEFT_EYE_LOWER)):
        gap = points[list(lower), 1] - points[list(upper), 1]
        points[list(upper), 1] += 0.85 * shut * gap
    points[list(lm.IRISES), 0] += look * np.linalg.norm(points[lm.RIGHT_EYE_OUTER, :2] - points[lm.RIGHT_EYE_INNER, :2])
    picture = 90 * (points @ rotation_from_angles(*turn_deg).T) + np.array([200, 180, 0])
    pts_s = float(TIMES_S[index]) if at_s is None else at_s
    return FrameFace(index, pts_s, picture.astype(np.float32), head_pose(picture))


def performed(faces, times_s=TIMES_S, clip_times_s=TIMES_S):
    return perform([measure_face(face) for face in faces], clip_times_s, times_s)


def gap_of(articulation):
    shapes = load_mouth_shapes()
    moved = np.tensordot(articulation, shapes.basis, axes=1)
    return (moved[:, lm.LIPS_INNER_LOWER[1:-1], 1] - moved[:, lm.LIPS_INNER_UPPER[1:-1], 1]).mean(axis=1)


def test_lips_part_as_far_as_the_drivers_and_when_they_do():
    acted = performed([face_at(i, openness=s) for i, s in enumerate(SYLLABLES)])
    wanted = gap_of(np.eye(len(ARTICULATORS))[OPENNESS][None] * SYLLABLES[:, None])
    assert np.corrcoef(gap_of(acted.articulation), wanted)[0, 1] > 0.97
    assert np.abs(gap_of(acted.articulation) - wanted).max() < 0.03
    assert gap_of(acted.articulation)[0] < 0.005


def test_a_driver_with_another_face_and_an_open_resting_mouth_gives_the_same_motion():
    plain = performed([face_at(i, openness=s) for i, s in enumerate(SYLLABLES)])
    smiling = performed([face_at(i, openness=0.08 + s, width=0.5) for i, s in enumerate(SYLLABLES)])
    np.testing.assert_allclose(smiling.articulation[:, OPENNESS], plain.articulation[:, OPENNESS], atol=0.12)
    assert np.abs(smiling.articulation[:, WIDTH]).max() < 0.25


def test_spread_lips_arrive_as_width_and_not_as_opening():
    spread = 0.5 * (1 - np.cos(2 * np.pi * TIMES_S))
    acted = performed([face_at(i, width=s) for i, s in enumerate(spread)])
    sideways = acted.articulation[:, WIDTH] + acted.smile
    assert np.corrcoef(sideways, spread)[0, 1] > 0.95
    assert acted.articulation[:, OPENNESS].max() < 0.1


def test_blinks_brows_and_glances_are_the_drivers():
    blink_at, look_at, raise_at = 20, 50, 75
    faces = [
        face_at(
            i,
            shut=float(abs(i - blink_at) <= 2),
            look=0.08 * float(abs(i - look_at) <= 6),
            brows=float(np.exp(-(((i - raise_at) / 5) ** 2))),
        )
        for i in range(len(TIMES_S))
    ]
    acted = performed(faces)
    assert acted.blink[blink_at] > 0.8
    assert acted.blink[[0, 10, 40, 60, 90]].max() < 0.05
    assert acted.glance[look_at, 0] == pytest.approx(0.08, abs=0.02)
    assert np.abs(acted.glance[[5, blink_at, 90]]).max() < 0.02
    assert acted.brows[raise_at] > 0.6
    assert np.abs(acted.brows[[5, 40]]).max() < 0.15


def test_the_head_turns_from_the_drivers_usual_pose_and_within_what_a_photo_can_do():
    yaw = 15 + 6 * np.sin(2 * np.pi * 0.5 * TIMES_S)
    acted = performed([face_at(i, turn_deg=(y, 4.0, -3.0)) for i, y in enumerate(yaw)])
    np.testing.assert_allclose(acted.turn_deg[10:-10, 0], yaw[10:-10] - 15, atol=0.6)
    assert np.abs(acted.turn_deg[:, 1:]).max() < 1.0
    wild = performed([face_at(i, turn_deg=(30 * np.sin(2 * np.pi * 0.5 * t), 0, 0)) for i, t in enumerate(TIMES_S)])
    plan = plan_from_performance(wild, LifeScales())
    assert 8 < np.abs(plan.turn_deg[:, 0]).max() <= 11
    assert np.abs(plan.shift).max() <= 0.16


def test_a_missing_face_is_held_then_eases_to_rest_and_is_reported():
    gone = (1.5, 3.0)
    faces = [face_at(i, openness=0.6 * (i > 10), at_s=float(t)) for i, t in enumerate(TIMES_S)]
    kept = [face for face in faces if not gone[0] <= face.pts_s < gone[1]]
    acted = performed(kept)
    opened = acted.articulation[:, OPENNESS]
    assert opened[(TIMES_S > 0.8) & (TIMES_S < 1.5)].min() > 0.4
    assert np.abs(acted.articulation[(TIMES_S > 2.1) & (TIMES_S < 2.4)]).max() < 0.02
    assert np.abs(np.diff(opened[TIMES_S > 0.8])).max() < 0.15  # no jump on the way
    (span,) = acted.missing
    assert span.start_s == pytest.approx(gone[0], abs=0.05)
    assert span.end_s == pytest.approx(gone[1], abs=0.05)


def test_uneven_clocks_keep_every_moment_where_it_was():
    rng = np.random.default_rng(1)
    clip_s = np.sort(rng.uniform(0, 4, 110))
    signal = 0.35 * (1 - np.cos(2 * np.pi * 1.5 * clip_s))
    faces = [face_at(i, openness=s, at_s=float(t)) for i, (t, s) in enumerate(zip(clip_s, signal, strict=True))]
    out_s = np.arange(0.2, 3.8, 1001 / 60000)
    acted = performed(faces, out_s, clip_s)
    wanted = 0.35 * (1 - np.cos(2 * np.pi * 1.5 * out_s))
    assert np.corrcoef(acted.articulation[:, OPENNESS], wanted)[0, 1] > 0.95


def test_a_driver_turned_far_away_keeps_the_photos_mouth_at_rest():
    faces = [face_at(i, openness=0.6 * (i % 2), turn_deg=(60.0, 0.0, 0.0)) for i in range(len(TIMES_S))]
    acted = performed(faces)
    assert not acted.articulation.any()
    assert len(acted.turned) == 1


def test_life_scales_a_driven_photo_too():
    faces = [face_at(i, shut=float(i % 25 < 4), turn_deg=(5 * np.sin(t), 0, 0)) for i, t in enumerate(TIMES_S)]
    plan = plan_from_performance(performed(faces), LifeScales(blink=0, gaze=0, brow=0, head=0))
    for still in (plan.blink, plan.glance, plan.brows, plan.turn_deg, plan.shift):
        assert not np.any(still)


def test_without_a_face_there_is_nothing_to_perform():
    with pytest.raises(ValueError, match="face"):
        perform([], TIMES_S, TIMES_S)


def test_a_face_that_comes_and_goes_is_one_span_and_long_ones_stay_apart():
    faces = [face_at(i, openness=0.2 * (i % 3)) for i in range(len(TIMES_S))]
    kept = [face for face in faces if face.index not in (20, 21, 25, 28, 70)]
    spans = performed(kept).missing
    assert [(round(s.start_s, 2), round(s.end_s, 2)) for s in spans] == [(0.8, 1.16), (2.8, 2.84)]
