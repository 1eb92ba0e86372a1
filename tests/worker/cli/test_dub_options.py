import argparse
from pathlib import Path

import pytest

from worker.cli.dub import add_arguments, face_at, request_from
from worker.cli.options import StrictParser
from worker.engine.contracts import Adaptation, FaceChoice, Moment, Span, SyncMode
from worker.engine.failures import EngineFailure


def parsed(*words: str) -> argparse.Namespace:
    parser = StrictParser(prog="dub")
    add_arguments(parser)
    return parser.parse_args(list(words))


def test_everything_that_was_asked_for_is_in_the_request(tmp_path):
    words = ["--video", "a.mp4", "--audio", "b.wav", "--out", str(tmp_path / "o.mp4"), "--sync-mode", "remap"]
    words += [
        "--face",
        "10,20@1.5",
        "--keep-background",
        "--strength",
        "0.5",
        "--adapt",
        "off",
        "--cache",
        str(tmp_path),
    ]
    request = request_from(parsed(*words))
    assert request.video_path == Path("a.mp4")
    assert request.audio_path == Path("b.wav")
    assert request.sync_mode is SyncMode.REMAP
    assert request.face == FaceChoice(point=(10.0, 20.0), at_s=1.5)
    assert (request.keep_background, request.strength, request.adapt) == (True, 0.5, Adaptation.OFF)
    assert request.cache_dir == tmp_path
    assert request.window is None
    assert request_from(parsed(*words, "--window", "hardest")).window is Moment.HARDEST
    assert request_from(parsed(*words, "--window", "1.5", "4")).window == Span(1.5, 4.0)


def test_a_face_is_automatic_a_number_or_a_point_in_a_frame():
    assert face_at("auto") == FaceChoice()
    assert face_at("2") == FaceChoice(index=2)
    assert face_at("3,4") == FaceChoice(point=(3.0, 4.0))
    for wrong in ("2@1", "auto@1", "3,4@x", "3,4@-1", "me"):
        with pytest.raises(EngineFailure) as failure:
            face_at(wrong)
        assert failure.value.code == "option_invalid"


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--audio", "b.wav", "--segments", "s.json"],
        ["--audio", "b.wav", "--strength", "2"],
        ["--audio", "b.wav", "--out", "o.avi"],
        ["--audio", "b.wav", "--cache", "no/such/folder"],
        ["--audio", "b.wav", "--window", "worst"],
        ["--audio", "b.wav", "--window", "1", "2", "3"],
        ["--audio", "b.wav", "--window", "-1", "2"],
    ],
    ids=["no_voice", "two_voices", "too_strong", "not_mp4", "no_cache_folder", "no_moment", "three_times", "early"],
)
def test_what_does_not_fit_together_is_refused_before_any_work(tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    out = [] if "--out" in words else ["--out", "o.mp4"]
    with pytest.raises(EngineFailure) as failure:
        request_from(parsed("--video", "a.mp4", *out, *words))
    assert failure.value.code == "option_invalid"


def test_segments_are_read_from_their_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("s.json").write_text('[{"start_s": 1, "end_s": 2, "audio": "x.wav", "sync_mode": "bounce"}]')
    request = request_from(parsed("--video", "a.mp4", "--segments", "s.json", "--out", "o.mp4"))
    assert [(s.start_s, s.end_s, s.sync_mode) for s in request.segments] == [(1.0, 2.0, SyncMode.BOUNCE)]
    assert request.audio_path is None
