import errno
import threading
import time
from fractions import Fraction

import av
import numpy as np
import pytest
import soundfile

from tests.synth import speechlike, tone, write_audio
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media import encode
from worker.engine.media.audio import load_audio
from worker.engine.media.decode import decode_video
from worker.engine.media.encode import VideoEncoder
from worker.engine.media.ffmpeg import run_ffmpeg
from worker.engine.media.probe import probe


def grey(level: int = 128, width: int = 64, height: int = 48) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def encoded(path, frames, rate=Fraction(25), **options):
    height, width = frames[0].shape[:2]
    with VideoEncoder(path, width, height, rate, **options) as encoder:
        for frame in frames:
            encoder.write(frame)
    return encoder


@pytest.mark.parametrize("rgb", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (200, 150, 120)])
def test_colours_come_back_as_they_went_in(tmp_path, rgb):
    frame = np.broadcast_to(np.array(rgb, np.uint8), (48, 64, 3)).copy()
    encoded(tmp_path / "a.mp4", [frame] * 5, crf=4)
    back = next(decode_video(tmp_path / "a.mp4")).rgb()
    assert np.abs(back.astype(int) - rgb).max() <= 3


@pytest.mark.parametrize("rgb", [(255, 0, 0), (200, 150, 120), (20, 60, 200)])
def test_planes_are_encoded_as_they_are(tmp_path, rgb):
    red, green, blue = (value / 255 for value in rgb)
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue  # BT.709, limited range
    planes = np.empty((72, 64), np.uint8)
    planes[:48] = round(16 + 219 * luma)
    planes[48:60] = round(128 + 224 * (blue - luma) / 1.8556)
    planes[60:] = round(128 + 224 * (red - luma) / 1.5748)
    with VideoEncoder(tmp_path / "a.mp4", 64, 48, Fraction(25), crf=4, pixel_format="yuv420p") as encoder:
        for _ in range(5):
            encoder.write(planes)
    back = next(decode_video(tmp_path / "a.mp4")).rgb()
    assert back.shape == (48, 64, 3)
    assert np.abs(back.astype(int) - rgb).max() <= 3


def test_planes_need_even_sizes_and_their_own_shape(tmp_path):
    with pytest.raises(ValueError, match="even"):
        VideoEncoder(tmp_path / "a.mp4", 65, 48, Fraction(25), pixel_format="yuv420p")
    with (
        pytest.raises(ValueError, match="expected"),
        VideoEncoder(tmp_path / "a.mp4", 64, 48, Fraction(25), pixel_format="yuv420p") as encoder,
    ):
        encoder.write(grey())
    assert list(tmp_path.iterdir()) == []


