import pytest

from apps.projects.models import Project
from tests.apps.api.doors import (
    assert_hidden_from_others,
    assert_needs_signing_in,
    assert_unknown_ids_are_not_found,
    call,
    problem_of,
)

ADDRESS = "/api/v1/presenters"


@pytest.fixture
def saved(owner, project):
    told = call(owner, "POST", ADDRESS, {"project": str(project.pk), "name": "Mara"})
    assert told.status_code == 201
    return told.json()


def test_a_presenter_is_saved_listed_used_and_removed(owner, alice, saved, portrait):
    assert [one["name"] for one in owner.get(ADDRESS).json()] == ["Mara"]
    new = Project.objects.create(owner=alice)
    used = call(owner, "PATCH", f"/api/v1/projects/{new.pk}", {"presenter": saved["id"]})
    assert used.json()["portrait"]["id"] == str(portrait.pk)
    assert call(owner, "DELETE", f"{ADDRESS}/{saved['id']}").status_code == 204
    assert owner.get(ADDRESS).json() == []


def test_a_presenter_is_renamed_by_its_owner_alone(owner, stranger, signed_out, saved):
    address = f"{ADDRESS}/{saved['id']}"
    assert call(owner, "PATCH", address, {"name": "  Mara\tKim "}).json()["name"] == "Mara Kim"
    for wrong in ("", "   ", "x" * 61):
        assert call(owner, "PATCH", address, {"name": wrong}).status_code in (400, 422)
    assert [one["name"] for one in owner.get(ADDRESS).json()] == ["Mara Kim"]
    assert_hidden_from_others(stranger, "PATCH", address, {"name": "Mine"})
    assert_needs_signing_in(signed_out, "PATCH", address, {"name": "Mine"})


def test_others_neither_save_nor_use_nor_remove(stranger, charlie, signed_out, owner, project, saved):
    assert_hidden_from_others(stranger, "POST", ADDRESS, {"project": str(project.pk), "name": "Mine"})
    assert_hidden_from_others(stranger, "DELETE", f"{ADDRESS}/{saved['id']}")
    theirs = Project.objects.create(owner=charlie)
    assert_hidden_from_others(stranger, "PATCH", f"/api/v1/projects/{theirs.pk}", {"presenter": saved["id"]})
    assert stranger.get(ADDRESS).json() == []
    assert_needs_signing_in(signed_out, "GET", ADDRESS)
    assert_unknown_ids_are_not_found(owner, "DELETE", ADDRESS + "/{}")


def test_a_project_goes_to_the_trash_and_comes_back(owner, stranger, project):
    address = f"/api/v1/projects/{project.pk}"
    assert_hidden_from_others(stranger, "POST", f"{address}/trash")
    assert problem_of(call(owner, "POST", f"{address}/restore"))["code"] == "not_found"
    assert call(owner, "POST", f"{address}/trash").status_code == 204
    assert problem_of(owner.get(address))["code"] == "not_found"
    assert owner.get("/api/v1/projects").json() == []
    assert_hidden_from_others(stranger, "POST", f"{address}/restore")
    assert call(owner, "POST", f"{address}/restore").json()["id"] == str(project.pk)
    call(owner, "POST", f"{address}/trash")
    assert call(owner, "DELETE", address).status_code == 204
