"""Subtitles become lines and come back as they were."""

import pytest

from apps.core.failures import SiteFailure
from apps.projects.subtitles import as_srt, lines_from_subtitles

SRT = """1
00:00:01,000 --> 00:00:02,500
Guten <i>Morgen</i>,
alle miteinander.

2
00:00:03,250 --> 00:00:04,000
Bis bald.
"""


def read(text: str) -> list[tuple[float, float, str]]:
    return [(line["start_s"], line["end_s"], line["script"]) for line in lines_from_subtitles(text, script_voice="de")]


def test_each_subtitle_becomes_a_line_of_the_given_voice():
    assert read(SRT) == [(1.0, 2.5, "Guten Morgen, alle miteinander."), (3.25, 4.0, "Bis bald.")]
    assert {line["script_voice"] for line in lines_from_subtitles(SRT, script_voice="de")} == {"de"}


def test_what_is_written_is_read_again():
    lines = lines_from_subtitles(SRT, script_voice="de")
    assert lines_from_subtitles(as_srt(lines), script_voice="de") == lines


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + SRT.replace("\n", "\r\n"),
        "WEBVTT\n\nNOTE a proof\nof concept\n\n" + SRT.replace(",", ".").replace("Morgen</i>.", "Morgen</i>,"),
        SRT.replace("\n\n", "\n"),
        SRT.replace("00:00:", "00:"),
    ],
    ids=["windows", "webvtt", "no blank lines", "no hours"],
)
def test_subtitles_are_read_however_editors_write_them(text):
    assert [row[:2] for row in read(text)] == [(1.0, 2.5), (3.25, 4.0)]


def test_small_overlaps_are_taken_off_the_earlier_one():
    text = SRT.replace("00:00:02,500", "00:00:03,400")
    assert [row[:2] for row in read(text)] == [(1.0, 3.25), (3.25, 4.0)]


def test_arrows_and_blank_lines_in_words_do_not_break_a_file():
    line = {"start_s": 1.0, "end_s": 2.0, "script": "One\n\n--> two"}
    assert read(as_srt([line])) == [(1.0, 2.0, "One → two")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no times here",
        "\x00\x01\x02",
        "00:00:02,000 --> 00:00:01,000\nbackwards",
        "00:00:01,000 --> 00:00:02,000\n" + "x" * 1001,
        "x" * 1_000_001,
        "".join(f"00:{n // 60:02d}:{n % 60:02d},000 --> 00:{n // 60:02d}:{n % 60:02d},900\nno\n\n" for n in range(301)),
    ],
    ids=["empty", "words", "bytes", "backwards", "long words", "long file", "many"],
)
def test_what_cannot_be_used_is_refused_with_a_reason(text):
    with pytest.raises(SiteFailure) as refused:
        lines_from_subtitles(text, script_voice="de")
    assert refused.value.code == "subtitles_unreadable" and refused.value.detail["reason"]
