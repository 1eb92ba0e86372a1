import pytest

from apps.jobs.models import Job
from tests.apps.api.doors import (
    assert_hidden_from_others,
    assert_needs_signing_in,
    assert_wrong_methods_are_refused,
    call,
    problem_of,
)

VOICES, SPEECH = "/api/v1/voices", "/api/v1/speech"
ORDER = {"text": " Good morning. ", "voice": "de:male", "rate": 1.2, "pitch": 0.9}


def test_the_voices_are_listed(owner):
    rows = owner.get(VOICES).json()
    assert [row["id"] for row in rows] == ["en-us:female", "de:male"]
    assert rows[1]["language_name"] == "German"


@pytest.mark.parametrize("text", ["", "[{", "{}", '[{"name": "no id"}]'])
def test_before_a_worker_has_told_us_there_are_no_voices(owner, tmp_path, text):
    (tmp_path / "voices.json").write_text(text)
    assert owner.get(VOICES).json() == []
    (tmp_path / "voices.json").unlink()
    assert owner.get(VOICES).json() == []


def test_a_script_is_spoken(owner):
    response = call(owner, "POST", SPEECH, ORDER)
    assert response.status_code == 201
    job = Job.objects.get(pk=response.json()["id"])
    assert job.kind == "speech"
    assert job.request["script"] == {"text": "Good morning.", "voice": "de:male", "rate": 1.2, "pitch": 0.9}


def test_words_are_said_as_spelled_where_the_script_has_them(owner):
    said = [{"word": "MORNING", "said": "mor ning"}, {"word": "ACME", "said": "ack me"}]
    response = call(owner, "POST", SPEECH, {**ORDER, "pronunciations": said})
    assert Job.objects.get(pk=response.json()["id"]).request["script"]["pronunciations"] == said[:1]


def test_somebody_elses_speech_is_not_found(owner, stranger):
    job = call(owner, "POST", SPEECH, ORDER).json()["id"]
    assert_hidden_from_others(stranger, "GET", f"/api/v1/jobs/{job}")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"text": " \n "}, "script_empty"),
        ({"text": "x" * 10_001}, "invalid_request"),
        ({"voice": "nobody"}, "voice_unknown"),
        ({"voice": "../../etc/passwd"}, "voice_unknown"),
        ({"rate": 0}, "invalid_request"),
        ({"pitch": 1e9}, "invalid_request"),
        ({"more": 1}, "invalid_request"),
        ({"text": ["a"]}, "invalid_request"),
        ({"pronunciations": [{"word": "a", "said": "<break/>"}]}, "option_invalid"),
        ({"pronunciations": [{"word": "a"}]}, "invalid_request"),
        ({"pronunciations": [{"word": "a", "said": "b"}] * 201}, "invalid_request"),
    ],
)
def test_what_cannot_be_spoken_is_refused_in_words(owner, wrong, code):
    assert problem_of(call(owner, "POST", SPEECH, {**ORDER, **wrong}))["code"] == code
    assert not Job.objects.exists()


def test_it_needs_signing_in(signed_out):
    assert_needs_signing_in(signed_out, "GET", VOICES)
    assert_needs_signing_in(signed_out, "POST", SPEECH, ORDER)


def test_wrong_methods_are_refused(owner):
    assert_wrong_methods_are_refused(owner, VOICES, "POST", "DELETE")
    assert_wrong_methods_are_refused(owner, SPEECH, "GET", "DELETE")
