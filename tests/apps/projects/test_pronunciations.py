"""Words said as they are spelled: what may be kept, and what of it goes into an order."""

import pytest

from apps.brands.services import change_brand
from apps.core.failures import SiteFailure
from apps.projects import orders, services
from apps.projects.captions import cues_state
from apps.projects.mouth import voice_fingerprint
from apps.projects.options import spoken_duration_s
from apps.projects.pronunciations import PRONUNCIATIONS_MAX, checked_pronunciations, pronunciations_of

ACME = {"word": "ACME", "said": "ack me"}


@pytest.fixture
def typed(project):
    return services.update_project(project, {"voice_source": "script", "script": "Buy at Acme."})


def test_only_words_that_are_said_go_into_the_order(typed):
    before, said_before = orders.track_request(typed), voice_fingerprint(typed)
    services.update_project(typed, {"pronunciations": [{"word": "QX", "said": "cue ex"}]})
    assert orders.track_request(typed) == before
    services.update_project(typed, {"pronunciations": [{"word": " QX ", "said": "cue  ex"}, ACME]})
    assert orders.track_request(typed)["script"]["pronunciations"] == [ACME]
    assert voice_fingerprint(typed) != said_before
    services.update_project(typed, {"pronunciations": []})
    assert orders.track_request(typed) == before and pronunciations_of(typed) == []


def test_captions_keep_their_words_and_get_other_times(typed):
    words = [{"text": "Buy", "start_s": 0.0, "end_s": 0.5}]
    services.update_project(typed, {"caption_cues": [{"start_s": 0.0, "end_s": 1.0, "words": words}]})
    services.update_project(typed, {"pronunciations": [ACME]})
    assert cues_state(typed) == "refit"


def test_of_a_word_given_twice_the_last_one_counts():
    assert checked_pronunciations([{"word": "acme", "said": "x"}, ACME]) == [ACME]


@pytest.mark.parametrize(
    "rows",
    [
        "ACME",
        [ACME] * (PRONUNCIATIONS_MAX + 1),
        ["ACME"],
        [{"word": "ACME"}],
        [{**ACME, "lang": "en"}],
        [{**ACME, "word": 3}],
        [{**ACME, "word": ""}],
        [{**ACME, "word": "two\x00words"}],
        [{**ACME, "word": "<b>"}],
        [{**ACME, "word": "w" * 61}],
        [{**ACME, "said": ""}],
        [{**ACME, "said": "<break time='9s'/>"}],
        [{**ACME, "said": "[[h@l'oU]]"}],
        [{**ACME, "said": "a\x00b"}],
        [{**ACME, "said": "s" * 10_000}],
    ],
    ids=range(15),
)
def test_what_no_voice_should_get_is_refused(typed, rows):
    with pytest.raises(SiteFailure) as refusal:
        services.update_project(typed, {"pronunciations": rows})
    assert refusal.value.code == "option_invalid"
    assert refusal.value.detail["option"] == "pronunciations"


@pytest.mark.parametrize(
    ("text", "heard_s"),
    [
        ("كان الطقس جميلا جدا هذا الصباح لدرجة أننا مشينا على طول النهر حتى الظهر.", 7.6),
        ("מזג האוויר היה כל כך יפה הבוקר שהלכנו לאורך הנהר עד הצהריים.", 4.5),
        ("今天早上天气很好，我们沿着河边一直走到中午。", 6.6),
    ],
    ids=["arabic", "hebrew", "chinese"],
)
def test_scripts_that_leave_vowels_out_are_told_as_long_as_they_are(text, heard_s):
    assert spoken_duration_s(text, 1.0) == pytest.approx(heard_s, rel=0.2)


def test_names_of_several_words_are_found_whatever_white_space_the_script_has(typed):
    name = {"word": "New  York", "said": "noo york"}
    services.update_project(typed, {"script": "Off to new\n york!", "pronunciations": [name]})
    assert orders.track_request(typed)["script"]["pronunciations"] == [{**name, "word": "New York"}]


def test_the_accounts_words_are_said_in_every_project_whose_own_win(alice, typed):
    before = voice_fingerprint(typed)
    change_brand(alice, {"pronunciations": [ACME, {"word": "buy", "said": "bye"}]})
    assert {row["word"] for row in orders.track_request(typed)["script"]["pronunciations"]} == {"ACME", "buy"}
    assert voice_fingerprint(typed) != before and pronunciations_of(typed) == []
    services.update_project(typed, {"pronunciations": [{"word": "Acme", "said": "a c m e"}]})
    said = {row["word"]: row["said"] for row in orders.track_request(typed)["script"]["pronunciations"]}
    assert said == {"Acme": "a c m e", "buy": "bye"}
