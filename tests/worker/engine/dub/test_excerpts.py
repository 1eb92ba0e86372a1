from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.synth import babble, silence, write_audio
from worker.engine.contracts import Excerpt, Moment, Span, SyncMode
from worker.engine.dub.excerpts import find_excerpt, sound_between
from worker.engine.dub.mouth_plan import TROUBLES
from worker.engine.dub.timing import Stretch, plan_timeline
from worker.engine.failures import EngineFailure
from worker.engine.media.audio import load_audio

PTS_S = np.arange(250) / 25


def timeline_of(*stretches: Stretch):
    return plan_timeline(PTS_S, 10.0, Fraction(25), stretches)


def plan_of(troubles: np.ndarray):
    return SimpleNamespace(troubles=lambda: troubles, clip_s=lambda index: float(PTS_S[index]))


@pytest.fixture(scope="module")
def late(tmp_path_factory) -> Path:
    """A voice that is silent for two seconds."""
    sound = np.concatenate([silence(2.0), babble([0.2, 0.6, 1.0, 1.4, 1.8], 2.2)])
    return write_audio(tmp_path_factory.mktemp("voice") / "late.wav", sound)


WHOLE = Stretch(0.0, 10.0, 9.0, SyncMode.SILENCE, whole=True)


def test_without_a_window_everything_is_rendered():
    assert find_excerpt(None, [], timeline_of(WHOLE), plan_of(np.zeros((250, 4)))) == (range(250), None)


def test_the_first_moment_begins_where_the_voice_is_heard(late):
    timeline = timeline_of(Stretch(4.0, 9.0, 4.2, SyncMode.SILENCE))
    line = SimpleNamespace(audio=load_audio(late))
    frames, excerpt = find_excerpt(Moment.FIRST, [line], timeline, plan_of(np.zeros((250, 4))))
    assert 5.5 < excerpt.start_s < 6.4
    assert len(frames) == 75
    assert excerpt.end_s - excerpt.start_s == pytest.approx(3.0)


def test_the_hardest_moment_is_where_most_troubles_are_and_says_which():
    troubles = np.full((250, 4), 0.1)
    troubles[150:190, TROUBLES.index("covered")] = 0.9
    frames, excerpt = find_excerpt(Moment.HARDEST, [], timeline_of(WHOLE), plan_of(troubles))
    assert set(range(150, 190)) <= set(frames)
    assert (excerpt.reason, excerpt.clip_start_s) == ("covered", excerpt.start_s)
    even = find_excerpt(Moment.HARDEST, [], timeline_of(WHOLE), plan_of(np.full((250, 4), 0.1)))[1]
    assert even.reason == ""


def test_a_dub_shorter_than_an_excerpt_is_shown_whole():
    timeline = plan_timeline(PTS_S[:40], 1.6, Fraction(25), [Stretch(0.0, 1.6, 1.0, SyncMode.SILENCE, whole=True)])
    assert find_excerpt(Moment.HARDEST, [], timeline, plan_of(np.zeros((40, 4))))[0] == range(40)


@pytest.mark.parametrize("span", [Span(-1, 2), Span(3, 3), Span(4, 2), Span(10.0, 12), Span(float("nan"), 3)])
def test_seconds_outside_the_dub_are_refused(span):
    with pytest.raises(EngineFailure) as failure:
        find_excerpt(span, [], timeline_of(WHOLE), plan_of(np.zeros((250, 4))))
    assert failure.value.detail["option"] == "window"


def test_an_excerpts_sound_is_cut_to_the_sample_and_filled_with_silence(tmp_path):
    ramp = np.linspace(0.0, 0.5, 16000, dtype=np.float32)
    path = sound_between(write_audio(tmp_path / "a.wav", ramp), Excerpt(0.75, 1.5, 0.75), tmp_path)
    found = load_audio(path).samples
    assert len(found) == 12000
    assert found[:4000] == pytest.approx(ramp[12000:], abs=1e-3)
    assert not found[4001:].any()
    assert sound_between(None, Excerpt(0.0, 1.0, 0.0), tmp_path) is None
