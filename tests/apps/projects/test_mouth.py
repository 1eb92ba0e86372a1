import math

import pytest

from apps.core.failures import SiteFailure
from apps.projects import services
from apps.projects.mouth import edits_apply, edits_of

CLOSE = {"kind": "close", "start_s": 0.5, "end_s": 0.8}


def test_edits_go_into_the_order_while_the_voice_is_the_one_they_were_made_for(project):
    services.update_project(project, {"mouth_edits": [CLOSE]})
    assert services.render_request(project)["mouth_edits"] == [CLOSE]
    services.update_project(project, {"script": "Other words."})
    assert (edits_apply(project), edits_of(project)) == (False, [CLOSE])
    assert services.render_request(project)["mouth_edits"] == []
    services.update_project(project, {"script": "Hello there."})
    assert services.render_request(project)["mouth_edits"] == [CLOSE]


def test_edits_sent_together_with_other_words_belong_to_those(project):
    services.update_project(project, {"mouth_edits": [CLOSE], "script": "Other words."})
    assert edits_apply(project)


def test_without_edits_nothing_is_kept(project):
    services.update_project(project, {"mouth_edits": [CLOSE]})
    services.update_project(project, {"mouth_edits": []})
    assert "mouth" not in project.options


def test_an_imported_track_goes_into_the_order_of_a_voice_and_of_nothing_else(project, make_asset):
    track = make_asset(kind="track")
    services.update_project(project, {"track": track.pk})
    assert services.render_request(project)["track_asset"] == str(track.pk)
    services.update_project(project, {"moved_by": "idle"})
    assert services.render_request(project)["track_asset"] is None


@pytest.mark.parametrize(
    "rows",
    [
        None,
        "close",
        [CLOSE] * 201,
        [[]],
        [{**CLOSE, "kind": "open"}],
        [{**CLOSE, "extra": 1}],
        [{**CLOSE, "end_s": 0.5}],
        [{**CLOSE, "end_s": math.inf}],
        [{**CLOSE, "end_s": True}],
        [{"kind": "scale", "start_s": 0, "end_s": 1, "amount": 2.1}],
    ],
)
def test_impossible_edits_are_refused(project, rows):
    with pytest.raises(SiteFailure) as refused:
        services.update_project(project, {"mouth_edits": rows})
    assert refused.value.code == "option_invalid"