def test_the_file_says_bt709_and_starts_with_its_index(tmp_path):
    encoded(tmp_path / "a.mp4", [grey()] * 5)
    with av.open(str(tmp_path / "a.mp4")) as container:
        frame = next(container.decode(video=0))
        assert (frame.colorspace, frame.color_range) == (1, 1)
        assert container.streams.video[0].codec_context.pix_fmt == "yuv420p"
    data = (tmp_path / "a.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(60)])
@pytest.mark.parametrize("sound_s", [0.4, 3.0])
def test_sound_is_cut_or_continued_to_exactly_the_length_of_the_picture(tmp_path, rate, sound_s):
    sound = write_audio(tmp_path / "a.wav", tone(sound_s, 440, 44_100), 44_100)
    encoder = encoded(tmp_path / "a.mp4", [grey()] * 37, rate, audio_path=sound)
    info = probe(tmp_path / "a.mp4")
    assert info.video.frame_rate == rate and info.video.frame_count == 37
    assert info.sound.duration_s == pytest.approx(float(37 / rate), abs=1 / 44_100)
    assert info.duration_s == pytest.approx(encoder.duration_s, abs=0.001)


@pytest.mark.parametrize(("rate_hz", "channels"), [(8_000, 1), (16_000, 2), (44_100, 2), (48_000, 1), (96_000, 2)])
def test_sound_keeps_its_rate_its_channels_and_its_place(tmp_path, rate_hz, channels):
    voice = speechlike(2.0, rate_hz)
    samples = np.stack([voice, 0.5 * voice], 1) if channels == 2 else voice
    sound = write_audio(tmp_path / "a.wav", samples, rate_hz)
    encoded(tmp_path / "a.mp4", [grey()] * 50, audio_path=sound)
    assert probe(tmp_path / "a.mp4").sound.sample_rate_hz == rate_hz
    assert probe(tmp_path / "a.mp4").sound.channels == channels
    before, after = load_audio(sound).samples, load_audio(tmp_path / "a.mp4").samples[:32_000]
    lags = range(-80, 81)
    scores = [float(np.dot(before[1000:-1000], np.roll(after, -lag)[1000:-1000])) for lag in lags]
    assert abs(lags[int(np.argmax(scores))]) <= 16  # 1 ms
    assert np.corrcoef(before, after)[0, 1] > 0.97


def test_192_khz_becomes_a_rate_that_aac_has(tmp_path):
    sound = write_audio(tmp_path / "a.wav", tone(1.0, 440, 192_000), 192_000)
    encoded(tmp_path / "a.mp4", [grey()] * 25, audio_path=sound)
    assert probe(tmp_path / "a.mp4").sound.sample_rate_hz in {48_000, 96_000}


def test_surround_keeps_its_channels(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.stack([tone(1.0, 200 + 100 * i, 48_000) for i in range(6)], 1), 48_000)
    encoded(tmp_path / "a.mp4", [grey()] * 25, audio_path=tmp_path / "a.wav")
    assert probe(tmp_path / "a.mp4").sound.channels == 6


def test_sound_from_memory_is_taken_too(tmp_path):
    audio = load_audio(write_audio(tmp_path / "a.wav", tone(1.0)))
    encoded(tmp_path / "a.mp4", [grey()] * 25, audio=audio)
    assert probe(tmp_path / "a.mp4").sound.duration_s == pytest.approx(1.0, abs=0.001)


def test_odd_sizes_lose_one_row_and_one_column(tmp_path):
    encoder = encoded(tmp_path / "a.mp4", [grey(width=65, height=47)] * 3)
    video = probe(tmp_path / "a.mp4").video
    assert (video.width_px, video.height_px) == (encoder.width_px, encoder.height_px) == (64, 46)


def test_frames_come_back_in_order_and_may_be_overwritten_after_writing(tmp_path):
    buffer = grey()
    with VideoEncoder(tmp_path / "a.mp4", 64, 48, Fraction(25), crf=4) as encoder:
        for level in range(0, 250, 10):
            buffer[:] = level
            encoder.write(buffer)
            buffer[:] = 255
    levels = [int(frame.rgb().mean().round()) for frame in decode_video(tmp_path / "a.mp4")]
    assert levels == pytest.approx(range(0, 250, 10), abs=3)


def test_nothing_is_left_behind_when_the_render_fails(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"an older result")
    with pytest.raises(KeyError), VideoEncoder(tmp_path / "a.mp4", 64, 48, Fraction(25)) as encoder:
        encoder.write(grey())
        raise KeyError("render")
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]
    assert (tmp_path / "a.mp4").read_bytes() == b"an older result"
    assert not any(t.name.startswith("encoder-") for t in threading.enumerate())


