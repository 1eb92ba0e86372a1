import json

import numpy as np
import pytest

from tests.worker.engine.speech.conftest import tone_for
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.speech.mouth_track import Articulator, Phoneme
from worker.engine.speech.track import mouth_track_from_phonemes
from worker.engine.speech.track_json import track_from_json, track_to_json


@pytest.fixture(scope="module")
def track():
    phonemes = [Phoneme("b", 0.2, 0.3), Phoneme("aɪ", 0.3, 0.6, 2), Phoneme("ʃ", 0.6, 0.8)]
    return mouth_track_from_phonemes(phonemes, tone_for(phonemes, 1.2), np.arange(0, 1.2, 1001 / 30000))


def test_a_track_survives_the_way_there_and_back(track):
    back = track_from_json(track_to_json(track))
    assert np.allclose(back.times_s, track.times_s, atol=1e-6)
    assert np.allclose(back.articulation, track.articulation, atol=1e-3)
    assert np.allclose(back.viseme_weights, track.viseme_weights, atol=2e-2)
    assert list(back.phonemes) == list(track.phonemes)
    assert [span.start_s for span in back.prosody.speech_spans] == [s.start_s for s in track.prosody.speech_spans]
    assert back.method == track.method


def test_an_edit_on_the_timeline_is_read_back(track):
    stored = json.loads(track_to_json(track))
    stored["articulation"]["jaw"][10] = 0.75
    stored["method"] = "by hand"
    back = track_from_json(json.dumps(stored))
    assert back.column(Articulator.JAW)[10] == pytest.approx(0.75)
    assert back.method == "edited"


def _broken(track, change) -> str:
    stored = json.loads(track_to_json(track))
    change(stored)
    return json.dumps(stored)


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.pop("times_s"),
        lambda s: s.update(version=99),
        lambda s: s["times_s"].reverse(),
        lambda s: s["articulation"]["openness"].pop(),
        lambda s: s["articulation"].update(openness=[float("nan")] * len(s["times_s"])),
        lambda s: s["articulation"].update(jaw=[1e9] * len(s["times_s"])),
        lambda s: s["articulation"].update(jaw="wide"),
        lambda s: s.update(phonemes=[["x" * 99, 0, 1, 0]]),
        lambda s: s.update(phonemes=[["x", "soon", 1, 0]]),
        lambda s: s.update(accents=[[1, 2, 3]]),
        lambda s: [values.__setitem__(0, 0) for values in s["visemes"].values()],
        lambda s: s.update(times_s=list(range(40_000))),
    ],
)
def test_broken_tracks_are_refused(track, change):
    with pytest.raises(EngineFailure) as failure:
        track_from_json(_broken(track, change))
    assert failure.value.code is FailureCode.OPTION_INVALID


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3", "[" * 100_000])
def test_what_is_no_track_at_all_is_refused(text):
    with pytest.raises(EngineFailure) as failure:
        track_from_json(text)
    assert failure.value.code is FailureCode.OPTION_INVALID
