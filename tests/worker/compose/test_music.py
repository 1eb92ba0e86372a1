from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests import synth
from worker.compose.music import CONTROL_HZ, DUCKED_MOST_DB, RATE_HZ, ducking_db, lay_music, music_between
from worker.compose.music_bed import MusicBed
from worker.engine.contracts import Span
from worker.engine.dub.loudness import loudness_lufs
from worker.engine.failures import EngineFailure, FailureCode


@pytest.fixture
def music(tmp_path: Path) -> Path:
    return synth.write_audio(tmp_path / "music.wav", synth.tone(3.0, 330.0, 44_100), 44_100)


def level_db(samples: np.ndarray, start_s: float, end_s: float) -> float:
    part = samples[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)]
    return float(10 * np.log10(np.mean(part**2) + 1e-12))


def test_music_under_a_voice_is_as_loud_as_streaming_sites_play_it(tmp_path, music):
    voice = synth.write_audio(tmp_path / "voice.wav", synth.speechlike(6.0))
    (folder := tmp_path / "work").mkdir()
    mixed, rate = soundfile.read(lay_music(voice, MusicBed(music), 6.2, folder))
    assert (rate, mixed.shape) == (RATE_HZ, (round(6.2 * RATE_HZ), 2))
    assert loudness_lufs(mixed, rate) == pytest.approx(-14.0, abs=1.0)
    assert np.abs(mixed).max() <= 10 ** (-1.0 / 20)


def test_music_alone_fades_in_and_out_and_starts_again_without_a_gap(tmp_path):
    rustle = 0.1 * np.random.default_rng(5).normal(size=3 * 44_100)  # a tone might cancel itself where it is joined
    bed = MusicBed(synth.write_audio(tmp_path / "rustle.wav", rustle, 44_100), 0.5, fade_in_s=1.0, fade_out_s=1.0)
    mixed, _ = soundfile.read(lay_music(None, bed, 7.0, tmp_path))
    assert loudness_lufs(mixed, RATE_HZ) == pytest.approx(-14.0 - 6.0, abs=0.5)
    assert level_db(mixed, 0.0, 0.1) < level_db(mixed, 1.5, 1.6) - 12
    assert level_db(mixed, 6.9, 7.0) < level_db(mixed, 1.5, 1.6) - 12
    middle = [level_db(mixed, at_s, at_s + 0.1) for at_s in np.arange(1.0, 5.9, 0.1)]
    assert min(middle) > max(middle) - 4.0  # the joins of the loop among them


def test_music_that_does_not_loop_ends_and_the_voice_goes_on(tmp_path, music):
    voice = synth.write_audio(tmp_path / "voice.wav", synth.speechlike(6.0))
    (folder := tmp_path / "work").mkdir()
    mixed, _ = soundfile.read(lay_music(voice, MusicBed(music, loops=False, ducking=0.0), 6.0, folder))
    assert level_db(mixed, 3.5, 6.0) > -40
    alone, _ = soundfile.read(lay_music(None, MusicBed(music, loops=False), 6.0, folder))
    assert level_db(alone, 3.1, 6.0) < -100


def test_music_is_down_when_the_voice_begins_and_comes_back_slowly():
    bed = MusicBed(Path("music.wav"), ducking=1.0, attack_ms=180, release_ms=700, look_ahead_ms=250)
    curve = ducking_db([Span(2.0, 4.0)], 8.0, bed)
    at = lambda at_s: curve[round(at_s * CONTROL_HZ)]  # noqa: E731
    assert at(1.5) == 0.0
    assert at(2.0) < -0.9 * DUCKED_MOST_DB
    assert at(3.9) == pytest.approx(-DUCKED_MOST_DB, abs=0.1)
    assert -0.8 * DUCKED_MOST_DB < at(4.3) < -0.05 * DUCKED_MOST_DB
    assert at(6.0) == pytest.approx(0.0, abs=0.1)


def test_without_ducking_music_stays_where_it_is():
    assert not ducking_db([Span(0.5, 1.0)], 2.0, MusicBed(Path("music.wav"), ducking=0.0)).any()


def test_blocks_of_a_loop_are_the_same_as_the_whole():
    music = np.random.default_rng(3).normal(size=(5000, 2)).astype(np.float32)
    whole = music_between(music, 0, 20_000, loops=True)
    parts = [music_between(music, low, low + 1_000, loops=True) for low in range(0, 20_000, 1_000)]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-6)
    np.testing.assert_array_equal(whole[:3750], music[:3750])  # the first time round nothing is faded


@pytest.mark.parametrize(
    ("name", "value"),
    [("volume", 1.1), ("volume", float("nan")), ("ducking", -0.1), ("fade_in_s", 11.0), ("attack_ms", 0.0)],
)
def test_what_cannot_be_wanted_of_music_is_refused_by_name(name, value):
    with pytest.raises(EngineFailure) as refused:
        MusicBed(Path("music.wav"), **{name: value})
    assert refused.value.code is FailureCode.OPTION_INVALID
    assert refused.value.detail["option"] == f"music_{name}"


def test_a_file_that_is_no_music_is_refused(tmp_path):
    (broken := tmp_path / "music.mp3").write_bytes(b"ID3" + b"\0" * 500)
    with pytest.raises(EngineFailure):
        lay_music(None, MusicBed(broken), 2.0, tmp_path)
