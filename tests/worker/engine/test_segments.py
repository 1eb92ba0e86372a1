"""A talking photo is rendered sentence by sentence: one changed sentence leaves all others as they were."""

import itertools
import os
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from tests.synth import drawn_portrait, silence, speechlike, write_audio, write_image
from worker.engine import painting
from worker.engine.contracts import Emotion, Script, SilentHooks, Span, Still, Style, TalkingPhotoRequest
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.decode import decode_video
from worker.engine.media.probe import probe
from worker.engine.media.segment_store import SegmentStore
from worker.engine.talking_photo import animate
from worker.engine.timeline import Seeds, content_of, cut_at_pauses
from worker.engine.voicing import voice_segments

FIRST, MIDDLE, LAST = "Hello, I am a picture.", "One sentence will change.", "This one stays as it was."
OTHER = "Now the middle is quite another thing, and longer."


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("segments")
    write_image(folder / "photo.png", drawn_portrait(160, 200, look="dark"))
    return folder


def request_of(folder, name, *sentences, **options) -> TalkingPhotoRequest:
    options = {"segments_dir": folder / "kept", "style": Style.EXPRESSIVE} | options
    script = Script(" ".join(sentences), "en-us")
    return TalkingPhotoRequest(folder / "photo.png", folder / f"{name}.mp4", script=script, **options)


def frames_of(path) -> np.ndarray:
    return np.stack([frame.rgb() for frame in decode_video(path)])


@pytest.fixture(scope="module")
def before(folder):
    return animate(request_of(folder, "before", FIRST, MIDDLE, LAST), SilentHooks())


@pytest.fixture(scope="module")
def after(folder, before):
    return animate(request_of(folder, "after", FIRST, OTHER, LAST), SilentHooks())


def lengths(folder, *sentences) -> list[int]:
    segments, _, _ = voice_segments(request_of(folder, "x", *sentences), folder)
    return [segment.frames for segment in segments]


def test_a_changed_sentence_alone_is_rendered_again(before, after):
    assert (before.segments, before.segments_kept) == (3, 0)
    assert (after.segments, after.segments_kept) == (3, 2)


def test_frames_of_unchanged_sentences_are_the_same_to_the_last_bit(folder, before, after):
    first, middle, last = lengths(folder, FIRST, MIDDLE, LAST)
    other = lengths(folder, FIRST, OTHER, LAST)[1]
    old, new = frames_of(before.output_path), frames_of(after.output_path)
    assert len(old) == first + middle + last == before.frame_count
    assert len(new) == first + other + last == after.frame_count
    assert other > middle
    assert np.array_equal(old[:first], new[:first])
    assert np.array_equal(old[-last:], new[-last:])


def test_kept_segments_are_what_rendering_them_again_would_give(folder, after):
    fresh = animate(replace(request_of(folder, "fresh", FIRST, OTHER, LAST), segments_dir=None), SilentHooks())
    assert fresh.segments_kept == 0
    ours, theirs = frames_of(after.output_path), frames_of(fresh.output_path)
    # the same pictures; how many bits each got depends on what was encoded before it
    assert np.abs(ours.astype(int) - theirs).mean() < 0.5
    assert np.abs(ours.astype(int) - theirs).mean(axis=(1, 2, 3)).max() < 2


def test_picture_sound_and_times_are_whole_after_joining(after):
    info = probe(after.output_path)
    assert not info.video.is_variable_rate
    assert info.video.frame_count == after.frame_count
    assert info.sound.duration_s == pytest.approx(after.duration_s, abs=0.002)
    times_s = [frame.pts_s for frame in decode_video(after.output_path)]
    assert np.allclose(np.diff(times_s), 0.04, atol=1e-4)
    assert times_s[0] == 0


@pytest.mark.parametrize("emotion", [Emotion.NEUTRAL, Emotion.HAPPY])
@pytest.mark.parametrize("style", [Style.NATURAL, Style.EXPRESSIVE])
def test_motion_goes_on_across_joins_without_a_jump(folder, style, emotion):
    request = request_of(folder, "x", FIRST, MIDDLE, OTHER, LAST, style=style, emotion=emotion)
    segments, _, _ = voice_segments(request, folder)
    plans = [segment.plan() for segment in segments]
    for part in ("articulation", "blink", "glance", "brows", "smile", "turn_deg", "shift", "breath"):
        tracks = [getattr(plan, part) for plan in plans]
        inside = max(np.abs(np.diff(track, axis=0)).max() for track in tracks)
        at_joins = max(np.abs(after[0] - before[-1]).max() for before, after in itertools.pairwise(tracks))
        assert at_joins <= 0.75 * inside, part
    for before, after in itertools.pairwise(plan.turn_deg[:, 0] * float(request.frame_rate) for plan in plans):
        assert before[-1] - before[-2] == pytest.approx(after[1] - after[0], rel=0.5)  # the head passes, and goes on
        assert after[1] - after[0] > 0.8  # deg/s


