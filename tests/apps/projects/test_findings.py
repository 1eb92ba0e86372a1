import re
from pathlib import Path

import pytest
from django.conf import settings

from apps.core.failures import CATALOGUE
from apps.projects import findings


def test_facts_are_filled_in_and_their_lack_does_no_harm():
    told = findings.in_words({"code": "turned", "detail": {"yaw_deg": 31}})
    assert told["sentence"] == "The face is turned 31° to the side."
    for code in findings._WORDS:
        told = findings.in_words({"code": code, "detail": {}})
        assert told["sentence"].endswith("."), code
        assert "{" not in told["sentence"] + told["next_step"], code


def test_problems_speak_the_catalogues_words():
    told = findings.in_words({"code": "no_face", "detail": {}}, is_problem=True)
    assert told["sentence"] == CATALOGUE["no_face"].sentence
    assert findings.in_words({"code": "not yet known", "detail": {}}, is_problem=True)["sentence"]


@pytest.mark.parametrize(
    ("module", "names"), [("portrait_check.py", "PictureWarning"), ("preflight.py", "SoundWarning")]
)
def test_every_warning_that_the_engine_knows_has_words(module, names):
    """The site must not import the engine, so its list of warnings is read as text."""
    source = (Path(settings.BASE_DIR) / "worker" / "engine" / module).read_text()
    body = source.split(f"class {names}(StrEnum):")[1].split("\n\n\n")[0]
    codes = re.findall(r'^    [A-Z_]+ = "([a-z_]+)"$', body, re.M)
    assert len(codes) > 5
    assert set(codes) <= set(findings._WORDS)


def test_a_whole_report_is_told_in_words():
    warning, problem = {"code": "blurry", "detail": {}}, {"code": "face_covered", "detail": {}}
    report = {
        "problems": [problem],
        "warnings": [warning],
        "auto_face_failure": problem,
        "faces": [{"index": 0, "problem": problem, "warnings": [warning]}],
    }
    told = findings.report_in_words(report)
    for one in (
        told["problems"][0],
        told["warnings"][0],
        told["auto_face_failure"],
        told["faces"][0]["problem"],
        told["faces"][0]["warnings"][0],
    ):
        assert one["sentence"]
    assert report["warnings"][0] == warning
    assert findings.report_in_words(None) is None


def test_what_a_driving_clip_lacked_is_told_with_its_time():
    told = findings.render_warning_in_words("driver_face_missing 1.20-2.40")
    assert "1.20" in told["sentence"] and "2.40" in told["sentence"]
    assert (told["at_s"], bool(told["next_step"])) == (1.2, True)
    assert findings.render_warning_in_words("driver_without_sound")["sentence"]
    assert findings.render_warning_in_words("something_new 1-2")["sentence"] == ""
