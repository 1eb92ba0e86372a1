"""The latest frame of a running job, and the video up to there, are its owner's alone."""

import pytest

from apps.jobs import progress
from apps.jobs.live import LiveStream

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(make_job, live_redis):
    made = make_job()
    progress.keep_thumbnail(made.pk, b"jpeg")
    return made


def test_the_owner_sees_the_frame(client, alice, job):
    client.force_login(alice)
    answer = client.get(f"/jobs/{job.pk}/frame/1.jpg")
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, b"jpeg", "image/jpeg")
    assert "private" in answer["Cache-Control"]


def test_strangers_the_signed_out_and_bad_ids_get_404(client, charlie, job):
    assert client.get(f"/jobs/{job.pk}/frame/1.jpg").status_code == 404
    client.force_login(charlie)
    assert client.get(f"/jobs/{job.pk}/frame/1.jpg").status_code == 404
    assert client.get("/jobs/123/frame/1.jpg").status_code == 404


def test_there_is_nothing_to_see_before_the_first_frame(client, alice, make_job, live_redis):
    client.force_login(alice)
    assert client.get(f"/jobs/{make_job().pk}/frame/0.jpg").status_code == 404


def test_it_can_only_be_looked_at(client, alice, job):
    client.force_login(alice)
    assert client.post(f"/jobs/{job.pk}/frame/1.jpg").status_code in (403, 405)


@pytest.fixture
def playing(make_job, live_redis):
    made = make_job()
    stream = LiveStream(made.pk, "attempt1")
    for number in range(4):
        stream.keep(number, b"piece %d " % number)
    return made


def test_the_owner_plays_what_is_there(client, alice, playing):
    client.force_login(alice)
    answer = client.get(f"/jobs/{playing.pk}/live/attempt1/0-1.mp4")
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, b"piece 0 piece 1 ", "video/mp4")
    assert (answer["Live-Next"], "private" in answer["Cache-Control"]) == ("2", True)
    rest = client.get(f"/jobs/{playing.pk}/live/attempt1/2-99.mp4")
    assert (rest.content, rest["Live-Next"]) == (b"piece 2 piece 3 ", "4")


@pytest.mark.parametrize("place", ["attempt2/0-1", "attempt1/4-9", "attempt1/3-1", "attempt1/0--1", "../0-1"])
def test_what_is_not_there_is_404(client, alice, playing, place):
    client.force_login(alice)
    assert client.get(f"/jobs/{playing.pk}/live/{place}.mp4").status_code == 404


def test_nobody_else_plays_it(client, charlie, playing):
    address = f"/jobs/{playing.pk}/live/attempt1/0-1.mp4"
    assert client.get(address).status_code == 404
    client.force_login(charlie)
    assert client.get(address).status_code == 404
    assert client.post(address).status_code in (403, 405)
