import json
import os
import signal
import subprocess
import sys
import time
from argparse import Namespace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.synth import drawn_landscape, drawn_portrait, speechlike, write_audio, write_image
from worker.__main__ import main
from worker.cli.options import StrictParser, check_output, parse_face, parse_frame_rate
from worker.cli.rendering import TellingHooks
from worker.cli.terminal import Terminal
from worker.cli.train import training_names
from worker.engine.contracts import FaceChoice
from worker.engine.failures import EngineFailure, FailureCode

REPO = Path(__file__).resolve().parent.parent.parent.parent


def told(capfd, arguments) -> tuple[int, str, list[dict]]:
    """Exit code, stdout, and the JSON lines on stderr."""
    code = main([str(word) for word in arguments])
    out, err = capfd.readouterr()
    return code, out, [json.loads(line) for line in err.splitlines()]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["frobnicate"], "frobnicate"),
        (["preflight"], "FILE"),
        (["preflight", "a", "b"], "b"),
        (["animate"], "--portrait"),
        (["animate", "--portrait", "p", "--out", "o.mp4"], "--audio"),
        (["animate", "--portrait", "p", "--audio", "a", "--text", "t", "--out", "o.mp4"], "--text"),
        (["animate", "--portrait", "p", "--text", "t", "--out", "o.mp4"], "--voice"),
        (["animate", "--portrait", "p", "--audio", "a", "--out", "o.mp4", "--fps", "fast"], "--fps"),
        (["animate", "--portrait", "p", "--audio", "a", "--out", "o.mp4", "--fps", "0"], "--fps"),
        (["animate", "--portrait", "p", "--audio", "a", "--out", "o.mp4", "--face", "left"], "--face"),
        (["animate", "--portrait", "p", "--audio", "a", "--out", "o.mp4", "--face", "-1"], "--face"),
        (["animate", "--portrait", "p", "--audio", "a", "--out", "o.mp4", "--style", "wild"], "--style"),
        (["animate", "--portrait", "p", "--audio", "a", "--out", "o.mp4", "--seed", "x"], "--seed"),
        (["animate", "--portrait", "p", "--audio", "a", "--out", "none/o.mp4"], "--out"),
        (["animate", "--portrait", "p", "--audio", "a", "--out", "o.mp4", "--device", "tpu"], "--device"),
        (["train", "everything"], "everything"),
    ],
)
def test_bad_options_are_one_json_line_that_names_them(capfd, arguments, word):
    code, out, lines = told(capfd, arguments)
    assert (code, out, len(lines)) == (2, "", 1)
    assert set(lines[0]) == {"code", "message", "at_s", "detail"}
    assert lines[0]["code"] == "option_invalid"
    assert word in lines[0]["message"]


def test_help_is_for_people_and_ends_well(capfd):
    assert main(["--help"]) == 0
    assert "animate" in capfd.readouterr().out
    assert main(["animate", "--help"]) == 0
    assert "--portrait" in capfd.readouterr().out


def test_preflight_prints_one_object_and_nothing_else(capfd, tmp_path):
    picture = write_image(tmp_path / "p.png", drawn_portrait(480, 600))
    code, out, lines = told(capfd, ["preflight", picture])
    assert (code, lines) == (0, [])
    assert out.count("\n") == 1
    assert json.loads(out)["faces"][0]["usable"]


def test_a_refused_file_has_its_report_on_stdout_and_its_reason_on_stderr(capfd, tmp_path):
    picture = write_image(tmp_path / "p.png", drawn_landscape())
    code, out, lines = told(capfd, ["preflight", picture])
    assert code == 2
    report = json.loads(out)
    assert not report["ok"] and report["problems"][0]["message"] == lines[0]["message"]
    assert lines[0]["code"] == "no_face"
    assert "face" in lines[0]["message"] and str(tmp_path) not in out + json.dumps(lines)


def test_animate_refuses_bad_files_before_any_work(capfd, tmp_path):
    picture = write_image(tmp_path / "p.png", drawn_portrait(480, 600))
    (tmp_path / "empty.wav").touch()
    silent = write_audio(tmp_path / "silent.wav", np.zeros(16_000, np.float32))
    for voice, expected in ((tmp_path / "empty.wav", "file_empty"), (silent, "audio_silent")):
        words = ["animate", "--portrait", picture, "--audio", voice, "--out", tmp_path / "o.mp4"]
        code, out, lines = told(capfd, words)
        assert (code, out, lines[0]["code"]) == (2, "", expected)
    assert not (tmp_path / "o.mp4").exists()


