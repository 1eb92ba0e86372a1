"""What a first look says about clips whose truth is drawn."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from apps.core.preflight_texts import warning_text
from tests.synth import drawn_landscape, drawn_portrait, drawn_talking_clip, drawn_tiny_face, speechlike, write_clip
from worker.engine.dub.measured import measured_facts
from worker.engine.dub.people import look_at_clip
from worker.engine.media.probe import probe
from worker.engine.preflight import preflight_file

SIZE = (384, 320)


def person(look: str, gap: float = 0.0) -> np.ndarray:
    return drawn_portrait(SIZE[0], SIZE[1], look=look, gap=gap, unit_share=0.2, eye_line=0.38)


def report_on(folder: Path, frames: list[np.ndarray], rate: Fraction = Fraction(10), **options) -> dict:
    return preflight_file(write_clip(folder / "clip.mp4", frames, rate, **options), "clip")


def codes(found: list[dict]) -> dict[str, dict]:
    return {one["code"]: one for one in found}


def test_a_good_clip_has_one_person_with_a_picture_and_no_warnings(tmp_path):
    clip = drawn_talking_clip(tmp_path / "c.mp4", 3.0, samples=speechlike(3.0), width_px=SIZE[0], height_px=SIZE[1])
    report = preflight_file(clip.path, "clip")
    assert report["ok"] and report["estimated"]
    assert report["samples_per_s"] >= 2
    (one,) = report["people"]
    assert one["seen_share"] == one["usable_share"] == 1.0
    assert one["shows_closed_lips"] and one["shows_open_mouth"]
    assert one["thumbnail"].startswith("data:image/jpeg;base64,")
    x, y = one["point"]
    assert one["box"][0] < x < one["box"][2] and one["box"][1] < y < one["box"][3]
    assert not codes(report["warnings"]).keys() & {"face_away", "several_people", "shot_cuts", "lips_never_close"}
    json.dumps(report)

    clip_sound_warning = {"code": "quiet", "at_s": None, "detail": {}}
    guessed = {**report, "warnings": [clip_sound_warning, {"code": "shot_cuts", "at_s": 1.0, "detail": {}}]}
    seen = look_at_clip(clip.path, probe(clip.path))
    measured = measured_facts(seen, guessed)
    assert not measured["estimated"]
    assert measured["warnings"] == [clip_sound_warning]  # what was seen is said anew, what was heard stays
    (same,) = measured["people"]
    assert (same["index"], same["seen_share"], same["usable_share"]) == (0, 1.0, 1.0)
    assert same.keys() == one.keys() and same["point"] == pytest.approx(one["point"], abs=12)
    json.dumps(measured)

    nobody_there = {**one, "point": [5.0, 5.0]}
    kept, found = measured_facts(seen, {"people": [nobody_there]})["people"]
    assert kept == nobody_there and found["index"] == 1  # somebody may have been chosen by these numbers


def test_a_cut_to_a_landscape_is_told_with_its_times(tmp_path):
    frames = [person("light", 0.2 * (i % 3)) for i in range(30)] + [drawn_landscape(*SIZE)] * 20
    report = report_on(tmp_path, frames)
    warning = codes(report["warnings"])
    assert report["cuts_s"] == [pytest.approx(3.0, abs=0.15)]
    away = warning["face_away"]
    assert away["detail"]["spans"] == [[pytest.approx(3.0, abs=0.15), pytest.approx(5.0, abs=0.15)]]
    assert "0:03" in warning_text("face_away", away["detail"]) or "0:02.9" in warning_text("face_away", away["detail"])
    assert report["ok"]


def test_the_same_person_after_a_cut_away_is_still_one_person(tmp_path):
    talking = [person("light", 0.2 * (i % 3)) for i in range(15)]
    report = report_on(tmp_path, talking + [drawn_landscape(*SIZE)] * 15 + talking)
    assert len(report["people"]) == 1
    assert len(report["people"][0]["spans"]) == 2


def test_two_people_are_told_apart(tmp_path):
    both = [np.concatenate([person("light", 0.2 * (i % 3)), person("dark")], axis=1) for i in range(30)]
    report = report_on(tmp_path, both)
    assert len(report["people"]) == 2
    assert codes(report["warnings"])["several_people"]["detail"] == {"count": 2}
    assert {face["person"] for frame in report["sampled_frames"] for face in frame["faces"]} == {0, 1}


def test_a_mouth_that_never_opens_is_told(tmp_path):
    report = report_on(tmp_path, [person("light")] * 20)
    assert "mouth_never_opens" in codes(report["warnings"])
    assert not report["people"][0]["shows_open_mouth"]


REFUSED = {
    "no face": ([drawn_landscape(*SIZE)] * 10, "no_face"),
    "too small": ([drawn_tiny_face(40)] * 10, "face_too_small"),
    "one frame": ([person("light")], "clip_too_short"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_dubbed_anywhere_is_refused_at_once(tmp_path, case):
    frames, code = case
    report = report_on(tmp_path, frames)
    assert [problem["code"] for problem in report["problems"]] == [code]
    assert not report["ok"]


@pytest.mark.media
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("vid_profile_224.mp4", "face_turned_away"),
        ("vid_stage_tiny_face_256p.mp4", "face_too_small"),
        ("vid_plant_1s.mp4", "no_face"),
        ("vid_text_renamed.mp4", "file_unreadable"),
        ("vid_truncated_no_moov.mp4", "file_unreadable"),
        ("vid_zero_bytes.mp4", "file_empty"),
        ("vid_two_speakers_debate2_turban.avi", None),
        ("vid_shot_cut_music.mp4", None),
    ],
)
def test_real_clips_are_judged_as_a_person_would(shared_media, name, problem):
    report = preflight_file(shared_media / "hard_cases" / name, "clip")
    assert [one["code"] for one in report["problems"]] == ([problem] if problem else [])
