from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.synth import drawn_talking_clip, speechlike, tone, write_audio
from worker.engine.failures import EngineFailure
from worker.engine.media.decode import Frame, decode_video
from worker.engine.media.plane_encoder import Looks, PlaneEncoder
from worker.engine.media.probe import probe


def copied(clip: Path, out: Path, *, sound: Path | None = None, crf: int = 0) -> list[Frame]:
    """Decode and encode without a change (and, with crf 0, without loss); returns the frames that went in."""
    video = probe(clip).video
    assert video is not None
    frames = list(decode_video(clip))
    rate = None if video.is_variable_rate else video.frame_rate
    looks = Looks.of(frames[0].native, frames[0].picture)
    with PlaneEncoder(out, frames[0].picture, looks, rate, sound_path=sound, crf=crf) as encoder:
        for frame in frames:
            encoder.write(frame.picture, frame.pts_s)
    return frames


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(50)])
def test_samples_and_times_come_out_as_they_went_in(tmp_path, rate):
    clip = drawn_talking_clip(tmp_path / "in.mp4", 0.6, frame_rate=rate).path
    before = copied(clip, tmp_path / "out.mp4")
    after = list(decode_video(tmp_path / "out.mp4"))
    assert [f.pts_s for f in after] == pytest.approx([f.pts_s for f in before], abs=1e-5)
    for one, other in zip(before, after, strict=True):
        assert all((a == b).all() for a, b in zip(one.picture.planes, other.picture.planes, strict=True))
    assert probe(tmp_path / "out.mp4").video.frame_rate == rate


def test_a_variable_rate_keeps_each_frames_own_time(tmp_path):
    drawn = drawn_talking_clip(tmp_path / "in.mp4", 1.0, vfr=True)
    copied(drawn.path, tmp_path / "out.mp4")
    assert [f.pts_s for f in decode_video(tmp_path / "out.mp4")] == pytest.approx(drawn.pts_s, abs=2e-5)


@pytest.mark.parametrize("rotation_deg", [90, 180, 270])
def test_a_turned_clip_stays_turned(tmp_path, rotation_deg):
    clip = drawn_talking_clip(tmp_path / "in.mp4", 0.2, rotation_deg=rotation_deg).path
    before = copied(clip, tmp_path / "out.mp4")
    after = next(iter(decode_video(tmp_path / "out.mp4")))
    assert after.rotation_deg == before[0].rotation_deg
    assert (after.picture.planes[0] == before[0].picture.planes[0]).all()


def test_a_recording_that_an_mp4_can_hold_is_copied_bit_for_bit(tmp_path):
    import av

    clip = drawn_talking_clip(tmp_path / "in.mp4", 0.6, samples=speechlike(0.6)).path
    copied(clip, tmp_path / "out.mp4", sound=clip, crf=30)

    def packets(path: Path) -> list[bytes]:
        with av.open(str(path)) as container:
            return [bytes(p) for p in container.demux(audio=0) if p.size]

    assert packets(tmp_path / "out.mp4") == packets(clip)


def test_plain_samples_become_aac_of_their_own_rate(tmp_path):
    clip = drawn_talking_clip(tmp_path / "in.mp4", 0.6).path
    wav = write_audio(tmp_path / "a.wav", tone(0.6, sample_rate_hz=22050), 22050)
    copied(clip, tmp_path / "out.mp4", sound=wav, crf=30)
    sound = probe(tmp_path / "out.mp4").sound
    assert (sound.codec, sound.sample_rate_hz, sound.channels) == ("aac", 22050, 1)


def test_nothing_is_left_when_the_caller_fails(tmp_path):
    frame = next(iter(decode_video(drawn_talking_clip(tmp_path / "in.mp4", 0.2).path)))
    with (
        pytest.raises(RuntimeError),
        PlaneEncoder(tmp_path / "o.mp4", frame.picture, Looks(), Fraction(25)) as encoder,
    ):
        encoder.write(frame.picture, 0.0)
        raise RuntimeError
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.mp4"]


def test_a_folder_that_does_not_exist_is_a_typed_failure(tmp_path):
    frame = next(iter(decode_video(drawn_talking_clip(tmp_path / "in.mp4", 0.2).path)))
    with (
        pytest.raises(EngineFailure) as failure,
        PlaneEncoder(tmp_path / "no" / "o.mp4", frame.picture, Looks(), Fraction(25)) as encoder,
    ):
        for index in range(200):
            encoder.write(frame.picture, index / 25)
    assert failure.value.code == "encoder_failed"


def test_no_frames_are_no_video(tmp_path):
    frame = next(iter(decode_video(drawn_talking_clip(tmp_path / "in.mp4", 0.2).path)))
    with pytest.raises(EngineFailure), PlaneEncoder(tmp_path / "o.mp4", frame.picture, Looks(), Fraction(25)):
        pass
    assert not (tmp_path / "o.mp4").exists()


def test_times_must_rise_and_sizes_must_stay(tmp_path):
    frame = next(iter(decode_video(drawn_talking_clip(tmp_path / "in.mp4", 0.2).path)))
    other = next(iter(decode_video(drawn_talking_clip(tmp_path / "b.mp4", 0.2, width_px=320).path)))
    with PlaneEncoder(tmp_path / "o.mp4", frame.picture, Looks(), Fraction(25)) as encoder:
        encoder.write(frame.picture, 0.0)
        with pytest.raises(ValueError, match="does not rise"):
            encoder.write(frame.picture, 0.0)
        with pytest.raises(ValueError, match="expected"):
            encoder.write(other.picture, 0.04)
    assert np.isclose(probe(tmp_path / "o.mp4").duration_s, 0.04, atol=0.01)


def test_interlaced_clips_come_as_whole_pictures_at_their_own_times(tmp_path):
    from tests.synth import run_ffmpeg

    clip = drawn_talking_clip(tmp_path / "in.mp4", 0.8, frame_rate=Fraction(50)).path
    woven = tmp_path / "woven.mp4"
    weave = ["-vf", "tinterlace=interleave_top", "-c:v", "libx264", "-flags", "+ildct+ilme"]
    run_ffmpeg(["-i", str(clip), *weave, str(woven)])
    assert probe(woven).video.is_interlaced
    frames = list(decode_video(woven))
    assert [f.pts_s for f in frames] == pytest.approx([i / 25 for i in range(20)], abs=1e-4)
    assert not any(f.native.interlaced_frame for f in frames)


def test_hdr_becomes_what_ordinary_screens_show(tmp_path):
    from tests.synth import run_ffmpeg

    clip = drawn_talking_clip(tmp_path / "in.mp4", 0.3).path
    hdr = tmp_path / "hdr.mp4"
    to_pq = (
        "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv,zscale=t=linear:npl=100,"
        "format=gbrpf32le,zscale=p=bt2020:t=smpte2084:m=bt2020nc:r=tv,format=yuv420p10le"
    )
    coding = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error"]
    run_ffmpeg(["-i", str(clip), "-vf", to_pq, *coding, str(hdr)])
    assert probe(hdr).video.colour_transfer == "pq"
    copied(hdr, tmp_path / "out.mp4", crf=10)
    video = probe(tmp_path / "out.mp4").video
    assert (video.colour_transfer, video.bit_depth, video.codec) == ("sdr", 8, "h264")
    before, after = (next(iter(decode_video(path))).rgb().astype(float) for path in (clip, tmp_path / "out.mp4"))
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.97
