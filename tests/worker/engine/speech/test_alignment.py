from itertools import pairwise

import numpy as np
import pytest

from tests.worker.engine.speech.conftest import RATE_HZ, make_audio
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.speech.alignment import align_phonemes, spell_phones
from worker.engine.speech.phonemes import is_bilabial


def test_a_known_text_is_found_in_its_sound(speak):
    """Bilabials of the alignment lie where the synthesiser put them."""
    spoken, audio = speak("Please bring the big boat back to my mother before summer.")
    aligned = align_phonemes(audio, "Please bring the big boat back to my mother before summer.")
    exact = [p.start_s for p in spoken.phonemes if is_bilabial(p.symbol)]
    found = [p.start_s for p in aligned if is_bilabial(p.symbol)]
    assert len(found) == len(exact)
    assert np.median(np.abs(np.array(found) - np.array(exact))) < 0.05
    assert all(a.start_s <= b.start_s for a, b in pairwise(aligned))


def test_words_outside_the_dictionary_and_digits_are_read_somehow(speak):
    _, audio = speak("Zblorf has 7 cats.")
    aligned = align_phonemes(audio, "Zblorf has 7 cats.")
    assert "".join(p.symbol for p in aligned).endswith("kæts")
    assert spell_phones("zlotys") == "Z L AA T IY S"


@pytest.mark.parametrize(
    ("text", "seconds", "code"),
    [
        ("", 1.0, FailureCode.SCRIPT_EMPTY),
        ("👍 !!", 1.0, FailureCode.SCRIPT_EMPTY),
        ("hello", 61.0, FailureCode.AUDIO_TOO_LONG),
        ("hello there my friend", 0.05, FailureCode.NO_SPEECH),
    ],
)
def test_what_cannot_be_aligned_is_said(text, seconds, code):
    with pytest.raises(EngineFailure) as failure:
        align_phonemes(make_audio(np.zeros(int(seconds * RATE_HZ))), text)
    assert failure.value.code is code
