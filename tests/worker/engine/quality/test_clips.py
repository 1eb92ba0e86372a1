import math

import pytest

from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.quality.clips import bilabial_spans, grid_text, list_clips
from worker.engine.speech.mouth_track import Phoneme


def test_a_grid_clips_name_says_what_is_spoken():
    assert grid_text("bbaf2n") == "bin blue at f two now"
    assert grid_text("lrwp9a") == "lay red with p nine again"
    assert grid_text("swizzs") == "set white in z zero soon"


@pytest.mark.parametrize("name", ["", "abc", "kim_7s", "xbaf2n", "bbaf2nn"])
def test_other_names_say_nothing(name):
    assert grid_text(name) is None


def test_clips_are_listed_with_what_the_table_knows(tmp_path):
    folder = tmp_path / "talking_videos"
    folder.mkdir()
    for name in ("b.mp4", "g01_bbaf2n.mpg", "notes.txt"):
        (folder / name).write_bytes(b"")
    (tmp_path / "MEDIA.csv").write_text(
        "file,repo_licence,sync_lag_ms,sync_conf\n"
        "talking_videos/b.mp4,MIT,-80,0.3\n"
        'talking_videos/g01_bbaf2n.mpg,"GRID corpus, CC BY 4.0",0,\n',
        encoding="utf-8",
    )
    plain, grid = list_clips(tmp_path)
    assert (plain.name, plain.sync_lag_ms, plain.text, plain.may_train) == ("b", -80.0, None, False)
    assert math.isinf(plain.offset_limit_ms)
    assert (grid.text, grid.may_train, grid.offset_limit_ms) == ("bin blue at f two now", True, 80.0)


def test_a_folder_of_clips_without_a_table_works_too(tmp_path):
    (tmp_path / "my clip.mov").write_bytes(b"")
    (clip,) = list_clips(tmp_path)
    assert clip.sync_lag_ms == 0.0


def test_no_clips_is_said(tmp_path):
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(EngineFailure) as caught:
            list_clips(folder)
        assert caught.value.code is FailureCode.FILE_MISSING


def test_bilabials_are_p_b_and_m_with_whatever_marks():
    spoken = [
        Phoneme("b", 0, 0.1),
        Phoneme("a", 0.1, 0.2),
        Phoneme("pʰ", 0.2, 0.3),
        Phoneme("m", 0.3, 0.4),
        Phoneme("n", 0.4, 0.5),
    ]
    assert [s.start_s for s in bilabial_spans(spoken)] == [0, 0.2, 0.3]
