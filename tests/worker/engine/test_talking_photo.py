"""A photo and a voice become a video: whole, in step, stoppable, and refused for stated reasons."""

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from tests.synth import drawn_landscape, drawn_portrait, silence, speechlike, write_audio, write_image
from worker.engine.contracts import Aspect, Progress, Script, SilentHooks, Stage, TalkingPhotoRequest
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.talking_photo import animate


class Listener(SilentHooks):
    def __init__(self, stop_after=None):
        self.progress: list[Progress] = []
        self.thumbnails: list[tuple[bytes, float]] = []
        self.asked = 0
        self.stop_after = stop_after

    def on_progress(self, progress):
        self.progress.append(progress)

    def on_thumbnail(self, jpeg, pts_s):
        self.thumbnails.append((jpeg, pts_s))

    def should_stop(self):
        self.asked += 1
        return self.stop_after is not None and self.asked > self.stop_after


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("talking")
    write_image(folder / "photo.jpg", drawn_portrait())
    write_audio(folder / "voice.wav", speechlike(1.6, seed=4))
    return folder


@pytest.fixture
def request_(folder, tmp_path):
    return TalkingPhotoRequest(folder / "photo.jpg", tmp_path / "out.mp4", audio_path=folder / "voice.wav")


def decoded(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_a_recording_makes_the_photo_speak_for_exactly_its_length(request_):
    hooks = Listener()
    result = animate(request_, hooks)
    frames = decoded(result.output_path)
    assert len(frames) == result.frame_count == 40
    assert frames[0].shape == (480, 384, 3)
    assert result.duration_s == pytest.approx(1.6)
    mouth = np.s_[265:305, 150:235]
    assert max(np.abs(f[mouth].astype(int) - frames[0][mouth]).mean() for f in frames) > 5
    assert max(np.abs(f[:60, :80].astype(int) - frames[0][:60, :80]).mean() for f in frames) < 1.5
    fractions = [p.fraction for p in hooks.progress]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert next(p.stage for p in hooks.progress) is Stage.PREPARING
    assert {p.stage for p in hooks.progress} >= {Stage.LISTENING, Stage.LOOKING, Stage.RENDERING, Stage.FINISHING}
    assert hooks.thumbnails[0][0][:2] == b"\xff\xd8"
    assert set(result.stage_seconds) == {stage.value for stage in Stage}
    with av.open(str(result.output_path)) as container:
        assert container.streams.audio


def test_a_script_is_spoken_at_an_odd_frame_rate_in_another_shape(request_):
    request = replace(
        request_,
        audio_path=None,
        script=Script("Hello, my friend.", "en-us"),
        frame_rate=Fraction(30000, 1001),
        aspect=Aspect.SQUARE,
        max_short_side_px=240,
    )
    result = animate(request, SilentHooks())
    assert (result.width_px, result.height_px) == (240, 240)
    assert result.frame_rate == Fraction(30000, 1001)
    assert abs(result.frame_count - result.duration_s * 30000 / 1001) <= 1
    assert result.frame_count > 20


def test_the_same_request_gives_the_same_frames(request_, tmp_path):
    request = replace(request_, max_short_side_px=160)
    seen = []
    for name in ("one.mp4", "two.mp4"):
        taken: list[bytes] = []

        def keep(frame, _pts_s, taken=taken):
            taken.append(frame.tobytes())
            return frame

        animate(replace(request, output_path=tmp_path / name), SilentHooks(), lambda _w, _h, keep=keep: [keep])
        seen.append(taken)
    assert seen[0] == seen[1]


def test_stages_get_the_output_size_and_every_frame_with_its_time(request_):
    sizes, times = [], []

    def stage(frame, pts_s):
        times.append(pts_s)
        frame[:8, :8] = (255, 0, 0)
        return frame

    def stages(width_px, height_px):
        sizes.append((width_px, height_px))
        return [stage]

    result = animate(replace(request_, max_short_side_px=192), SilentHooks(), stages)
    assert sizes == [(192, 240)]
    np.testing.assert_allclose(times, np.arange(40) / 25)
    assert decoded(result.output_path)[-1][2:6, 2:6, 0].mean() > 200


def test_stopping_leaves_nothing_behind(request_):
    with pytest.raises(EngineFailure) as failure:
        animate(request_, Listener(stop_after=12))
    assert failure.value.code is FailureCode.CANCELLED
    assert list(request_.output_path.parent.iterdir()) == []


def refusal(request):
    with pytest.raises(EngineFailure) as failure:
        animate(request, SilentHooks())
    assert not request.output_path.exists()
    return failure.value.code


def test_what_cannot_work_is_refused_with_its_reason(request_, tmp_path):
    voice = request_.audio_path
    quiet = write_audio(tmp_path / "quiet.wav", silence(2.0))
    short = write_audio(tmp_path / "short.wav", speechlike(0.2))
    meadow = write_image(tmp_path / "meadow.jpg", drawn_landscape())
    masked = write_image(tmp_path / "masked.jpg", drawn_portrait(covered=True))
    assert refusal(replace(request_, audio_path=quiet)) is FailureCode.AUDIO_SILENT
    assert refusal(replace(request_, audio_path=short)) is FailureCode.AUDIO_TOO_SHORT
    assert refusal(replace(request_, max_duration_s=0.5)) is FailureCode.AUDIO_TOO_LONG
    assert refusal(replace(request_, audio_path=tmp_path / "none.wav")) is FailureCode.FILE_MISSING
    assert refusal(replace(request_, portrait_path=voice)) is FailureCode.FILE_WRONG_KIND
    assert refusal(replace(request_, portrait_path=meadow)) is FailureCode.NO_FACE
    assert refusal(replace(request_, portrait_path=masked)) is FailureCode.FACE_COVERED
    assert refusal(replace(request_, script=Script("Hi", "en-us"))) is FailureCode.OPTION_INVALID
    assert refusal(replace(request_, audio_path=None)) is FailureCode.OPTION_INVALID
    assert refusal(replace(request_, frame_rate=Fraction(0))) is FailureCode.OPTION_INVALID
    assert refusal(replace(request_, max_short_side_px=2)) is FailureCode.OPTION_INVALID
    assert refusal(replace(request_, device="quantum")) is FailureCode.OPTION_INVALID


def test_a_missing_gpu_is_said_and_not_worked_around(request_, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert refusal(replace(request_, device="cuda")) is FailureCode.DEVICE_UNAVAILABLE
