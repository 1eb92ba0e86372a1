"""Words of a recording get times that lie in its speech; a recogniser's words say how sure it is."""

import sys
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from worker.doctor import check_drafts
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


@dataclass
class Word:  # as faster_whisper.transcribe.Word
    start: float
    end: float
    word: str
    probability: float


@pytest.fixture
def whisper(tmp_path, monkeypatch):
    """A double of the package's public interface (faster-whisper 1.x), and a folder with a whole model."""
    folder = tmp_path / "whisper"
    folder.mkdir()
    said = [Word(0.1, 0.3, " Good", 0.9), Word(0.3, 0.8, " mourning", 0.4), Word(0.8, 0.8, " ", 0.9)]

    class WhisperModel:
        failure: Exception | None = None

        def __init__(
            self, model_size_or_path, device="auto", device_index=0, compute_type="default", cpu_threads=0,
            num_workers=1, download_root=None, local_files_only=False, files=None, **model_kwargs,
        ):  # fmt: skip
            assert model_size_or_path == str(folder) and local_files_only and not model_kwargs
            if self.failure is not None:
                raise self.failure

        def transcribe(self, audio, language=None, task="transcribe", *, word_timestamps=False, vad_filter=False):
            assert audio.dtype == np.float32 and audio.ndim == 1 and task == "transcribe" and word_timestamps
            segments = [SimpleNamespace(words=None), SimpleNamespace(words=said)]
            return (segment for segment in segments), SimpleNamespace(language="en")

    package = ModuleType("faster_whisper")
    package.WhisperModel, package.__spec__ = WhisperModel, SimpleNamespace()
    monkeypatch.setitem(sys.modules, "faster_whisper", package)
    for name in ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt"):
        (folder / name).write_bytes(b"{}")
    return SimpleNamespace(folder=folder, model=WhisperModel)


def test_a_whisper_model_is_asked_where_there_is_a_whole_one(audio, whisper):
    made = draft_transcript(audio, whisper.folder)
    assert [(word.text, word.is_sure) for word in made.words] == [("Good", True), ("mourning", False)]
    assert made.knows_languages


@pytest.mark.parametrize("name", ["model.bin", "config.json", "tokenizer.json", "vocabulary.txt"])
def test_without_a_file_of_the_model_the_built_in_recogniser_writes_the_draft(audio, whisper, name):
    (whisper.folder / name).unlink()
    made = draft_transcript(audio, whisper.folder)
    assert "mourning" not in [word.text for word in made.words] and not made.knows_languages
    finding = check_drafts(whisper.folder)
    assert not finding.ok and name.split(".")[0] in finding.found and "English" in finding.fix


def test_a_damaged_model_does_not_cost_the_draft(audio, whisper):
    whisper.model.failure = RuntimeError("Unsupported model binary version")
    assert not draft_transcript(audio, whisper.folder).knows_languages


def test_what_the_operator_is_told_about_drafts(whisper, tmp_path, monkeypatch):
    assert check_drafts(whisper.folder).ok
    assert check_drafts(None).ok and check_drafts(tmp_path / "nowhere").ok
    monkeypatch.delitem(sys.modules, "faster_whisper")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "faster-whisper cannot be found" in check_drafts(whisper.folder).found
