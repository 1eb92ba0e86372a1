"""Captions of a render are its script's own words, at the times of its voice, in a style there is."""

from pathlib import Path

import pytest

from worker.engine.contracts import Script, TalkingPhotoRequest, VideoDubRequest
from worker.engine.failures import EngineFailure, FailureCode
from worker.process.captions import caption_cues
from worker.process.orders import RenderOrder

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
