import wave
from itertools import pairwise

import numpy as np
import pytest

from worker.engine.contracts import MAX_SCRIPT_CHARS, Script
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.speech import voices
from worker.engine.speech.phonemes import is_vowel
from worker.engine.speech.voices import list_voices, resolve_voice, synthesize


def test_every_voice_has_a_name_people_understand_and_an_id_of_its_own():
    found = list_voices()
    assert len({voice.id for voice in found}) == len(found) > 150
    assert found[0].name.startswith("English (United States)")
    assert {voice.gender for voice in found} == {"male", "female"}
    assert all(voice.language_name and voice.language_name in voice.name for voice in found)
    assert not any("Klingon" in voice.name or "test" in voice.name for voice in found)


@pytest.mark.parametrize(
    ("asked", "key"), [("en-us", "en-us"), ("EN_us", "en-us"), ("zh", "cmn"), ("fr-FR", "fr"), ("de:female", "de")]
)
def test_language_tags_people_type_find_their_voice(asked, key):
    assert resolve_voice(asked)[0] == key


@pytest.mark.parametrize("asked", ["", "xx", "en-us:robot", "../../etc/passwd", "en-us+f3", "piper:nobody", "e" * 9999])
def test_unknown_voices_are_refused_by_name(asked):
    with pytest.raises(EngineFailure) as failure:
        resolve_voice(asked)
    assert failure.value.code is FailureCode.VOICE_UNKNOWN


def test_phonemes_are_ordered_inside_the_sound_and_stressed(speak):
    spoken, audio = speak("Hello there, my big banana.")
    assert spoken.duration_s == pytest.approx(audio.duration_s, abs=0.01)
    assert all(a.end_s <= b.start_s + 1e-6 for a, b in pairwise(spoken.phonemes))
    assert 0 < spoken.phonemes[0].start_s < spoken.phonemes[-1].end_s < spoken.duration_s
    assert any(phoneme.stress == 2 and is_vowel(phoneme.symbol) for phoneme in spoken.phonemes)
    assert not any(set(phoneme.symbol) & set("ˈˌ()") for phoneme in spoken.phonemes)


def test_words_carry_their_times_in_order(speak):
    spoken, _ = speak("Größe und Übermut, bitte.", "de")
    assert [word.text for word in spoken.words] == ["Größe", "und", "Übermut", "bitte"]
    assert all(a.end_s <= b.start_s + 1e-6 for a, b in pairwise(spoken.words))


def test_phonemes_sound_when_they_are_said_to(speak):
    """The vowels' times hold most of the energy; times that slipped by 100 ms would not."""
    spoken, audio = speak("Papa, papa, papa, papa.")
    times_s = np.arange(len(audio.samples)) / audio.sample_rate_hz

    def share(shift_s: float) -> float:
        inside = np.zeros(len(times_s), bool)
        for phoneme in spoken.phonemes:
            if is_vowel(phoneme.symbol):
                inside |= (times_s >= phoneme.start_s + shift_s) & (times_s < phoneme.end_s + shift_s)
        return float(np.sum(audio.samples[inside] ** 2) / np.sum(audio.samples**2))

    assert share(0.0) > 0.85
    assert share(0.0) > max(share(0.1), share(-0.1)) + 0.1


def test_a_voiceless_stop_owns_its_silent_closure(speak):
    spoken, audio = speak("Apple, happy.")
    stops = [phoneme for phoneme in spoken.phonemes if phoneme.symbol == "p"]
    assert len(stops) == 2
    for stop in stops:
        first = int((stop.start_s + 0.005) * audio.sample_rate_hz)
        closure = audio.samples[first : first + int(0.02 * audio.sample_rate_hz)]
        assert np.sqrt(np.mean(closure**2)) < 0.35 * np.sqrt(np.mean(audio.samples**2))


def test_rate_and_pitch_do_what_they_say(speak):
    text = "We are all away."
    slow, normal, fast = (speak(text, rate=rate)[0].duration_s for rate in (0.7, 1.0, 1.5))
    assert slow > 1.15 * normal > 1.15 * 1.1 * fast
    from worker.engine.speech.prosody import pitch_hz

    low, high = (float(np.median(f0[f0 > 0])) for f0 in (pitch_hz(speak(text, pitch=p)[1].samples) for p in (0.8, 1.4)))
    assert high > 1.3 * low


@pytest.mark.parametrize("option", [{"rate": 0.0}, {"rate": float("nan")}, {"pitch": 9.0}, {"rate": -1.0}])
def test_impossible_rates_and_pitches_are_refused(tmp_path, option):
    with pytest.raises(EngineFailure) as failure:
        synthesize(Script("Hello", "en-us", **option), tmp_path / "x.wav")
    assert failure.value.code is FailureCode.OPTION_INVALID
    assert not (tmp_path / "x.wav").exists()


