"""What comes out besides an ordinary talking photo: loops, cut-outs, stills, odd frame rates, edited mouths, moods."""

import json
import threading
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from tests.synth import drawn_portrait, speechlike, write_audio, write_image
from tests.worker.engine.media.test_encode_alpha import decoded as decoded_rgba
from worker.engine.contracts import Background, Emotion, LifeScales, SilentHooks, Still, Style, TalkingPhotoRequest
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.finishing import marked
from worker.engine.quality.tracking import track_video
from worker.engine.speech.track_json import track_from_json, track_to_json
from worker.engine.talking_photo import animate
from worker.engine.voicing import MAX_TRACK_BYTES, listen, voice_segments


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outputs")
    write_image(folder / "photo.png", drawn_portrait(240, 300))
    write_audio(folder / "voice.wav", speechlike(1.2, seed=4))
    return folder


@pytest.fixture
def idle(folder, tmp_path):
    return TalkingPhotoRequest(folder / "photo.png", tmp_path / "out.mp4", idle_s=2.0)


@pytest.fixture
def speaking(folder, tmp_path):
    return TalkingPhotoRequest(folder / "photo.png", tmp_path / "out.mp4", audio_path=folder / "voice.wav")


def decoded(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


class Watching:
    """A frame stage that keeps what goes to the encoder."""

    def __init__(self):
        self.frames = []

    def __call__(self, width_px, height_px):
        return [self._keep]

    def _keep(self, rgb, pts_s):
        self.frames.append(rgb.copy())
        return rgb


def refused(request):
    with pytest.raises(EngineFailure) as caught:
        animate(request, SilentHooks())
    assert not request.output_path.exists()
    return caught.value


def test_an_idle_loop_moves_and_joins_its_end_to_its_beginning(idle):
    watching = Watching()
    result = animate(idle, SilentHooks(), watching)
    frames = [frame.astype(np.int16) for frame in watching.frames]
    assert len(frames) == result.frame_count == 50
    steps = [np.abs(b - a).mean() for a, b in zip(frames, frames[1:] + frames[:1], strict=True)]
    assert steps[-1] <= 1.2 * np.median(steps)  # from the last to the first as from any to its next
    assert max(np.abs(f - frames[0]).mean() for f in frames) > 0.3
    with av.open(str(result.output_path)) as container:
        assert not container.streams.audio


@pytest.mark.parametrize("rate", ["24000/1001", "30000/1001", "48", "60000/1001", "60"])
def test_every_frame_rate_is_rendered_natively_and_exactly(idle, rate):
    rate = Fraction(rate)
    result = animate(replace(idle, frame_rate=rate, max_short_side_px=120), SilentHooks())
    frames = round(Fraction(2) * rate)
    assert result.frame_count == frames
    with av.open(str(result.output_path)) as container:
        stream = container.streams.video[0]
        times = sorted(Fraction(p.pts) * stream.time_base for p in container.demux(stream) if p.pts is not None)
    assert times == [Fraction(index) / rate for index in range(frames)]


@pytest.mark.parametrize("suffix", ["webm", "mov"])
def test_a_cut_out_is_clear_around_the_person_and_solid_within(idle, tmp_path, suffix):
    out = tmp_path / f"cut.{suffix}"
    animate(replace(idle, output_path=out, background=Background.TRANSPARENT, life=LifeScales(head=2)), SilentHooks())
    frames = decoded_rgba(out, 240, 300)
    assert len(frames) == 50
    for frame in frames[::12]:
        alpha = frame[..., 3]
        assert alpha[:60, :30].max() < 12 and alpha[:60, -30:].max() < 12
        assert alpha[100:200, 90:150].min() > 243
    edges = [(frame[150, :, 3] > 127).argmax() for frame in frames]
    assert max(edges) > min(edges)  # the outline moves with the head


def test_a_still_head_is_cut_out_whole(idle, tmp_path):
    out = tmp_path / "cut.mov"
    request = replace(idle, output_path=out, background=Background.TRANSPARENT, life=LifeScales(head=0, blink=0))
    animate(request, SilentHooks())
    alpha = decoded_rgba(out, 240, 300)[10][..., 3]
    assert alpha[280, 120] > 243  # the chest, where nothing moves
    assert alpha[100:200, 90:150].min() > 243


def test_marks_stay_visible_where_the_video_is_clear():
    frame = np.zeros((40, 60, 4), np.uint8)
    frame[..., :3] = 90
    frame[20:, :, 3] = 255

    def stamp(rgb, pts_s):
        rgb = rgb.copy()
        rgb[5:10, 5:20] = 250
        return rgb

    out = marked(frame.copy(), [stamp], 0.0)
    assert (out[5:10, 5:20] == [250, 250, 250, 255]).all()
    assert not out[:5, :, 3].any() and (out[20:, :, 3] == 255).all()
    np.testing.assert_array_equal(marked(frame[..., :3], [stamp], 0.0)[20:], frame[20:, :, :3])


def test_a_still_is_the_frame_shown_at_its_time(idle, tmp_path):
    still = tmp_path / "still.png"
    watching = Watching()
    animate(replace(idle, still=Still(1.21, still)), SilentHooks(), watching)
    with Image.open(still) as picture:
        np.testing.assert_array_equal(np.asarray(picture), watching.frames[30])


@pytest.mark.parametrize("at_s", [2.0, 99.0, -1.0, float("nan"), float("inf")])
def test_a_still_outside_the_video_is_refused(idle, tmp_path, at_s):
    failure = refused(replace(idle, still=Still(at_s, tmp_path / "still.png")))
    assert failure.code is FailureCode.OPTION_INVALID
    assert not list(tmp_path.iterdir())
    assert not any(thread.name.startswith("encoder-") for thread in threading.enumerate())


@pytest.mark.parametrize(
    ("name", "background"),
    [
        ("out.mp4", Background.TRANSPARENT),
        ("out.webm", Background.PHOTO),
        ("out.mov", Background.PHOTO),
    ],
)
def test_endings_and_backgrounds_must_agree(idle, tmp_path, name, background):
    failure = refused(replace(idle, output_path=tmp_path / name, background=background))
    assert failure.code is FailureCode.OPTION_INVALID


def test_an_edited_track_moves_the_mouth_instead_of_the_sound(speaking, tmp_path):
    track, _ = listen(speaking, tmp_path)
    edited = json.loads(track_to_json(track))
    frames = len(edited["times_s"])
    for name, values in edited["articulation"].items():
        edited["articulation"][name] = [0.0] * frames if name != "openness" else [0.0] * 15 + [1.0] * (frames - 15)
        assert len(values) == frames
    path = tmp_path / "track.json"
    path.write_text(json.dumps(edited))
    result = animate(replace(speaking, track_path=path, frame_rate=Fraction(50), style=Style.STILL), SilentHooks())
    assert result.frame_count == 60
    aperture = track_video(result.output_path).aperture
    assert np.nanmedian(aperture[5:25]) < 0.05 < 0.12 < np.nanmedian(aperture[36:55])
    alone = animate(replace(speaking, track_path=path, audio_path=None), SilentHooks())
    assert alone.frame_count == 30
    with av.open(str(alone.output_path)) as container:
        assert not container.streams.audio


def test_a_track_survives_the_way_through_json(speaking, tmp_path):
    track, sound = listen(speaking, tmp_path)
    assert sound == speaking.audio_path
    again = track_from_json(track_to_json(track))
    np.testing.assert_allclose(again.articulation, track.articulation, atol=6e-4)
    # who says the same blinks at the same times, however the mouth was rounded or edited
    (tmp_path / "track.json").write_text(track_to_json(replace(track, articulation=track.articulation * 0.9)))
    heard, edited = (
        voice_segments(replace(speaking, track_path=path), tmp_path)[0] for path in (None, tmp_path / "track.json")
    )
    for one, other in zip(heard, edited, strict=True):
        np.testing.assert_array_equal(one.plan().blink, other.plan().blink)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, FailureCode.FILE_MISSING),
        (b"", FailureCode.FILE_EMPTY),
        (b" \n", FailureCode.FILE_EMPTY),
        (b"\xff\xfe\x00\x01", FailureCode.FILE_UNREADABLE),
        (b"not json", FailureCode.OPTION_INVALID),
        (b"[" * 100_000, FailureCode.OPTION_INVALID),
        (b"{}", FailureCode.OPTION_INVALID),
        (b'{"version": 1, "times_s": [NaN]}', FailureCode.OPTION_INVALID),
        (b'{"version": 99}', FailureCode.OPTION_INVALID),
    ],
)
def test_tracks_that_are_none_are_refused_with_their_reason(speaking, tmp_path, content, code):
    path = tmp_path / "track.json"
    if content is not None:
        path.write_bytes(content)
    assert refused(replace(speaking, track_path=path)).code is code


