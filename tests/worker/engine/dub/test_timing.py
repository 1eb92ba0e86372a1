"""Output frames against lengths worked out by hand."""

from fractions import Fraction

import numpy as np
import pytest

from worker.engine.contracts import SyncMode
from worker.engine.dub.timing import Stretch, plan_timeline

RATES = {
    "23.976": Fraction(24000, 1001),
    "25": Fraction(25),
    "29.97": Fraction(30000, 1001),
    "30": Fraction(30),
    "50": Fraction(50),
    "59.94": Fraction(60000, 1001),
}


def clip(rate: Fraction, frames: int) -> tuple[np.ndarray, float]:
    """Times as a container with a millisecond clock gives them."""
    return np.round(np.arange(frames) / float(rate), 3), frames / float(rate)


def whole(end_s: float, sound_s: float, mode: SyncMode) -> list[Stretch]:
    return [Stretch(0.0, end_s, sound_s, mode, whole=True)]


@pytest.mark.parametrize("rate", RATES.values(), ids=RATES.keys())
@pytest.mark.parametrize("mode", list(SyncMode))
@pytest.mark.parametrize("sound_s", [31.37, 60.0, 88.81])
def test_a_minute_ends_within_a_frame_of_where_it_should(rate, mode, sound_s):
    frames = round(60 * rate)
    pts_s, end_s = clip(rate, frames)
    timeline = plan_timeline(pts_s, end_s, rate, whole(end_s, sound_s, mode))
    kept = {SyncMode.CUT_OFF: min(end_s, sound_s), SyncMode.SILENCE: end_s}.get(mode, sound_s)
    assert abs(float(timeline.end_s) - kept) <= 1 / float(rate)
    ticks = timeline.out_pts_s * float(rate)
    assert np.abs(ticks - np.arange(len(timeline))).max() < 1e-6  # exact, to the last frame
    assert timeline.sound_s[0] == 0.0


@pytest.mark.parametrize("rate", RATES.values(), ids=RATES.keys())
def test_a_clip_that_stays_as_it_is_keeps_every_frame_at_its_time(rate):
    pts_s, end_s = clip(rate, 1000)
    timeline = plan_timeline(pts_s, end_s, rate, [])
    assert timeline.source_index.tolist() == list(range(1000))
    assert timeline.end_s == 1000 / rate
    assert np.isnan(timeline.sound_s).all()
    assert timeline.is_in_order


def test_frames_that_a_steady_clip_lost_leave_their_gap():
    pts_s = np.delete(np.arange(100) / 25, [40, 41, 42])
    timeline = plan_timeline(pts_s, 4.0, Fraction(25), whole(4.0, 4.0, SyncMode.SILENCE))
    assert np.allclose(timeline.out_pts_s, pts_s)
    assert timeline.end_s == 4


def test_bouncing_shows_the_turning_frames_once():
    pts_s, end_s = clip(Fraction(25), 4)
    timeline = plan_timeline(pts_s, end_s, Fraction(25), whole(end_s, 0.4, SyncMode.BOUNCE))
    assert timeline.source_index.tolist() == [0, 1, 2, 3, 2, 1, 0, 1, 2, 3]
    assert not timeline.is_in_order


def test_looping_begins_again_at_the_first_frame():
    pts_s, end_s = clip(Fraction(25), 4)
    timeline = plan_timeline(pts_s, end_s, Fraction(25), whole(end_s, 0.4, SyncMode.LOOP))
    assert timeline.source_index.tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.0, 1.25, 2.0])
def test_remapping_spreads_the_clip_evenly(factor):
    pts_s, end_s = clip(Fraction(25), 100)
    timeline = plan_timeline(pts_s, end_s, Fraction(25), whole(end_s, end_s * factor, SyncMode.REMAP))
    moments = timeline.source_index / 25 * factor
    assert np.abs(moments - timeline.out_pts_s).max() <= 0.5 / 25 + factor / 25
    assert timeline.is_in_order
    assert timeline.source_index[-1] == 99 or factor < 1


