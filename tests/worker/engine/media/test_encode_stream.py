"""Frames in segments become one file and playable pieces, exactly, and leave nothing behind when they cannot."""

import io
import threading
from fractions import Fraction

import numpy as np
import pytest

from tests.synth import tone, write_audio
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media import encode_stream
from worker.engine.media.decode import decode_video
from worker.engine.media.encode_stream import PictureFormat, StreamEncoder
from worker.engine.media.fragments import BrokenFragmentError, first_tick, moved, read_pieces, sample_count
from worker.engine.media.probe import probe
from worker.engine.media.segment_store import SegmentStore

KEYS = ["a" * 16, "b" * 16, "c" * 16]


def grey(level: int, width: int = 64, height: int = 48) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def encode(path, segments, rate=Fraction(25), keys=(None,) * 9, width=64, height=48, **options):
    """Frames that grow brighter; returns the encoder, which segments were there, and the pieces."""
    pieces, kept, level = [], [], 0
    with StreamEncoder(path, PictureFormat(width, height, rate, crf=4), segments, **options) as encoder:
        for frames, key in zip(segments, keys, strict=False):
            kept.append(encoder.begin(key))
            for _ in range(frames):
                if not kept[-1]:
                    encoder.write(grey(20 + level % 200, width, height))
                level += 1
            pieces += encoder.take_fragments()
    return encoder, kept, pieces + encoder.take_fragments()


def levels(path) -> list[int]:
    return [int(frame.rgb().mean().round()) for frame in decode_video(path)]


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(60)])
def test_frames_and_times_are_exact_at_every_rate_however_they_are_cut(tmp_path, rate):
    sound = write_audio(tmp_path / "a.wav", tone(0.5, 440, 44_100), 44_100)
    encode(tmp_path / "a.mp4", [7, 1, 30, 13], rate, audio_path=sound)
    info = probe(tmp_path / "a.mp4")
    assert (info.video.frame_rate, info.video.frame_count) == (rate, 51)
    assert info.sound.duration_s == pytest.approx(float(51 / rate), abs=1 / 44_100)
    assert levels(tmp_path / "a.mp4") == pytest.approx(range(20, 71), abs=3)
    times_s = [frame.pts_s for frame in decode_video(tmp_path / "a.mp4")]
    assert times_s == pytest.approx([float(index / rate) for index in range(51)], abs=1e-6)


def test_the_file_starts_with_its_index_and_says_bt709(tmp_path):
    encode(tmp_path / "a.mp4", [20, 20], with_fragments=True)
    data = (tmp_path / "a.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")
    assert next(decode_video(tmp_path / "a.mp4")).native.colorspace == 1


def test_pieces_played_one_after_the_other_are_the_file(tmp_path):
    sound = write_audio(tmp_path / "a.wav", tone(4.0, 440, 22_050), 22_050)
    _, _, pieces = encode(tmp_path / "a.mp4", [40, 45], audio_path=sound, with_fragments=True)
    (tmp_path / "live.mp4").write_bytes(b"".join(pieces))
    assert levels(tmp_path / "live.mp4") == levels(tmp_path / "a.mp4")
    assert len(pieces) > 8
    ticks = [first_tick(piece) for piece in pieces[1:]]
    assert ticks == sorted(ticks)
    assert max(np.diff(ticks)) <= 12_800, "no piece is longer than a second"


def test_a_kept_segment_joins_in_wherever_it_comes_to_stand(tmp_path):
    store = SegmentStore(tmp_path / "kept")
    _, kept, _ = encode(tmp_path / "a.mp4", [10, 20, 15], keys=KEYS, store=store)
    assert kept == [False, False, False]
    first = levels(tmp_path / "a.mp4")
    _, kept, _ = encode(tmp_path / "b.mp4", [15, 5, 10], keys=[KEYS[2], "d" * 16, KEYS[0]], store=store)
    assert kept == [True, False, True]
    second = levels(tmp_path / "b.mp4")
    assert (second[:15], second[20:]) == (first[30:], first[:10])
    assert probe(tmp_path / "b.mp4").video.frame_count == 30