def test_huge_tracks_and_folders_are_refused_before_they_are_read(speaking, tmp_path):
    huge = tmp_path / "huge.json"
    with huge.open("wb") as file:
        file.truncate(MAX_TRACK_BYTES + 1)
    assert refused(replace(speaking, track_path=huge)).code is FailureCode.FILE_TOO_LARGE
    assert refused(replace(speaking, track_path=tmp_path)).code is FailureCode.FILE_UNREADABLE


def test_a_track_longer_than_allowed_is_refused(speaking, tmp_path):
    track, _ = listen(speaking, tmp_path)
    path = tmp_path / "track.json"
    path.write_text(track_to_json(track))
    failure = refused(replace(speaking, track_path=path, audio_path=None, max_duration_s=0.5))
    assert failure.code is FailureCode.AUDIO_TOO_LONG


def test_emotions_change_the_face_and_auto_asks_the_voice(speaking):
    plain = decoded(animate(speaking, SilentHooks()).output_path)
    sad = animate(replace(speaking, emotion=Emotion.SAD, intensity=1.0), SilentHooks())
    assert sad.emotion is Emotion.SAD
    brows = np.s_[90:130, 70:170]
    assert np.abs(decoded(sad.output_path)[10][brows].astype(int) - plain[10][brows]).mean() > 1.5
    heard = animate(replace(speaking, emotion=Emotion.AUTO), SilentHooks())
    assert heard.emotion not in (Emotion.AUTO,)


@pytest.mark.parametrize("told", [{"idle_s": 3.0, "audio_path": None}, {"audio_path": None, "track_path": "t.json"}])
def test_auto_needs_a_voice_to_listen_to(speaking, told):
    failure = refused(replace(speaking, emotion=Emotion.AUTO, **told))
    assert failure.code is FailureCode.OPTION_INVALID
    assert failure.detail["option"] == "emotion"


@pytest.mark.parametrize("part", ["blink", "gaze", "brow", "head"])
@pytest.mark.parametrize("value", [-0.1, 2.1, float("nan"), float("inf")])
def test_life_beyond_its_range_is_refused(speaking, part, value):
    failure = refused(replace(speaking, life=LifeScales(**{part: value})))
    assert (failure.code, failure.detail["option"]) == (FailureCode.OPTION_INVALID, part)
