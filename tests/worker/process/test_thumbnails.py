"""Thumbnail orders: moments are proposed in one strip, and what is made is signed in every format."""

import numpy as np
import pytest
from PIL import Image

from tests import synth
from worker.compose.credentials import CredentialsState, read_credentials
from worker.engine.contracts import SilentHooks
from worker.engine.failures import EngineFailure, FailureCode
from worker.process.orders import ProposalsOrder, ThumbnailOrder
from worker.process.thumbnails import make_thumbnail, propose_thumbnails


class Impatient(SilentHooks):
    def should_stop(self) -> bool:
        return True


class Listening(SilentHooks):
    def __init__(self) -> None:
        self.fractions = []

    def on_progress(self, progress) -> None:
        self.fractions.append(progress.fraction)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return synth.drawn_talking_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", 1.2).path


def test_moments_come_as_one_strip_best_first_with_progress(clip, tmp_path):
    hooks = Listening()
    made = propose_thumbnails(ProposalsOrder(clip, tmp_path / "strip.jpg", 3), hooks)
    with Image.open(made.path) as strip:
        assert strip.size == (made.width_px, made.height_px)
        assert strip.width % len(made.moments) == 0
    assert all(0 <= share <= 1 for moment in made.moments for share in moment["face"])
    scores = [moment["score"] for moment in made.moments]
    assert scores == sorted(scores, reverse=True) and len(scores) == 3
    assert hooks.fractions == sorted(hooks.fractions) and len(hooks.fractions) > 10


@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp"])
def test_a_still_is_signed_whatever_its_format(clip, tmp_path, ending):
    order = ThumbnailOrder(
        clip, tmp_path / f"t{ending}", 0.5, "1:1", "Look", render_id="0123456789ab", credentials_dir=tmp_path / "c"
    )
    made = make_thumbnail(order, SilentHooks())
    with Image.open(made.path) as picture:
        assert picture.size == (made.width_px, made.height_px) == (720, 720)
        assert not getattr(picture, "is_animated", False)
    said = read_credentials(made.path)
    assert (said.state is CredentialsState.INVALID, said.render_id) == (False, "0123456789ab")


@pytest.mark.parametrize("ending", [".gif", ".webp"])
def test_a_moving_one_lies_around_its_moment_and_is_signed(clip, tmp_path, ending):
    order = ThumbnailOrder(
        clip, tmp_path / f"t{ending}", 1.1, length_s=0.6, width_px=96, words="Hi", credentials_dir=tmp_path / "c"
    )
    made = make_thumbnail(order, SilentHooks())
    assert made.at_s == pytest.approx(0.6, abs=0.05)
    with Image.open(made.path) as picture:
        assert picture.is_animated and picture.width == 96
    assert read_credentials(made.path).state not in (CredentialsState.NONE, CredentialsState.INVALID)


def test_the_very_end_gives_the_last_frame(clip, tmp_path):
    made = make_thumbnail(ThumbnailOrder(clip, tmp_path / "t.png", 1.2), SilentHooks())
    assert np.asarray(Image.open(made.path)).std() > 5


@pytest.mark.parametrize("length_s", [None, 1.0])
@pytest.mark.parametrize("at_s", [-1.0, 99.0, float("nan")])
def test_a_time_outside_the_video_is_refused_with_its_length(clip, tmp_path, at_s, length_s):
    with pytest.raises(EngineFailure) as refused:
        make_thumbnail(ThumbnailOrder(clip, tmp_path / "t.webp", at_s, length_s=length_s), SilentHooks())
    assert refused.value.code is FailureCode.OPTION_INVALID
    assert "1.2" in refused.value.detail["reason"]
    assert not (tmp_path / "t.webp").exists()


def test_it_stops_when_nobody_wants_it_any_more(clip, tmp_path):
    for call in (
        lambda: propose_thumbnails(ProposalsOrder(clip, tmp_path / "s.jpg"), Impatient()),
        lambda: make_thumbnail(ThumbnailOrder(clip, tmp_path / "t.gif", 0.5, length_s=0.5), Impatient()),
        lambda: make_thumbnail(ThumbnailOrder(clip, tmp_path / "t.png", 0.5), Impatient()),
    ):
        with pytest.raises(EngineFailure) as stopped:
            call()
        assert stopped.value.code is FailureCode.CANCELLED
