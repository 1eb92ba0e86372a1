"""What must become of every hard case: refused for the right reason, or handled with the right warnings.

A portrait that is refused tells the creator what to do; one that is handled must be able to speak. Judged by eye: a
statue, a cartoon, an anime figure and a scream are worth animating; a masked mouth, a profile, an animal are not.
"""

import json
import time
from pathlib import Path

import pytest

from worker.engine.preflight import preflight_file, warm_up

pytestmark = [pytest.mark.media]

# name: (problem or None, warnings that must be there)
PICTURES: dict[str, tuple[str | None, set[str]]] = {
    "img_16bit.png": (None, set()),
    "img_64px.png": ("face_too_small", set()),
    "img_animated.gif": (None, {"first_frame_only", "face_small"}),
    "img_animated.webp": (None, {"first_frame_only", "face_small"}),
    "img_anime.png": (None, set()),
    "img_cartoon_man.png": (None, {"mouth_open"}),
    "img_cat.png": ("no_face", set()),
    "img_cmyk.jpg": (None, set()),
    "img_dark_selfie_256.jpg": (None, {"dark", "face_small", "blurry"}),
    "img_exif_orientation3.jpg": (None, set()),
    "img_exif_orientation6.jpg": (None, {"mouth_open"}),
    "img_fullbody_smallface_cgi.jpg": (None, {"face_small", "turned"}),
    "img_gray8.png": (None, set()),
    "img_group_four.png": (None, {"several_faces"}),
    "img_group_selfie.jpg": (None, {"several_faces"}),
    "img_hair_over_face_looking_down.jpg": (None, {"turned", "nodding"}),
    "img_huge_60Mpx.jpg": (None, {"scaled_down"}),
    "img_iphone.heic": (None, set()),
    "img_is_png_named.jpg": ("no_face", set()),  # a cup of coffee; readable, whatever its name says
    "img_llama.jpg": ("no_face", set()),
    "img_noface_coffee.png": ("no_face", set()),
    "img_noface_grass.jpg": ("no_face", set()),
    "img_occluded_mask.png": ("face_covered", set()),
    "img_occluded_mic_hand.png": (None, set()),  # the microphone is below the lips
    "img_palette.png": (None, {"face_small"}),
    "img_profile_man.jpg": ("face_turned_away", set()),
    "img_profile_painting.jpg": (None, {"turned"}),  # over the shoulder, 34°: both lip corners are in view
    "img_profile_woman.jpeg": ("face_turned_away", set()),
    "img_rgba_transparent.png": (None, {"transparent", "face_small"}),
    "img_scream_wide_open.jpg": (None, {"mouth_wide_open"}),
    "img_statue.jpg": (None, set()),
    "img_threequarter_woman_phone.jpg": (None, {"turned", "mouth_open"}),
    "img_tinted_glasses.jpg": (None, {"sunglasses"}),
    "img_tiny_faces_crowd.jpg": ("face_too_small", set()),
    "img_truncated.jpg": ("file_unreadable", set()),
    "img_upside_down_noexif.jpg": ("face_upside_down", set()),
    "img_very_dark_made.jpg": ("image_too_dark", set()),
}
VOICES: dict[str, tuple[str | None, set[str]]] = {
    "aud_24bit_96khz.wav": (None, set()),
    "aud_8khz.wav": (None, {"telephone"}),
    "aud_amr_like_8k_ulaw.wav": (None, {"telephone"}),
    "aud_clipped_loud.wav": (None, {"clipped"}),
    "aud_float32.wav": (None, set()),
    "aud_mp3_cover_art.mp3": (None, set()),
    "aud_opus.ogg": (None, set()),
    "aud_silent.wav": ("audio_silent", set()),
    "aud_speech_under_jackhammer.wav": (None, {"noisy"}),
    "aud_stereo_left_only.wav": (None, {"one_sided"}),
    "aud_stereo_opposite_phase.wav": (None, {"opposite_phase"}),
    "aud_very_quiet_-50dB.wav": (None, {"quiet"}),
    "aud_very_short_0.15s.wav": ("audio_too_short", set()),
    "aud_zero_bytes.wav": ("file_empty", set()),
}
CLIPS: dict[str, tuple[str | None, set[str]]] = {
    "vid_10bit_hevc.mov": (None, set()),
    "vid_60fps.mp4": (None, set()),
    "vid_audio_longer_than_video.mp4": (None, {"sound_longer"}),
    "vid_av_offset.mp4": (None, {"noisy"}),
    "vid_dubbed_out_of_sync.mp4": (None, set()),
    "vid_no_audio_woman_256.mp4": (None, {"no_sound"}),
    "vid_odd_size_523x391.mp4": (None, set()),
    "vid_one_frame.mp4": ("clip_too_short", {"no_sound"}),
    "vid_phone_hand_occlusion.mp4": (None, set()),
    "vid_plant_1s.mp4": ("no_face", set()),
    "vid_profile_224.mp4": ("face_turned_away", set()),  # all the time: nothing could be dubbed
    "vid_profile_noisy_restaurant.mp4": (None, set()),
    "vid_rotated_metadata90.mp4": (None, {"rotated"}),
    "vid_shifted_audio_+400ms.mp4": (None, set()),
    "vid_short_black_woman_224.mp4": (None, {"face_small"}),
    "vid_shot_cut_music.mp4": (None, {"noisy"}),
    "vid_silent_track.mp4": (None, {"silent"}),
    "vid_stage_tiny_face_256p.mp4": ("face_too_small", set()),
    "vid_text_renamed.mp4": ("file_unreadable", set()),
    "vid_truncated_faststart.mp4": (None, {"damaged"}),
    "vid_truncated_no_moov.mp4": ("file_unreadable", set()),
    "vid_two_speakers_debate2_turban.avi": (None, {"several_people"}),
    "vid_vfr_made.mp4": (None, {"variable_rate"}),
    "vid_vfr_natural.mp4": (None, {"variable_rate"}),
    "vid_webm_vp9_opus.webm": (None, set()),
    "vid_zero_bytes.mp4": ("file_empty", set()),
}
EXPECTED = {
    **{name: ("portrait", *outcome) for name, outcome in PICTURES.items()},
    **{name: ("voice", *outcome) for name, outcome in VOICES.items()},
    **{name: ("clip", *outcome) for name, outcome in CLIPS.items()},
}
QUICK_S = 3.0


