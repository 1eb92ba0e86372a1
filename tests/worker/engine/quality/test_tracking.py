import numpy as np
import pytest

from tests.synth import drawn_talking_clip, syllables
from worker.engine.failures import EngineFailure
from worker.engine.quality.signals import agreement
from worker.engine.quality.tracking import track_video


@pytest.fixture(scope="module")
def talking(tmp_path_factory):
    clip = drawn_talking_clip(tmp_path_factory.mktemp("clips") / "talk.mp4", 1.6, aperture=syllables(2.0))
    return clip, track_video(clip.path)


def test_a_drawn_mouth_is_tracked_in_time_and_size(talking):
    clip, video = talking
    agree = agreement(video.times_s, video.aperture, clip.pts_s, clip.apertures)
    assert agree.r > 0.9
    assert abs(agree.lag_ms) < 25
    assert 0.5 < np.percentile(video.aperture, 95) / np.percentile(clip.apertures, 95) < 1.4


def test_every_frame_has_its_row(talking):
    clip, video = talking
    assert np.allclose(video.times_s, clip.pts_s, atol=0.002)
    assert video.found_share == 1.0
    assert video.landmarks_px.shape == (len(clip.pts_s), 478, 3)
    assert np.isnan(video.mouth_change[:2]).all()  # the tracker settles
    assert np.isfinite(video.mouth_change[2:]).all()
    assert (video.width_px, video.height_px) == (256, 320)


def test_a_file_that_is_no_video_says_so(tmp_path):
    path = tmp_path / "x.mp4"
    path.write_text("no video")
    with pytest.raises(EngineFailure):
        track_video(path)
