"""Whole dubs of drawn clips whose truth is known."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.synth import (
    babble,
    drawn_landscape,
    drawn_portrait,
    drawn_talking_clip,
    run_ffmpeg,
    syllables,
    write_audio,
    write_clip,
)
from worker.engine.contracts import DubSegment, SilentHooks, Span, SyncMode, VideoDubRequest
from worker.engine.dub import cast
from worker.engine.failures import EngineFailure
from worker.engine.media.audio import load_audio
from worker.engine.media.decode import decode_video
from worker.engine.media.planes import NativePicture
from worker.engine.media.probe import probe
from worker.engine.quality.tracking import track_video
from worker.engine.video_dub import dub

SIZE = (256, 320)


class Watching:
    """A stage that keeps every picture's planes as they are before encoding."""

    def __init__(self) -> None:
        self.planes: list[list[np.ndarray]] = []

    def on_planes(self, picture: NativePicture, pts_s: float) -> None:
        self.planes.append([plane.copy() for plane in picture.planes])

    def __call__(self, rgb: np.ndarray, pts_s: float) -> np.ndarray:
        raise AssertionError("planes were there")


def changed_rows(clip: Path, watching: Watching) -> list[np.ndarray]:
    """For each frame, (H,) bool: in which rows any luma changed."""
    frames = [frame.picture.planes[0].copy() for frame in decode_video(clip)]
    return [(a != b[0]).any(1) for a, b in zip(frames, watching.planes, strict=False)]


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """Two seconds of a drawn speaker, three syllables a second."""
    path = tmp_path_factory.mktemp("dub") / "clip.mp4"
    return drawn_talking_clip(path, 2.0, aperture=syllables(2.0, 0.26), width_px=SIZE[0], height_px=SIZE[1]).path


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("tracks")


@pytest.fixture(scope="module")
def voice(tmp_path_factory) -> Path:
    """Four /ba/ whose bursts are known."""
    path = tmp_path_factory.mktemp("voice") / "ba.wav"
    return write_audio(path, babble([0.3, 0.75, 1.2, 1.65], 2.0))


def test_the_mouth_follows_the_new_voice_and_the_rest_stays_bit_for_bit(tmp_path, clip, voice, cache):
    watching = Watching()
    out = tmp_path / "out.mp4"
    result = dub(VideoDubRequest(clip, out, audio_path=voice, cache_dir=cache), SilentHooks(), lambda w, h: [watching])
    assert (result.frame_count, result.frame_rate) == (50, 25)
    assert (result.width_px, result.height_px) == SIZE
    changed = np.array(changed_rows(clip, watching))
    assert changed.any(1).mean() > 0.9
    assert not changed[:, : round(0.45 * SIZE[1])].any()  # eyes and brow, in every frame
    opened = track_video(out).aperture
    closed_at = [int(burst * 25) for burst in (0.3, 0.75, 1.2, 1.65)]
    vowels = [int((burst + 0.12) * 25) for burst in (0.3, 0.75, 1.2, 1.65)]
    assert np.median([opened[i - 2 : i + 1].min() for i in closed_at]) < 0.6 * np.median(opened[vowels])


def test_a_line_leaves_every_other_frame_untouched(tmp_path, clip, voice, cache):
    watching = Watching()
    line = DubSegment(0.8, 1.4, audio_path=voice)
    request = VideoDubRequest(clip, tmp_path / "out.mp4", segments=(line,), cache_dir=cache)
    result = dub(request, SilentHooks(), lambda w, h: [watching])
    changed = np.array(changed_rows(clip, watching)).any(1)
    assert result.frame_count == 50
    assert not changed[:20].any() and not changed[35:].any()
    assert changed[22:33].all()


