"""Transparent videos: what is clear stays clear, in both containers, with sound, sizes and times kept."""

import subprocess
from fractions import Fraction

import av
import imageio_ffmpeg
import numpy as np
import pytest

from tests.synth import tone, write_audio
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.encode_alpha import alpha_encoder

SUFFIXES = ("webm", "mov")


def disc(width_px, height_px, x):
    """A half-transparent orange disc on nothing."""
    ys, xs = np.mgrid[:height_px, :width_px]
    inside = (xs - x) ** 2 + (ys - height_px / 2) ** 2 < (height_px / 4) ** 2
    frame = np.zeros((height_px, width_px, 4), np.uint8)
    frame[..., :3] = (220, 120, 40)
    frame[inside, 3] = 128
    frame[inside & (ys > height_px / 2), 3] = 255
    return frame


def decoded(path, width_px, height_px):
    """(T, H, W, 4): PyAV's own VP9 decoder knows no alpha, libvpx does."""
    decoder = ["-c:v", "libvpx-vp9"] if path.suffix == ".webm" else []
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *decoder, "-i", path, "-f", "rawvideo"]
    raw = subprocess.run([*command, "-pix_fmt", "rgba", "-"], stdout=subprocess.PIPE, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, height_px, width_px, 4)


def write(path, frames=10, size=(96, 64), rate=Fraction(25), **told):
    with alpha_encoder(path, *size, rate, **told) as encoder:
        for index in range(frames):
            encoder.write(disc(*size, 30 + 2 * index))
    return encoder


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_clear_half_clear_and_solid_parts_come_back_as_such(tmp_path, suffix):
    path = tmp_path / f"disc.{suffix}"
    write(path)
    frames = decoded(path, 96, 64)
    assert len(frames) == 10
    for index, frame in ((0, frames[0]), (9, frames[9])):
        alpha, x = frame[..., 3].astype(int), 30 + 2 * index
        assert alpha[2, 2] < 6 and alpha[60, 90] < 6
        assert abs(alpha[26, x] - 128) < 14
        assert alpha[40, x] > 244
        assert np.abs(frame[40, x, :3].astype(int) - (220, 120, 40)).max() < 16
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_codecs_rates_and_sound_are_what_players_expect(tmp_path, suffix):
    voice = write_audio(tmp_path / "voice.wav", tone(0.5, sample_rate_hz=44100), 44100)
    path = tmp_path / f"v.{suffix}"
    encoder = write(path, 12, rate=Fraction(30000, 1001), audio_path=voice)
    with av.open(str(path)) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        codecs = {"webm": ("vp9", "opus"), "mov": ("prores", "pcm_s16le")}[suffix]
        assert (video.codec_context.name.removeprefix("lib").replace("vpx-", ""), sound.codec_context.name) == codecs
        assert abs(video.average_rate - Fraction(30000, 1001)) < Fraction(1, 100)
        times_s = [float(packet.pts * packet.time_base) for packet in container.demux(video) if packet.pts is not None]
    assert encoder.duration_s == pytest.approx(12 * 1001 / 30000)
    np.testing.assert_allclose(times_s, np.arange(12) * 1001 / 30000, atol=0.0011)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_odd_sizes_and_failures_leave_only_whole_files(tmp_path, suffix):
    odd = tmp_path / f"odd.{suffix}"
    encoder = write(odd, 3, size=(97, 65))
    assert (encoder.width_px, encoder.height_px) == (96, 64)
    assert decoded(odd, 96, 64).shape[0] == 3
    broken = tmp_path / f"broken.{suffix}"
    with pytest.raises(ZeroDivisionError), alpha_encoder(broken, 96, 64, Fraction(25)) as encoder:
        encoder.write(disc(96, 64, 20))
        raise ZeroDivisionError
    assert [p.name for p in tmp_path.iterdir()] == [odd.name]


def test_frames_without_alpha_and_other_endings_are_refused(tmp_path):
    with pytest.raises(EngineFailure) as caught:
        alpha_encoder(tmp_path / "video.mp4", 96, 64, Fraction(25))
    assert caught.value.code is FailureCode.OPTION_INVALID
    with (
        pytest.raises(ValueError, match="expected"),
        alpha_encoder(tmp_path / "v.webm", 96, 64, Fraction(25)) as encoder,
    ):
        encoder.write(np.zeros((64, 96, 3), np.uint8))
    assert not list(tmp_path.iterdir())
