"""The real operations, as the engine process runs them."""

from pathlib import Path

import pytest

from tests.synth import drawn_portrait, speechlike, write_audio, write_image
from worker.compose.certificates import root_in
from worker.compose.credentials import CredentialsState, read_credentials
from worker.compose.provenance import identify
from worker.engine.contracts import SilentHooks, TalkingPhotoRequest
from worker.engine.failures import EngineFailure, FailureCode
from worker.process.operations import talking_photo
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