def test_pictures_go_on_across_joins_without_a_jump(folder):
    frames = []

    def remember(width_px, height_px):
        return [lambda rgb, pts_s: frames.append(rgb.astype(np.int16)) or rgb]

    animate(request_of(folder, "x", FIRST, OTHER, LAST, segments_dir=None), SilentHooks(), remember)
    steps = np.abs(np.diff(np.stack(frames), axis=0)).mean(axis=(1, 2, 3))
    first, other, _ = lengths(folder, FIRST, OTHER, LAST)
    joins = np.array([first - 1, first + other - 1])
    inside = np.delete(steps, joins)
    assert steps[joins].max() <= np.median(inside[inside > 0])


def test_inserting_a_sentence_leaves_all_others(folder, after):
    result = animate(request_of(folder, "inserted", FIRST, "A new one comes in here.", OTHER, LAST), SilentHooks())
    assert (result.segments, result.segments_kept) == (4, 3)


@pytest.mark.parametrize(
    "change",
    [{"seed": 7}, {"style": Style.STILL}, {"max_short_side_px": 120}, {"emotion": Emotion.SAD}],
    ids=lambda change: next(iter(change)),
)
def test_other_options_give_other_segments(folder, after, change):
    request = request_of(folder, "other", FIRST, **change)
    assert animate(request, SilentHooks()).segments_kept == 0


def test_another_photo_gives_other_segments(folder, after, tmp_path):
    write_image(tmp_path / "other.png", drawn_portrait(160, 200, look="light"))
    request = replace(request_of(folder, "other", FIRST), portrait_path=tmp_path / "other.png")
    assert animate(request, SilentHooks()).segments_kept == 0


def test_marks_are_part_of_what_a_segment_shows(folder):
    def black_corner(width_px, height_px):
        def stage(rgb, pts_s):
            rgb[:20, :20] = 0
            return rgb

        return [stage]

    request = request_of(folder, "marked", FIRST, seed=3)
    assert animate(request, SilentHooks()).segments_kept == 0
    assert animate(request, SilentHooks()).segments_kept == 1
    assert animate(request, SilentHooks(), black_corner, stages_key="corner").segments_kept == 0
    assert animate(request, SilentHooks(), black_corner, stages_key="corner").segments_kept == 1
    assert frames_of(request.output_path)[:, 4:16, 4:16].max() < 12
    assert animate(request, SilentHooks(), black_corner).segments_kept == 0  # nobody says what the stage draws


def test_a_still_from_a_kept_segment_is_rendered(folder, before, tmp_path):
    request = replace(request_of(folder, "still", FIRST, MIDDLE, LAST), still=Still(0.4, tmp_path / "still.png"))
    result = animate(request, SilentHooks())
    assert result.segments_kept == 2
    assert (tmp_path / "still.png").stat().st_size > 1000


