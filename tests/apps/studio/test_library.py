"""What the library shows of projects."""

import re

import pytest
from django.utils import timezone

from apps.jobs.models import Job
from apps.projects import services
from apps.projects.models import Project

pytestmark = pytest.mark.django_db


def test_a_dub_shows_a_frame_of_its_clip(owner, alice, make_asset):
    clip = make_asset(kind="clip", duration_s=4.0)
    frame = make_asset(kind="derived", parent=clip, content_type="image/jpeg")
    project = services.create_project(alice, kind="video_dub", title="Dubbed")
    services.update_project(project, {"clip": str(clip.pk)})
    page = owner.get("/library/").content.decode()
    assert "Dubbed" in page
    assert str(frame.pk) in page


def titles(page):
    return re.findall(r'project-card-title truncate">([^<]*)<', page.content.decode())


@pytest.fixture
def three(alice, make_asset):
    """A finished photo video, a draft in a folder, and a dub."""
    photo = services.create_project(alice, title="Zebra talk")
    services.update_project(photo, {"script": "Stripes are in fashion, says ZOË."})
    job = Job.objects.create(owner=alice, kind="talking_photo", project=photo, state="succeeded")
    Job.objects.filter(pk=job.pk).update(queued_at=timezone.now())
    draft = services.create_project(alice, title="apple pie")
    Project.objects.filter(pk=draft.pk).update(folder="Food & drink")
    dub = services.create_project(alice, kind="video_dub", title="Moon")
    services.update_project(dub, {"clip": str(make_asset(kind="clip", original_name="holiday.mp4").pk)})
    return photo, draft, dub


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=STRIPES", ["Zebra talk"]),
        ("q=zoë", ["Zebra talk"]),
        ("q=holiday", ["Moon"]),
        ("q=fashion+zebra", ["Zebra talk"]),
        ("q=fashion+moon", []),
        ("kind=video_dub", ["Moon"]),
        ("state=ready", ["Zebra talk"]),
        ("state=draft&sort=name", ["apple pie", "Moon"]),
        ("state=busy", []),
        ("folder=Food+%26+drink", ["apple pie"]),
        ("sort=name", ["apple pie", "Moon", "Zebra talk"]),
        ("sort=oldest", ["Zebra talk", "apple pie", "Moon"]),
        ("kind=%00&state=x&sort=;&q=%00&page=-4", ["Moon", "apple pie", "Zebra talk"]),
        ("view=trash", []),
    ],
)
def test_the_library_finds(owner, three, query, expected):
    assert titles(owner.get(f"/library/?{query}")) == expected


def test_a_page_takes_as_many_queries_for_many_videos_as_for_one(owner, alice, three, django_assert_max_num_queries):
    for number in range(20):
        services.create_project(alice, title=f"More {number}")
    with django_assert_max_num_queries(14):
        owner.get("/library/?q=e&state=draft")


def test_ticked_videos_go_to_the_trash_and_come_back(owner, three):
    photo, draft, _ = three
    both = [str(photo.pk), str(draft.pk)]
    sent = owner.post("/library/change/?sort=name", {"action": "trash", "project": both}, follow=True)
    assert sent.redirect_chain[0][0] == "/library/?sort=name"
    assert titles(sent) == ["Moon"]
    assert "2 videos moved to the trash" in sent.content.decode()
    assert owner.get(f"/projects/{photo.pk}/").status_code == 404
    assert set(titles(owner.get("/library/?view=trash"))) == {"Zebra talk", "apple pie"}
    owner.post("/library/change/", {"action": "restore", "project": both})
    assert len(titles(owner.get("/library/"))) == 3
    owner.post("/library/change/", {"action": "trash", "project": both})
    owner.post("/library/change/?view=trash", {"action": "empty"})
    assert Project.objects.count() == 1


def test_ticked_videos_are_moved_to_a_folder(owner, three):
    ids = [str(project.pk) for project in three]
    owner.post("/library/change/", {"action": "move", "folder": "Zoo", "project": ids})
    assert len(titles(owner.get("/library/?folder=Zoo"))) == 3


@pytest.mark.parametrize(
    "form", [{"action": "explode"}, {"action": "trash", "project": "x"}, {"action": "move", "folder": "y" * 99}]
)
def test_odd_changes_are_refused(owner, three, form):
    assert owner.post("/library/change/", form).status_code == 400


def test_strangers_change_nothing(stranger, signed_out, three):
    form = {"action": "trash", "project": [str(project.pk) for project in three]}
    stranger.post("/library/change/", form)
    assert signed_out.post("/library/change/", form).status_code == 302
    assert not Project.objects.filter(trashed_at__isnull=False).exists()


def test_the_library_says_how_much_room_is_used(owner, alice, make_asset, three, settings):
    settings.QUOTA_BYTES = settings.BUYER_QUOTA_BYTES = 1000
    make_asset(size_bytes=950)
    assert "nearly full" in owner.get("/library/").content.decode()


def test_a_new_video_can_start_from_anything_the_page_offers(owner):
    page = owner.get("/projects/new/").content.decode()
    for value in re.findall(r'name="starter" value="([^"]+)"', page):
        assert owner.post("/projects/new/", {"starter": value}).status_code == 302
    assert Project.objects.count() == 4
    assert owner.post("/projects/new/", {"starter": "nothing"}).status_code == 404
