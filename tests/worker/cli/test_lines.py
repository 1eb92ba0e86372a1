"""Subtitles to lines and back, on the command line."""

import json

from tests.synth import drawn_portrait, write_clip
from worker.__main__ import main

SRT = "1\n00:00:00,200 --> 00:00:01,700\nGood morning, everybody.\n\n2\n00:00:02,000 --> 00:00:02,600\n{}\n"


def told(capfd) -> tuple[dict, dict]:
    out, err = capfd.readouterr()
    return json.loads(out or "{}"), json.loads(err or "{}")


def test_subtitles_become_lines_and_lines_subtitles(tmp_path, capfd):
    (tmp_path / "in.srt").write_text(SRT.format("Yes."), encoding="utf-8")
    assert main(["lines", str(tmp_path / "in.srt"), "--voice", "en-us", "--out", str(tmp_path / "l.json")]) == 0
    report, _ = told(capfd)
    assert [line["fits"] for line in report["lines"]] == [True, True]
    assert main(["lines", str(tmp_path / "l.json"), "--out", str(tmp_path / "out.srt")]) == 0
    assert (tmp_path / "out.srt").read_text(encoding="utf-8") == SRT.format("Yes.")


def test_a_text_that_is_too_long_says_how_much_to_cut(tmp_path, capfd):
    long = "This sentence has far too many words for the short time that it is given here."
    (tmp_path / "in.srt").write_text(SRT.format(long), encoding="utf-8")
    assert main(["lines", str(tmp_path / "in.srt"), "--voice", "en-us"]) == 0
    report, _ = told(capfd)
    assert [line["fits"] for line in report["lines"]] == [True, False]
    assert 20 < report["lines"][1]["chars_to_cut"] < len(long)


def test_lines_past_the_clips_end_and_subtitles_without_a_voice_are_refused(tmp_path, capfd):
    (tmp_path / "in.srt").write_text(SRT.format("Yes."), encoding="utf-8")
    assert main(["lines", str(tmp_path / "in.srt")]) == 2
    assert told(capfd)[1]["code"] == "option_invalid"
    clip = write_clip(tmp_path / "c.mp4", [drawn_portrait(96, 96)] * 25)
    assert main(["lines", str(tmp_path / "in.srt"), "--voice", "en-us", "--clip", str(clip)]) == 2
    assert told(capfd)[1]["code"] == "segment_past_end"
