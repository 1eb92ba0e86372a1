"""Captions are a script's own words, a recording's transcript, or what somebody made of them."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from tests import synth
from worker.engine.contracts import DubSegment, Script, SilentHooks, SyncMode, TalkingPhotoRequest, VideoDubRequest
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.speech.voices import synthesize
from worker.process.captions import caption_cues, make_captions
from worker.process.orders import CaptionsOrder, CaptionText, RenderOrder

WORDS = Script("Hello there, my friend. This is new!", "en-us:female")


def order(tmp_path: Path, *, captions, script=WORDS, dub=False) -> RenderOrder:
    paths = (tmp_path / "source", tmp_path / "out.mp4")
    request = VideoDubRequest(*paths, script=script) if dub else TalkingPhotoRequest(*paths, script=script)
    return RenderOrder(request, tmp_path / "poster.jpg", tmp_path, captions=captions)


@pytest.mark.parametrize("dub", [False, True], ids=["photo", "dub"])
def test_every_word_of_the_script_is_shown_when_it_is_said(tmp_path, dub):
    cues, style = caption_cues(order(tmp_path, captions="karaoke", dub=dub))
    words = [word for cue in cues for word in cue.words]
    assert style == "karaoke"
    assert [word.text for word in words] == ["Hello", "there,", "my", "friend.", "This", "is", "new!"]
    starts = [word.start_s for word in words]
    assert starts == sorted(starts)
    assert 1.0 < words[-1].end_s < 5.0
    assert [cue.words[-1].text for cue in cues][:1] == ["friend."], "a sentence ends a caption"
    assert list(tmp_path.iterdir()) == [], "what was spoken for it is thrown away"


def test_without_a_style_or_a_script_there_are_none(tmp_path):
    assert caption_cues(order(tmp_path, captions=None))[0] == ()
    assert caption_cues(order(tmp_path, captions="pop", script=None))[0] == ()


def test_a_style_there_is_not_is_refused(tmp_path):
    with pytest.raises(EngineFailure) as failure:
        caption_cues(order(tmp_path, captions="sparkling"))
    assert failure.value.code is FailureCode.OPTION_INVALID


def rows(*cues):
    return tuple(
        {"start_s": start_s, "end_s": end_s, "words": [{"text": t, "start_s": a, "end_s": b} for t, a, b in words]}
        for start_s, end_s, words in cues
    )


EDITED = rows(
    (0.0, 1.1, [("Hullo", 0.0, 0.4), ("there,", 0.4, 0.8)]), (1.2, 2.2, [("my", 1.2, 1.4), ("dear.", 1.4, 2)])
)


def test_edited_captions_are_shown_as_they_are(tmp_path):
    edited = replace(order(tmp_path, captions="clean"), caption_text=CaptionText(cues=EDITED))
    cues, _ = caption_cues(edited)
    assert [(cue.text, cue.start_s, cue.end_s) for cue in cues] == [("Hullo there,", 0.0, 1.1), ("my dear.", 1.2, 2.2)]


def test_a_style_that_shows_few_words_parts_them_within_their_time(tmp_path):
    long = rows(
        (0.0, 4.0, [(word, n * 0.5, n * 0.5 + 0.5) for n, word in enumerate(["seven", "merry", "sailors", "sang"])])
    )
    cues, _ = caption_cues(replace(order(tmp_path, captions="pop"), caption_text=CaptionText(cues=long)))
    assert len(cues) > 1 and (cues[0].start_s, cues[-1].end_s) == (0.0, 4.0)
    assert all(one.end_s <= other.start_s for one, other in itertools.pairwise(cues))


def test_another_reading_keeps_the_edits_and_takes_its_own_times(tmp_path):
    slow = replace(WORDS, rate=0.6)
    edited = order(tmp_path, captions="clean", script=slow)
    plain, _ = caption_cues(edited)
    cues, _ = caption_cues(replace(edited, caption_text=CaptionText(cues=EDITED, refit=True)))
    words = {word.text: word.start_s for cue in cues for word in cue.words}
    said = {word.text: word.start_s for cue in plain for word in cue.words}
    assert list(words) == ["Hullo", "there,", "my", "dear."]
    assert [words[w] for w in ("Hullo", "there,", "my")] == [said[w] for w in ("Hello", "there,", "my")]


@pytest.mark.parametrize(
    "odd",
    [({"start_s": 0, "end_s": 1},), rows((1, 0, [("a", 0, 1)])), rows((0, 2, [("a", 0, 1)]), (1, 3, [("b", 1, 2)]))],
    ids=["no words", "backwards", "one over the other"],
)
def test_edits_that_make_no_sense_are_refused(tmp_path, odd):
    with pytest.raises(EngineFailure) as failure:
        caption_cues(replace(order(tmp_path, captions="clean"), caption_text=CaptionText(cues=odd)))
    assert failure.value.code is FailureCode.OPTION_INVALID


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recording")
    return synthesize(WORDS, folder / "voice.wav", folder).audio_path


def found(recording, tmp_path, **text):
    request = TalkingPhotoRequest(tmp_path / "out.mp4", tmp_path / "out.mp4", audio_path=recording)
    return make_captions(CaptionsOrder(request, CaptionText(**text)), SilentHooks())


def test_a_transcript_is_found_in_its_recording(recording, tmp_path):
    made = found(recording, tmp_path, transcript=WORDS.text + " 😀")
    words = [word for cue in made["cues"] for word in cue["words"]]
    assert (made["timing"], made["is_found"]) == ("aligned", True)
    assert " ".join(word["text"] for word in words).startswith("Hello there, my friend. This is new!")
    exact = {
        word.text: word.start_s
        for cue in caption_cues(order(tmp_path, captions="clean", dub=True))[0]
        for word in cue.words
    }
    assert all(abs(word["start_s"] - exact[word["text"]]) < 0.15 for word in words if word["text"] in exact)


def test_other_languages_and_other_texts_are_estimated_and_said_to_be(recording, tmp_path):
    french = found(recording, tmp_path, transcript="Bonjour mon cher ami.", is_english=False)
    assert (french["timing"], french["is_found"]) == ("estimated", True)
    wrong = found(recording, tmp_path, transcript="purple umbrellas near the harbour " * 40)
    assert (wrong["timing"], wrong["is_found"]) == ("estimated", False)
    ends = [cue["end_s"] for cue in wrong["cues"]]
    assert ends == sorted(ends)


def test_without_a_transcript_there_is_a_draft_that_says_what_it_is(recording, tmp_path):
    made = found(recording, tmp_path)
    assert (made["timing"], made["is_english_only"]) == ("draft", True)
    words = [word for cue in made["cues"] for word in cue["words"]]
    assert words and all(word.get("unsure", True) is True for word in words), "a mark is there or not, never False"


def test_silence_has_no_captions(tmp_path):
    sound = synth.write_audio(tmp_path / "tone.wav", synth.silence(1.0))
    with pytest.raises(EngineFailure) as failure:
        found(sound, tmp_path, transcript="Hello.")
    assert failure.value.code in (FailureCode.AUDIO_SILENT, FailureCode.NO_SPEECH)


def test_each_line_of_a_dub_is_captioned_while_it_is_said_and_recordings_are_not(tmp_path):
    recording = synth.write_audio(tmp_path / "said.wav", synth.speechlike(2.0))
    lines = (
        DubSegment(2.0, 4.0, script=Script("Good morning.", "en-us")),
        DubSegment(5.0, 6.0, audio_path=recording, sync_mode=SyncMode.REMAP),  # a second longer than its place
        DubSegment(7.0, 9.0, script=Script("And good night.", "en-us"), sync_mode=SyncMode.SILENCE),
    )
    request = VideoDubRequest(tmp_path / "clip.mp4", tmp_path / "out.mp4", segments=lines)
    cues, style = caption_cues(RenderOrder(request, tmp_path / "poster.jpg", tmp_path, captions="clean"))
    assert (style, [cue.words[0].text for cue in cues]) == ("clean", ["Good", "And"])
    assert 2.0 <= cues[0].start_s < cues[0].end_s <= 4.0
    assert 8.0 <= cues[1].start_s < cues[1].end_s <= 10.0
