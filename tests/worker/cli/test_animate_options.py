"""Every option of `animate` and `track` becomes the request it describes, or a refusal that names it."""

import json
from argparse import Namespace
from fractions import Fraction
from pathlib import Path

import pytest

from tests.synth import drawn_portrait, speechlike, write_audio, write_clip, write_image
from worker.__main__ import main
from worker.cli import animate
from worker.cli.options import StrictParser
from worker.engine.contracts import Background, Emotion, LifeScales, Pronunciation, Still, TalkingPhotoRequest
from worker.engine.failures import EngineFailure, FailureCode


def request_of(tmp_path: Path, *words: object, out: str = "o.mp4") -> TalkingPhotoRequest:
    parser = StrictParser()
    animate.add_arguments(parser)
    told = ["--portrait", "p.png", "--out", str(tmp_path / out), *(str(word) for word in words)]
    options: Namespace = parser.parse_args(told)
    return animate.request_from(options)


def test_words_are_pronounced_as_told_one_by_one_or_from_a_file(tmp_path):
    words = tmp_path / "words.json"
    words.write_text('{"ACME": "ack me"}', encoding="utf-8")
    spoken = ("--text", "C= at ACME", "--voice", "en-us", "--pronounce")
    assert request_of(tmp_path, *spoken, "C==sea", "--pronounce", f"@{words}").script.pronunciations == (
        Pronunciation("C=", "sea"),
        Pronunciation("ACME", "ack me"),
    )
    for wrong in ("ACME", "=x", "ACME=<b>", f"@{tmp_path / 'none.json'}"):
        with pytest.raises(EngineFailure):
            request_of(tmp_path, *spoken, wrong)
    words.write_text('["ACME"]', encoding="utf-8")
    with pytest.raises(EngineFailure, match=r"(?i)option"):
        request_of(tmp_path, *spoken, f"@{words}")


def test_what_is_not_said_stays_as_it_was(tmp_path):
    request = request_of(tmp_path, "--audio", "v.wav")
    wanted = TalkingPhotoRequest(Path("p.png"), tmp_path / "o.mp4", audio_path=Path("v.wav"))
    assert request == wanted


def test_life_emotion_background_and_still_are_understood(tmp_path):
    request = request_of(
        tmp_path, "--audio", "v.wav", "--blink", "0", "--gaze", "0.5", "--brow", "2", "--head", "1.5", "--emotion",
        "auto", "--intensity", "0.3", "--background", "transparent", "--still", "1.5", tmp_path / "s.png", out="o.webm",
    )  # fmt: skip
    assert request.life == LifeScales(0.0, 0.5, 2.0, 1.5)
    assert (request.emotion, request.intensity) == (Emotion.AUTO, 0.3)
    assert request.background is Background.TRANSPARENT
    assert request.still == Still(1.5, tmp_path / "s.png")


def test_a_driving_clip_lends_its_frame_rate_unless_told_otherwise(tmp_path):
    frames = [drawn_portrait(120, 160)] * 8
    clip = write_clip(tmp_path / "c.mp4", frames, Fraction(30000, 1001))
    slow = write_clip(tmp_path / "slow.mp4", frames, Fraction(5))
    assert request_of(tmp_path, "--drive", clip).frame_rate == Fraction(30000, 1001)
    assert request_of(tmp_path, "--drive", clip, "--fps", "50").frame_rate == 50
    assert request_of(tmp_path, "--drive", slow).frame_rate == 25
    assert request_of(tmp_path, "--drive", clip, "--mute").mute


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ((), "--audio"),
        (("--idle", "1"), "--idle"),
        (("--idle", "61"), "--idle"),
        (("--idle", "soon"), "--idle"),
        (("--audio", "v", "--blink", "-1"), "--blink"),
        (("--audio", "v", "--gaze", "2.01"), "--gaze"),
        (("--audio", "v", "--brow", "nan"), "--brow"),
        (("--audio", "v", "--head", "much"), "--head"),
        (("--audio", "v", "--intensity", "1.2"), "--intensity"),
        (("--audio", "v", "--emotion", "bored"), "--emotion"),
        (("--audio", "v", "--background", "green"), "--background"),
        (("--audio", "v", "--still", "1"), "--still"),
        (("--audio", "v", "--still", "x", "s.png"), "--still"),
        (("--audio", "v", "--still", "1", "s.jpg"), "--still"),
        (("--audio", "v", "--still", "1", "nowhere/s.png"), "--still"),
        (("--idle", "4", "--voice", "en-us"), "--voice"),
    ],
)
def test_impossible_options_are_refused_by_name(tmp_path, words, named):
    with pytest.raises(EngineFailure) as caught:
        request_of(tmp_path, *words)
    assert caught.value.code is FailureCode.OPTION_INVALID
    assert named in json.dumps(caught.value.detail)


def test_a_still_never_overwrites_what_is_read(tmp_path):
    picture = write_image(tmp_path / "p.png", drawn_portrait(120, 160))
    parser = StrictParser()
    animate.add_arguments(parser)
    words = ["--portrait", picture, "--idle", "4", "--out", tmp_path / "o.mp4", "--still", "1", picture]
    with pytest.raises(EngineFailure) as caught:
        animate.request_from(parser.parse_args([str(word) for word in words]))
    assert caught.value.detail["option"] == "--still"


def test_a_track_is_written_edited_and_spoken(tmp_path, capfd):
    picture = write_image(tmp_path / "p.png", drawn_portrait(200, 250))
    voice = write_audio(tmp_path / "v.wav", speechlike(0.8, seed=4))
    track = tmp_path / "track.json"
    assert main(["track", "--audio", str(voice), "--out", str(track), "--fps", "50"]) == 0
    told = json.loads(capfd.readouterr().out)
    stored = json.loads(track.read_text())
    assert told["frames"] == len(stored["times_s"]) == 40
    assert set(stored["articulation"]) >= {"openness", "jaw"}
    stored["articulation"]["openness"] = [0.0] * 40
    track.write_text(json.dumps(stored))
    out = tmp_path / "o.mp4"
    words = ["animate", "--portrait", picture, "--audio", voice, "--track", track, "--out", out]
    assert main([str(word) for word in words]) == 0
    assert json.loads(capfd.readouterr().out)["frame_count"] == 20
    assert out.exists()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["track", "--out", "t.json"], "option_invalid"),
        (["track", "--audio", "none.wav", "--out", "t.json"], "file_missing"),
        (["track", "--audio", "none.wav", "--out", "nowhere/t.json"], "option_invalid"),
        (["track", "--audio", "a", "--text", "t", "--voice", "en-us", "--out", "t.json"], "option_invalid"),
        (["track", "--text", "", "--voice", "en-us", "--out", "t.json"], "script_empty"),
        (["track", "--text", "hello", "--voice", "klingon", "--out", "t.json"], "voice_unknown"),
        (["animate", "--portrait", "p.png", "--drive", "none.mp4", "--out", "o.mp4"], "file_missing"),
        (["animate", "--portrait", "p.png", "--track", "none.json", "--out", "o.mp4"], "file_missing"),
        (["animate", "--portrait", "p.png", "--idle", "4", "--mute", "--out", "o.mp4"], "option_invalid"),
        (["animate", "--portrait", "none.png", "--idle", "4", "--out", "o.mp4"], "file_missing"),
    ],
)
def test_bad_input_is_one_json_line_with_its_code(tmp_path, monkeypatch, capfd, words, code):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert [json.loads(line)["code"] for line in err.splitlines()] == [code]
    assert not list(tmp_path.iterdir())
