"""Heads, eyes and breath move as people's do, and the same seed gives the same motion."""

import numpy as np
import pytest

from worker.engine.contracts import LifeScales, Span, Style
from worker.engine.motion.blinks import blink_times, blink_track, glance_track
from worker.engine.motion.head import brow_track, head_turns_deg
from worker.engine.motion.plan import plan_motion
from worker.engine.speech.mouth_track import ARTICULATORS, VISEMES, Accent, MouthTrack, Prosody

SECONDS, RATE = 60, 25
TIMES_S = np.arange(SECONDS * RATE) / RATE
SPANS = [Span(start, start + 4.2) for start in range(0, SECONDS, 5)]
ACCENTS = [Accent(start + 0.9, 0.9) for start in range(0, SECONDS, 2)]


def prosody(times_s=TIMES_S, accents=ACCENTS, spans=SPANS):
    return Prosody(np.ones(len(times_s), np.float32), np.full(len(times_s), 120, np.float32), accents, spans)


def track(times_s=TIMES_S, **told):
    return MouthTrack(
        times_s,
        np.zeros((len(times_s), len(ARTICULATORS)), np.float32),
        np.zeros((len(times_s), len(VISEMES)), np.float32),
        prosody(times_s, **told),
    )


@pytest.mark.parametrize("seed", range(8))
def test_blinks_come_as_often_as_in_talking_people(seed):
    moments = blink_times(SECONDS, SPANS, np.random.default_rng(seed))
    assert 10.5 <= len(moments) <= 32.5
    gaps = np.diff(moments)
    assert gaps.max() <= 10
    assert gaps.min() > 0.5


def test_lids_fall_fast_and_rise_slower():
    fine_s = np.arange(0, 20, 0.001)
    shut = blink_track(fine_s, [], np.random.default_rng(1))
    peak = int(np.argmax(shut > 0.999))
    start = peak - int(np.argmax(shut[peak::-1] == 0))
    still_shut = peak + int(np.argmin(shut[peak:] > 0.999))
    end = still_shut + int(np.argmax(shut[still_shut:] == 0))
    assert 0.05 <= (peak - start) / 1000 <= 0.10
    assert 0.10 <= (end - still_shut) / 1000 <= 0.20


def test_glances_are_tiny_and_absent_without_liveliness():
    glances = glance_track(TIMES_S, 1.0, np.random.default_rng(2))
    assert 0.005 < np.abs(glances).max() < 0.05
    assert not glance_track(TIMES_S, 0.0, np.random.default_rng(2)).any()


@pytest.mark.parametrize("style", [Style.NATURAL, Style.EXPRESSIVE])
def test_heads_turn_a_little_and_never_jump(style):
    turns = head_turns_deg(TIMES_S, prosody(), style, np.random.default_rng(3))
    assert np.abs(turns).max() <= 4.0
    assert np.abs(turns).max() > 1.0
    assert np.abs(turns[0]).max() < 0.05
    assert np.abs(np.diff(turns, axis=0)).max() * RATE < 40  # deg/s


def test_a_nod_peaks_just_after_its_accent():
    times_s = np.arange(0, 4, 0.01)
    one = prosody(times_s, [Accent(2.0, 1.0)], [])
    nothing = prosody(times_s, [], [])
    with_nod = head_turns_deg(times_s, one, Style.NATURAL, np.random.default_rng(4))
    without = head_turns_deg(times_s, nothing, Style.NATURAL, np.random.default_rng(4))
    nod = (with_nod - without)[:, 1]
    assert nod.max() > 0.8
    assert 2.0 <= times_s[np.argmax(nod)] <= 2.1
    assert np.abs(nod[times_s < 1.8]).max() < 1e-9
    assert np.abs(nod[times_s > 2.7]).max() < 1e-9


def test_brows_rise_on_strong_accents_only_and_keep_their_distance():
    times_s = np.arange(0, 3, 0.01)
    raised = brow_track(times_s, [Accent(1.0, 0.9), Accent(1.2, 0.9), Accent(2.5, 0.2)], Style.EXPRESSIVE)
    assert raised[100] > 0.6
    assert raised[250] == 0
    assert raised[120] < raised[100] * 0.6


def test_a_still_photo_still_blinks_but_its_head_rests():
    plan = plan_motion(track(), Style.STILL, 5)
    assert plan.blink.max() == pytest.approx(1.0, abs=0.4)
    for still in (plan.turn_deg, plan.shift, plan.brows, plan.breath, plan.glance, plan.smile):
        assert not np.any(still)


def test_the_same_seed_gives_the_same_motion_and_another_seed_another():
    first, again, other = (plan_motion(track(), Style.NATURAL, seed) for seed in (7, 7, 8))
    for name in ("blink", "glance", "turn_deg", "shift", "breath"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert np.abs(first.turn_deg - other.turn_deg).max() > 0.3
    assert len(list(first)) == len(TIMES_S)


def test_one_frame_and_no_speech_are_fine():
    plan = plan_motion(track(np.array([0.0]), accents=[], spans=[]), Style.NATURAL, 0)
    assert len(plan) == 1
    assert plan.frame(0).blink == 0.0


def test_every_sign_of_life_can_be_switched_off_alone():
    usual = plan_motion(track(), Style.EXPRESSIVE, 3)
    parts = {"blink": ("blink",), "gaze": ("glance",), "brow": ("brows",), "head": ("turn_deg", "shift", "breath")}
    for off, silent in parts.items():
        plan = plan_motion(track(), Style.EXPRESSIVE, 3, LifeScales(**{off: 0.0}))
        for name in ("blink", "glance", "brows", "turn_deg", "shift", "breath"):
            if name in silent:
                assert not np.any(getattr(plan, name)), name
            else:
                np.testing.assert_array_equal(getattr(plan, name), getattr(usual, name))


def test_more_life_is_more_but_heads_stay_within_what_a_photo_can_do():
    usual, lively = (plan_motion(track(), Style.NATURAL, 3, LifeScales(s, s, s, s)) for s in (1.0, 2.0))
    for name in ("glance", "brows", "turn_deg"):
        assert np.abs(getattr(lively, name)).max() > 1.15 * np.abs(getattr(usual, name)).max(), name
    assert np.abs(lively.turn_deg).max() <= 6.0
    counts = [len(blink_times(120, SPANS, np.random.default_rng(1), rate)) for rate in (0.0, 0.5, 1.0, 2.0)]
    assert counts == sorted(counts) and counts[0] == 0 and counts[3] > 1.5 * counts[2] > 1.5 * counts[1]
