"""Scripts fall into sentences that know nothing of each other."""

import numpy as np
import pytest

from worker.engine.contracts import Script
from worker.engine.failures import EngineFailure
from worker.engine.speech import voices
from worker.engine.speech.sentences import LONGEST_CHARS, split_sentences
from worker.engine.speech.voices import speak_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One is here. Two is here! Is three here?", ["One is here.", "Two is here!", "Is three here?"]),
        ("Dr. Smith met J. R. Adams at 3.14 p.m. today. Then he left.", 2),
        ("The 3. May was warm. Nobody knew why.", 2),
        ('She said "Go on now." Then she left.', ['She said "Go on now."', "Then she left."]),
        ("这是第一句话，很长很长。这是第二句话，也很长！", 2),
        ("Это первое предложение. А это второе.", 2),
        ("नमस्ते मेरे दोस्त। आप कैसे हैं आज।", 2),
        ("A first paragraph\n\nA second paragraph", 2),
        ("No. Yes. Well then, let us begin here.", 1),
        ("... What now? !!!", 1),
        ("just words without any mark", 1),
    ],
)
def test_sentences_end_where_a_reader_would_pause(text, sentences):
    found = split_sentences(text)
    assert found == sentences if isinstance(sentences, list) else len(found) == sentences, found


def test_every_word_is_in_exactly_one_sentence():
    text = "One, two; three. Four? five! Six... seven: eight. " * 20
    assert " ".join(split_sentences(text)).split() == text.split()


def test_sentences_without_an_end_are_taken_apart_at_commas_or_between_words():
    with_commas = split_sentences("so it goes on and on, " * 60)
    assert all(len(part) <= LONGEST_CHARS and part.endswith(",") for part in with_commas[:-1])
    assert max(len(part) for part in split_sentences("word " * 400)) <= LONGEST_CHARS
    assert len(split_sentences("x" * 3000)) == 1


def test_another_sentence_elsewhere_changes_neither_the_words_nor_the_sound_of_the_rest():
    before = list(speak_sentences(Script("The first one stays. This one will change. The last one stays.", "en-us")))
    after = list(speak_sentences(Script("The first one stays. Now it is quite another. The last one stays.", "en-us")))
    assert len(before) == len(after) == 3
    for index in (0, 2):
        assert np.array_equal(before[index].samples, after[index].samples)
        assert before[index].phonemes == after[index].phonemes
    assert not np.array_equal(before[1].samples, after[1].samples)


def test_sentences_begin_and_end_in_silence():
    for sentence in speak_sentences(Script("Papa may be busy. Baboons bake plum pies.", "en-us")):
        level = np.abs(sentence.samples)
        first, last = np.flatnonzero(level > 0.01)[[0, -1]] / sentence.sample_rate_hz
        assert 0.15 < first < 0.35
        assert 0.2 < len(level) / sentence.sample_rate_hz - last < 0.45


def test_a_voice_that_fails_says_in_which_sentence(monkeypatch):
    real, said = voices.speak_passage, []

    def fails_at_the_second(text, *arguments):
        said.append(text)
        if len(said) == 2:
            raise EngineFailure(voices.FailureCode.TIMED_OUT, part="voice")
        return real(text, *arguments)

    monkeypatch.setattr(voices, "speak_passage", fails_at_the_second)
    with pytest.raises(EngineFailure) as caught:
        list(speak_sentences(Script("The first one is fine. The second is not. The third waits.", "en-us")))
    assert (caught.value.detail["sentence"], caught.value.detail["said"]) == (2, "The second is not.")