def test_a_damaged_segment_is_rendered_again(folder):
    request = request_of(folder, "damaged", LAST, seed=11, segments_dir=folder / "damaged")
    animate(request, SilentHooks())
    (kept,) = (folder / "damaged").iterdir()
    whole = kept.read_bytes()
    for broken in (whole[: len(whole) // 2], b"", b"\xff" * 5000):
        kept.write_bytes(broken)
        assert animate(request, SilentHooks()).segments_kept == 0
        assert kept.read_bytes() == whole
    assert animate(request, SilentHooks()).segments_kept == 1


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(folder):
    (folder / "a_file").write_text("in the way")
    request = request_of(folder, "nowhere", LAST, segments_dir=folder / "a_file")
    assert animate(request, SilentHooks()).frame_count > 10


def test_what_was_not_used_for_longest_goes_first(tmp_path):
    for age, name in enumerate(("a" * 16, "b" * 16, "c" * 16)):
        path = tmp_path / f"{name}.seg"
        path.write_bytes(b"x" * 1000)
        os.utime(path, (1000 - age, 1000 - age))
    assert SegmentStore(tmp_path, max_bytes=2000).trim() == 1
    assert sorted(path.stem[0] for path in tmp_path.iterdir()) == ["a", "b"]


@pytest.mark.parametrize("key", ["../../etc/passwd", "", "A" * 16, "a/b", "g" * 20])
def test_keys_are_no_paths(tmp_path, key):
    with pytest.raises(ValueError, match="not a key"):
        SegmentStore(tmp_path).open(key, 1)


def test_recordings_are_cut_in_their_pauses_and_join_as_well(folder, tmp_path):
    sound = np.concatenate([speechlike(1.6, seed=1), silence(0.8), speechlike(1.7, seed=2)])
    write_audio(tmp_path / "voice.wav", sound)
    request = TalkingPhotoRequest(
        folder / "photo.png", tmp_path / "a.mp4", audio_path=tmp_path / "voice.wav", segments_dir=tmp_path / "kept"
    )
    segments, _, _ = voice_segments(request, tmp_path)
    assert len(segments) == 2
    assert 1.6 < segments[1].start / 25 < 2.4
    first = animate(request, SilentHooks())
    again = animate(replace(request, output_path=tmp_path / "b.mp4"), SilentHooks())
    assert (first.segments_kept, again.segments_kept) == (0, 2)
    assert np.array_equal(frames_of(tmp_path / "a.mp4"), frames_of(tmp_path / "b.mp4"))


def test_pauses_cut_only_where_both_sides_are_long_enough():
    speech = [Span(0.2, 0.8), Span(1.3, 3.0), Span(3.3, 5.0), Span(5.6, 8.0), Span(8.5, 8.8)]
    assert cut_at_pauses(speech, 225, Fraction(25)) == [0, 132]


def test_the_same_sentence_twice_is_not_played_the_same_way_twice(folder):
    segments, _, _ = voice_segments(request_of(folder, "x", LAST, LAST), folder)
    one, two = (segment.plan() for segment in segments)
    assert np.array_equal(one.articulation, two.articulation)
    assert content_of(one) != content_of(two)
    assert Seeds(1).next_for(b"x") == Seeds(1).next_for(b"x") != Seeds(2).next_for(b"x")


def test_a_failure_says_at_which_second_and_in_which_sentence(folder, monkeypatch):
    real = painting.StreamEncoder.write

    def breaks_in_the_second_sentence(encoder, frame):
        if encoder.frame_count == lengths(folder, FIRST)[0] + 5:
            raise EngineFailure(FailureCode.DISK_FULL)
        real(encoder, frame)

    monkeypatch.setattr(painting.StreamEncoder, "write", breaks_in_the_second_sentence)
    with pytest.raises(EngineFailure) as caught:
        animate(request_of(folder, "broken", FIRST, MIDDLE, LAST, segments_dir=None), SilentHooks())
    failure = caught.value
    assert failure.code is FailureCode.DISK_FULL
    assert failure.detail == {"sentence": 2, "said": MIDDLE}
    assert failure.at_s == pytest.approx((lengths(folder, FIRST)[0] + 4) / 25)


class Listener(SilentHooks):
    def __init__(self, stop_after: int | None = None) -> None:
        self.fragments: list[tuple[int, bytes]] = []
        self.done_when_first_came: float | None = None
        self.fraction = 0.0
        self.stop_after = stop_after

    def on_progress(self, progress) -> None:
        self.fraction = progress.fraction

    def on_fragment(self, number, data) -> None:
        if number == 1:
            self.done_when_first_came = self.fraction
        self.fragments.append((number, data))

    def should_stop(self) -> bool:
        return self.stop_after is not None and len(self.fragments) >= self.stop_after


def test_the_video_can_be_played_while_it_is_made(folder, tmp_path):
    hooks = Listener()
    result = animate(request_of(folder, "live", FIRST, MIDDLE, LAST, OTHER, fragments=True, seed=21), hooks)
    assert [number for number, _ in hooks.fragments] == list(range(len(hooks.fragments)))
    assert hooks.done_when_first_came < 0.8
    pieces = [data for _, data in hooks.fragments]
    assert all(data[4:8] == (b"moof" if number else b"ftyp") for number, data in hooks.fragments)
    (tmp_path / "some.mp4").write_bytes(b"".join(pieces[:5]))
    some = list(decode_video(tmp_path / "some.mp4"))
    assert 0 < len(some) <= 4 * 25
    (tmp_path / "all.mp4").write_bytes(b"".join(pieces))
    assert np.array_equal(frames_of(tmp_path / "all.mp4"), frames_of(result.output_path))
    assert probe(tmp_path / "all.mp4").sound is not None


def test_without_being_asked_nobody_is_told_of_fragments(folder):
    hooks = Listener()
    animate(request_of(folder, "quiet", LAST), hooks)
    assert hooks.fragments == []


def test_stopping_keeps_whole_segments_and_nothing_else(folder, tmp_path):
    kept = tmp_path / "kept"
    request = request_of(folder, "stopped", OTHER, OTHER, OTHER, fragments=True, segments_dir=kept, seed=5)
    request = replace(request, output_path=tmp_path / "out.mp4")
    with pytest.raises(EngineFailure) as caught:
        animate(request, Listener(stop_after=20))
    assert caught.value.code is FailureCode.CANCELLED
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    whole = list(kept.iterdir())
    assert 1 <= len(whole) <= 3
    assert all(path.suffix == ".seg" for path in whole)
    assert animate(request, SilentHooks()).segments_kept == len(whole)
