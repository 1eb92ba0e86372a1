"""Formats in which a finished video is delivered: real files, read back by PyAV and by the reader of credentials."""

import threading
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from apps.jobs.presets import PRESETS
from tests.synth import speechlike, write_audio
from worker.compose.certificates import make_dev_certificate
from worker.compose.credentials import CredentialsState, Ingredient, Making, read_credentials, sign
from worker.compose.delivery import DELIVERIES, STREAMING_LUFS, deliver
from worker.engine.dub.loudness import loudness_lufs
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.encode import VideoEncoder

RATE = Fraction(30000, 1001)
FRAMES = 24


@pytest.fixture(scope="module")
def original(tmp_path_factory) -> bytes:
    """A short video as the renderer writes it: grey that grows lighter, with a voice."""
    folder = tmp_path_factory.mktemp("delivery")
    sound = write_audio(folder / "voice.wav", speechlike(1.0))
    with VideoEncoder(folder / "video.mp4", 320, 240, RATE, audio_path=sound) as encoder:
        for number in range(FRAMES):
            encoder.write(np.full((240, 320, 3), 60 + 4 * number, np.uint8))
    return (folder / "video.mp4").read_bytes()


@pytest.fixture
def video(original, tmp_path) -> Path:
    path = tmp_path / "video.mp4"
    path.write_bytes(original)
    return path


def facts_of(path: Path) -> tuple[str, str, list[Fraction], list[float]]:
    """Codec and its tag, the frames' times, and their mean grey."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        times = [frame.pts * stream.time_base for frame in frames]
        greys = [float(frame.to_ndarray(format="gray").mean()) for frame in frames]
        return stream.codec_context.name, stream.codec_context.codec_tag, times, greys


@pytest.mark.parametrize(
    ("preset", "suffix", "codec", "tag", "sound"),
    [
        ("h264", ".mp4", "h264", "avc1", "aac"),
        ("h264_small", ".mp4", "h264", "avc1", "aac"),
        ("hevc", ".mp4", "hevc", "hvc1", "aac"),
        ("prores", ".mov", "prores", "apch", "pcm_s16le"),
        ("tiktok", ".mp4", "h264", "avc1", "aac"),
    ],
)
def test_every_format_keeps_all_frames_their_times_their_light_and_the_sound(video, preset, suffix, codec, tag, sound):
    _, _, times_before, greys_before = facts_of(video)
    made = deliver(video, preset, duration_s=0.8)
    assert made == video.with_suffix(suffix)
    assert [path.name for path in video.parent.iterdir()] == [made.name]
    name, found_tag, times, greys = facts_of(made)
    assert (name, found_tag) == (codec, tag)
    assert len(times) == FRAMES
    assert max(abs(a - b) for a, b in zip(times, times_before, strict=True)) < Fraction(1, 1000)
    assert max(abs(a - b) for a, b in zip(greys, greys_before, strict=True)) < 3.0
    with av.open(str(made)) as container:
        assert container.streams.audio[0].codec_context.name == sound


def test_platforms_get_their_loudness_their_keyframes_and_no_more_bits_than_they_take(video):
    made = deliver(video, "youtube", duration_s=0.8)
    with av.open(str(made)) as container:
        keyframes = [float(frame.pts * frame.time_base) for frame in container.decode(video=0) if frame.key_frame]
    assert keyframes == pytest.approx([0.0, 0.5], abs=1 / 29)
    with av.open(str(made)) as container:
        sound = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1).T
        rate_hz = container.streams.audio[0].sample_rate
    assert loudness_lufs(sound, rate_hz) == pytest.approx(STREAMING_LUFS, abs=1.5)


def test_a_video_without_sound_stays_without(tmp_path):
    with VideoEncoder(tmp_path / "video.mp4", 320, 240, RATE) as encoder:
        for _ in range(6):
            encoder.write(np.full((240, 320, 3), 90, np.uint8))
    made = deliver(tmp_path / "video.mp4", "web", duration_s=0.2)
    with av.open(str(made)) as container:
        assert (len(container.streams.video), len(container.streams.audio)) == (1, 0)


def test_the_site_tells_the_limits_that_the_worker_keeps():
    for preset in (one for one in PRESETS if one.platform):
        made = DELIVERIES[preset.name]
        assert made is not None
        assert f"{preset.bitrate_max_kbps}k" in made.arguments
        assert f"expr:gte(t,n_forced*{preset.keyframe_s})" in made.arguments
        assert made.loudness_lufs == preset.loudness_lufs


def test_progress_is_told_and_ends_near_the_whole(video):
    told: list[float] = []
    deliver(video, "hevc", duration_s=0.8, on_fraction=told.append)
    assert all(0.0 <= fraction <= 1.0 for fraction in told)
    assert told == sorted(told)


def test_a_delivery_is_stopped_at_once_and_leaves_nothing(video):
    begun = time.monotonic()
    with pytest.raises(EngineFailure) as caught:
        deliver(video, "prores", duration_s=0.8, should_stop=lambda: True)
    assert caught.value.code is FailureCode.CANCELLED
    assert time.monotonic() - begun < 5
    assert [path.name for path in video.parent.iterdir()] == ["video.mp4"]
    assert threading.active_count() < 20


@pytest.mark.parametrize(
    ("preset", "content", "code"),
    [("gif", None, FailureCode.OPTION_INVALID), ("hevc", b"no video", FailureCode.ENCODER_FAILED)],
)
def test_what_cannot_be_delivered_is_said(video, preset, content, code):
    if content is not None:
        video.write_bytes(content)
    with pytest.raises(EngineFailure) as caught:
        deliver(video, preset, duration_s=0.8)
    assert caught.value.code is code


@pytest.mark.parametrize("preset", ["hevc", "prores"])
def test_delivered_files_carry_credentials(video, preset, tmp_path_factory):
    key = make_dev_certificate(tmp_path_factory.mktemp("keys") / "credentials")
    made = deliver(video, preset, duration_s=0.8)
    sign(made, Making(ingredients=(Ingredient("portrait", "image/jpeg", "ab" * 32),), render_id="0123456789ab"), key)
    found = read_credentials(made, key.root_pem)
    assert (found.state, found.render_id) == (CredentialsState.TRUSTED, "0123456789ab")


def test_the_site_and_the_worker_know_the_same_formats():
    assert {preset.name for preset in PRESETS} == set(DELIVERIES)
