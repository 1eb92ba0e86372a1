"""Words of a recording get times that lie in its speech; a recogniser's words say how sure it is."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from worker.engine.contracts import Script, Span
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.audio import Audio, load_audio
from worker.engine.speech.transcripts import Timing, draft_transcript, time_transcript
from worker.engine.speech.voices import synthesize


@pytest.fixture(scope="module")
def audio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("voice")
    return load_audio(
        synthesize(Script("Good morning. How are you?", "en-us:female"), folder / "v.wav", folder).audio_path
    )


def test_estimates_fill_the_speech_and_leave_its_pauses(audio, monkeypatch):
    spans = [Span(0.5, 1.5), Span(3.0, 4.0)]
    monkeypatch.setattr("worker.engine.speech.transcripts.speech_spans", lambda audio: spans)
    made = time_transcript(audio, ["un", "deux", "trois", "quatre", "cinq", "six"], is_english=False)
    assert made.timing is Timing.ESTIMATED
    assert (made.words[0].start_s, made.words[-1].end_s) == (pytest.approx(0.5), pytest.approx(4.0))
    for word in made.words:
        assert any(span.start_s - 1e-6 <= word.start_s <= word.end_s <= span.end_s + 1e-6 for span in spans)


@pytest.mark.parametrize("words", [["—", "😀"], ["\u202e" * 50], ["a" * 9000]], ids=["no letters", "marks", "one word"])
def test_odd_words_get_times_all_the_same(audio, words):
    made = time_transcript(audio, words, is_english=True)
    assert [word.text for word in made.words] == words
    assert all(0 <= word.start_s <= word.end_s <= audio.duration_s for word in made.words)


def test_without_words_or_speech_it_says_so(audio):
    with pytest.raises(EngineFailure) as failure:
        time_transcript(audio, ["", " "], is_english=True)
    assert failure.value.code is FailureCode.SCRIPT_EMPTY
    silence = Audio(np.zeros(16_000, np.float32), 16_000, 16_000, 1, 1.0)
    for work in (lambda: draft_transcript(silence), lambda: time_transcript(silence, ["Hello"], is_english=True)):
        with pytest.raises(EngineFailure) as failure:
            work()
        assert failure.value.code is FailureCode.NO_SPEECH


def test_a_whisper_model_is_asked_where_there_is_one(audio, tmp_path, monkeypatch):
    said = [
        SimpleNamespace(word=" Good", start=0.1, end=0.3, probability=0.9),
        SimpleNamespace(word=" mourning", start=0.3, end=0.8, probability=0.4),
    ]

    class WhisperModel:
        def __init__(self, folder, **options):
            assert folder == str(tmp_path) and options["local_files_only"]

        def transcribe(self, samples, *, word_timestamps):
            assert samples.dtype == np.float32 and word_timestamps
            return iter([SimpleNamespace(words=said)]), None

    monkeypatch.setitem(
        sys.modules, "faster_whisper", SimpleNamespace(WhisperModel=WhisperModel, __spec__=SimpleNamespace())
    )
    assert "mourning" not in [word.text for word in draft_transcript(audio, tmp_path).words], "there are no weights"
    (tmp_path / "model.bin").write_bytes(b"weights")
    made = draft_transcript(audio, tmp_path)
    assert [(word.text, word.is_sure) for word in made.words] == [("Good", True), ("mourning", False)]
