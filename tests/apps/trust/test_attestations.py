import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.core.append_only import AppendOnlyError
from apps.core.failures import SiteFailure
from apps.jobs.models import Job
from apps.jobs.services import submit
from apps.projects import services as projects
from apps.projects.presenters import available_presenters
from apps.trust.attestations import attest, attestation_of, attestations_by, check_order
from apps.trust.models import Attestation, AuditEntry
from apps.trust.statements import CLOSING, NEEDED_FOR, STATEMENT_VERSION, Basis, choices_for, statement
from tests.apps.api.doors import (
    assert_hidden_from_others,
    assert_needs_signing_in,
    assert_unknown_ids_are_not_found,
    assert_wrong_methods_are_refused,
    call,
    problem_of,
)
from tests.apps.uploads.conftest import picture

ADDRESS = "/api/v1/assets/{}/attestation"
OWN = {"basis": "own"}


def test_a_render_is_refused_until_somebody_says_whose_face_it_is(owner, project):
    refused = owner.post(f"/api/v1/projects/{project.pk}/render")
    assert (refused.status_code, problem_of(refused)["code"]) == (422, "attestation_missing")
    assert "picture" in refused.json()["sentence"]
    assert refused.json()["detail"]["assets"] == [str(project.portrait_id)]
    assert not Job.objects.exists()
    assert call(owner, "POST", ADDRESS.format(project.portrait_id), OWN).status_code == 201
    assert owner.post(f"/api/v1/projects/{project.pk}/render").status_code == 201


def test_a_recorded_voice_needs_a_statement_of_its_own(owner, project, voice):
    call(owner, "POST", ADDRESS.format(project.portrait_id), OWN)
    projects.update_project(project, {"voice": str(voice.pk), "voice_source": "audio"})
    refused = owner.post(f"/api/v1/projects/{project.pk}/render")
    assert "recording" in problem_of(refused)["sentence"]
    call(owner, "POST", ADDRESS.format(voice.pk), {"basis": "consent"})
    assert owner.post(f"/api/v1/projects/{project.pk}/render").status_code == 201


@pytest.mark.parametrize(
    "order",
    [
        {"clip_asset": "{}"},
        {"portrait_asset": "{}"},
        {"segments": [{"voice_asset": "{}"}]},
        {"driving_assets": ["{}"]},
    ],
)
def test_no_kind_of_order_gets_past_the_rule_whatever_it_calls_its_files(alice, make_asset, order):
    clip = make_asset(kind="clip")
    order = json.loads(json.dumps(order).replace("{}", str(clip.pk)))
    with pytest.raises(SiteFailure) as refused:
        submit(alice, Job.Kind.TALKING_PHOTO, request=order)
    assert refused.value.code == "attestation_missing"
    attest(clip, "own")
    assert submit(alice, Job.Kind.TALKING_PHOTO, request=order).pk


def test_somebody_elses_statement_does_not_help(alice, charlie, make_asset):
    same = {"sha256": "ab" * 32}
    theirs, mine = make_asset(owner=charlie, **same), make_asset(**same)
    attest(theirs, "own")
    assert attestation_of(mine) is None


def test_the_same_file_sent_again_is_not_asked_about_again(make_asset):
    first = make_asset(sha256="cd" * 32)
    attest(first, "consent")
    first.delete()
    again = make_asset(sha256="cd" * 32)
    assert attestation_of(again).basis == "consent"
    assert attestation_of(make_asset(kind="voice", sha256="cd" * 32)) is None, "a video's sound is another question"
    assert attestation_of(make_asset(sha256="ef" * 32)) is None


def test_what_is_kept_is_the_words_their_version_the_time_the_account_and_the_address(owner, alice, portrait):
    answer = owner.post(ADDRESS.format(portrait.pk), OWN, content_type="application/json", REMOTE_ADDR="203.0.113.7")
    told = answer.json()["attestation"]
    assert (told["needed"], told["basis"], told["by_site"]) == (True, "own", False)
    kept = Attestation.objects.get()
    assert (kept.owner, kept.asset_id, kept.address) == (alice, portrait.pk, "203.0.113.7")
    assert kept.text == statement("portrait", "own") == told["text"]
    assert kept.text.endswith(CLOSING)
    assert kept.text_version == STATEMENT_VERSION
    assert AuditEntry.objects.filter(action="attested", subject=f"asset {portrait.pk}", actor_id=alice.pk).count() == 1


