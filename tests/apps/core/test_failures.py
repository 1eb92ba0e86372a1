import pickle

import pytest

from apps.core.failures import CATALOGUE, SiteFailure, failure_dict, message_for, next_step_for, sentence_for
from worker.engine.failures import RETRYABLE, FailureCode


def test_every_code_of_the_engine_has_words():
    assert {str(code) for code in FailureCode} <= CATALOGUE.keys()


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_every_entry_says_what_is_wrong_and_what_to_do(code):
    text = CATALOGUE[code]
    for words in (text.sentence, text.next_step, *text.with_facts):
        assert words[0].isupper() or words[0] in "“{"
        assert words.endswith(".")
    assert text.sentence != text.next_step
    assert 400 <= text.http_status < 600
    assert "{" not in text.sentence + text.next_step


@pytest.mark.parametrize("code", sorted(RETRYABLE))
def test_site_and_engine_agree_on_what_may_be_tried_again(code):
    assert CATALOGUE[code].retryable


def test_facts_make_the_sentence_fuller():
    failure = SiteFailure("quota_full", used_mb=2000.4, max_mb=2048, size_mb=60)
    assert "2000 of 2048 MB" in failure.sentence
    assert "60 MB" in str(failure)


def test_missing_or_odd_facts_fall_back_to_the_plain_sentence():
    plain = CATALOGUE["quota_full"].sentence
    assert sentence_for("quota_full", {"used_mb": 3}) == plain
    assert sentence_for("quota_full", {"used_mb": "many", "max_mb": [], "size_mb": None}) == plain


def test_facts_from_strangers_are_not_read_as_templates():
    assert "{0.__class__}" in sentence_for("file_missing", {"file_name": "{0.__class__}"})


def test_an_unknown_code_still_gets_words():
    assert sentence_for("nonsense") == CATALOGUE["internal"].sentence
    assert next_step_for("nonsense") in message_for("nonsense")
    assert failure_dict("nonsense")["code"] == "nonsense"


def test_a_site_failure_with_an_unknown_code_is_a_mistake_of_ours():
    with pytest.raises(ValueError, match="nonsense"):
        SiteFailure("nonsense")


def test_a_site_failure_survives_a_queue():
    failure = pickle.loads(pickle.dumps(SiteFailure("daily_limit", limit=10)))
    assert (failure.code, failure.detail, failure.http_status) == ("daily_limit", {"limit": 10}, 429)
    assert failure.retryable


def test_the_wire_form_has_everything_a_page_needs():
    assert SiteFailure("not_verified").as_dict() == {
        "code": "not_verified",
        "sentence": CATALOGUE["not_verified"].sentence,
        "next_step": CATALOGUE["not_verified"].next_step,
        "retryable": False,
        "detail": {},
    }
