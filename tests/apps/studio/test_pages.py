import json
import re
from uuid import uuid4

import pytest
from django.test import Client

from apps.jobs.models import Job
from apps.projects.models import Project
from apps.projects.services import SAMPLE_SCRIPT
from apps.uploads.models import Asset


def state_of(page) -> dict:
    found = re.search(r'<script id="studio-state" type="application/json">(.*?)</script>', page.content.decode(), re.S)
    return json.loads(found[1])


def test_a_visitor_sees_what_this_is(signed_out, db):
    page = signed_out.get("/")
    assert page.status_code == 200
    assert "Give a photo" in page.content.decode()


def test_a_signed_in_visitor_is_led_to_work(owner, project):
    assert owner.get("/", follow=True).redirect_chain == [("/start/", 302), ("/library/", 302)]


def test_a_newcomer_lands_in_a_project_that_is_ready_to_render(owner, alice):
    page = owner.get("/start/", follow=True)
    made = Project.objects.get(owner=alice)
    assert page.redirect_chain[-1][0] == f"/projects/{made.pk}/"
    facts = state_of(page)["project"]
    assert facts["script"] == SAMPLE_SCRIPT
    assert facts["script_voice"] == "en-us:female"
    assert facts["portrait"]["state"] == "checking"
    owner.get("/start/")
    assert Project.objects.count() == 1


def test_the_studio_starts_from_the_same_facts_as_the_api(owner, project, finished_job):
    page_facts = state_of(owner.get(f"/projects/{project.pk}/"))
    api_facts = owner.get(f"/api/v1/projects/{project.pk}").json()
    links = ("url",)  # signed anew each time
    for facts in (page_facts["project"], api_facts):
        for name in links:
            facts["portrait"].pop(name)
    assert page_facts["project"] == api_facts
    assert [render["id"] for render in page_facts["renders"]] == [str(finished_job.pk)]
    assert [voice["id"] for voice in page_facts["limits"]["voices"]] == ["en-us:female", "de:male"]


def test_what_a_creator_typed_cannot_become_a_part_of_the_page(owner, project):
    Project.objects.filter(pk=project.pk).update(
        title="</script><script>alert(1)</script>", script="</textarea><img src=x onerror=alert(1)>"
    )
    for address in (f"/projects/{project.pk}/", "/library/"):
        page = owner.get(address).content.decode()
        assert "<script>alert(1)" not in page
        assert "<img src=x" not in page


def test_pages_bring_no_inline_scripts_or_styles(owner, signed_out, project, finished_job):
    for client, address in [(signed_out, "/"), (owner, "/library/"), (owner, f"/projects/{project.pk}/")]:
        page = client.get(address).content.decode()
        assert re.findall(r"<script(?![^>]*(?:src=|application/json))", page) == [], address
        assert "<style" not in page
        assert re.findall(r'\s(?:style|on\w+)="', page) == [], address


def test_the_library_takes_as_many_queries_for_twenty_projects_as_for_one(
    owner, alice, portrait, make_asset, django_assert_max_num_queries
):
    def add():
        project = Project.objects.create(owner=alice, portrait=portrait)
        output = make_asset(kind="output", duration_s=2.0)
        Job.objects.create(owner=alice, kind="talking_photo", state="succeeded", project=project, output=output)

    add()
    owner.get("/library/")
    with django_assert_max_num_queries(10) as one:
        owner.get("/library/")
    for _ in range(19):
        add()
    with django_assert_max_num_queries(len(one)):
        page = owner.get("/library/").content.decode()
    assert page.count('class="project-card card"') == 20


def test_the_studio_takes_as_many_queries_for_twenty_renders_as_for_one(
    owner, alice, project, make_asset, django_assert_max_num_queries
):
    def add():
        output = make_asset(kind="output", duration_s=2.0)
        Job.objects.create(owner=alice, kind="talking_photo", state="succeeded", project=project, output=output)

    add()
    owner.get(f"/projects/{project.pk}/")
    with django_assert_max_num_queries(10) as one:
        owner.get(f"/projects/{project.pk}/")
    for _ in range(19):
        add()
    with django_assert_max_num_queries(len(one)):
        assert len(state_of(owner.get(f"/projects/{project.pk}/"))["renders"]) == 20


