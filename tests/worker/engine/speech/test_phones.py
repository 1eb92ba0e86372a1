import numpy as np
import pytest

from worker.engine.speech.mouth_track import Phoneme
from worker.engine.speech.phonemes import is_bilabial, is_labiodental, is_sibilant, is_vowel
from worker.engine.speech.phones import PHONES, SILENCE, phone_of, phone_shapes, phones_at
from worker.engine.speech.visemes import SHAPE_BY_LETTER


@pytest.mark.parametrize(("letter", "wanted"), [("m", "m"), ("ɓ", "p"), ("ɕ", "ʃ"), ("ʁ", "k"), ("ɒ", "ɔ"), ("ɫ", "l")])
def test_a_sound_counts_as_itself_or_as_the_one_that_looks_like_it(letter, wanted):
    assert PHONES[phone_of(letter)] == wanted


def test_no_sound_changes_what_lips_owe_it():
    for letter in SHAPE_BY_LETTER:
        other = PHONES[phone_of(letter)]
        for kind in (is_vowel, is_bilabial, is_labiodental, is_sibilant):
            assert kind(letter) == kind(other), letter


def test_letters_of_a_sound_take_turns_and_gaps_are_silent():
    times_s = np.arange(0, 1, 0.02) + 0.01
    found = [PHONES[index] for index in phones_at([Phoneme("aɪ", 0.2, 0.4), Phoneme("tʃ", 0.6, 0.7)], times_s)]
    assert found[:10] == [SILENCE] * 10
    assert found[10:20] == ["a"] * 5 + ["ɪ"] * 5
    assert found[20:30] == [SILENCE] * 10
    assert set(found[30:35]) == {"t", "ʃ"}


def test_every_phone_has_a_shape():
    assert len(phone_shapes()) == len(PHONES)
