"""Thumbnails propose moments worth showing, carry words that can be read, and loop without a jump."""

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from tests import synth
from worker.compose.thumbnails import best_frames, moving_thumbnail
from worker.engine.failures import EngineFailure, FailureCode


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Closed lips for a second, then an open vowel for a second."""
    path = tmp_path_factory.mktemp("thumbnails") / "clip.mp4"
    return synth.drawn_talking_clip(path, 2.0, aperture=lambda t: 0.0 if t < 1.0 else 0.2)


def test_a_speaking_moment_is_proposed_before_closed_lips(clip):
    best = best_frames(clip.path, 1)[0]
    assert best.at_s >= 1.0
    assert best.face is not None
    assert best.rgb.shape == (320, 256, 3)


def test_several_proposals_are_spread_over_the_video_best_first(clip):
    proposals = best_frames(clip.path, 3)
    scores = [proposal.score for proposal in proposals]
    times = sorted(proposal.at_s for proposal in proposals)
    assert len(proposals) == 3
    assert scores == sorted(scores, reverse=True)
    assert np.diff(times).min() >= 0.12 * 2.0 - 0.05


def test_a_clip_without_a_face_still_gets_its_sharpest_frame(tmp_path):
    blank = np.full((128, 128, 3), 90, np.uint8)
    rng = np.random.default_rng(0)
    busy = rng.integers(0, 255, (128, 128, 3), dtype=np.uint8)
    path = synth.write_clip(tmp_path / "clip.mp4", [blank] * 12 + [busy] * 12)
    best = best_frames(path, 1)[0]
    assert best.face is None
    assert best.at_s >= 12 / 25


@pytest.mark.parametrize("ending", [".webp", ".gif"])
def test_a_moving_thumbnail_plays_forth_and_back(tmp_path, ending):
    clip = synth.drawn_talking_clip(tmp_path / "clip.mp4", 2.0)
    out = tmp_path / f"moving{ending}"
    width_px, height_px, frames = moving_thumbnail(clip.path, out, start_s=0.6, duration_s=0.8, width_px=96)
    with Image.open(out) as picture:
        assert picture.is_animated
        assert (picture.width, picture.height) == (width_px, height_px) == (96, 120)
        looks = []
        for number in range(picture.n_frames):
            picture.seek(number)
            looks.append(np.asarray(picture.convert("RGB"), np.float32))
    assert frames >= len(looks) > 4  # a format may merge two equal neighbours
    step = max(np.abs(after - before).mean() for before, after in pairwise(looks))
    assert np.abs(looks[-1] - looks[0]).mean() <= step + 1, "the loop's seam is no larger than a step inside it"


@pytest.mark.parametrize(
    "wrong",
    [
        {"start_s": -1.0},
        {"start_s": 99.0},
        {"duration_s": 0.0},
        {"duration_s": 3600.0},
        {"duration_s": float("nan")},
        {"width_px": 0},
        {"width_px": 100_000},
        {"frames_per_s": 0},
        {"frames_per_s": 1000},
    ],
    ids=str,
)
def test_what_cannot_be_made_is_refused_and_leaves_no_file(clip, tmp_path, wrong):
    out = tmp_path / "moving.webp"
    with pytest.raises(EngineFailure) as failure:
        moving_thumbnail(clip.path, out, **wrong)
    assert failure.value.code is FailureCode.OPTION_INVALID
    assert not out.exists()


def test_a_recording_has_no_thumbnail(tmp_path):
    sound = synth.write_audio(tmp_path / "voice.wav", synth.tone(0.5))
    for make in (lambda: best_frames(sound), lambda: moving_thumbnail(sound, tmp_path / "a.webp")):
        with pytest.raises(EngineFailure) as failure:
            make()
        assert failure.value.code is FailureCode.NO_VIDEO_STREAM


def test_another_ending_is_refused(clip, tmp_path):
    with pytest.raises(EngineFailure):
        moving_thumbnail(clip.path, tmp_path / "moving.mp4")
