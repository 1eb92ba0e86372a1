"""The page of a film, and the ways there."""

import json
import re

import pytest

from apps.projects.models import Project

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nobody_is_woken", "two_voices")]


def state_of(page) -> dict:
    return json.loads(re.search(r'id="studio-state"[^>]*>(.*?)</script>', page.content.decode(), re.DOTALL).group(1))


def test_a_film_is_made_of_a_video_and_shows_what_may_join_it(owner, stranger, alice, project, finished_job):
    assert stranger.post(f"/projects/{project.pk}/film/").status_code == 404
    made = owner.post(f"/projects/{project.pk}/film/")
    film = Project.objects.get(kind="film")
    assert made.headers["Location"] == f"/projects/{film.pk}/"
    other = Project.objects.create(owner=alice, title="Other", script="Hi.", script_voice="de:male")
    page = owner.get(f"/projects/{film.pk}/")
    assert b"Add a scene" in page.content and b"Make a film with it" not in page.content
    state = state_of(page)
    assert [scene["project"] for scene in state["project"]["scenes"]] == [str(project.pk)]
    sources = {source["id"]: source for source in state["sources"]}
    assert set(sources) == {str(project.pk), str(other.pk)}  # no film in a film
    assert sources[str(project.pk)]["length_s"] == 2.0 and sources[str(project.pk)]["video_url"]
    assert owner.post(f"/projects/{film.pk}/film/").status_code == 400
    assert owner.get(f"/projects/{film.pk}/variants/").status_code == 404
    library = owner.get("/library/?kind=film").content.decode()
    assert f"/projects/{film.pk}/" in library and f"/projects/{project.pk}/" not in library
    assert f"/media/{finished_job.thumbnail_id}" in library, "a film that was not made yet shows its first scene"
