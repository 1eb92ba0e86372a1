"""Lines of a clip: what is read, what is refused, and that the refusal names the line."""

import json
from pathlib import Path

import pytest

from apps.core.failures import sentence_for
from worker.engine.contracts import DubSegment, FaceChoice, Script, SyncMode
from worker.engine.dub.segments import check_segments, parse_face_choice, read_segments, segments_as_json
from worker.engine.failures import EngineFailure, FailureCode


def written(folder: Path, content: object) -> Path:
    path = folder / "lines.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def line(start_s: float, end_s: float) -> DubSegment:
    return DubSegment(start_s, end_s, script=Script("Hello", "en-us"))


def refusal_of(call) -> EngineFailure:
    with pytest.raises(EngineFailure) as caught:
        call()
    return caught.value


def test_a_file_of_lines_is_read_by_time(tmp_path):
    path = written(
        tmp_path,
        {
            "segments": [
                {
                    "start_s": 5,
                    "end_s": 7.5,
                    "text": "Bonjour.",
                    "voice": "fr",
                    "rate": 1.1,
                    "sync_mode": "remap",
                    "face": 1,
                },
                {"start_s": 1.2, "end_s": 3.4, "audio": "line.wav", "face": "320,180@1.5"},
            ]
        },
    )
    first, second = read_segments(path)
    assert first.audio_path == tmp_path / "line.wav"
    assert first.face == FaceChoice(point=(320.0, 180.0), at_s=1.5)
    assert second.script == Script("Bonjour.", "fr", 1.1)
    assert second.sync_mode is SyncMode.REMAP
    assert second.face == FaceChoice(index=1)


def test_lines_survive_being_written_and_read(tmp_path):
    lines = (
        DubSegment(0.5, 1.5, script=Script("Hi", "en-us", 1.1, 0.9), face=FaceChoice(index=2)),
        DubSegment(2.0, 3.0, audio_path=Path("/recordings/a.wav"), sync_mode=SyncMode.BOUNCE),
        DubSegment(4.0, 5.0, script=Script("Ho", "de"), face=FaceChoice(point=(10.0, 20.0), at_s=4.5)),
    )
    assert read_segments(written(tmp_path, segments_as_json(lines))) == lines


HOSTILE = {
    "no json": "start: 1",
    "binary": "\x00\x01",
    "deep": "[" * 100_000,
    "a number": "3",
    "an empty list": [],
    "no list": {"segments": {}},
    "a line that is text": ["1-2"],
    "nan": '[{"start_s": NaN, "end_s": 2, "text": "x", "voice": "en"}]',
    "true as a time": [{"start_s": True, "end_s": 2, "text": "x", "voice": "en"}],
    "words without a voice": [{"start_s": 1, "end_s": 2, "text": "x"}],
    "both": [{"start_s": 1, "end_s": 2, "text": "x", "voice": "en", "audio": "a.wav"}],
    "neither": [{"start_s": 1, "end_s": 2}],
    "a strange mode": [{"start_s": 1, "end_s": 2, "audio": "a.wav", "sync_mode": ["loop"]}],
    "a strange face": [{"start_s": 1, "end_s": 2, "audio": "a.wav", "face": "left"}],
    "a misspelt key": [{"start": 1, "end_s": 2, "audio": "a.wav"}],
    "a path with a zero": [{"start_s": 1, "end_s": 2, "audio": "a\0.wav"}],
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_list_of_lines_is_refused_with_a_reason(tmp_path, content):
    failure = refusal_of(lambda: read_segments(written(tmp_path, content)))
    assert failure.code is FailureCode.SEGMENTS_UNREADABLE
    assert str(failure.detail["reason"]) in sentence_for(failure.code.value, failure.detail)


def test_overlapping_lines_are_refused_by_number():
    failure = refusal_of(lambda: check_segments([line(3, 5), line(1, 3.5)], 10))
    assert failure.code is FailureCode.SEGMENTS_OVERLAP
    assert sentence_for("segments_overlap", failure.detail).startswith("Line 2 begins at 3.00 s")


def test_a_line_past_the_end_is_refused_with_the_clips_length():
    failure = refusal_of(lambda: check_segments([line(3, 12)], 10))
    assert failure.code is FailureCode.SEGMENT_PAST_END
    assert failure.at_s == 12


@pytest.mark.parametrize("span", [(2.0, 2.0), (2.0, 1.0), (2.0, 2.05)])
def test_an_empty_line_is_refused(span):
    assert refusal_of(lambda: check_segments([line(*span)], 10)).code is FailureCode.SEGMENT_EMPTY


@pytest.mark.parametrize("bad", [line(-1, 2), line(float("nan"), 2), DubSegment(1, 2), line(0, float("inf"))])
def test_lines_that_make_no_sense_are_refused(bad):
    with pytest.raises(EngineFailure):
        check_segments([bad], 10)


def test_lines_that_touch_and_one_that_ends_with_the_clip_are_fine():
    checked = check_segments([line(0, 2), line(2, 4), line(4, 10.03)], 10)
    assert [s.end_s for s in checked] == [2, 4, 10]


@pytest.mark.parametrize("text", ["", "left", "1,2,3", "nan,2", "-1", "5,5@x", "5,5@-1", "inf,1", 1.5, None, True, []])
def test_strange_faces_are_refused(text):
    with pytest.raises((ValueError, TypeError)):
        parse_face_choice(text)
