from pathlib import Path

import pytest

from worker.engine.contracts import MAX_SCRIPT_CHARS, Pronunciation, Script
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.speech.pronouncing import MAX_PRONUNCIATIONS, pronunciations_of, respeller, written_places
from worker.engine.speech.voices import synthesize


@pytest.mark.parametrize(
    ("word", "said", "sentence", "spoken"),
    [
        ("lipsmith", "lip smith", "LipSmith's new. Lipsmiths, (lipsmith)!", "lip smith's new. Lipsmiths, (lip smith)!"),
        ("New York", "noo york", "To New York, new yorkers!", "To noo york, new yorkers!"),
        ("C++", "see plus plus", "I write C++.", "I write see plus plus."),
        ("Я", "я сам", "Я и Яна.", "я сам и Яна."),
        ("小米", "大米", "我喜欢小米手机。", "我喜欢大米手机。"),
        ("서울", "서 울", "서울에서 큰서울", "서 울에서 큰서울"),
        ("कम", "कम कम", "कम कमी", "कम कम कमी"),
        ("ไทย", "ทัย", "ภาษาไทยดี", "ภาษาทัยดี"),
    ],
    ids=["latin", "several", "signs", "cyrillic", "han", "hangul", "devanagari", "thai"],
)
def test_a_word_is_said_as_spelled_wherever_it_stands_whole(word, said, sentence, spoken):
    assert respeller([Pronunciation(word, said)])(sentence).text == spoken


def test_longer_words_come_first_and_nothing_is_changed_twice():
    spell = respeller([Pronunciation("a", "b"), Pronunciation("b", "c"), Pronunciation("a-b", "long")])
    assert spell("a b a-b a-bc").text == "b c long b-bc"


def test_words_keep_what_is_written_and_the_time_of_all_that_is_said_for_it():
    respelled = respeller([Pronunciation("ACME", "ack me now")])("See ACME, acme.")
    assert respelled.text == "See ack me now, ack me now."
    spoken = ["See", "ack", "me", "now,", "ack", "me", "now."]
    assert written_places(respelled, spoken) == [(0, 1, "See"), (1, 4, "ACME,"), (4, 7, "acme.")]


def test_a_voice_says_it_and_the_words_are_those_of_the_script(tmp_path: Path):
    plain = Script("Meet QX today.", "en-us")
    words = synthesize(
        Script(plain.text, "en-us", pronunciations=(Pronunciation("qx", "quite extraordinary things"),)),
        tmp_path / "a.wav",
    )
    before = synthesize(plain, tmp_path / "b.wav")
    assert [word.text for word in words.words] == ["Meet", "QX", "today"]
    assert words.duration_s > before.duration_s + 0.3
    said = words.words[1]
    assert sum(said.start_s - 1e-3 <= sound.start_s < said.end_s for sound in words.phonemes) > 15


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("", "x"),
        ("two<words", "x"),
        ("w" * 61, "x"),
        ("...", "x"),
        ("a<b", "x"),
        ("a\x00b", "x"),
        ("ok", ""),
        ("ok", "s" * 121),
        ("ok", "<break time='9s'/>"),
        ("ok", "[[h@l'oU]]"),
        ("ok", "&lt;speak&gt;"),
        ("ok", "a\x01b"),
        ("ok", "one. two"),
        ("ok", "- -"),
    ],
)
def test_what_is_no_word_or_no_spelling_is_refused(word, said):
    with pytest.raises(EngineFailure) as refusal:
        pronunciations_of([(word, said)])
    assert refusal.value.code is FailureCode.OPTION_INVALID
    assert refusal.value.detail["option"] == "pronunciations"


def test_too_many_words_and_sentences_that_grow_without_end_are_refused():
    with pytest.raises(EngineFailure) as refusal:
        pronunciations_of([(f"w{number}", "x") for number in range(MAX_PRONUNCIATIONS + 1)])
    assert refusal.value.code is FailureCode.OPTION_INVALID
    with pytest.raises(EngineFailure) as refusal:
        respeller([Pronunciation("a", "s" * 120)])("a " * (MAX_SCRIPT_CHARS // 100))
    assert refusal.value.code is FailureCode.SCRIPT_TOO_LONG


def test_the_words_of_a_name_share_the_time_in_which_it_is_said(tmp_path: Path):
    script = Script("In San Marino now.", "en-us", pronunciations=(Pronunciation("San Marino", "sun muh ree no"),))
    words = synthesize(script, tmp_path / "a.wav").words
    assert [word.text for word in words] == ["In", "San", "Marino", "now"]
    assert all(word.end_s > word.start_s for word in words)
    assert words[1].end_s == pytest.approx(words[2].start_s)
    assert words[2].end_s - words[2].start_s > words[1].end_s - words[1].start_s