@pytest.fixture(scope="module")
def hard_cases(shared_media: Path) -> Path:
    warm_up()
    return shared_media / "hard_cases"


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_hard_case_ends_as_written_down(hard_cases, name):
    kind, problem, warnings = EXPECTED[name]
    started_s = time.process_time()
    report = preflight_file(hard_cases / name, kind)
    took_s = time.process_time() - started_s
    assert [p["code"] for p in report["problems"]] == ([problem] if problem else [])
    assert report["ok"] == (problem is None)
    missing = warnings - {w["code"] for w in report["warnings"]}
    assert not missing
    if kind != "clip":
        assert took_s < 2 * QUICK_S  # of processor time: two cores, and other work beside it
    json.dumps(report)


def test_no_hard_case_is_forgotten(hard_cases):
    assert {path.name for path in hard_cases.iterdir() if not path.name.startswith(".")} == set(EXPECTED)


def test_the_sixty_megapixel_photo_has_its_face_in_pixels_of_the_upload(hard_cases):
    face = preflight_file(hard_cases / "img_huge_60Mpx.jpg", "portrait")["faces"][0]
    x0, y0, x1, y1 = face["box"]
    assert 2000 < x1 - x0 < 2400
    assert 0 < y0 < y1 < 6750


def test_the_group_has_four_usable_faces_to_choose_from(hard_cases):
    report = preflight_file(hard_cases / "img_group_four.png", "portrait")
    assert [face["usable"] for face in report["faces"]] == [True] * 4
    assert report["auto_face"] is None


def test_a_picture_that_lies_wrong_says_how_to_turn_it(hard_cases):
    problem = preflight_file(hard_cases / "img_upside_down_noexif.jpg", "portrait")["problems"][0]
    assert problem["detail"] == {"turn_deg": 180}
