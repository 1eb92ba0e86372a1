"""Subtitles as people and editors really write them."""

import pytest

from worker.engine.contracts import DubSegment, Script
from worker.engine.dub.srt import Cue, as_srt, as_vtt, cues_from_segments, parse_cues, read_cues, segments_from_cues
from worker.engine.failures import EngineFailure, FailureCode

SRT = """\ufeff1
00:00:01,000 --> 00:00:02,500
<i>Hello</i> there,
{\\an8}friend

2
00:00:03,000 --> 00:00:04,000
&amp; bye
"""


def test_subrip_is_read_without_its_markup():
    assert parse_cues(SRT) == [Cue(1.0, 2.5, "Hello there,\nfriend"), Cue(3.0, 4.0, "& bye")]


def test_webvtt_is_read_without_notes_styles_and_settings():
    head = "WEBVTT - title\n\nSTYLE\n::cue { color: red }\n\nNOTE\nnot spoken\n\n"
    text = head + "intro\n00:01.5 --> 00:02.000 align:start\n<v Ann>Hi"
    assert parse_cues(text) == [Cue(1.5, 2.0, "Hi")]


def test_windows_line_ends_missing_blank_lines_and_numbers_do_no_harm():
    text = "00:00:01.000 --> 00:00:02.000\r\nOne\r\n2\r\n0:00:03,0 --> 0:00:04,5\r\nTwo\r\n"
    assert parse_cues(text) == [Cue(1.0, 2.0, "One"), Cue(3.0, 4.5, "Two")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_every_usual_encoding_is_read(tmp_path, encoding):
    path = tmp_path / "lines.srt"
    path.write_bytes("1\n00:00:01,000 --> 00:00:02,000\nÜber naïve Café\n".encode(encoding))
    assert read_cues(path)[0].text == "Über naïve Café"


@pytest.mark.parametrize("writer", [as_srt, as_vtt])
def test_what_is_written_is_read_again(writer):
    cues = [Cue(0.0, 1.25, "A < B & C"), Cue(3599.999, 3661.5, "two\nlines")]
    assert parse_cues(writer(cues)) == [cues[0] if writer is as_vtt else Cue(0.0, 1.25, "A < B & C"), cues[1]]


def test_text_cannot_break_out_of_its_subtitle():
    evil = Cue(0.0, 1.0, "one\n\n9\n00:00:09,000 --> 00:00:10,000\ntwo <script>")
    for text in (as_srt([evil]), as_vtt([evil])):
        assert len(parse_cues(text)) == 1
    assert "<script>" not in as_vtt([evil])


HOSTILE = {
    "nothing": "",
    "prose": "Dear all,\n\nplease find attached",
    "times only": "1\n00:00:01,000 --> 00:00:02,000\n\n",
    "backwards": "1\n00:00:05,000 --> 00:00:02,000\nHello\n",
    "a bomb": "-->" * 100_000,
    "too many": "\n".join(f"00:00:{i % 60:02d},000 --> 00:01:00,000\nx\n" for i in range(1500)),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_holds_no_subtitles_is_refused(text):
    with pytest.raises(EngineFailure) as caught:
        parse_cues(text)
    assert caught.value.code is FailureCode.SUBTITLES_UNREADABLE


def test_subtitles_become_lines_and_lines_subtitles():
    lines = segments_from_cues([Cue(0, 2.2, "One\ntwo"), Cue(2.0, 3.0, "Three")], "fr")
    assert [(s.start_s, s.end_s) for s in lines] == [(0, 2.0), (2.0, 3.0)]  # a small overlap is taken off
    assert lines[0].script == Script("One two", "fr")
    assert cues_from_segments([*lines, DubSegment(4, 5, script=Script("  ", "fr"))]) == [
        Cue(0, 2.0, "One two"),
        Cue(2.0, 3.0, "Three"),
    ]
