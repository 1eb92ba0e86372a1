"""English is written down as it is said, with the words marked that nobody should trust unseen."""

import itertools
import re

import numpy as np
import pytest

from worker.engine.contracts import Span
from worker.engine.media.audio import load_audio
from worker.engine.speech.recogniser import STRETCH_MAX_S, recognise, stretches
from worker.engine.speech.transcripts import Timing, draft_transcript
from worker.engine.speech.waveform import LEVEL_HZ, SPEECH_HZ


def letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower())


def test_a_spoken_sentence_is_written_down_at_the_times_of_its_words(speak):
    text = "My sister is coming to dinner, and my brother is bringing a cake."
    spoken, audio = speak(text)
    made = draft_transcript(audio)
    assert made.timing is Timing.DRAFT
    assert letters(" ".join(word.text for word in made.words)) == letters(text)
    assert np.mean([word.is_sure for word in made.words]) > 0.7
    assert all(a.end_s <= b.start_s + 1e-6 for a, b in itertools.pairwise(made.words))
    late_s = [mine.start_s - theirs.start_s for mine, theirs in zip(made.words, spoken.words, strict=True)]
    assert np.median(np.abs(late_s)) < 0.06 and np.abs(late_s).max() < 0.2


@pytest.mark.media
def test_real_voices_are_understood_in_noise_and_other_languages_are_not_trusted(shared_media):
    noisy = draft_transcript(load_audio(next(shared_media.rglob("a07_*"))))
    assert "satisfactory results even with audio" in " ".join(word.text for word in noisy.words)
    german = draft_transcript(load_audio(next(shared_media.rglob("a04_*"))))
    assert not any(word.is_sure for word in german.words)


def test_long_speech_is_cut_where_it_is_quietest_and_short_pieces_are_joined():
    samples = np.random.default_rng(0).normal(0, 0.1, 40 * SPEECH_HZ).astype(np.float32)
    samples[int(12.3 * SPEECH_HZ) : int(12.5 * SPEECH_HZ)] = 0.0
    found = stretches([Span(0.0, 29.0), Span(30.0, 31.0), Span(31.5, 33.0)], samples)
    assert found[0].end_s == pytest.approx(12.4, abs=0.12)
    assert all(span.duration_s <= STRETCH_MAX_S + 1 / LEVEL_HZ for span in found)
    assert found[-1].end_s == 33.0
    assert all(a.end_s <= b.start_s for a, b in itertools.pairwise(found))


def test_noise_and_moments_of_sound_never_stop_it():
    for seconds in (0.0, 0.01, 0.4):
        assert len(recognise(np.random.default_rng(0).normal(0, 0.05, int(seconds * SPEECH_HZ)).astype(np.float32))) < 9
