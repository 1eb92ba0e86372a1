from fractions import Fraction

import numpy as np
import pytest

from tests.synth import drawn_portrait, drawn_talking_clip, run_ffmpeg, tone, write_audio, write_image
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.decode import decode_video, sample_frames
from worker.engine.media.kinds import MediaKind
from worker.engine.media.probe import probe, snap_frame_rate


@pytest.mark.parametrize(
    "rate", [Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(50), Fraction(60000, 1001)]
)
def test_frame_rates_are_exact_fractions(tmp_path, rate):
    clip = drawn_talking_clip(tmp_path / "a.mp4", 1.0, frame_rate=rate)
    info = probe(clip.path)
    assert info.video.frame_rate == rate
    assert not info.video.is_variable_rate
    assert info.video.frame_count == len(clip.pts_s)
    assert info.video.duration_s == pytest.approx(len(clip.pts_s) / float(rate), abs=0.002)


def test_a_rounded_rate_is_recognised_and_an_odd_one_kept():
    assert snap_frame_rate(Fraction(2997, 100)) == Fraction(30000, 1001)
    assert snap_frame_rate(Fraction(23976, 1000)) == Fraction(24000, 1001)
    assert snap_frame_rate(Fraction(30)) == 30
    assert snap_frame_rate(Fraction(15)) == 15
    assert snap_frame_rate(Fraction(221, 10)) == Fraction(221, 10)


def test_dropped_frames_make_a_variable_rate_and_times_stay_true(tmp_path):
    clip = drawn_talking_clip(tmp_path / "a.mp4", 1.0, vfr=True)
    assert probe(clip.path).video.is_variable_rate
    times = [frame.pts_s for frame in decode_video(clip.path)]
    assert times == pytest.approx(list(clip.pts_s), abs=0.001)


def test_millisecond_time_bases_do_not_look_variable(tmp_path):
    clip = drawn_talking_clip(tmp_path / "a.mp4", 1.0, frame_rate=Fraction(30000, 1001))
    run_ffmpeg(["-i", str(clip.path), "-c", "copy", str(tmp_path / "a.mkv")])
    info = probe(tmp_path / "a.mkv")
    assert not info.video.is_variable_rate
    assert info.video.frame_rate == Fraction(30000, 1001)


@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
def test_turned_clips_are_shown_upright(tmp_path, rotation_deg):
    clip = drawn_talking_clip(tmp_path / "a.mp4", 0.2, rotation_deg=rotation_deg)
    info = probe(clip.path)
    assert info.video.rotation_deg == rotation_deg
    assert (info.video.width_px, info.video.height_px) == (256, 320)
    frame = next(decode_video(clip.path))
    truth = drawn_portrait(256, 320, gap=0.0, unit_share=0.2, eye_line=0.38)
    assert frame.rgb().shape == truth.shape == (frame.height_px, frame.width_px, 3)
    assert np.abs(frame.rgb().astype(int) - truth).mean() < 6
    crop = frame.crop_rgb((50, 60, 120, 200))
    same = np.abs(crop.astype(int) - frame.rgb()[60:200, 50:120])
    assert same.mean() < 2.5, "from the planes themselves, but for how colour is interpolated"


def test_a_crop_outside_the_picture_is_a_mistake(tmp_path):
    frame = next(decode_video(drawn_talking_clip(tmp_path / "a.mp4", 0.1).path))
    for box in ((0, 0, 257, 10), (-1, 0, 5, 5), (5, 5, 5, 9)):
        with pytest.raises(ValueError, match="leaves"):
            frame.crop_rgb(box)


def test_depth_codec_and_sound_are_told(tmp_path):
    clip = drawn_talking_clip(tmp_path / "a.mp4", 0.4, samples=tone(0.4, 440, 22_050), sample_rate_hz=22_050)
    run_ffmpeg(["-i", str(clip.path), "-c:v", "libx265", "-pix_fmt", "yuv420p10le", str(tmp_path / "deep.mov")])
    video, sound = probe(tmp_path / "deep.mov").video, probe(tmp_path / "deep.mov").sound
    assert (video.codec, video.bit_depth, video.colour_transfer) == ("hevc", 10, "sdr")
    assert (sound.codec, sound.sample_rate_hz, sound.channels) == ("aac", 22_050, 1)
    assert next(decode_video(tmp_path / "deep.mov")).rgb().dtype == np.uint8


