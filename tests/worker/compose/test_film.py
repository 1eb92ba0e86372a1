"""Scenes in one film: each where it belongs, to the frame and to the sample."""

import math
from fractions import Fraction

import av
import numpy as np
import pytest
import soundfile

from tests import synth
from worker.compose.film import join_scenes
from worker.compose.film_plan import FilmRequest, FilmScene, place_scenes, size_of_film
from worker.compose.film_sound import RATE_HZ, SceneSound, film_sound
from worker.engine.contracts import SilentHooks
from worker.engine.dub.loudness import loudness_lufs
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.decode import decode_video
from worker.engine.media.probe import probe

COLOURS = {"red": (200, 30, 30), "green": (30, 170, 40), "blue": (30, 50, 200)}


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Three clips that could not be more different: size, shape, rate, sound."""
    folder = tmp_path_factory.mktemp("scenes")

    def clip(name, size, rate, seconds, samples=None):
        """Of one colour, with a bar at the bottom that grows from left to right."""
        frames = [np.full((size[1], size[0], 3), COLOURS[name], np.uint8) for _ in range(round(seconds * rate))]
        for number, frame in enumerate(frames):
            frame[-12:, : round(size[0] * (number + 1) / len(frames))] = 255
        return synth.write_clip(folder / f"{name}.mp4", frames, Fraction(rate), samples=samples)

    return {
        "red": clip("red", (90, 160), 25, 2.0, synth.tone(2.0, level=0.5)),
        "green": clip("green", (160, 120), 30, 2.0),
        "blue": clip("blue", (64, 64), 12, 1.0, synth.tone(1.0, 300.0, level=0.02)),
        "picture": synth.write_image(folder / "picture.png", synth.drawn_portrait(120, 160)),
    }


def film(clips, folder, *scenes, hooks=None, **named):
    made = [FilmScene(clips[name], **facts) for name, facts in scenes]
    request = FilmRequest(tuple(made), folder / "film.mp4", 90, 160, **named)
    return join_scenes(request, hooks or SilentHooks())


class Watching(SilentHooks):
    """Plays the pieces as they come."""

    def __init__(self):
        self.pieces, self.came_at = [], []
        self.fraction = 0.0

    def on_progress(self, progress):
        self.fraction = progress.fraction

    def on_fragment(self, number, data):
        assert number == len(self.pieces)
        self.pieces.append(data)
        self.came_at.append(self.fraction)


@pytest.mark.parametrize("rate", [Fraction(25), Fraction(30000, 1001)])
def test_a_film_can_be_watched_while_it_is_joined_and_key_frames_stand_where_marks_turn(clips, tmp_path, rate):
    hooks, scenes = Watching(), [("red", {}), ("green", {"fade_s": 0.3}), ("red", {})] * 3
    result = film(clips, tmp_path, *scenes, hooks=hooks, frame_rate=rate, fragments=True)
    assert hooks.came_at[1] < 0.9  # the first piece that shows something, long before the end
    live = tmp_path / "live.mp4"
    live.write_bytes(b"".join(hooks.pieces))
    with av.open(str(live)) as seen, av.open(str(tmp_path / "film.mp4")) as made:
        assert sum(1 for _ in seen.decode(video=0)) == result.frame_count
        packets = list(made.demux(video=0))
        keys = {round(float(one.pts * one.time_base) * rate) for one in packets if one.is_keyframe}
    assert keys >= {math.ceil(second * rate) for second in range(0, int(result.duration_s), 2)}
    silent = Watching()
    film(clips, tmp_path, ("red", {}), hooks=silent)
    assert silent.pieces == []


def test_scenes_of_every_kind_follow_each_other_to_the_frame(clips, tmp_path):
    result = film(
        clips,
        tmp_path,
        ("red", {"start_s": 0.4, "end_s": 1.4}),
        ("green", {"fade_s": 0.4, "end_s": 9.0}),  # past its end: its end
        ("picture", {"is_picture": True, "end_s": 0.8}),
        ("blue", {}),
    )
    assert (result.frame_count, result.segments) == (25 - 10 + 50 + 20 + 25, 4)
    with av.open(str(tmp_path / "film.mp4")) as container:
        times = [float(frame.time) for frame in container.decode(video=0)]
    assert np.allclose(np.diff(times), 0.04, atol=1e-4)
    shown = [frame.rgb() for frame in decode_video(tmp_path / "film.mp4")]
    middles = [rgb[80, 45].astype(int) for rgb in shown]
    bars = [(rgb[-6].min(axis=1) > 160).mean() for rgb in shown[:25]]  # 0.4 to 1.4 of 2 seconds, growing all along
    assert bars[0] == pytest.approx(0.22, abs=0.06) and bars[14] == pytest.approx(0.5, abs=0.06)
    assert np.ptp(np.diff(bars[:15])) < 0.05
    assert np.abs(middles[14] - COLOURS["red"]).max() < 12  # the last frame before the crossfade
    assert np.abs(middles[20] - np.mean([COLOURS["red"], COLOURS["green"]], axis=0)).max() < 16
    assert np.abs(middles[64] - COLOURS["green"]).max() < 12 < np.abs(middles[65] - COLOURS["green"]).max()
    assert np.abs(middles[84] - COLOURS["blue"]).max() > 12 > np.abs(middles[85] - COLOURS["blue"]).max()
    assert probe(tmp_path / "film.mp4").sound.duration_s == pytest.approx(4.4, abs=0.05)


def test_sound_is_joined_to_the_sample_without_a_click_and_equally_loud(tmp_path):
    rate, seconds = Fraction(30000, 1001), 1.5
    for name, level in (("loud", 0.5), ("quiet", 0.1)):
        samples = np.zeros(round(seconds * RATE_HZ), np.float32)
        samples[24_000:] = synth.tone(1.0, 200.0, RATE_HZ, level)  # begins half a second in
        synth.write_audio(tmp_path / f"{name}.wav", samples, RATE_HZ)
    places = place_scenes([1.3, 1.4, 1.4], [0.0, 0.0, 0.0], rate)
    sounds = [SceneSound(tmp_path / f"{name}.wav", 0.1, is_speech=True) for name in ("loud", "quiet", "loud")]
    made, sample_rate_hz = soundfile.read(film_sound(sounds, places, rate, tmp_path), dtype="float32")
    assert (len(made), sample_rate_hz) == (round(places[-1].end / rate * RATE_HZ), RATE_HZ)
    for place in places:
        low = round(place.first / rate * RATE_HZ)
        heard = np.abs(made[low : low + 24_000, 0])
        onset = 24_000 - round(0.1 * RATE_HZ)
        quiet = heard[500 : onset - 40].max()  # after the join's own fade
        assert quiet < 1e-3 < heard[onset : onset + 60].max()
    steps = np.abs(np.diff(made[:, 0]))
    assert steps.max() < 0.06  # a 200 Hz tone at this level never moves faster
    parts = [made[round(place.first / rate * RATE_HZ) :][: round(1.3 * RATE_HZ)] for place in places]
    levels = [loudness_lufs(part, RATE_HZ) for part in parts]
    assert max(levels) - min(levels) < 1.0


def test_a_film_without_any_sound_has_none_and_what_nobody_speaks_in_stays_quiet(clips, tmp_path):
    film(clips, tmp_path, ("green", {"end_s": 0.5}), ("picture", {"is_picture": True, "end_s": 0.5}))
    assert probe(tmp_path / "film.mp4").sound is None
    places = place_scenes([1.0], [0.0], Fraction(25))
    levels = []
    for is_speech in (True, False):
        out = np.memmap(tmp_path / "own.f32", np.float32, "w+", shape=(RATE_HZ, 2))
        from worker.compose import film_sound as module

        module._add(out, SceneSound(clips["blue"], 0.0, is_speech), places[0], 0, Fraction(25), tmp_path)
        levels.append(loudness_lufs(out, RATE_HZ))
    assert levels[0] - levels[1] == pytest.approx(8.0, abs=0.5)


def test_marks_are_drawn_once_on_each_frame_however_long_a_picture_stands(clips, tmp_path):
    def stages(width, height):
        def brighter(rgb, pts_s):
            rgb += 4  # in place, as marks are
            return rgb

        return [brighter]

    scenes = (
        FilmScene(clips["picture"], end_s=1.2, is_picture=True),
        FilmScene(clips["picture"], end_s=1.2, is_picture=True, fade_s=0.4),
    )
    plain = FilmRequest(scenes, tmp_path / "film.mp4", 90, 160)
    join_scenes(plain, SilentHooks())
    before = [frame.rgb().mean() for frame in decode_video(tmp_path / "film.mp4")]
    join_scenes(plain, SilentHooks(), stages)
    after = [frame.rgb().mean() for frame in decode_video(tmp_path / "film.mp4")]
    assert np.abs(np.subtract(after, before) - 4).max() < 1.5


def test_crossfades_are_shortened_where_scenes_are_short():
    places = place_scenes([4.0, 0.5, 4.0], [1.0, 1.0, 1.0], Fraction(25))
    assert [place.fade for place in places] == [0, 4, 4]
    assert [place.first for place in places] == [0, 96, 104]
    assert places[-1].end == 204
    assert size_of_film([(640, 360), (90, 160)], "9:16", 1080) == (360, 640)
    assert size_of_film([(4000, 3000)], "4:5", 1080) == (1080, 1350)


@pytest.mark.parametrize(
    ("scene", "code"),
    [
        ({"start_s": 1.9}, FailureCode.SCENE_TRIMMED_AWAY),
        ({"start_s": 30.0, "end_s": 31.0}, FailureCode.SCENE_TRIMMED_AWAY),
        ({"start_s": 1.0, "end_s": 0.5}, FailureCode.SCENE_TRIMMED_AWAY),
        ({"start_s": float("nan")}, FailureCode.OPTION_INVALID),
        ({"fade_s": 9.0}, FailureCode.OPTION_INVALID),
    ],
)
def test_what_cannot_be_shown_is_told_of_its_scene(clips, tmp_path, scene, code):
    with pytest.raises(EngineFailure) as caught:
        film(clips, tmp_path, ("red", {}), ("green", scene))
    assert (caught.value.code, caught.value.detail["scene"]) == (code, 2)
    assert not list(tmp_path.iterdir())


def test_too_many_too_few_too_long_and_broken_scenes_are_refused(clips, tmp_path):
    for count in (0, 31):
        with pytest.raises(EngineFailure) as caught:
            film(clips, tmp_path, *[("red", {})] * count)
        assert caught.value.code is FailureCode.OPTION_INVALID
    with pytest.raises(EngineFailure) as caught:
        film(clips, tmp_path, ("red", {}), ("green", {}), max_duration_s=2.5)
    assert (caught.value.code, caught.value.detail["duration_s"]) == (FailureCode.CLIP_TOO_LONG, 4.0)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(clips["red"].read_bytes()[:700])
    with pytest.raises(EngineFailure) as caught:
        film({**clips, "broken": broken}, tmp_path, ("red", {}), ("broken", {}))
    assert caught.value.detail["scene"] == 2
