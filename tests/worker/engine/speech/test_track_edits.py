import math

import numpy as np
import pytest

from worker.engine.contracts import Span
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.speech.mouth_track import ARTICULATORS, VISEMES, Articulator, MouthTrack, Phoneme, Prosody
from worker.engine.speech.track_edits import EditKind, MouthEdit, edit_track
from worker.engine.speech.track_json import track_from_json, track_to_json


@pytest.fixture
def track() -> MouthTrack:
    """Two seconds at 50 frames a second, open all the time, widest at 1.0 s."""
    times_s = np.arange(100) / 50
    articulation = np.zeros((100, len(ARTICULATORS)), np.float32)
    openness = np.exp(-(((times_s - 1.0) / 0.1) ** 2)) + 0.2
    articulation[:, ARTICULATORS.index(Articulator.OPENNESS)] = openness
    articulation[:, ARTICULATORS.index(Articulator.WIDTH)] = 0.5
    visemes = np.zeros((100, len(VISEMES)), np.float32)
    visemes[:, VISEMES.index("aa")] = 1.0
    prosody = Prosody(np.ones(100, np.float32), np.zeros(100, np.float32), [], [Span(0.0, 2.0)])
    return MouthTrack(times_s, articulation, visemes, prosody, [Phoneme("a", 0.9, 1.1)], "script")


def at(track: MouthTrack, time_s: float) -> int:
    return int(np.argmin(np.abs(track.times_s - time_s)))


def test_a_closed_stretch_rests_and_the_rest_stays(track):
    edited = edit_track(track, [MouthEdit(EditKind.CLOSE, 0.8, 1.2)])
    assert edited.openness[at(track, 1.0)] == 0
    assert edited.viseme_weights[at(track, 1.0), VISEMES.index("rest")] == 1
    np.testing.assert_allclose(edited.viseme_weights.sum(1), 1, atol=1e-6)
    outside = (track.times_s < 0.8) | (track.times_s > 1.2)
    np.testing.assert_array_equal(edited.articulation[outside], track.articulation[outside])
    assert (edited.method, track.method) == ("edited", "script")


def test_an_edit_comes_and_goes_without_a_snap(track):
    edited = edit_track(track, [MouthEdit(EditKind.CLOSE, 0.3, 0.6)])
    steps = np.abs(np.diff(edited.openness[: at(track, 0.7)]))
    assert 0.02 < steps.max() < 0.2 / 2  # never more than half of what there is in one frame


def test_scaling_changes_how_wide_the_mouth_opens_and_not_how_broad_it_is(track):
    edited = edit_track(track, [MouthEdit(EditKind.SCALE, 0.8, 1.2, 0.5)])
    assert edited.openness[at(track, 1.0)] == pytest.approx(track.openness[at(track, 1.0)] / 2)
    np.testing.assert_array_equal(edited.column(Articulator.WIDTH), track.column(Articulator.WIDTH))


@pytest.mark.parametrize("later_s", [-0.2, 0.14, 1.0])
def test_a_moved_stretch_arrives_later_or_earlier_and_time_never_runs_back(track, later_s):
    edited = edit_track(track, [MouthEdit(EditKind.MOVE, 0.8, 1.2, later_s)])
    arrived_s = track.times_s[int(np.argmax(edited.openness))]
    assert arrived_s == pytest.approx(min(1.0 + later_s, track.times_s[-1]), abs=0.021)
    assert edited.phonemes[0].start_s == pytest.approx(0.9 + later_s)


def test_edits_follow_one_another_and_survive_being_written_down(track):
    edits = [MouthEdit(EditKind.MOVE, 0.8, 1.2, 0.2), MouthEdit(EditKind.CLOSE, 1.15, 1.25)]
    edited = edit_track(track, edits)
    assert edited.openness[at(track, 1.2)] == pytest.approx(0, abs=1e-6)
    again = track_from_json(track_to_json(edited))
    np.testing.assert_allclose(again.articulation, edited.articulation, atol=1e-3)
    assert again.method == "edited"
    assert edit_track(track, []) is track


@pytest.mark.parametrize(
    "row",
    [
        "close",
        {},
        {"kind": "explode", "start_s": 0, "end_s": 1},
        {"kind": "close", "start_s": 1, "end_s": 1},
        {"kind": "close", "start_s": -1, "end_s": 1},
        {"kind": "close", "start_s": 0, "end_s": math.nan},
        {"kind": "close", "start_s": 0, "end_s": "soon"},
        {"kind": "scale", "start_s": 0, "end_s": 1, "amount": 3},
        {"kind": "move", "start_s": 0, "end_s": 1, "amount": -2},
    ],
)
def test_nonsense_is_refused(row):
    with pytest.raises(EngineFailure) as refused:
        MouthEdit.from_json(row)
    assert refused.value.code is FailureCode.OPTION_INVALID
    assert refused.value.detail["option"] == "mouth_edits"
