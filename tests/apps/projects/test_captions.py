import pytest

from apps.core.failures import SiteFailure
from apps.projects.captions import caption_text, captions_order, cues_of, cues_state
from apps.projects.services import update_project


def cue(start_s=0.0, end_s=1.0, text="Hello there"):
    words = text.split()
    step = (end_s - start_s) / max(1, len(words))
    rows = [
        {"text": word, "start_s": round(start_s + at * step, 3), "end_s": round(start_s + (at + 1) * step, 3)}
        for at, word in enumerate(words)
    ]
    return {"start_s": start_s, "end_s": end_s, "words": rows}


@pytest.fixture
def typed(project):
    return update_project(project, {"voice_source": "script", "script": "Hello there. Bye!", "captions": "karaoke"})


def test_edited_captions_are_used_for_the_voice_they_were_made_for(typed):
    edited = update_project(typed, {"caption_cues": [cue(text="Hullo there"), cue(1.2, 2.0, "Bye!")]})
    order = captions_order(edited, edited.settings_now())
    assert order["captions"] == "karaoke"
    assert [word["text"] for row in order["caption_text"]["cues"] for word in row["words"]] == [
        "Hullo",
        "there",
        "Bye!",
    ]
    assert (order["caption_text"]["refit"], cues_state(edited)) == (False, "apply")


def test_another_speed_has_the_times_found_anew_and_other_words_make_edits_wait(typed):
    update_project(typed, {"caption_cues": [cue()]})
    slower = update_project(typed, {"script_rate": 0.7})
    assert cues_state(slower) == "refit" and caption_text(slower)["refit"]
    other = update_project(typed, {"script": "Good evening."})
    assert cues_state(other) == "waiting" and caption_text(other) is None
    back = update_project(typed, {"script": "Hello there.  Bye!", "script_rate": 1.0})
    assert cues_state(back) == "apply", "the same words, whatever the spaces"
    assert cues_state(update_project(typed, {"caption_cues": []})) == "none"


def test_a_recording_has_captions_once_somebody_wrote_down_what_is_said(typed, make_asset):
    voice = make_asset(kind="voice", duration_s=3.0)
    recorded = update_project(typed, {"voice_source": "audio", "voice": str(voice.pk)})
    assert captions_order(recorded, recorded.settings_now()) == {"captions": None, "caption_text": None}
    told = update_project(typed, {"transcript": " Bonjour 😀 ", "transcript_language": "other"})
    order = captions_order(told, told.settings_now())
    wanted = {"transcript": "Bonjour 😀", "is_english": False, "cues": [], "refit": False}
    assert order == {"captions": "karaoke", "caption_text": wanted}
    typed_again = update_project(typed, {"voice_source": "script"})
    assert caption_text(typed_again) is None, "a script needs no transcript"


def test_without_a_heard_voice_nothing_is_shown(typed):
    idle = update_project(typed, {"moved_by": "idle", "caption_cues": [cue()]})
    assert captions_order(idle, idle.settings_now()) == {"captions": None, "caption_text": None}


NAN = float("nan")
ODD = {
    "no list": {"a": 1},
    "a text": ["Hello"],
    "no words": [{"start_s": 0, "end_s": 1, "words": []}],
    "an unknown field": [{**cue(), "style": "big"}],
    "backwards": [cue(2.0, 1.0)],
    "no length": [cue(1.0, 1.0)],
    "one over the other": [cue(0, 2), cue(1, 3)],
    "no number": [{**cue(), "start_s": "soon"}],
    "not finite": [{**cue(), "end_s": NAN}],
    "true for a time": [{**cue(), "end_s": True}],
    "an empty word": [{**cue(), "words": [{"text": " \x00\x07", "start_s": 0, "end_s": 1}]}],
    "a long word": [{**cue(), "words": [{"text": "a" * 121, "start_s": 0, "end_s": 1}]}],
    "too many words": [cue(text="a " * 61)],
    "words in disorder": [{**cue(), "words": [*reversed(cue()["words"])]}],
    "too late": [cue(4000, 4001)],
    "too many": [cue(n, n + 0.5, "a") for n in range(2001)],
    "too much text": [cue(n, n + 0.5, "a" * 120) for n in range(400)],
}


@pytest.mark.parametrize("rows", ODD.values(), ids=ODD.keys())
def test_captions_that_make_no_sense_are_refused_with_what_is_wrong(typed, rows):
    with pytest.raises(SiteFailure) as refused:
        update_project(typed, {"caption_cues": rows})
    assert refused.value.code == "option_invalid"
    typed.refresh_from_db()
    assert cues_of(typed) == []


def test_a_transcript_that_is_too_long_is_refused(typed):
    with pytest.raises(SiteFailure) as refused:
        update_project(typed, {"transcript": "a" * 100_000})
    assert refused.value.code == "script_too_long"
