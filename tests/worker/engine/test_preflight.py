import json

import numpy as np
import pytest
from PIL import Image

from apps.core.preflight_texts import WARNING_CODES, warning_text
from tests.synth import (
    drawn_group,
    drawn_landscape,
    drawn_portrait,
    drawn_talking_clip,
    speechlike,
    tone,
    write_audio,
    write_image,
)
from worker.engine.dub.report import DubWarning
from worker.engine.portrait_check import PictureWarning
from worker.engine.preflight import ClipWarning, SoundWarning, preflight_file


def codes(report, key="warnings") -> list[str]:
    return [entry["code"] for entry in report[key]]


def test_a_good_portrait_passes_and_its_face_is_where_it_was_drawn(tmp_path):
    report = preflight_file(write_image(tmp_path / "p.png", drawn_portrait(768, 960)), "portrait")
    assert report["ok"] and report["kind"] == "picture"
    assert (report["width_px"], report["height_px"]) == (768, 960)
    assert report["auto_face"] == 0 and report["auto_face_failure"] is None
    face = report["faces"][0]
    x0, y0, x1, y1 = face["box"]
    assert x0 < 384 < x1 and y0 < 0.45 * 960 < y1
    assert face["usable"] and abs(face["yaw_deg"]) < 15
    json.dumps(report)


def test_boxes_are_told_in_pixels_of_the_upload_when_it_is_huge(tmp_path):
    small = Image.fromarray(drawn_portrait(480, 600))
    small.resize((4800, 6000)).save(tmp_path / "p.jpg", quality=80)
    report = preflight_file(tmp_path / "p.jpg", "portrait")
    assert report["ok"] and "scaled_down" in codes(report)
    x0, _, x1, _ = report["faces"][0]["box"]
    assert x0 < 2400 < x1 and x1 - x0 > 800


def test_several_faces_are_a_choice_not_a_refusal(tmp_path):
    report = preflight_file(write_image(tmp_path / "g.png", drawn_group(3, 480)), "portrait")
    assert report["ok"] and len(report["faces"]) == 3
    assert report["auto_face"] is None
    assert report["auto_face_failure"]["code"] == "several_faces"
    assert [face["index"] for face in report["faces"]] == [0, 1, 2]


def test_a_landscape_an_upside_down_and_a_dark_portrait_are_refused_each_for_its_reason(tmp_path):
    portrait = drawn_portrait(480, 600)
    expected = {
        "no_face": drawn_landscape(),
        "face_upside_down": np.ascontiguousarray(portrait[::-1, ::-1]),
        "image_too_dark": (portrait * 0.05).astype(np.uint8),
        "face_covered": drawn_portrait(480, 600, covered=True),
    }
    for code, rgb in expected.items():
        report = preflight_file(write_image(tmp_path / f"{code}.png", rgb), "portrait")
        assert (code, report["ok"], codes(report, "problems")) == (code, False, [code])


def test_a_cut_out_portrait_says_what_is_behind_it(tmp_path):
    rgba = np.dstack([drawn_portrait(480, 600), np.full((600, 480), 255, np.uint8)])
    rgba[:60, :, 3] = 0
    report = preflight_file(write_image(tmp_path / "p.png", rgba), "portrait")
    assert report["ok"] and "transparent" in codes(report)
    assert report["picture"]["has_alpha"]


def test_a_voice_passes_with_its_speech_found(tmp_path):
    report = preflight_file(write_audio(tmp_path / "v.wav", speechlike(3.0)), "voice")
    assert report["ok"] and report["kind"] == "sound"
    assert report["duration_s"] == pytest.approx(3.0, abs=0.01)
    assert report["sound"]["speech_share"] > 0.4
    assert report["expected_render_s"] > 0
    for start_s, end_s in report["sound"]["speech_spans"]:
        assert 0 <= start_s < end_s <= 3.0


def test_silence_and_too_little_are_refused_each_for_its_reason(tmp_path):
    expected = {"audio_silent": np.zeros(32_000, np.float32), "audio_too_short": tone(0.1)}
    for code, samples in expected.items():
        report = preflight_file(write_audio(tmp_path / f"{code}.wav", samples), "voice")
        assert codes(report, "problems") == [code]


def test_a_stereo_trick_is_noticed(tmp_path):
    voice = speechlike(2.0)
    report = preflight_file(write_audio(tmp_path / "v.wav", np.stack([voice, -voice], 1)))
    assert report["ok"] and codes(report) == ["opposite_phase"]


def test_a_clip_is_reported_with_its_faces_and_streams(tmp_path):
    clip = drawn_talking_clip(tmp_path / "c.mp4", 1.0, rotation_deg=90, samples=speechlike(1.0))
    report = preflight_file(clip.path)
    assert report["ok"] and report["kind"] == "video"
    assert report["video"]["frame_rate"] == "25/1" and report["video"]["rotation_deg"] == 90
    assert (report["width_px"], report["height_px"]) == (256, 320)
    assert len(report["sampled_frames"]) == 25  # a short clip is looked at in every frame
    for frame in report["sampled_frames"]:
        x0, _, x1, _ = frame["faces"][0]["box"]
        assert x0 < 128 < x1
    assert "rotated" in codes(report)


def test_a_clip_is_welcome_as_a_voice_but_not_as_a_portrait(tmp_path):
    clip = drawn_talking_clip(tmp_path / "c.mp4", 1.0, samples=speechlike(1.0))
    assert preflight_file(clip.path, "voice")["kind"] == "sound"
    refused = preflight_file(clip.path, "portrait")
    assert refused["problems"] == [
        {"code": "file_wrong_kind", "at_s": None, "detail": {"found": "video", "needed": "picture"}}
    ]


@pytest.mark.parametrize("kind", ["portrait", "voice", "clip", None])
def test_whatever_a_file_is_the_answer_is_a_report(tmp_path, kind):
    (tmp_path / "empty").touch()
    (tmp_path / "noise").write_bytes(np.random.default_rng(0).bytes(5000))
    (tmp_path / "riff").write_bytes(b"RIFF\xff\xff\xff\xffWAVEfmt " + b"\xff" * 200)
    (tmp_path / "jpeg").write_bytes(b"\xff\xd8\xff\xe0" + b"\0" * 300)
    for name in ("empty", "noise", "riff", "jpeg", "missing"):
        report = preflight_file(tmp_path / name, kind)
        assert not report["ok"] and len(report["problems"]) == 1
        json.dumps(report)


def test_an_unknown_kind_is_a_mistake_of_ours(tmp_path):
    with pytest.raises(ValueError, match="kind"):
        preflight_file(tmp_path / "x", "spreadsheet")


def test_every_warning_has_its_sentence():
    known = {str(w) for group in (PictureWarning, SoundWarning, ClipWarning, DubWarning) for w in group}
    assert known == WARNING_CODES
    for code in known:
        assert warning_text(code).endswith(".")
        assert "{" not in warning_text(code)
    assert "57 px" in warning_text("face_small", {"face_px": 57})


def test_a_voice_proposes_an_emotion_and_says_how_sure_it_is(tmp_path):
    report = preflight_file(write_audio(tmp_path / "v.wav", speechlike(3.0)), "voice")
    proposed = report["sound"]["proposed_emotion"]
    assert proposed["emotion"] == max(proposed["scores"], key=proposed["scores"].get)
    assert sum(proposed["scores"].values()) == pytest.approx(1, abs=0.01)
    assert 0 < proposed["intensity"] <= 1
    json.dumps(report)
    hum = preflight_file(write_audio(tmp_path / "t.wav", tone(2.0)), "voice")
    assert hum["sound"]["proposed_emotion"] is None
