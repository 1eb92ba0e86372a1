"""Single lines of a clip: what may be stored, what is said about them before a render, and what goes into the order."""

import math

import pytest
from django.http import Http404

from apps.core.failures import SiteFailure
from apps.projects import services
from apps.projects.lines import lines_of
from apps.uploads.models import Asset

LINE = {"id": "a", "start_s": 1.0, "end_s": 2.5, "script": "Quite different words.", "script_voice": "en-us:female"}


@pytest.fixture
def clip(make_asset):
    person = {"index": 0, "box": [10, 10, 90, 90], "point": [50, 60], "at_s": 1.2, "problem": None, "warnings": []}
    found = {"problems": [], "warnings": [], "people": [person]}
    return make_asset(kind="clip", duration_s=8.0, width_px=1280, height_px=720, preflight=found)


@pytest.fixture
def dub(alice, clip):
    project = services.create_project(alice, kind="video_dub")
    return services.update_project(project, {"clip": str(clip.pk), "voice_source": "lines"})


def with_lines(dub, *lines):
    return services.update_project(dub, {"lines": list(lines)})


def refused(call) -> SiteFailure:
    with pytest.raises(SiteFailure) as caught:
        call()
    return caught.value


def test_only_the_lines_go_into_the_order(dub):
    services.update_project(dub, {"script": "Words for the whole clip."})
    order = services.render_request(with_lines(dub, LINE))
    assert (order["script"], order["voice_asset"], order["captions"]) == (None, None, None)
    assert order["lines"] == [
        {
            "start_s": 1.0,
            "end_s": 2.5,
            "voice_asset": None,
            "script": {"text": "Quite different words.", "voice": "en-us:female", "rate": 1.0, "pitch": 1.0},
            "sync_mode": "silence",
        }
    ]


def test_lines_with_words_have_captions_and_recordings_none(dub, make_asset):
    services.update_project(with_lines(dub, LINE), {"captions": "clean"})
    order = services.render_request(dub)
    assert (order["captions"], order["caption_text"]) == ("clean", None)
    recording = make_asset(kind="voice", duration_s=1.2)
    assert services.render_request(with_lines(dub, {**LINE, "voice": str(recording.pk)}))["captions"] is None


def test_without_lines_an_order_does_not_speak_of_them(dub):
    services.update_project(dub, {"script": "Words for the whole clip.", "voice_source": "script"})
    assert "lines" not in services.render_request(with_lines(dub, LINE))


def test_lines_are_kept_by_time(dub):
    later, earlier = {**LINE, "id": "b", "start_s": 5, "end_s": 6}, LINE
    assert [line["id"] for line in lines_of(with_lines(dub, later, earlier))] == ["a", "b"]


def test_a_recording_is_said_instead_of_the_words(dub, make_asset):
    recording = make_asset(kind="voice", duration_s=1.2)
    line = {**LINE, "voice": str(recording.pk), "sync_mode": "remap"}
    (ordered,) = services.render_request(with_lines(dub, line))["lines"]
    assert (ordered["voice_asset"], ordered["script"], ordered["sync_mode"]) == (str(recording.pk), None, "remap")


@pytest.mark.django_db
def test_a_deleted_recording_is_noticed_before_anything_is_rendered(dub, make_asset):
    recording = make_asset(kind="voice", duration_s=1.2)
    with_lines(dub, {**LINE, "voice": str(recording.pk)})
    recording.delete()
    problem = refused(lambda: services.render_request(dub))
    assert (problem.code, "line 1" in problem.detail["missing"]) == ("project_incomplete", True)


def test_recordings_go_with_the_project_unless_another_one_uses_them(dub, make_asset):
    recording = make_asset(kind="voice", duration_s=1.2)
    with_lines(dub, {**LINE, "voice": str(recording.pk)})
    copy = services.duplicate(dub)
    services.delete_project(dub)
    assert Asset.objects.filter(pk=recording.pk).exists()
    services.delete_project(copy)
    assert not Asset.objects.filter(pk=recording.pk).exists()


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([], "project_incomplete"),
        ([{**LINE, "script": "  "}], "project_incomplete"),
        ([{**LINE, "end_s": 1.0}], "segment_empty"),
        ([{**LINE, "end_s": 0.5}], "segment_empty"),
        ([{**LINE, "start_s": 7, "end_s": 8.2}], "segment_past_end"),
        ([LINE, {**LINE, "id": "b", "start_s": 2.4, "end_s": 3}], "segments_overlap"),
    ],
)
def test_what_cannot_be_said_is_kept_but_not_rendered(dub, lines, code):
    with_lines(dub, *lines)
    assert refused(lambda: services.render_request(dub)).code == code


def test_a_line_may_reach_a_hair_past_the_end_and_begin_where_another_ends(dub):
    with_lines(dub, {**LINE, "start_s": 5, "end_s": 6}, {**LINE, "id": "b", "start_s": 6, "end_s": 8.04})
    assert len(services.render_request(dub)["lines"]) == 2


@pytest.mark.parametrize(
    "rows",
    [
        None,
        "line",
        {},
        [None],
        [[]],
        [{**LINE, "start_s": math.nan}],
        [{**LINE, "end_s": math.inf}],
        [{**LINE, "start_s": -1}],
        [{**LINE, "start_s": True}],
        [{**LINE, "end_s": "2"}],
        [{**LINE, "script": 5}],
        [{**LINE, "script_rate": 9}],
        [{**LINE, "sync_mode": "dance"}],
        [{**LINE, "sync_mode": ["loop"]}],
        [{**LINE, "voice": "../../etc"}],
        [{**LINE, "id": "<script>"}],
        [{**LINE, "extra": 1}],
        [LINE, LINE],
        [{**LINE, "id": str(n)} for n in range(10_000)],
    ],
    ids=lambda rows: f"{len(rows)} rows" if isinstance(rows, list) and len(rows) > 5 else None,
)
def test_hostile_lines_are_refused_and_change_nothing(dub, rows):
    with_lines(dub, LINE)
    assert refused(lambda: services.update_project(dub, {"lines": rows})).code == "option_invalid"
    dub.refresh_from_db()
    assert [line["id"] for line in lines_of(dub)] == ["a"]


def test_words_that_are_too_many_and_unknown_voices_are_refused(dub, two_voices):
    assert refused(lambda: with_lines(dub, {**LINE, "script": "x" * 1001})).code == "script_too_long"
    assert refused(lambda: with_lines(dub, {**LINE, "script_voice": "nobody"})).code == "voice_unknown"
    assert with_lines(dub, {**LINE, "script_voice": "de:male"})


def test_a_recording_must_be_a_voice_of_ones_own(dub, make_asset, charlie):
    theirs = make_asset(kind="voice", owner=charlie)
    with pytest.raises(Http404):
        with_lines(dub, {**LINE, "voice": str(theirs.pk)})
    assert refused(lambda: with_lines(dub, {**LINE, "voice": str(dub.clip_id)})).code == "asset_wrong_kind"


def test_a_talking_photo_has_no_lines(project):
    assert refused(lambda: services.update_project(project, {"lines": [LINE]})).code == "option_invalid"
    assert refused(lambda: services.update_project(project, {"voice_source": "lines"})).code == "option_invalid"
