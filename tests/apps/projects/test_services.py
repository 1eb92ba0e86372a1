import pytest
from django.http import Http404

from apps.core.failures import SiteFailure
from apps.projects import options, services
from apps.projects.models import Project
from apps.projects.presentation import UNTITLED, UNTITLED_FILM, display_title
from apps.uploads.models import Asset


def test_a_project_that_is_not_mine_does_not_exist(project, charlie):
    with pytest.raises(Http404):
        services.get_project_for(charlie, project.pk)
    with pytest.raises(Http404):
        services.get_project_for(project.owner, "nonsense")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": "x" * 121}, "option_invalid"),
        ({"script": "x" * 10_001}, "script_too_long"),
        ({"script_voice": "nobody"}, "voice_unknown"),
        ({"script_rate": float("nan")}, "option_invalid"),
        ({"script_pitch": 0.1}, "option_invalid"),
        ({"aspect": "2:1"}, "option_invalid"),
        ({"face_index": 3}, "face_index_out_of_range"),
        ({"no_such": 1}, "option_invalid"),
    ],
)
def test_impossible_settings_are_refused(project, changes, code):
    with pytest.raises(SiteFailure) as refused:
        services.update_project(project, changes)
    assert refused.value.code == code
    assert refused.value.sentence


def test_characters_that_no_database_keeps_are_dropped(project):
    services.update_project(project, {"script": "Hel\x00lo", "title": "a\x00b"})
    assert (project.script, project.title) == ("Hello", "ab")


def test_a_chosen_face_goes_into_the_order(project):
    services.update_project(project, {"face_index": 0})
    assert services.render_request(project)["face"] == {"index": 0}


def test_a_face_that_cannot_speak_is_refused_before_rendering(project, make_asset):
    problem = {"code": "face_turned_away", "at_s": None, "detail": {"yaw_deg": 70.0, "max_yaw_deg": 45.0}}
    faces = [{"index": 0, "box": [0, 0, 9, 9], "usable": False, "problem": problem, "warnings": []}]
    project.portrait = make_asset(preflight={"faces": faces, "auto_face_failure": None})
    project.face_index = 0
    with pytest.raises(SiteFailure) as refused:
        services.render_request(project)
    assert refused.value.code == "face_turned_away"
    assert "70°" in refused.value.sentence


def test_a_recording_goes_into_the_order_instead_of_the_script(project, voice):
    services.update_project(project, {"voice": voice.pk, "voice_source": "audio"})
    order = services.render_request(project)
    assert (order["voice_asset"], order["script"]) == (str(voice.pk), None)


def test_files_that_another_project_uses_survive(project, portrait):
    other = services.duplicate(project)
    services.delete_project(project)
    assert Asset.objects.filter(pk=portrait.pk).exists()
    services.delete_project(services.get_project_for(other.owner, other.pk))
    assert not Asset.objects.filter(pk=portrait.pk).exists()


@pytest.mark.parametrize(
    ("title", "script", "shown"),
    [
        ("Mine", "Hello", "Mine"),
        ("", "", UNTITLED),
        ("", services.SAMPLE_SCRIPT, UNTITLED),
        ("", "Good morning", "Good morning"),
        ("", "one two three four five six seven", "one two three four five six…"),
        ("", "x" * 300, "x" * 60 + "…"),
    ],
)
def test_a_project_without_a_title_is_named_by_its_first_words(title, script, shown):
    assert display_title(Project(title=title, script=script)) == shown


def test_a_dub_is_named_by_its_file_until_something_is_said_and_a_film_is_called_a_film():
    dub = Project(kind="video_dub", clip=Asset(original_name="My_street  walk.MOV"))
    assert display_title(dub) == "My street walk"
    dub.script = "Good morning"
    assert display_title(dub) == "Good morning"
    assert display_title(Project(kind="video_dub")) == UNTITLED != display_title(Project(kind="film")) == UNTITLED_FILM


def test_the_sample_script_fits_into_a_free_render_with_room_to_spare():
    assert options.spoken_duration_s(services.SAMPLE_SCRIPT, 1.0) < options.FREE_DURATION_MAX_S / 3


def test_signs_of_syllables_take_longer_than_letters():
    assert options.spoken_duration_s("你好世界", 1.0) > options.spoken_duration_s("abcd", 1.0)
    assert options.spoken_duration_s("abcd", 2.0) == options.spoken_duration_s("abcd", 1.0) / 2
