import numpy as np
import pytest

from tests.synth import drawn_landscape, write_clip
from worker.engine.dub.source_frames import frames_in_order
from worker.engine.media.decode import decode_video
from worker.engine.media.probe import probe


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Sixty frames, each with a brightness of its own."""
    hills = drawn_landscape(64, 48).astype(float) * 0.5
    pictures = [np.clip(hills + 2.0 * i, 0, 255).astype(np.uint8) for i in range(60)]
    path = write_clip(tmp_path_factory.mktemp("frames") / "clip.mp4", pictures)
    pts_s = np.array([frame.pts_s for frame in decode_video(path)])
    levels = [float(frame.picture.planes[0].mean()) for frame in decode_video(path)]
    return path, pts_s, levels, probe(path).video.keyframe_times_s


@pytest.mark.parametrize(
    "order",
    [
        list(range(60)),
        [*range(40), *range(38, -1, -1)],
        [*range(20), *range(20), *range(20)],
        [5, 5, 5, 6, 8, 8],
        [50, 3, 30, 31, 59, 0],
        list(range(59, -1, -1)),
    ],
    ids=["forwards", "there_and_back", "in_a_loop", "repeated", "jumping", "backwards"],
)
def test_each_wanted_frame_comes_when_it_is_wanted(clip, order):
    path, pts_s, levels, keyframes = clip
    seen = list(frames_in_order(path, order, pts_s, keyframes))
    assert [frame.index for frame in seen] == order
    assert [float(frame.picture.planes[0].mean()) for frame in seen] == pytest.approx([levels[i] for i in order])


def test_changing_a_fresh_picture_leaves_the_frame_as_it_was(clip):
    path, pts_s, levels, keyframes = clip
    first, again = frames_in_order(path, [7, 7], pts_s, keyframes)
    first.fresh_picture().add_rgb((0, 0, 64, 48), np.full((48, 64, 3), 50, np.float32))
    assert float(again.picture.planes[0].mean()) == pytest.approx(levels[7])
