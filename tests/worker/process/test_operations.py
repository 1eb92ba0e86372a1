"""The real operations, as the engine process runs them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.synth import drawn_portrait, speechlike, write_audio, write_clip, write_image
from worker.compose.certificates import make_dev_certificate, root_in
from worker.compose.credentials import CredentialsState, read_credentials
from worker.compose.provenance import identify
from worker.engine.contracts import Script, SilentHooks, TalkingPhotoRequest
from worker.engine.failures import EngineFailure, FailureCode
from worker.process.operations import _sign, talking_photo
from worker.process.orders import RenderInput, RenderOrder

RENDER_ID = "5eed00c0ffee"


def order_in(folder: Path, **marks) -> RenderOrder:
    request = TalkingPhotoRequest(
        portrait_path=write_image(folder / "portrait.png", drawn_portrait(360, 440)),
        output_path=folder / "video.mp4",
        audio_path=write_audio(folder / "voice.wav", speechlike(1.6)),
    )
    return RenderOrder(request, folder / "poster.jpg", folder / "voices", **marks)


@pytest.mark.slow
def test_a_rendered_video_tells_where_it_comes_from_in_both_ways(tmp_path):
    inputs = (RenderInput("portrait", "image/png", "ab" * 32), RenderInput("voice", "audio/wav", "cd" * 32))
    certificate = tmp_path / "credentials"
    video = talking_photo(
        order_in(tmp_path, render_id=RENDER_ID, credentials_dir=certificate, inputs=inputs), SilentHooks()
    )
    found = identify(video.path, root_in(certificate))
    assert found.is_made_here and found.render_id == RENDER_ID
    assert found.hidden_mark.render_id == RENDER_ID
    told = found.credentials
    assert (told.state, told.action) == (CredentialsState.TRUSTED, "c2pa.created")
    assert told.source_type == "compositeWithTrainedAlgorithmicMedia"
    assert told.render_id == RENDER_ID
    assert [one["sha256"] for one in told.ingredients] == ["ab" * 32, "cd" * 32]
    assert read_credentials(video.poster_path, root_in(certificate)).state is CredentialsState.TRUSTED


def test_a_broken_certificate_is_found_before_anything_is_rendered(tmp_path):
    certificate = tmp_path / "credentials"
    certificate.mkdir()
    (certificate / "chain.pem").write_text("not a certificate")
    (certificate / "key.pem").write_text("not a key")
    with pytest.raises(EngineFailure) as caught:
        talking_photo(order_in(tmp_path, render_id=RENDER_ID, credentials_dir=certificate), SilentHooks())
    assert caught.value.code is FailureCode.INTERNAL
    assert not (tmp_path / "video.mp4").exists()


class Listener(SilentHooks):
    def __init__(self) -> None:
        self.fragments: list[bytes] = []

    def on_fragment(self, number: int, data: bytes) -> None:
        self.fragments.append(data)


def scripted(order: RenderOrder, text: str) -> RenderOrder:
    return replace(order, request=replace(order.request, audio_path=None, script=Script(text, "en-us")))


@pytest.mark.slow
def test_a_changed_sentence_is_rendered_again_and_the_hidden_mark_still_reads(tmp_path):
    order = order_in(tmp_path, render_id=RENDER_ID, fragments=True, segments_dir=tmp_path / "segments")
    first = talking_photo(scripted(order, "The first one stays here. This one is to change."), SilentHooks())
    hooks = Listener()
    second = talking_photo(scripted(order, "The first one stays here. Now it is another one."), hooks)
    assert (first.segments, first.segments_kept) == (2, 0)
    assert (second.segments, second.segments_kept) == (2, 1)
    assert identify(second.path, None).hidden_mark.render_id == RENDER_ID
    assert hooks.fragments[0][4:8] == b"ftyp"
    assert len(hooks.fragments) > 3


def test_clean_pixels_are_neither_streamed_nor_kept(tmp_path):
    hooks = Listener()
    order = order_in(tmp_path, watermark=False, fragments=True, segments_dir=tmp_path / "segments")
    talking_photo(scripted(order, "Hello there."), hooks)
    assert hooks.fragments == []
    assert not (tmp_path / "segments").exists()


def test_another_mark_is_another_segment(tmp_path):
    order = scripted(order_in(tmp_path, segments_dir=tmp_path / "segments", render_id=RENDER_ID), "Hello there.")
    assert talking_photo(order, SilentHooks()).segments_kept == 0
    assert talking_photo(order, SilentHooks()).segments_kept == 1
    assert talking_photo(replace(order, render_id="0" * 12), SilentHooks()).segments_kept == 0
    assert talking_photo(replace(order, label_corner="top-right"), SilentHooks()).segments_kept == 0


@pytest.mark.parametrize(
    ("parts", "action"), [(("voice", "clip"), "c2pa.edited"), (("portrait", "drive"), "c2pa.created")]
)
def test_a_dub_says_that_it_changes_somebodys_video_and_names_that_first(tmp_path, parts, action):
    inputs = tuple(RenderInput(part, "video/mp4", f"{number}a" * 32) for number, part in enumerate(parts))
    order = order_in(tmp_path, render_id=RENDER_ID, inputs=inputs)
    path = write_clip(tmp_path / "made.mp4", [np.full((64, 64, 3), 20 * n, np.uint8) for n in range(4)])
    key = make_dev_certificate(tmp_path / "credentials")
    assert _sign(path, order, key) == path
    told = read_credentials(path, key.root_pem)
    assert (told.state, told.action) == (CredentialsState.TRUSTED, action)
    expected = ["clip", "voice"] if "clip" in parts else list(parts)
    assert [one["part"] for one in told.ingredients] == expected
