import numpy as np
import pytest

from worker.engine.speech.mouth_track import Phoneme
from worker.engine.speech.phonemes import base_letters
from worker.engine.speech.visemes import SHAPE_BY_LETTER
from worker.train import festival
from worker.train.festival import VOICES, festival_phonemes, festival_utterances
from worker.train.speech_corpus import as_somebody_else

SEGMENTS = """#
0.1000 100 #
0.2000 100 m
0.3500 100 a1
0.4000 100 tS
0.5000 100 e
0.9000 100 #
"""


def test_segments_become_phonemes_with_their_times_and_stress():
    found = festival_phonemes(SEGMENTS, "it")
    assert [(p.symbol, p.start_s, p.end_s, p.stress) for p in found] == [
        ("m", 0.1, 0.2, 0),
        ("a", 0.2, 0.35, 2),
        ("tʃ", 0.35, 0.4, 0),
        ("e", 0.4, 0.5, 0),
    ]


def test_every_letter_written_down_has_a_mouth_shape():
    for letters in festival._LETTERS.values():
        for symbol in letters.values():
            assert any(letter in SHAPE_BY_LETTER for letter in base_letters(symbol)), symbol


def test_where_festival_is_missing_there_is_nothing(monkeypatch):
    monkeypatch.setattr(festival.shutil, "which", lambda _: None)
    assert list(festival_utterances(next(iter(VOICES)), 2, 0)) == []


@pytest.mark.parametrize("seed", range(3))
def test_another_speaker_says_the_same_at_scaled_times(seed):
    samples = np.zeros(16_000, np.float32)
    samples[4_000:8_000] = 0.5
    phonemes = [Phoneme("a", 0.25, 0.5)]
    moved, said = as_somebody_else(samples, phonemes, np.random.default_rng(seed))
    loud = np.flatnonzero(np.abs(moved) > 0.25) / 16_000
    assert said[0].start_s == pytest.approx(loud[0], abs=0.01)
    assert said[0].end_s == pytest.approx(loud[-1], abs=0.01)