def test_the_file_appears_only_when_it_is_whole(tmp_path):
    with VideoEncoder(tmp_path / "a.mp4", 64, 48, Fraction(25)) as encoder:
        for _ in range(40):
            encoder.write(grey())
        assert not (tmp_path / "a.mp4").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    class FullDisk(VideoEncoder):
        @property
        def _part(self):
            return encode.Path("/dev/full")

        @_part.setter
        def _part(self, value): ...

        def _discard(self):
            monkeypatch.setattr(encode.Path, "unlink", lambda path, missing_ok=False: None)
            super()._discard()

    if not encode.Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    rng = np.random.default_rng(1)
    with pytest.raises(EngineFailure) as caught, FullDisk(tmp_path / "a.mp4", 64, 48, Fraction(25)) as encoder:
        for _ in range(200):
            encoder.write(rng.integers(0, 255, (48, 64, 3), np.uint8))
    assert caught.value.code is FailureCode.DISK_FULL
    assert not (tmp_path / "a.mp4").exists()


def test_a_dying_encoder_is_noticed_and_its_words_stay_in_the_log(tmp_path, caplog):
    with pytest.raises(EngineFailure) as caught, VideoEncoder(tmp_path / "a.mp4", 64, 48, Fraction(25)) as encoder:
        encoder.write(grey())
        encoder._process.kill()
        for _ in range(100):
            encoder.write(grey())
            time.sleep(0.01)
    assert caught.value.code is FailureCode.ENCODER_FAILED
    assert set(caught.value.detail) == {"exit_code"}
    assert "ffmpeg ended with" in caplog.text
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("frame", [np.zeros((48, 63, 3), np.uint8), np.zeros((48, 64, 3), np.float32)])
def test_a_frame_of_another_shape_or_type_is_a_mistake(tmp_path, frame):
    with pytest.raises(ValueError, match="expected"), VideoEncoder(tmp_path / "a.mp4", 64, 48, Fraction(25)) as encoder:
        encoder.write(frame)
    assert not list(tmp_path.iterdir())


def test_no_frames_make_no_video(tmp_path):
    with pytest.raises(EngineFailure), VideoEncoder(tmp_path / "a.mp4", 64, 48, Fraction(25)):
        pass
    assert not list(tmp_path.iterdir())


def test_a_video_longer_than_allowed_is_refused(tmp_path):
    with (
        pytest.raises(EngineFailure) as caught,
        VideoEncoder(tmp_path / "a.mp4", 64, 48, Fraction(25), max_duration_s=0.4) as encoder,
    ):
        for _ in range(40):
            encoder.write(grey())
    assert caught.value.code is FailureCode.CLIP_TOO_LONG


def test_bad_sound_is_refused_before_any_frame(tmp_path):
    (tmp_path / "a.wav").write_text("no sound at all" * 40)
    with pytest.raises(EngineFailure) as caught:
        VideoEncoder(tmp_path / "a.mp4", 64, 48, Fraction(25), audio_path=tmp_path / "a.wav")
    assert caught.value.code is FailureCode.FILE_UNREADABLE
    assert [p.name for p in tmp_path.iterdir()] == ["a.wav"]


def test_a_name_with_spaces_quotes_and_percents_is_only_a_name(tmp_path):
    path = tmp_path / "my 'best' video; 100%d.mp4"
    encoded(path, [grey()] * 3)
    assert probe(path).video.frame_count == 3


def test_ffmpeg_failures_carry_codes_not_words(tmp_path):
    with pytest.raises(EngineFailure) as caught:
        run_ffmpeg(["-i", str(tmp_path / "none.mp4"), str(tmp_path / "out.mp4")], timeout_s=30)
    assert caught.value.code is FailureCode.ENCODER_FAILED
    assert "none.mp4" not in str(caught.value.detail)
    with pytest.raises(EngineFailure) as caught:
        run_ffmpeg(["-re", "-f", "lavfi", "-i", "testsrc", str(tmp_path / "out.mp4")], timeout_s=0.5)
    assert caught.value.code is FailureCode.TIMED_OUT


def test_the_exit_code_of_a_full_disk_is_known():
    assert {256 - errno.ENOSPC, 256 - errno.EDQUOT} == encode.failure_of.__globals__["_EXIT_DISK_FULL"]