def test_hdr_is_recognised(tmp_path):
    clip = drawn_talking_clip(tmp_path / "a.mp4", 0.2)
    tags = ["-vf", "setparams=color_trc=smpte2084:color_primaries=bt2020:colorspace=bt2020nc,format=yuv420p10le"]
    run_ffmpeg(["-i", str(clip.path), "-c:v", "libx265", *tags, str(tmp_path / "hdr.mp4")])
    assert probe(tmp_path / "hdr.mp4").video.colour_transfer == "pq"


def test_a_sound_is_probed_as_a_sound(tmp_path):
    info = probe(write_audio(tmp_path / "a.flac", tone(0.5)))
    assert (info.kind, info.video) == (MediaKind.SOUND, None)
    assert info.duration_s == pytest.approx(0.5, abs=0.01)


def test_a_clip_cut_off_is_read_as_far_as_it_goes(tmp_path):
    clip = drawn_talking_clip(tmp_path / "a.mp4", 2.0)
    run_ffmpeg(["-i", str(clip.path), "-c", "copy", "-movflags", "+faststart", str(tmp_path / "fast.mp4")])
    data = (tmp_path / "fast.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: int(len(data) * 0.7)])
    info = probe(tmp_path / "cut.mp4")
    assert 0 < info.video.frame_count < 50
    assert 0 < len(list(decode_video(tmp_path / "cut.mp4"))) < 50


def test_what_is_no_clip_is_refused(tmp_path):
    (tmp_path / "text.mp4").write_text("a story\n" * 200)
    (tmp_path / "empty.mp4").touch()
    data = drawn_talking_clip(tmp_path / "a.mp4", 0.5).path.read_bytes()
    (tmp_path / "headless.mp4").write_bytes(data[: len(data) // 2])  # the index was at the end
    picture = write_image(tmp_path / "p.png", drawn_portrait()).rename(tmp_path / "p.mp4")
    expected = {
        tmp_path / "text.mp4": FailureCode.FILE_UNREADABLE,
        tmp_path / "empty.mp4": FailureCode.FILE_EMPTY,
        tmp_path / "headless.mp4": FailureCode.FILE_UNREADABLE,
        picture: FailureCode.FILE_WRONG_KIND,
        tmp_path / "none.mp4": FailureCode.FILE_MISSING,
    }
    for path, code in expected.items():
        with pytest.raises(EngineFailure) as caught:
            probe(path)
        assert caught.value.code is code
    with pytest.raises(EngineFailure) as caught:
        next(decode_video(write_audio(tmp_path / "a.wav", tone(0.5))))
    assert caught.value.code is FailureCode.NO_VIDEO_STREAM


def test_decoding_part_of_a_clip_gives_just_that_part(tmp_path):
    clip = drawn_talking_clip(tmp_path / "a.mp4", 2.0)
    times = [frame.pts_s for frame in decode_video(clip.path, start_s=0.8, end_s=1.2)]
    assert times == pytest.approx([0.8 + i / 25 for i in range(10)], abs=0.001)


def test_sampling_spreads_over_the_clip_and_keeps_to_its_budget(tmp_path):
    clip = drawn_talking_clip(tmp_path / "a.mp4", 2.0)
    keyframes = probe(clip.path).video.keyframe_times_s
    assert keyframes[0] == 0.0
    wanted = [0.2, 1.0, 1.8]
    assert [f.pts_s for f in sample_frames(clip.path, wanted, keyframes)] == pytest.approx(wanted, abs=0.001)
    hurried = [f.pts_s for f in sample_frames(clip.path, wanted, keyframes, max_decoded=10)]
    assert hurried and hurried[-1] <= 0.5
    assert hurried == sorted(set(hurried))