def test_the_library_shows_each_state_in_words(owner, alice, project):
    job = Job.objects.create(owner=alice, kind="talking_photo", project=project)
    for state, words in [
        ("queued", "Waiting"),
        ("running", "Rendering"),
        ("failed", "Failed"),
        ("cancelled", "Stopped"),
    ]:
        Job.objects.filter(pk=job.pk).update(state=state)
        assert f"data-state>{words}<" in owner.get("/library/").content.decode()


def test_the_newest_render_speaks_for_its_project(owner, alice, project):
    for state in ("succeeded", "failed"):
        Job.objects.create(owner=alice, kind="talking_photo", project=project, state=state)
    assert "data-state>Failed<" in owner.get("/library/").content.decode()


def test_an_empty_library_offers_the_presenters(owner):
    page = owner.get("/library/").content.decode()
    assert "Who should speak first?" in page
    assert 'name="presenter"' in page


def test_a_project_can_be_started_with_a_presenter(owner, alice):
    page = owner.post("/projects/new/", {"presenter": "kofi"}, follow=True)
    assert page.status_code == 200
    assert Project.objects.get(owner=alice).portrait.original_name == "kofi.jpg"
    assert owner.post("/projects/new/", {"presenter": "nobody"}).status_code == 404


def test_a_project_can_be_copied(owner, project):
    owner.post(f"/projects/{project.pk}/duplicate/")
    assert Project.objects.filter(title="Hello (copy)").exists()


PAGES = [("get", "/projects/{}/"), ("post", "/projects/{}/duplicate/")]


@pytest.mark.parametrize(("method", "path"), PAGES)
def test_a_stranger_finds_nothing(stranger, project, method, path):
    assert getattr(stranger, method)(path.format(project.pk)).status_code == 404
    assert Project.objects.count() == 1


@pytest.mark.parametrize(("method", "path"), PAGES)
def test_ids_that_do_not_exist_are_not_found(owner, method, path):
    for wrong in (uuid4(), "1", "x"):
        assert getattr(owner, method)(path.format(wrong)).status_code == 404


@pytest.mark.parametrize("path", ["/start/", "/library/", "/projects/{}/"])
def test_it_needs_signing_in(signed_out, project, path):
    address = path.format(project.pk)
    answer = signed_out.get(address)
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={address}")


def test_wrong_methods_are_refused(owner, project):
    for address in ("/library/change/", f"/projects/{project.pk}/duplicate/"):
        assert owner.get(address).status_code == 405
    for address in ("/", "/library/", f"/projects/{project.pk}/"):
        assert owner.post(address).status_code == 405


def test_nobody_makes_projects_from_another_site(alice):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.post("/projects/new/").status_code == 403
    assert not Project.objects.exists()


@pytest.mark.parametrize("page", ["/nothing/here", "/projects/"])
def test_an_address_that_is_not_there_says_so_in_words(owner, settings, page):
    settings.DEBUG = False
    answer = owner.get(page)
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_a_photo_that_browsers_cannot_show_is_shown_by_its_preview(owner, alice, project, portrait):
    Asset.objects.filter(pk=portrait.pk).update(content_type="image/heic")
    without = owner.get(f"/api/v1/assets/{portrait.pk}").json()
    assert (without["viewable"], without["preview_url"]) == (False, None)
    assert not re.search(r"<img[^>]+/media/", owner.get("/library/").content.decode())
    preview = Asset.objects.create(
        owner=alice, kind="derived", state="ready", parent=portrait, storage_key="p", content_type="image/jpeg"
    )
    assert str(preview.pk) in owner.get(f"/api/v1/assets/{portrait.pk}").json()["preview_url"]
    assert str(preview.pk) in owner.get("/library/").content.decode()


def test_the_library_shows_a_project_without_portrait_and_titles_long_scripts_by_their_start(owner, alice):
    Project.objects.create(owner=alice, script="Once upon a time there was a picture that spoke. " * 100)
    page = owner.get("/library/").content.decode()
    assert "Once upon a time there was…" in page
    assert "project-card-blank" in page


def test_the_hints_are_shown_until_they_are_closed_for_this_account_alone(owner, alice, bob, project):
    address = f"/projects/{project.pk}/"
    assert 'id="guide"' in owner.get(address).content.decode()
    assert owner.post("/guide/done/").status_code == 302
    assert 'id="guide"' not in owner.get(address).content.decode()
    bob.refresh_from_db()
    assert bob.is_guided
