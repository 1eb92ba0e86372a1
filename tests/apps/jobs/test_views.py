"""The latest frame of a running job is its owner's alone."""

import pytest

from apps.jobs import progress

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