def test_odd_sizes_lose_one_row_and_one_column(tmp_path):
    encode(tmp_path / "a.mp4", [5], width=65, height=47)
    video = probe(tmp_path / "a.mp4").video
    assert (video.width_px, video.height_px) == (64, 46)


def test_frames_that_were_not_announced_are_a_mistake(tmp_path):
    with StreamEncoder(tmp_path / "a.mp4", PictureFormat(64, 48, Fraction(25)), [2, 2]) as encoder:
        with pytest.raises(ValueError, match="has all"):
            encoder.write(grey(1))
        encoder.begin()
        encoder.write(grey(1))
        with pytest.raises(ValueError, match="one after the other"):
            encoder.begin()
        with pytest.raises(ValueError, match="expected"):
            encoder.write(grey(1, 32))
        encoder.write(grey(1))
        with pytest.raises(ValueError, match="has all"):
            encoder.write(grey(1))
        encoder.begin()
        encoder.write(grey(1))
        encoder.write(grey(1))
    for wrong in ([], [0], [3, 0]):
        with pytest.raises(ValueError, match="segments"):
            StreamEncoder(tmp_path / "b.mp4", PictureFormat(64, 48, Fraction(25)), wrong)


def test_nothing_but_kept_segments_is_left_when_the_render_fails(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"an older result")
    encoder = StreamEncoder(tmp_path / "a.mp4", PictureFormat(64, 48, Fraction(25)), [5, 5], with_fragments=True)
    with pytest.raises(KeyError), encoder:
        encoder.begin()
        encoder.write(grey(1))
        raise KeyError("render")
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
    assert (tmp_path / "a.mp4").read_bytes() == b"an older result"
    assert not any(thread.name.startswith("encoder-") for thread in threading.enumerate())


def test_an_encoder_that_dies_is_noticed(tmp_path):
    with (
        pytest.raises(EngineFailure) as caught,
        StreamEncoder(tmp_path / "a.mp4", PictureFormat(64, 48, Fraction(25)), [4000]) as encoder,
    ):
        encoder.begin()
        for index in range(4000):
            encoder.write(grey(index % 200))
            if index == 30:
                encoder._runs[0].process.kill()
    assert caught.value.code is FailureCode.ENCODER_FAILED
    assert list(tmp_path.iterdir()) == []


def test_a_joiner_that_dies_is_noticed(tmp_path):
    with (
        pytest.raises(EngineFailure) as caught,
        StreamEncoder(tmp_path / "a.mp4", PictureFormat(64, 48, Fraction(25)), [4000]) as encoder,
    ):
        encoder.begin()
        for index in range(4000):
            encoder.write(grey(index % 200))
            if index == 30:
                encoder._joiner.kill()
    assert caught.value.code is FailureCode.ENCODER_FAILED
    assert list(tmp_path.iterdir()) == []


def test_pieces_can_be_moved_in_time_and_counted(tmp_path):
    _, _, pieces = encode(tmp_path / "a.mp4", [30], with_fragments=True)
    later = moved(pieces[1], 1000, 77)
    assert first_tick(later) == first_tick(pieces[1]) + 1000
    assert len(later) == len(pieces[1])
    assert sum(sample_count(piece) for piece in pieces[1:]) == 30


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x00\x00\x04moof",  # a box smaller than its own head
        b"\xff\xff\xff\xffmoof",  # a box larger than anything
        b"\x00\x00\x00\x20moof" + b"x" * 5,  # ends within
        b"\x00\x00\x00\x08moof\x00\x00\x00\x08moov",  # in the wrong place
        b"\x00\x00\x00\x08mdat",  # without its beginning
        b"\x00\x00\x00\x08ftyp",  # ends after half
        b"\x00\x00",
    ],
)
def test_what_is_no_fragmented_video_is_refused(data):
    with pytest.raises(BrokenFragmentError):
        list(read_pieces(io.BytesIO(data)))


def test_pieces_are_short_enough_to_be_played_at_once():
    assert encode_stream.FRAGMENT_US <= 1_000_000