@pytest.mark.parametrize(
    ("text", "voice", "code"),
    [
        ("", "en-us", FailureCode.SCRIPT_EMPTY),
        (" \n\t ", "en-us", FailureCode.SCRIPT_EMPTY),
        ("👍🎉🙂", "en-us", FailureCode.SCRIPT_EMPTY),
        ("<speak></speak>", "en-us", FailureCode.SCRIPT_EMPTY),
        ("\x00\x07\x1b", "en-us", FailureCode.SCRIPT_EMPTY),
        ("…!?", "en-us", FailureCode.SCRIPT_EMPTY),
        ("word " * 100_000, "en-us", FailureCode.SCRIPT_TOO_LONG),
        ("a" * (MAX_SCRIPT_CHARS + 1), "en-us", FailureCode.SCRIPT_TOO_LONG),
        ("你好世界", "en-us", FailureCode.SCRIPT_NOT_SPEAKABLE),
        ("Привет, мир", "de", FailureCode.SCRIPT_NOT_SPEAKABLE),
        ("漢字です", "ja", FailureCode.SCRIPT_NOT_SPEAKABLE),
        ("ᚠᚢᚦᚨᚱᚲ", "en-us", FailureCode.SCRIPT_NOT_SPEAKABLE),
    ],
)
def test_scripts_nobody_can_speak_are_refused_with_their_reason(tmp_path, text, voice, code):
    with pytest.raises(EngineFailure) as failure:
        synthesize(Script(text, voice), tmp_path / "x.wav")
    assert failure.value.code is code
    assert list(tmp_path.iterdir()) == []


def test_markup_is_not_spoken(speak):
    marked, _ = speak('<speak><prosody rate="slow">Hello</prosody> &amp; good <break time="9s"/>bye 👋</speak>')
    plain, _ = speak("Hello & good bye")
    assert [p.symbol for p in marked.phonemes] == [p.symbol for p in plain.phonemes]


def test_foreign_words_are_read_by_a_voice_that_knows_their_letters(speak):
    spoken, _ = speak("Please say the word привет to all your friends")
    word = next(word for word in spoken.words if word.text == "привет")
    symbols = "".join(p.symbol for p in spoken.phonemes if word.start_s <= p.start_s < word.end_s)
    assert symbols.startswith("p") and "v" in symbols and symbols.endswith("t")


def test_a_word_of_ten_thousand_letters_is_spoken_in_time(speak):
    spoken, _ = speak("a" * MAX_SCRIPT_CHARS)
    assert spoken.duration_s > 1.0


def test_the_same_script_gives_the_same_sound(tmp_path):
    for name in ("a.wav", "b.wav"):
        synthesize(Script("Same again.", "en-us:female"), tmp_path / name)
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_the_sound_file_is_mono_level_and_starts_in_silence(speak):
    spoken, audio = speak("Level check, one two three.")
    with wave.open(str(spoken.audio_path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, voices.SAMPLE_RATE_HZ)
    assert np.abs(audio.samples[: int(0.15 * audio.sample_rate_hz)]).max() < 1e-3
    assert 0.3 < np.abs(audio.samples).max() <= 0.9


def test_a_killed_voice_process_comes_back(speak, tmp_path):
    voices._espeak().close()
    assert synthesize(Script("Back again.", "en-us"), tmp_path / "x.wav").duration_s > 0.5


def test_a_voice_process_that_hangs_times_out(tmp_path):
    from worker.engine.speech.child import ChildProcess

    program = tmp_path / "hang.py"
    program.write_text("import time\ntime.sleep(60)\n")
    child = ChildProcess(program)
    with pytest.raises(EngineFailure) as failure:
        child.ask({"op": "speak"}, timeout_s=0.3)
    assert failure.value.code is FailureCode.TIMED_OUT


def test_a_voice_process_that_dies_is_reported_not_waited_for(tmp_path):
    from worker.engine.speech.child import ChildProcess

    program = tmp_path / "die.py"
    program.write_text("raise SystemExit(3)\n")
    with pytest.raises(EngineFailure) as failure:
        ChildProcess(program).ask({"op": "speak"}, timeout_s=20)
    assert failure.value.code is FailureCode.ENGINE_CRASHED


@pytest.mark.parametrize(
    ("text", "voice"),
    [
        ("Bonjour ma petite maman", "fr"),
        ("Buenos días mi amor", "es"),
        ("Dzień dobry mamo", "pl"),
        ("Привет моя мама", "ru"),
        ("你好我的妈妈", "zh"),
        ("こんにちは", "ja"),
        ("안녕하세요", "ko"),
        ("नमस्ते मेरी माँ", "hi"),
        ("مرحبا يا أمي", "ar"),
        ("Γεια σου μαμά", "el"),
        ("สวัสดี", "th"),
        ("Xin chào mẹ", "vi"),
    ],
)
def test_voices_of_many_languages_speak_their_own_writing(speak, text, voice):
    spoken, _ = speak(text, voice)
    assert len(spoken.phonemes) >= 5
    assert any(is_vowel(phoneme.symbol) for phoneme in spoken.phonemes)
