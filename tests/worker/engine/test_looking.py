"""The photo looked at last is kept for the next render of it, and for nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from tests.synth import drawn_portrait, write_image
from worker.engine import looking
from worker.engine.contracts import Aspect, Background, TalkingPhotoRequest
from worker.engine.failures import EngineFailure, FailureCode


@pytest.fixture
def looks(monkeypatch):
    """Names of the pictures that were read."""
    read = []
    load_image = looking.load_image
    monkeypatch.setattr(looking, "load_image", lambda path: read.append(path.name) or load_image(path))
    looking.forget()
    yield read
    looking.forget()


def test_the_same_photo_is_looked_at_once_whatever_its_name_and_what_is_behind_it(looks, tmp_path):
    request = TalkingPhotoRequest(write_image(tmp_path / "one.png", drawn_portrait()), tmp_path / "out.mp4", idle_s=2.0)
    first = looking.look(request)
    (tmp_path / "two.png").write_bytes(request.portrait_path.read_bytes())
    assert looking.look(replace(request, portrait_path=tmp_path / "two.png")) is first
    before = first.rgb.copy(), first.layers.alpha.copy()
    apart = looking.look(replace(request, background=Background.TRANSPARENT))
    assert apart is not first
    assert looks == ["one.png"]
    np.testing.assert_array_equal(first.rgb, before[0])
    np.testing.assert_array_equal(first.layers.alpha, before[1])


def test_another_picture_under_the_same_name_and_another_shape_are_looked_at_anew(looks, tmp_path):
    path = write_image(tmp_path / "one.png", drawn_portrait())
    request = TalkingPhotoRequest(path, tmp_path / "out.mp4", idle_s=2.0)
    first = looking.look(request)
    write_image(path, drawn_portrait()[:, ::-1])
    mirrored = looking.look(request)
    np.testing.assert_array_equal(mirrored.rgb, first.rgb[:, ::-1])
    assert looking.look(replace(request, aspect=Aspect.SQUARE)).rgb.shape[0] == 384
    assert len(looks) == 3


def test_a_photo_that_is_gone_is_missed_even_while_it_is_kept(looks, tmp_path):
    path = write_image(tmp_path / "one.png", drawn_portrait())
    request = TalkingPhotoRequest(path, tmp_path / "out.mp4", idle_s=2.0)
    looking.look(request)
    path.unlink()
    with pytest.raises(EngineFailure) as caught:
        looking.look(request)
    assert caught.value.code is FailureCode.FILE_MISSING
