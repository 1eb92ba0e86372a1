"""One frame of a talking photo: the one that the whole video shows then, with its marks, from what is kept."""

from dataclasses import replace

import numpy as np
import pytest

from tests.synth import drawn_portrait, speechlike, write_audio, write_image
from worker.engine import moments
from worker.engine.contracts import Background, SilentHooks, Style, TalkingPhotoRequest
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.moments import show_moment
from worker.engine.talking_photo import animate


@pytest.fixture(scope="module")
def request_(tmp_path_factory):
    folder = tmp_path_factory.mktemp("moments")
    photo = write_image(folder / "photo.png", drawn_portrait())
    voice = write_audio(folder / "voice.wav", speechlike(1.6, seed=4))
    moments.forget()
    yield TalkingPhotoRequest(photo, folder / "out.mp4", audio_path=voice)
    moments.forget()


def test_it_is_the_frame_of_the_video_and_the_hardest_one_opens_the_mouth(request_):
    seen = []
    animate(request_, SilentHooks(), lambda *_: [lambda rgb, at_s: seen.append(rgb.copy()) or rgb])
    shown = show_moment(request_, 0.8, SilentHooks())
    assert (shown.at_s, shown.duration_s, shown.reason) == (0.8, 1.6, "")
    np.testing.assert_array_equal(shown.rgb, seen[20])
    hardest = show_moment(request_, None, SilentHooks())
    assert hardest.reason in ("open", "turned")
    mouth = np.s_[265:305, 150:235]
    moved = [np.abs(frame[mouth].astype(int) - seen[0][mouth]).mean() for frame in seen]
    assert moved[round(hardest.at_s * 25)] > np.median(moved)


def test_marks_are_drawn_at_that_time_and_times_outside_show_the_ends(request_):
    times = []
    show_moment(request_, 99.0, SilentHooks(), lambda *_: [lambda rgb, at_s: times.append(at_s) or rgb])
    assert times == [1.56]
    assert show_moment(request_, 0.0, SilentHooks()).at_s == 0.0


def test_voice_and_photo_are_looked_at_once_whatever_their_names(request_, monkeypatch, tmp_path):
    first = show_moment(request_, 0.8, SilentHooks())
    monkeypatch.setattr(moments, "find_acting", lambda *_: pytest.fail("the voice was heard again"))
    same = tmp_path / "same.wav"
    same.write_bytes(request_.audio_path.read_bytes())
    again = show_moment(replace(request_, audio_path=same, output_path=tmp_path / "x.mp4"), 0.8, SilentHooks())
    np.testing.assert_array_equal(again.rgb, first.rgb)
    behind = show_moment(replace(request_, background=Background.COLOUR), 0.8, SilentHooks())
    assert np.abs(behind.rgb[:40, :40].astype(int) - first.rgb[:40, :40]).mean() > 5
    monkeypatch.setattr(moments, "look", lambda *_: pytest.fail("the photo was looked at again"))
    show_moment(replace(request_, background=Background.COLOUR), 0.4, SilentHooks())


def test_options_that_contradict_and_files_that_are_gone_are_refused(request_, tmp_path):
    with pytest.raises(EngineFailure) as caught:
        show_moment(replace(request_, intensity=2.0), 0.0, SilentHooks())
    assert caught.value.code is FailureCode.OPTION_INVALID
    with pytest.raises(EngineFailure) as caught:
        show_moment(replace(request_, audio_path=tmp_path / "gone.wav", style=Style.STILL), 0.0, SilentHooks())
    assert caught.value.code is FailureCode.FILE_MISSING
