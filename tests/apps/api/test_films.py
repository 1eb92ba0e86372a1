"""Films of several scenes: whose they are, what makes sense, and what a render of one is asked for."""

import json
import uuid

import pytest
from django.utils import timezone

from apps.jobs.models import Job
from apps.ops.archives import ROWS
from apps.projects.models import Project
from apps.projects.services import delete_project
from apps.uploads.models import Asset

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nobody_is_woken", "two_voices")]


@pytest.fixture
def film(alice):
    return Project.objects.create(owner=alice, kind="film", title="Trailer")


@pytest.fixture
def clip(make_asset):
    return make_asset(
        kind="clip",
        duration_s=4.0,
        width_px=640,
        height_px=360,
        preflight={"people": [], "video": {"frame_rate": "30000/1001"}},
    )


def put(door, film, scenes):
    body = json.dumps({"scenes": scenes})
    return door.patch(f"/api/v1/projects/{film.pk}", body, content_type="application/json")


def render(door, film):
    return door.post(f"/api/v1/projects/{film.pk}/render")


def test_scenes_are_kept_in_order_and_rendered_in_the_films_shape_and_rate(owner, film, project, clip, make_asset):
    picture = make_asset(kind="picture", width_px=90, height_px=60, content_type="image/png")
    music = make_asset(kind="music", duration_s=9.0)
    scenes = [
        {"id": "a", "project": str(project.pk), "start_s": 0.5},
        {"id": "b", "asset": str(clip.pk), "start_s": 1, "end_s": 3, "fade_s": 0.5},
        {"id": "c", "asset": str(picture.pk)},
    ]
    told = put(owner, film, scenes).json()["scenes"]
    assert [(one["id"], one["state"], one["kind"]) for one in told] == [
        ("a", "ready", "talking_photo"),
        ("b", "ready", "clip"),
        ("c", "ready", "picture"),
    ]
    assert [one["shown_s"] for one in told[1:]] == [2.0, 3.0] and told[0]["title"] == "Hello"
    changed = owner.patch(
        f"/api/v1/projects/{film.pk}",
        json.dumps({"scenes": scenes[::-1], "shape": "1:1", "music": str(music.pk)}),
        content_type="application/json",
    )
    assert [one["id"] for one in changed.json()["scenes"]] == ["c", "b", "a"]
    answer = render(owner, film)
    assert answer.status_code == 201, answer.content
    job = Job.objects.get(kind="film")
    order = job.request
    assert (order["aspect"], order["fps"], order["max_short_side_px"]) == ("1:1", "30000/1001", 360)
    assert order["watermark"] and order["music_asset"] == str(music.pk)
    shown, filmed, photo = order["scenes"]
    assert (shown["picture_asset"], shown["end_s"]) == (str(picture.pk), 3.0)
    assert (filmed["video_asset"], filmed["fade_s"]) == (str(clip.pk), 0.5)
    inner = photo["order"]
    assert (photo["film"], inner["aspect"], inner["fps"], inner["label_corner"]) == (
        "talking_photo",
        "1:1",
        "30000/1001",
        None,
    )
    assert inner["portrait_asset"] == str(project.portrait_id) and photo["start_s"] == 0.5
    listed = owner.get("/api/v1/projects").json()
    assert {one["kind"] for one in listed} == {"film", "talking_photo"}


@pytest.mark.parametrize(
    "scene",
    [
        {},
        {"project": "x"},
        {"start_s": 1.0, "end_s": 1.1},
        {"start_s": -1},
        {"start_s": "1"},
        {"fade_s": 3},
        {"end_s": True},
        {"volume": 1},
        {"id": "../../x"},
    ],
    ids=range(9),
)
def test_scenes_that_make_no_sense_are_refused(owner, film, project, scene):
    good = {"id": "good", "project": str(project.pk)}
    made = good | {"id": "other"} | scene if scene else {"id": "empty"}
    answer = put(owner, film, [good, made])
    assert answer.status_code == 400 and answer.json()["code"] == "option_invalid"
    film.refresh_from_db()
    assert film.options == {}