def test_an_excerpt_has_the_pictures_and_the_sound_of_the_whole(tmp_path, clip, voice, cache):
    whole, part = Watching(), Watching()
    request = VideoDubRequest(clip, tmp_path / "whole.mp4", audio_path=voice, cache_dir=cache)
    dub(request, SilentHooks(), lambda w, h: [whole])
    excerpt = replace(request, output_path=tmp_path / "part.mp4", window=Span(0.8, 1.4))
    result = dub(excerpt, SilentHooks(), lambda w, h: [part])
    assert (result.frame_count, result.duration_s) == (15, pytest.approx(0.6))
    assert (result.excerpt.start_s, result.excerpt.end_s, result.excerpt.clip_start_s) == (0.8, 1.4, 0.8)
    assert all((a[0] == b[0]).all() for a, b in zip(whole.planes[20:35], part.planes, strict=True))
    times = [frame.pts_s for frame in decode_video(excerpt.output_path)]
    assert times == pytest.approx([i / 25 for i in range(15)], abs=1e-4)
    sound, heard = load_audio(request.output_path).samples, load_audio(excerpt.output_path).samples
    cut = sound[round(0.8 * 16000) :][: len(heard)]
    assert np.corrcoef(cut, heard[: len(cut)])[0, 1] > 0.95
    with pytest.raises(EngineFailure) as failure:
        dub(replace(excerpt, window=Span(2.5, 3.0)), SilentHooks())
    assert (failure.value.code, failure.value.detail["option"]) == ("option_invalid", "window")


def test_a_dub_plays_while_it_is_made(tmp_path, clip, voice, cache):
    class Playing(SilentHooks):
        def __init__(self) -> None:
            self.pieces: list[tuple[int, bytes]] = []

        def on_fragment(self, number: int, data: bytes) -> None:
            self.pieces.append((number, data))

    hooks = Playing()
    request = VideoDubRequest(clip, tmp_path / "out.mp4", audio_path=voice, cache_dir=cache, fragments=True)
    dub(request, hooks)
    assert [number for number, _ in hooks.pieces] == list(range(len(hooks.pieces)))
    played = tmp_path / "played.mp4"
    played.write_bytes(b"".join(data for _, data in hooks.pieces))
    finished = [frame.rgb() for frame in decode_video(request.output_path)]
    assert all((a == b.rgb()).all() for a, b in zip(finished, decode_video(played), strict=True))
    assert probe(played).sound is not None


def test_strength_nought_changes_nothing(tmp_path, clip, voice, cache):
    watching = Watching()
    request = VideoDubRequest(clip, tmp_path / "out.mp4", audio_path=voice, strength=0.0, cache_dir=cache)
    dub(request, SilentHooks(), lambda w, h: [watching])
    assert not np.array(changed_rows(clip, watching)).any()


def test_the_same_request_gives_the_same_pictures(tmp_path, clip, voice, cache):
    seen = []
    for name in ("a", "b"):
        watching = Watching()
        line = DubSegment(0.0, 0.8, audio_path=voice)
        request = VideoDubRequest(clip, tmp_path / f"{name}.mp4", segments=(line,), cache_dir=cache)
        dub(request, SilentHooks(), lambda w, h, watching=watching: [watching])
        seen.append(watching.planes)
    assert all((a[0] == b[0]).all() for a, b in zip(*seen, strict=True))


def test_a_second_dub_need_not_cut_the_mouths_out_again(tmp_path, clip, voice, monkeypatch):
    seen = []
    for name in ("first", "second"):
        watching = Watching()
        request = VideoDubRequest(clip, tmp_path / f"{name}.mp4", audio_path=voice, cache_dir=tmp_path / "tracks")
        dub(request, SilentHooks(), lambda w, h, watching=watching: [watching])
        seen.append(watching.planes)
        monkeypatch.setattr(cast, "collect_mouths", None)
    assert all((a[0] == b[0]).all() for a, b in zip(*seen, strict=True))
    assert np.array(changed_rows(clip, watching)).any()


@pytest.mark.parametrize("mode", [SyncMode.LOOP, SyncMode.BOUNCE, SyncMode.REMAP])
def test_a_longer_voice_lengthens_the_picture(tmp_path, clip, cache, mode):
    long = write_audio(tmp_path / "long.wav", babble([0.3, 1.0, 1.7, 2.4], 2.6))
    request = VideoDubRequest(clip, tmp_path / "out.mp4", audio_path=long, sync_mode=mode, cache_dir=cache)
    result = dub(request, SilentHooks())
    assert abs(result.frame_count - 65) <= 1
    assert len(list(decode_video(request.output_path))) == result.frame_count


