"""A clip of somebody drives a photo; an edited track drives its mouth; without either it lives on its own."""

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from tests.synth import (
    drawn_landscape,
    drawn_portrait,
    drawn_talking_clip,
    speechlike,
    syllables,
    write_audio,
    write_clip,
    write_image,
)
from worker.engine.contracts import SilentHooks, TalkingPhotoRequest
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.quality.signals import agreement
from worker.engine.quality.tracking import track_video
from worker.engine.talking_photo import animate


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("driven")
    write_image(folder / "photo.png", drawn_portrait(240, 300, look="dark"))
    drawn_talking_clip(folder / "driver.mp4", 2.0, aperture=syllables(2.0), frame_rate=Fraction(25))
    return folder


@pytest.fixture
def driven(folder, tmp_path):
    return TalkingPhotoRequest(folder / "photo.png", tmp_path / "out.mp4", drive_path=folder / "driver.mp4")


def streams_of(path):
    with av.open(str(path)) as container:
        return len(container.streams.video), len(container.streams.audio)


def refused(request):
    with pytest.raises(EngineFailure) as caught:
        animate(request, SilentHooks())
    assert not request.output_path.exists()
    return caught.value


def test_the_photos_mouth_follows_the_drivers(driven):
    result = animate(driven, SilentHooks())
    assert result.frame_count == 50
    assert not result.warnings or "driver_without_sound" in result.warnings
    ours, theirs = track_video(result.output_path), track_video(driven.drive_path)
    assert agreement(ours.times_s, ours.aperture, theirs.times_s, theirs.aperture).r > 0.85


def test_the_sound_is_the_clips_or_another_or_none(driven, folder, tmp_path):
    frames = [drawn_portrait(240, 300, gap=g) for g in (0.0, 0.1, 0.2, 0.1) * 4]
    with_sound = write_clip(tmp_path / "sounding.mp4", frames, samples=speechlike(0.64))
    voice = write_audio(tmp_path / "voice.wav", speechlike(0.5))
    own = animate(replace(driven, drive_path=with_sound), SilentHooks())
    assert streams_of(own.output_path) == (1, 1)
    muted = animate(replace(driven, drive_path=with_sound, mute=True), SilentHooks())
    assert streams_of(muted.output_path) == (1, 0)
    other = animate(replace(driven, drive_path=with_sound, audio_path=voice), SilentHooks())
    assert streams_of(other.output_path) == (1, 1)
    assert other.frame_count == own.frame_count == 16


def test_a_silent_clip_makes_a_silent_video_and_says_so(driven, tmp_path):
    silent = write_clip(tmp_path / "silent.mp4", [drawn_portrait(240, 300, gap=g) for g in (0.0, 0.15) * 6])
    result = animate(replace(driven, drive_path=silent), SilentHooks())
    assert streams_of(result.output_path) == (1, 0)
    assert list(result.warnings) == ["driver_without_sound"]


def test_frames_without_a_face_are_reported_with_their_time(driven, tmp_path):
    face, nobody = drawn_portrait(240, 300), drawn_landscape(240, 300)
    clip = write_clip(tmp_path / "gone.mp4", [face] * 15 + [nobody] * 15 + [face] * 10)
    result = animate(replace(driven, drive_path=clip, mute=True), SilentHooks())
    (warning,) = result.warnings
    code, span = warning.split()
    start_s, end_s = map(float, span.split("-"))
    assert code == "driver_face_missing"
    assert start_s == pytest.approx(0.6, abs=0.09) and end_s == pytest.approx(1.2, abs=0.25)


def test_a_clip_without_a_face_is_refused_as_the_clip(driven, tmp_path):
    clip = write_clip(tmp_path / "nobody.mp4", [drawn_landscape(240, 180)] * 12)
    failure = refused(replace(driven, drive_path=clip))
    assert failure.code is FailureCode.NO_FACE
    assert failure.detail["where"] == "driving clip" and failure.detail["frames"] == 12


def test_clips_that_are_none_are_refused_with_their_reason(driven, folder, tmp_path):
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "noise.mp4").write_bytes(np.random.default_rng(1).bytes(4000))
    voice = write_audio(tmp_path / "voice.wav", speechlike(0.5))
    for path, code in (
        (tmp_path / "none.mp4", FailureCode.FILE_MISSING),
        (tmp_path / "empty.mp4", FailureCode.FILE_EMPTY),
        (tmp_path / "noise.mp4", FailureCode.FILE_UNREADABLE),
        (voice, FailureCode.NO_VIDEO_STREAM),
        (folder / "photo.png", FailureCode.FILE_WRONG_KIND),
    ):
        assert refused(replace(driven, drive_path=path)).code is code, path.name
    assert refused(replace(driven, max_duration_s=1.0)).code is FailureCode.CLIP_TOO_LONG


@pytest.mark.parametrize(
    "told",
    [
        {"mute": True, "audio_path": "voice.wav"},
        {"idle_s": 4.0},
        {"track_path": "track.json"},
        {"drive_path": None},
        {"drive_path": None, "idle_s": 1.0},
        {"drive_path": None, "idle_s": float("nan")},
        {"drive_path": None, "idle_s": 4.0, "mute": True},
        {"drive_path": None, "idle_s": 4.0, "audio_path": "voice.wav"},
        {"intensity": 1.5},
        {"intensity": float("nan")},
    ],
)
def test_contradictions_are_refused_before_anything_is_read(driven, told):
    assert refused(replace(driven, **told)).code is FailureCode.OPTION_INVALID


@pytest.mark.media
@pytest.mark.slow
@pytest.mark.parametrize("clip", ["v01_woman_flag_512.mp4", "g02_lbax4n.mpg"])
def test_real_drivers_move_a_real_photo(driven, shared_media, clip):
    portrait = shared_media / "portraits" / "p03_man_frontal_closed.jpg"
    request = replace(
        driven, portrait_path=portrait, drive_path=shared_media / "talking_videos" / clip, max_short_side_px=384
    )
    ours = track_video(animate(request, SilentHooks()).output_path)
    theirs = track_video(request.drive_path)
    agree = agreement(ours.times_s, ours.aperture, theirs.times_s, theirs.aperture)
    assert agree.r >= 0.9
    assert abs(agree.lag_ms) <= 20