def test_the_output_never_destroys_an_input(tmp_path):
    portrait = tmp_path / "p.png"
    portrait.write_bytes(b"x")
    with pytest.raises(EngineFailure) as caught:
        check_output(portrait, [portrait])
    assert caught.value.code is FailureCode.OPTION_INVALID
    with pytest.raises(EngineFailure):
        check_output(tmp_path, [portrait])
    assert check_output(tmp_path / "o.mp4", [portrait]) == tmp_path / "o.mp4"


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("25", Fraction(25)),
        ("29.97", Fraction(30000, 1001)),
        ("23.976", Fraction(24000, 1001)),
        ("23.98", Fraction(24000, 1001)),
        ("59.94", Fraction(60000, 1001)),
        ("30000/1001", Fraction(30000, 1001)),
        ("30", Fraction(30)),
        ("12.5", Fraction(25, 2)),
    ],
)
def test_frame_rates_mean_what_people_mean(text, rate):
    assert parse_frame_rate(text) == rate


@pytest.mark.parametrize("text", ["", "0", "1/0", "-25", "1000", "nan", "inf", "25fps"])
def test_frame_rates_that_cannot_be_are_refused(text):
    with pytest.raises(EngineFailure):
        parse_frame_rate(text)


def test_faces_are_named_by_number_or_point():
    assert parse_face("auto") == FaceChoice()
    assert parse_face("2") == FaceChoice(index=2)
    assert parse_face("320,180.5") == FaceChoice(point=(320.0, 180.5))
    for text in ("", "1,2,3", "-1", "a,b", "nan,1", "1e9,1", "-5,5"):
        with pytest.raises(EngineFailure):
            parse_face(text)


def test_every_training_command_can_be_named():
    assert training_names()
    parser = StrictParser()
    from worker.cli import train

    train.add_arguments(parser)
    options = parser.parse_args([training_names()[0], "--epochs", "3"])
    assert isinstance(options, Namespace) and options.rest == ["--epochs", "3"]


def run_worker(*arguments: object, **options) -> subprocess.Popen:
    words = [sys.executable, "-m", "worker", *(str(a) for a in arguments)]
    return subprocess.Popen(
        words, cwd=REPO, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, **options
    )


@pytest.mark.slow
def test_a_render_tells_its_progress_and_native_libraries_say_nothing(tmp_path):
    picture = write_image(tmp_path / "p.png", drawn_portrait(256, 320))
    voice = write_audio(tmp_path / "v.wav", speechlike(1.0))
    process = run_worker(
        "animate", "--portrait", picture, "--audio", voice, "--out", tmp_path / "o.mp4", "--progress", "json"
    )
    out, err = process.communicate(timeout=170)
    assert (process.returncode, err) == (0, "")
    lines = [json.loads(line) for line in out.splitlines()]
    fractions = [line["fraction"] for line in lines]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    assert all({"stage", "fraction", "eta_s"} <= set(line) for line in lines)
    assert lines[-1]["stage"] == "done" and lines[-1]["result"]["frame_count"] == 25
    assert (tmp_path / "o.mp4").stat().st_size == lines[-1]["result"]["size_bytes"]


@pytest.mark.parametrize("ends_well", [True, False])
def test_an_interrupt_that_a_callback_swallows_still_ends_the_command(ends_well, capfd, monkeypatch):
    stopped = []

    def swallow(options: Namespace, terminal: Terminal) -> int:
        hooks = TellingHooks(terminal, "none")
        stopped.append(hooks.should_stop())
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:  # as a native library's callback does
            stopped.append(hooks.should_stop())
        if not ends_well:
            raise EngineFailure(FailureCode.ENCODER_FAILED)
        return 0

    monkeypatch.setattr("worker.cli.reframe.run", swallow)
    code, _, lines = told(capfd, ["reframe", "a.mp4", "b.mp4", "--aspect", "9:16"])
    assert (code, [line["code"] for line in lines]) == (130, ["cancelled"])
    assert stopped == [False, True]


@pytest.mark.slow
def test_ctrl_c_stops_a_render_and_leaves_nothing_behind(tmp_path):
    picture = write_image(tmp_path / "p.png", drawn_portrait(256, 320))
    voice = write_audio(tmp_path / "v.wav", speechlike(30.0))
    out_folder = tmp_path / "out"
    out_folder.mkdir()
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    process = run_worker(
        "animate", "--portrait", picture, "--audio", voice, "--out", out_folder / "o.mp4", "--progress", "json",
        env=environment,
    )  # fmt: skip
    assert process.stdout is not None
    deadline_s = time.monotonic() + 150
    for line in process.stdout:
        if json.loads(line)["stage"] == "rendering" or time.monotonic() > deadline_s:
            break
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert json.loads(err)["code"] == "cancelled"
    assert not list(out_folder.iterdir())
    assert not list(tmp_path.glob("lipsmith-*"))
