import pytest

from worker.engine.speech.mouth_track import Viseme
from worker.engine.speech.phonemes import (
    base_letters,
    ipa_from_arpabet,
    is_bilabial,
    is_labiodental,
    is_sibilant,
    is_vowel,
)
from worker.engine.speech.visemes import SHAPE_BY_LETTER, shapes_of


@pytest.mark.parametrize(
    ("symbol", "visemes"),
    [
        ("p", [Viseme.PP]),
        ("mʲ", [Viseme.PP]),
        ("tʃ", [Viseme.SH]),
        ("dz", [Viseme.SS]),
        ("aɪ", [Viseme.AA, Viseme.IY]),
        ("oʊ", [Viseme.OH, Viseme.UW]),
        ("ɑ̃", [Viseme.AA]),
        ("e̞", [Viseme.EH]),
        ("pf", [Viseme.PP, Viseme.FF]),
        ("", [Viseme.KK]),
        ("ǃ", [Viseme.KK]),
    ],
)
def test_sounds_become_the_shapes_they_pass_through(symbol, visemes):
    assert [shape.viseme for shape in shapes_of(symbol)] == visemes


def test_every_shape_keeps_to_the_units_of_its_articulators():
    for letter, shape in SHAPE_BY_LETTER.items():
        openness, jaw, width, *rest = shape.targets()
        assert 0 <= openness <= 1 and 0 <= jaw <= 1 and -1 <= width <= 1, letter
        assert all(0 <= value <= 1 for value in rest), letter
        assert all(0 <= value <= 1 for value in shape.dominances()), letter


def test_classes_of_sounds_are_told_apart():
    assert is_bilabial("b") and is_bilabial("m̩") and not is_bilabial("v")
    assert is_labiodental("f") and not is_labiodental("pf")
    assert is_sibilant("tɕ") and not is_sibilant("θ")
    assert is_vowel("ˈoʊ") and not is_vowel("n")
    assert base_letters("ˈɑːɹ̩") == "ɑɹ"


@pytest.mark.parametrize(
    ("arpabet", "expected"), [("AE1", ("æ", 2)), ("AH0", ("ə", 0)), ("SIL", ("", 0)), ("B", ("b", 0))]
)
def test_arpabet_becomes_ipa(arpabet, expected):
    assert ipa_from_arpabet(arpabet) == expected


def test_languages_of_the_synthesiser_use_no_sound_without_a_shape(speak):
    """A scan over one sentence each; new espeak data with new letters shows here first."""
    lines = {
        "da": "Jeg hedder Søren, og jeg bor i København",
        "hi": "नमस्ते दुनिया",
        "ar": "مرحبا بالعالم",
        "ko": "안녕하세요 세계",
    }
    lines |= {
        "vi": "Xin chào thế giới",
        "cs": "Řeka tiše teče",
        "tr": "Dünya güzel bir yer",
        "sv": "Sju sjösjuka sjömän",
    }
    unknown = {
        (voice, letter)
        for voice, line in lines.items()
        for phoneme in speak(line, voice)[0].phonemes
        for letter in base_letters(phoneme.symbol)
        if letter not in SHAPE_BY_LETTER
    }
    assert unknown == set()