def test_a_variable_rate_keeps_its_times(tmp_path, voice):
    drawn = drawn_talking_clip(tmp_path / "vfr.mp4", 1.2, vfr=True, width_px=SIZE[0], height_px=SIZE[1])
    request = VideoDubRequest(drawn.path, tmp_path / "out.mp4", audio_path=voice)
    dub(request, SilentHooks())
    assert [f.pts_s for f in decode_video(request.output_path)] == pytest.approx(drawn.pts_s, abs=5e-5)


def test_broadcast_rates_stay_exact_and_ten_bits_stay_ten(tmp_path, voice):

    rate = Fraction(30000, 1001)
    drawn = drawn_talking_clip(tmp_path / "a.mp4", 0.8, frame_rate=rate, width_px=SIZE[0], height_px=SIZE[1])
    deep = tmp_path / "deep.mov"
    run_ffmpeg(["-i", str(drawn.path), "-c:v", "libx264", "-pix_fmt", "yuv420p10le", "-crf", "12", str(deep)])
    request = VideoDubRequest(deep, tmp_path / "out.mp4", audio_path=voice)
    dub(request, SilentHooks())
    video = probe(request.output_path).video
    assert (video.frame_rate, video.bit_depth, video.frame_count) == (rate, 10, 24)


def test_frames_without_a_face_pass_untouched_and_are_told_of(tmp_path, voice):
    faces = [drawn_portrait(*SIZE, gap=0.1 * (i % 3), unit_share=0.2, eye_line=0.38) for i in range(3)]
    hills = drawn_landscape(*SIZE)
    clip = write_clip(tmp_path / "cut.mp4", [faces[i % 3] for i in range(20)] + [hills] * 15)
    watching = Watching()
    request = VideoDubRequest(clip, tmp_path / "out.mp4", audio_path=voice)
    result = dub(request, SilentHooks(), lambda w, h: [watching])
    changed = np.array(changed_rows(clip, watching)).any(1)
    assert changed[2:18].all()
    assert not changed[20:].any()
    assert [w for w in result.warnings if w.startswith("face_missing")] == ["face_missing 0.80-1.40"]


def test_what_passes_before_the_mouth_stays_in_front_of_the_new_lips(tmp_path, voice):
    faces = [drawn_portrait(*SIZE, gap=0.1 * (i % 3), unit_share=0.2, eye_line=0.38) for i in range(3)]
    pictures = [faces[i % 3].copy() for i in range(50)]
    across, down = slice(70, 150), slice(190, 320)
    for picture in pictures[20:30]:
        picture[down, across] = (20, 70, 120)
    clip = write_clip(tmp_path / "phone.mp4", pictures)
    watching = Watching()
    dub(VideoDubRequest(clip, tmp_path / "out.mp4", audio_path=voice), SilentHooks(), lambda w, h: [watching])
    before = [frame.picture.planes[0][210:300, 90:130].astype(int) for frame in decode_video(clip)]
    after = [planes[0][210:300, 90:130].astype(int) for planes in watching.planes]
    changes = [np.abs(a - b).mean() for a, b in zip(before, after, strict=True)]
    assert max(changes[22:28]) < 0.5 < np.median(changes[:18])


def test_a_mouth_under_a_mask_is_left_alone_and_told_of(tmp_path, voice):
    bare = [drawn_portrait(*SIZE, gap=0.1 * (i % 3), unit_share=0.2, eye_line=0.38) for i in range(3)]
    masked = drawn_portrait(*SIZE, unit_share=0.2, eye_line=0.38, covered=True)
    clip = write_clip(tmp_path / "mask.mp4", [bare[i % 3] for i in range(25)] + [masked] * 50)
    watching = Watching()
    said = write_audio(tmp_path / "long.wav", babble([0.3, 1.0, 1.7, 2.4], 3.0))
    result = dub(VideoDubRequest(clip, tmp_path / "out.mp4", audio_path=said), SilentHooks(), lambda w, h: [watching])
    changed = np.array(changed_rows(clip, watching)).any(1)
    assert changed[2:20].all() and not changed[40:70].any()
    assert any(warning.startswith("mouth_hidden") for warning in result.warnings)
    assert {"sync_ms", "yaw_low_deg", "yaw_high_deg"} <= result.sheet.keys()