def test_not_too_many_not_the_same_twice_no_films_in_films_and_nothing_of_others(
    owner, alice, film, project, charlie, make_asset, portrait
):
    scene = {"project": str(project.pk)}
    assert put(owner, film, [scene] * 30).status_code == 200  # one video may come again
    assert put(owner, film, [scene] * 31).json()["code"] == "option_invalid"
    assert put(owner, film, [scene] * 100).json()["code"] == "option_invalid"
    assert put(owner, film, [scene | {"id": "a"}] * 2).json()["code"] == "option_invalid"
    assert put(owner, film, [{"project": str(film.pk)}]).json()["code"] == "option_invalid"
    assert put(owner, project, [scene]).json()["code"] == "option_invalid"
    assert put(owner, film, [{"asset": str(make_asset(kind="voice").pk)}]).json()["code"] == "asset_wrong_kind"
    theirs = Project.objects.create(owner=charlie, title="Theirs")
    for foreign in ({"project": str(theirs.pk)}, {"asset": str(make_asset(owner=charlie).pk)}):
        assert put(owner, film, [foreign]).status_code == 404
    assert put(owner, film, [{"project": str(uuid.uuid4())}]).status_code == 404
    film.refresh_from_db()
    assert len(film.options["scenes"]) == 30
    # ids that slipped in otherwise show nothing of others either
    film.options = {"scenes": [{"id": "a", "project": str(theirs.pk), "asset": None} | dict.fromkeys(TIMES, 0.0)]}
    film.save()
    assert owner.get(f"/api/v1/projects/{film.pk}").json()["scenes"][0]["state"] == "gone"
    assert render(owner, film).json()["code"] == "scene_gone"


TIMES = ("start_s", "end_s", "fade_s")


def test_what_cannot_be_rendered_says_in_which_scene_and_costs_nothing(owner, film, project, clip, make_asset, alice):
    assert render(owner, film).json()["code"] == "project_incomplete"
    empty = Project.objects.create(owner=alice, title="Empty")
    for other, words in (
        ({"project": str(empty.pk)}, "Scene 2 (“Empty”)"),
        ({"asset": str(clip.pk), "start_s": 3.9}, "Scene 2"),
        ({"asset": str(clip.pk), "start_s": 30, "end_s": 31}, "Scene 2"),
        ({"asset": str(make_asset(kind="clip", state="checking").pk)}, "Scene 2"),
    ):
        put(owner, film, [{"project": str(project.pk)}, other])
        answer = render(owner, film)
        assert answer.status_code >= 400 and answer.json()["sentence"].startswith(words), answer.content
    put(owner, film, [{"project": str(project.pk)}, {"asset": str(clip.pk)}])
    Project.objects.filter(pk=project.pk).update(trashed_at=timezone.now())
    assert owner.get(f"/api/v1/projects/{film.pk}").json()["scenes"][0]["state"] == "trashed"
    assert render(owner, film).json()["code"] == "scene_in_trash"
    Project.objects.filter(pk=project.pk).update(trashed_at=None)
    project.delete()
    assert render(owner, film).json()["code"] == "scene_gone"
    kept = owner.get(f"/api/v1/projects/{film.pk}").json()["scenes"]
    assert put(owner, film, [{name: one[name] for name in ("id", "project", "asset", *TIMES)} for one in kept[::-1]])
    assert not Job.objects.filter(kind="film").exists()


def test_every_scenes_people_must_have_agreed(owner, film, alice):
    facts = {"storage_key": "files/c", "content_type": "video/mp4", "state": "ready", "duration_s": 4.0}
    (clip,) = Asset.objects.bulk_create([Asset(owner=alice, kind="clip", **facts)])  # nobody has stated anything
    put(owner, film, [{"asset": str(clip.pk)}])
    answer = render(owner, film)
    assert answer.json()["code"] == "attestation_missing" and answer.json()["sentence"].startswith("Scene 1")


def test_films_go_with_their_owner_and_keep_what_they_show(owner, stranger, film, clip, alice):
    put(owner, film, [{"asset": str(clip.pk)}])
    assert stranger.get(f"/api/v1/projects/{film.pk}").status_code == 404
    copy = owner.post(f"/api/v1/projects/{film.pk}/duplicate").json()
    assert copy["scenes"][0]["asset"] == str(clip.pk)
    film.refresh_from_db()
    (row,) = [row for row in ROWS["projects"](alice) if row.pk == film.pk]
    assert row.options["scenes"][0]["asset"] == str(clip.pk)
    delete_project(film)
    assert Asset.objects.filter(pk=clip.pk).exists()  # the copy shows it still
    delete_project(Project.objects.get(pk=copy["id"]))
    assert not Asset.objects.filter(pk=clip.pk).exists()
