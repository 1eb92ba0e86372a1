"""`identify`, `certificate` and `marks` from the command line."""

import json

import numpy as np
import pytest

from tests.synth import speechlike, write_audio, write_clip
from worker.__main__ import main
from worker.bench_marks import table
from worker.compose.certificates import load_signing_key
from worker.compose.credentials import Making, sign
from worker.compose.stages import ComposeOptions, stages_for

RENDER_ID = "feed0000beef"


def told(capfd, *words) -> tuple[int, list[dict], list[dict]]:
    code = main([str(word) for word in words])
    out, err = capfd.readouterr()
    return code, *([json.loads(line) for line in text.splitlines()] for text in (out, err))


def test_a_marked_and_signed_video_is_recognised(tmp_path, capfd):
    assert told(capfd, "certificate", tmp_path / "credentials")[0] == 0
    frames = []
    stages = stages_for(ComposeOptions(watermark=False, label_corner=None, render_id=RENDER_ID), 256, 320)
    ground = np.random.default_rng(0).integers(90, 110, (320, 256, 3), dtype=np.uint8)
    for number in range(40):
        frame = ground.copy()
        for stage in stages:
            frame = stage(frame, number / 25)
        frames.append(frame)
    path = write_clip(tmp_path / "video.mp4", frames)
    sign(path, Making(render_id=RENDER_ID), load_signing_key(tmp_path / "credentials"))
    code, (found,), errors = told(capfd, "identify", path, "--credentials", tmp_path / "credentials")
    assert (code, errors) == (0, [])
    assert (found["made_here"], found["render_id"]) == (True, RENDER_ID)
    assert found["credentials"]["state"] == "trusted"
    assert found["hidden_mark"]["render_id"] == RENDER_ID


def test_a_strangers_video_is_not_ours(tmp_path, capfd):
    path = write_clip(tmp_path / "video.mp4", [np.full((96, 96, 3), 8 * n, np.uint8) for n in range(6)])
    code, (found,), _ = told(capfd, "identify", path)
    assert code == 0
    assert (found["made_here"], found["render_id"]) == (False, None)
    assert found["credentials"]["state"] == "none"


def test_what_is_no_video_fails_as_everywhere(tmp_path, capfd):
    (tmp_path / "text.mp4").write_text("hello " * 99)
    (tmp_path / "empty.mp4").touch()
    whole = write_clip(tmp_path / "whole.mp4", [np.full((96, 96, 3), 9 * n, np.uint8) for n in range(9)])
    (tmp_path / "cut.mp4").write_bytes(whole.read_bytes()[:400])
    cases = {
        tmp_path / "none.mp4": "file_missing",
        tmp_path / "empty.mp4": "file_empty",
        tmp_path / "text.mp4": "file_unreadable",
        tmp_path / "cut.mp4": "file_unreadable",
        tmp_path: "file_unreadable",
        write_audio(tmp_path / "voice.wav", speechlike(0.5)): "file_wrong_kind",
    }
    for path, expected in cases.items():
        code, out, (failure,) = told(capfd, "identify", path)
        assert (code, out, failure["code"]) == (2, [], expected), path.name
        assert failure["message"]


@pytest.mark.parametrize(
    "words",
    [
        ["identify"],
        ["identify", "a.mp4", "--credentials", "nowhere"],
        ["marks", "--trials", "0"],
        ["marks", "--seconds", "99"],
        ["marks", "--jobs", "0"],
        ["marks", "--material", "nowhere"],
        ["certificate"],
    ],
)
def test_wrong_options_are_told(capfd, words):
    code, out, (failure,) = told(capfd, *words)
    assert (code, out, failure["code"]) == (2, [], "option_invalid")


def test_the_table_names_every_attack_and_rate():
    cost = {"size": "512 × 512", "stage_ms": 0.2, "encode_ms": 5.0, "stage_ratio": 0.04, "encode_ratio": 1.02}
    cost |= {"watermark_ms": 0.3, "watermark_ratio": 0.061}
    report = {"trials": 200, "clip_s": 2.0, "detection_rate": {"crf 28": 0.995}, "wrong_ids": 0}
    report |= {"false_alarms": {"crf 28": 1}, "unmarked": {"crf 28": 200}}
    report |= {"psnr_db": {"mean": 46.8, "least": 45.1}, "read_s": 0.2, "sign_ms": {"median": 8, "most": 12}}
    text = table(report | {"cost": [cost]})
    for part in ("200 clips", "| crf 28 | 99.5% | 1 of 200 |", "45.1 dB", "4.0%", "+2.0%", "6.1%"):
        assert part in text