def test_one_line_in_the_middle_leaves_the_rest_where_it_was():
    pts_s, end_s = clip(Fraction(30000, 1001), 300)
    line = Stretch(3.0, 5.0, 1.7, SyncMode.CUT_OFF)
    timeline = plan_timeline(pts_s, end_s, Fraction(30000, 1001), [line])
    assert timeline.source_index.tolist() == list(range(300))
    edited = np.flatnonzero(timeline.stretch == 0)
    assert pts_s[edited[0]] <= 3.0 < pts_s[edited[0] + 1]
    assert pts_s[edited[-1]] < 5.0 <= pts_s[edited[-1] + 1]
    assert [piece.stretch for piece in timeline.pieces] == [None, 0, None]
    at_start = timeline.pieces[1].sound_at_s
    assert at_start == pytest.approx(3.0, abs=1e-3)  # to the sample, though frames are 33 ms
    assert timeline.sound_s[edited[0]] == pytest.approx(timeline.out_pts_s[edited[0]] - 3.0, abs=1e-3)


@pytest.mark.parametrize("mode", [SyncMode.LOOP, SyncMode.BOUNCE, SyncMode.REMAP])
def test_a_longer_line_makes_room_and_the_rest_follows_without_drift(mode):
    rate = Fraction(24000, 1001)
    pts_s, end_s = clip(rate, 240)
    lines = [Stretch(1.0, 2.0, 2.5, mode), Stretch(4.0, 5.0, 3.1, mode)]
    timeline = plan_timeline(pts_s, end_s, rate, lines)
    assert float(timeline.end_s) == pytest.approx(end_s + 1.5 + 2.1, abs=2 / float(rate))
    assert np.abs(timeline.out_pts_s * float(rate) - np.arange(len(timeline))).max() < 1e-6
    last = timeline.pieces[-1]
    assert last.stretch is None
    assert timeline.source_index[last.first : last.end].tolist() == list(range(timeline.source_index[last.first], 240))


def test_a_cut_inside_a_clip_is_made_only_when_asked_for():
    pts_s, end_s = clip(Fraction(25), 100)
    stays = plan_timeline(pts_s, end_s, Fraction(25), [Stretch(1.0, 3.0, 1.0, SyncMode.CUT_OFF)])
    jumps = plan_timeline(pts_s, end_s, Fraction(25), [Stretch(1.0, 3.0, 1.0, SyncMode.CUT_OFF, cuts_picture=True)])
    assert len(stays) == 100
    assert len(jumps) == 75
    assert jumps.source_index[jumps.pieces[1].end] == 75


@pytest.mark.parametrize("mode", list(SyncMode))
def test_a_variable_rate_keeps_every_frames_own_duration(mode):
    gaps = np.array([0.033, 0.067, 0.033, 0.05] * 30)
    pts_s = np.concatenate([[0.0], np.cumsum(gaps)[:-1]])
    end_s = float(gaps.sum())
    timeline = plan_timeline(pts_s, end_s, None, whole(end_s, 9.0, mode))
    kept = end_s if mode in (SyncMode.CUT_OFF, SyncMode.SILENCE) else 9.0
    assert abs(float(timeline.end_s) - kept) <= 0.067
    assert np.all(np.diff(timeline.out_pts_s) > 0)
    if mode is SyncMode.LOOP:
        shown = np.diff(np.append(timeline.out_pts_s, float(timeline.end_s)))
        assert np.allclose(shown, gaps[timeline.source_index % 4], atol=1e-3)


def test_iterating_says_which_frames_are_untouched():
    pts_s, end_s = clip(Fraction(25), 10)
    frames = list(plan_timeline(pts_s, end_s, Fraction(25), [Stretch(0.2, 0.28, 0.05, SyncMode.SILENCE)]))
    assert [frame.stretch for frame in frames] == [None] * 5 + [0, 0] + [None] * 3
    assert frames[4].sound_s is None
    assert frames[6].sound_s == pytest.approx(0.04)


def test_overlapping_stretches_are_a_mistake_of_the_caller():
    pts_s, end_s = clip(Fraction(25), 100)
    two = [Stretch(0.0, 2.0, 1.0, SyncMode.SILENCE), Stretch(1.0, 3.0, 1.0, SyncMode.SILENCE)]
    with pytest.raises(ValueError, match="overlap"):
        plan_timeline(pts_s, end_s, Fraction(25), two)