def test_saying_it_twice_is_saying_it_once_and_another_statement_replaces_it(portrait):
    first = attest(portrait, "own")
    assert attest(portrait, "own") == first
    attest(portrait, "licensed")
    assert attestation_of(portrait).basis == "licensed"
    assert Attestation.objects.count() == 2


def test_statements_never_change_and_go_only_with_their_account(alice, portrait):
    kept = attest(portrait, "own")
    for change in (kept.save, kept.delete, Attestation.objects.all().delete):
        with pytest.raises(AppendOnlyError):
            change()
    with pytest.raises(AppendOnlyError):
        Attestation.objects.update(basis="consent")
    portrait.delete()
    assert Attestation.objects.count() == 1
    alice.delete()
    assert not Attestation.objects.exists()


def test_our_drawn_presenters_are_stated_by_us(owner, alice):
    presenter = available_presenters()[0]
    project = projects.create_first_project(alice)
    assert project.portrait.sha256 == presenter.sha256
    stated = attestation_of(project.portrait)
    assert (stated.stated_by, stated.basis) == ("site", "licensed")


def test_an_older_presenter_without_a_statement_gets_one_when_it_is_rendered(alice, make_asset):
    presenter = available_presenters()[0]
    portrait = make_asset(sha256=presenter.sha256)
    project = projects.create_project(alice)
    projects.update_project(project, {"portrait": str(portrait.pk), "script": "Hello.", "script_voice": "de:male"})
    assert projects.render_request(project)
    assert attestation_of(portrait).stated_by == "site"


def test_a_file_may_come_with_its_statement(owner):
    sent = {"kind": "portrait", "basis": "public_domain", "file": SimpleUploadedFile("me.jpg", picture())}
    told = owner.post("/api/v1/assets", sent)
    assert told.status_code == 201
    assert told.json()["attestation"]["basis"] == "public_domain"


@pytest.mark.parametrize("basis", ["", "mine", None, 5, ["own"], {"a": 1}, "OWN", "own\x00"])
def test_other_words_are_not_a_statement(owner, portrait, basis):
    answer = call(owner, "POST", ADDRESS.format(portrait.pk), {"basis": basis})
    assert (answer.status_code, problem_of(answer)["code"]) == (422, "invalid_request")
    sent = {"kind": "portrait", "basis": str(basis), "file": SimpleUploadedFile("me.jpg", picture())}
    assert owner.post("/api/v1/assets", sent).status_code == 422
    assert not Attestation.objects.exists()


def test_a_video_of_ours_needs_no_statement_and_takes_none(owner, finished_job):
    refused = call(owner, "POST", ADDRESS.format(finished_job.output_id), OWN)
    assert problem_of(refused)["code"] == "asset_wrong_kind"


def test_the_door_of_a_statement(owner, stranger, signed_out, portrait):
    address = ADDRESS.format(portrait.pk)
    assert_hidden_from_others(stranger, "POST", address, OWN)
    assert_unknown_ids_are_not_found(owner, "POST", ADDRESS, OWN)
    assert_wrong_methods_are_refused(owner, address, "GET", "PUT", "DELETE")
    assert_needs_signing_in(signed_out, "POST", address, OWN)


def test_malformed_ids_in_an_order_are_left_to_those_who_carry_it_out(alice):
    check_order(alice, {"portrait_asset": "no id", "voice_asset": None, "x": [1, {"clip_asset": 7}]})


def test_every_kind_and_basis_has_words(alice):
    for kind in NEEDED_FOR:
        assert [choice["basis"] for choice in choices_for(kind)] == list(Basis.values)
        for choice in choices_for(kind):
            assert len(statement(kind, choice["basis"])) <= 400
    assert choices_for("output") == []
    assert not attestations_by(alice).exists()