def test_a_clip_without_anybody_is_refused(tmp_path, voice):
    clip = write_clip(tmp_path / "hills.mp4", [drawn_landscape(*SIZE)] * 12)
    with pytest.raises(EngineFailure) as failure:
        dub(VideoDubRequest(clip, tmp_path / "out.mp4", audio_path=voice), SilentHooks())
    assert failure.value.code == "no_face"
    assert not (tmp_path / "out.mp4").exists()


def test_no_voice_two_voices_silence_and_sound_without_picture_are_refused(tmp_path, clip, voice):
    silent = write_audio(tmp_path / "silent.wav", np.zeros(32000, np.float32))
    out = tmp_path / "out.mp4"
    line = DubSegment(0.0, 1.0, audio_path=voice)
    for request, code in (
        (VideoDubRequest(clip, out), "option_invalid"),
        (VideoDubRequest(clip, out, audio_path=voice, segments=(line,)), "option_invalid"),
        (VideoDubRequest(clip, out, audio_path=silent), "audio_silent"),
        (VideoDubRequest(voice, out, audio_path=voice), "no_video_stream"),
        (VideoDubRequest(clip, out, segments=(line, DubSegment(0.5, 1.5, audio_path=voice))), "segments_overlap"),
        (VideoDubRequest(clip, out, audio_path=voice, max_duration_s=1.0), "clip_too_long"),
    ):
        with pytest.raises(EngineFailure) as failure:
            dub(request, SilentHooks())
        assert failure.value.code == code


def test_a_dub_that_is_stopped_leaves_nothing(tmp_path, clip, voice, cache):
    class Stopping(SilentHooks):
        asked = 0

        def should_stop(self) -> bool:
            self.asked += 1
            return self.asked > 20

    with pytest.raises(EngineFailure) as failure:
        dub(VideoDubRequest(clip, tmp_path / "out.mp4", audio_path=voice, cache_dir=cache), Stopping())
    assert failure.value.code == "cancelled"
    assert list(tmp_path.iterdir()) == []


def test_progress_never_falls_and_pictures_come_along(tmp_path, clip, voice, cache):
    class Listening(SilentHooks):
        def __init__(self) -> None:
            self.fractions: list[float] = []
            self.pictures = 0

        def on_progress(self, progress) -> None:
            self.fractions.append(progress.fraction)

        def on_thumbnail(self, jpeg: bytes, pts_s: float) -> None:
            assert jpeg[:2] == b"\xff\xd8"
            self.pictures += 1

    hooks = Listening()
    dub(VideoDubRequest(clip, tmp_path / "out.mp4", audio_path=voice, cache_dir=cache), hooks)
    assert hooks.fractions == sorted(hooks.fractions) and hooks.fractions[-1] == 1.0
    assert hooks.pictures >= 1


def test_odd_sizes_carry_every_mark(tmp_path, voice):
    from worker.compose.stages import ComposeOptions, stages_for

    faces = [drawn_portrait(257, 321, gap=0.1 * (i % 3), unit_share=0.2, eye_line=0.38) for i in range(3)]
    even = write_clip(tmp_path / "even.mkv", [np.pad(f, ((0, 1), (0, 1), (0, 0)), "edge") for f in faces] * 4)

    clip = tmp_path / "odd.mp4"
    run_ffmpeg(["-i", str(even), "-vf", "format=yuv444p,crop=257:321:exact=1", "-c:v", "libx264", str(clip)])
    request = VideoDubRequest(clip, tmp_path / "out.mp4", audio_path=voice)
    marks = ComposeOptions(watermark=True, label_corner="top-left", render_id="0123456789ab")
    result = dub(request, SilentHooks(), lambda w, h: stages_for(marks, w, h))
    assert (result.width_px, result.height_px) == (256, 320)
    before, after = (next(iter(decode_video(path))).rgb().astype(int) for path in (clip, request.output_path))
    assert np.abs(before[5:30, 5:90] - after[5:30, 5:90]).max() > 60  # the label
