"""Another shape of a clip: same length and sound, the face inside, soft surroundings where the picture ends."""

import av
import numpy as np
import pytest

from tests import synth
from worker.compose.camera import Window
from worker.compose.reframing import SOLID_RGB, Fill, draw_window, output_size, reframe
from worker.engine.contracts import Aspect, SilentHooks
from worker.engine.face.detection import find_faces
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.decode import decode_video
from worker.engine.media.probe import probe


def crossing_clip(path, seconds: float = 2.4):
    """A drawn person who crosses a wide picture from left to right."""
    person = synth.drawn_portrait(160, 200, unit_share=0.2, eye_line=0.38)
    frames = []
    for number in range(round(seconds * 25)):
        wide = np.full((240, 640, 3), (60, 80, 110), np.uint8)
        x = round(20 + (640 - 200) * number / (seconds * 25))
        wide[40:, x : x + 160] = person
        frames.append(wide)
    return synth.write_clip(path, frames, samples=synth.tone(seconds))


def test_a_crossing_person_stays_whole_in_an_upright_picture(tmp_path):
    source = crossing_clip(tmp_path / "wide.mp4")
    made = reframe(source, tmp_path / "tall.mp4", Aspect.PORTRAIT_9_16, SilentHooks())
    info = probe(tmp_path / "tall.mp4")
    assert (info.video.width_px, info.video.height_px) == (made.width_px, made.height_px) == (240, 426)
    assert info.video.frame_count == made.frame_count == 60
    assert info.sound is not None
    for frame in list(decode_video(tmp_path / "tall.mp4"))[::6]:
        faces = find_faces(frame.rgb())
        assert faces, f"no face at {frame.pts_s:.2f} s"
        box = faces[0].box
        assert box.x0 > 0 and box.x1 < made.width_px and box.y0 > 0 and box.y1 < made.height_px


def test_an_upright_picture_in_a_wide_shape_keeps_the_face_large(tmp_path):
    clip = synth.drawn_talking_clip(tmp_path / "tall.mp4", 0.8)
    made = reframe(clip.path, tmp_path / "wide.mp4", Aspect.LANDSCAPE_16_9, SilentHooks())
    assert made.width_px / made.height_px == pytest.approx(16 / 9, abs=0.01)
    assert find_faces(next(iter(decode_video(tmp_path / "wide.mp4"))).rgb())


def test_variable_frame_times_become_steady_ones_of_the_same_length(tmp_path):
    clip = synth.drawn_talking_clip(tmp_path / "vfr.mp4", 1.5, vfr=True)
    reframe(clip.path, tmp_path / "square.mp4", Aspect.SQUARE, SilentHooks())
    with av.open(str(tmp_path / "square.mp4")) as container:
        times = [float(frame.time) for frame in container.decode(video=0)]
    assert np.ptp(np.diff(times)) < 1e-3
    assert times[-1] == pytest.approx(float(clip.pts_s[-1]), abs=0.09)


def test_what_the_window_shows_is_the_pictures_own_pixels():
    rgb = np.random.default_rng(3).integers(0, 255, (80, 120, 3), dtype=np.uint8)
    shown = draw_window(rgb, Window(30, 10, 60, 60), (60, 60), Fill.BLUR)
    assert np.array_equal(shown, rgb[10:70, 30:90])


@pytest.mark.parametrize("fill", list(Fill))
def test_beyond_the_picture_lies_the_chosen_fill_and_inside_the_picture_itself(fill):
    rgb = np.full((60, 60, 3), 200, np.uint8)
    shown = draw_window(rgb, Window(0, -30, 60, 120), (60, 120), fill)
    assert np.array_equal(shown[32:88], rgb[:56])
    outside = shown[:28].reshape(-1, 3)
    if fill is Fill.SOLID:
        assert (outside == SOLID_RGB).all()
    elif fill is Fill.EXTEND:
        assert (np.abs(outside.astype(int) - 200) <= 1).all()
    else:
        assert 100 < outside.mean() < 190


def test_a_small_source_is_not_blown_up(tmp_path):
    clip = synth.drawn_talking_clip(tmp_path / "clip.mp4", 0.2)
    assert output_size(probe(clip.path).video, Aspect.PORTRAIT_9_16) == (256, 456)
    assert output_size(probe(clip.path).video, Aspect.SQUARE) == (256, 256)


def test_stages_see_every_frame_in_its_new_size(tmp_path):
    clip = synth.drawn_talking_clip(tmp_path / "clip.mp4", 0.4)
    seen = []

    def stages(width_px, height_px):
        return [lambda rgb, pts_s: seen.append((rgb.shape, round(pts_s, 2))) or rgb]

    reframe(clip.path, tmp_path / "out.mp4", Aspect.SQUARE, SilentHooks(), frame_stages=stages)
    assert seen == [((256, 256, 3), round(n / 25, 2)) for n in range(10)]


def test_a_voice_has_no_shape_and_the_sources_own_shape_is_no_other(tmp_path):
    sound = synth.write_audio(tmp_path / "voice.wav", synth.tone(0.5))
    clip = synth.drawn_talking_clip(tmp_path / "clip.mp4", 0.2)
    for source, aspect, code in (
        (sound, Aspect.SQUARE, FailureCode.NO_VIDEO_STREAM),
        (clip.path, Aspect.SOURCE, FailureCode.OPTION_INVALID),
    ):
        with pytest.raises(EngineFailure) as failure:
            reframe(source, tmp_path / "out.mp4", aspect, SilentHooks())
        assert failure.value.code is code
        assert not (tmp_path / "out.mp4").exists()


def test_a_stop_leaves_nothing_behind(tmp_path):
    class Stop(SilentHooks):
        def should_stop(self) -> bool:
            return True

    clip = synth.drawn_talking_clip(tmp_path / "clip.mp4", 0.4)
    with pytest.raises(EngineFailure) as failure:
        reframe(clip.path, tmp_path / "out.mp4", Aspect.SQUARE, Stop())
    assert failure.value.code is FailureCode.CANCELLED
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clip.mp4"]
