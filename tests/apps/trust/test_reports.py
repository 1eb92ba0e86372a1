import datetime
import re

import pytest
from django.utils import timezone

from apps.accounts.letters import deliver_due
from apps.accounts.models import User
from apps.core.append_only import AppendOnlyError
from apps.core.failures import SiteFailure
from apps.jobs.models import Job
from apps.jobs.takedown import render_of
from apps.trust import reports
from apps.trust.attestations import attest
from apps.trust.models import AuditEntry, BlockedMedia, Report
from apps.uploads.models import Asset

FORM = {
    "kind": "likeness",
    "places": "https://videos.example/watch?v=1",
    "details": "That is my face.",
    "name": "Ada",
    "email": "ada@example.com",
    "is_true": "on",
}
DECIDE = "/admin/trust/report/{}/decide/"


@pytest.fixture
def operator(client, db):
    user = User.objects.create_superuser("operator@example.com", "a long enough secret")
    client.force_login(user)
    client.operator = user
    return client


@pytest.fixture
def reported(db):
    facts = {name: value for name, value in FORM.items() if name != "is_true"}
    return reports.submit_report(address="203.0.113.9", **facts)


@pytest.fixture
def rendered(finished_job, portrait):
    """A finished video of Alice's, made of her portrait, with hashes as real files have."""
    for number, pk in enumerate((finished_job.output_id, finished_job.thumbnail_id, portrait.pk)):
        Asset.objects.filter(pk=pk).update(sha256=f"{number}a" * 32)
    Job.objects.filter(pk=finished_job.pk).update(request={"portrait_asset": str(portrait.pk), "seed": 1})
    return Job.objects.get(pk=finished_job.pk)


def test_anybody_reports_and_gets_a_number_a_letter_and_a_clock(client, db, mailoutbox):
    answer = client.post("/report/", FORM, REMOTE_ADDR="203.0.113.9")
    report = Report.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/report/{report.reference}/")
    assert re.fullmatch(r"R-[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}", report.reference)
    assert report.due_at - report.created_at == datetime.timedelta(hours=48)
    assert report.address == "203.0.113.9"
    page = client.get(answer["Location"]).content.decode()
    assert report.reference in page and "by <strong>" in page
    assert "ada@example.com" not in page and "That is my face" not in page, "the number alone tells nothing of it"
    assert mailoutbox == []
    deliver_due()
    assert mailoutbox[0].to == ["ada@example.com"]
    assert report.reference in mailoutbox[0].subject
    assert AuditEntry.objects.filter(action="reported", subject=f"report {report.reference}").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "nonsense"},
        {"kind": ""},
        {"places": ""},
        {"places": "x" * 2001},
        {"places": "a\x00b"},
        {"details": "x" * 4001},
        {"name": ""},
        {"name": "x" * 121},
        {"name": "a\x00"},
        {"email": "nobody"},
        {"email": "a@example.com\nBcc: b@example.com"},
        {"is_true": ""},
        {"website": "https://spam.example"},
    ],
)
def test_a_wrong_form_comes_back_with_words_and_leaves_nothing(client, db, change):
    answer = client.post("/report/", {**FORM, **change})
    assert answer.status_code == 422
    assert not Report.objects.exists()


@pytest.mark.parametrize("told", ["<script>alert(1)</script>", "' OR 1=1 --", "😀" * 200])
def test_hostile_words_are_only_words(client, db, operator, told):
    client.post("/report/", {**FORM, "places": told, "details": told, "name": told[:100]})
    report = Report.objects.get()
    assert "<script>alert" not in client.get(f"/report/{report.reference}/").content.decode()
    assert "<script>alert" not in operator.get(DECIDE.format(report.pk)).content.decode()


def test_reports_from_one_address_are_limited(client, db):
    codes = [client.post("/report/", FORM).status_code for _ in range(8)]
    assert codes[:6] == [302] * 6 and set(codes[6:]) == {429}
    assert client.post("/report/", FORM, REMOTE_ADDR="198.51.100.1").status_code == 302


@pytest.mark.parametrize("spelling", ["{}", "{lower}", "{spaced}", "{bare}"])
def test_a_number_is_found_however_it_is_typed(client, reported, spelling):
    told = reported.reference
    spelled = {
        "{}": told, "{lower}": told.lower(), "{spaced}": told.replace("-", " "), "{bare}": told.replace("-", "")
    }[spelling]  # fmt: skip
    assert client.get(f"/report/{spelled}/").status_code == 200


@pytest.mark.parametrize("wrong", ["R-0000-0000-0000", "x", "R-" + "A" * 500, "%00", "..%2f..", "R----"])
def test_other_numbers_are_not_found(client, reported, wrong):
    assert client.get(f"/report/{wrong}/").status_code == 404


@pytest.mark.parametrize("address", ["/report/", "/report/R-AAAA-AAAA-AAAA/"])
def test_other_methods_are_refused(client, db, address):
    for method in ("put", "delete", "patch"):
        assert getattr(client, method)(address).status_code == 405


def test_the_hidden_mark_leads_from_a_report_to_the_files(client, rendered, portrait):
    render_id = rendered.pk.hex[:12]
    assert render_of(render_id) == rendered
    assert render_of("f" * 12) is None
    found = {asset.pk for asset in reports.find_files(f"seen at https://x.example, id {render_id.upper()}")}
    assert found == {rendered.output_id, rendered.thumbnail_id, portrait.pk}
    assert [asset.pk for asset in reports.find_files(f"/media/{portrait.pk}?x=1")] == [portrait.pk]
    assert reports.find_files("nothing in here " * 50) == []
    page = client.get(f"/report/?render={render_id}").content.decode()
    assert f'value="{render_id}"' in page
    assert "&lt;script" in client.get("/report/?render=<script>").content.decode()


def test_removing_deletes_the_file_and_what_was_made_of_it_and_blocks_both(reported, rendered, portrait, operator):
    blocked = {Asset.objects.get(pk=pk).sha256 for pk in (portrait.pk, rendered.output_id)}
    answer = operator.post(
        DECIDE.format(reported.pk),
        {
            "sought": str(portrait.pk),
            "files": [str(portrait.pk)],
            "outcome": "removed",
            "answer": "It broke the rules.",
        },
    )
    assert answer.status_code == 302
    assert not Asset.objects.exists() and not Job.objects.exists()
    assert {row.sha256 for row in BlockedMedia.objects.all()} == blocked
    reported.refresh_from_db()
    assert (reported.state, reported.answer) == ("removed", "It broke the rules.")
    trail = AuditEntry.objects.filter(actor_id=operator.operator.pk).values_list("action", flat=True)
    assert {"report removed", "deleted", "blocked"} <= set(trail)


def test_the_same_file_in_other_accounts_goes_too(reported, portrait, operator, charlie, make_asset):
    Asset.objects.filter(pk=portrait.pk).update(sha256="7a" * 32)
    portrait.refresh_from_db()
    copy, other = make_asset(owner=charlie, sha256="7a" * 32), make_asset(owner=charlie, sha256="7b" * 32)
    made = Job.objects.create(owner=charlie, kind="talking_photo", request={"portrait_asset": str(copy.pk)})
    reports.decide_removed(reported, actor=operator.operator, assets=[portrait], answer="Gone.")
    assert [asset.pk for asset in Asset.objects.all()] == [other.pk]
    assert not Job.objects.filter(pk=made.pk).exists()


def test_one_report_does_not_take_our_presenters_from_everybody(reported, operator, charlie, make_asset, portrait):
    for asset in (portrait, make_asset(owner=charlie)):
        Asset.objects.filter(pk=asset.pk).update(sha256="7c" * 32)
        asset.refresh_from_db()
        attest(asset, "licensed", by_site=True)
    reports.decide_removed(reported, actor=operator.operator, assets=[portrait], answer="Gone.")
    assert Asset.objects.get().owner == charlie
    assert not BlockedMedia.objects.exists()


def test_a_video_in_the_making_is_stopped_when_its_portrait_is_removed(reported, alice, portrait, operator):
    running = Job.objects.create(
        owner=alice, kind="talking_photo", state="running", request={"portrait_asset": str(portrait.pk)}
    )
    reports.decide_removed(reported, actor=operator.operator, assets=[portrait], answer="Gone.")
    assert not Job.objects.filter(pk=running.pk).exists()
    assert not Asset.objects.filter(pk=portrait.pk).exists()


def test_removing_a_video_leaves_its_portrait_unless_that_is_chosen_too(reported, rendered, portrait, operator):
    output = Asset.objects.get(pk=rendered.output_id)
    reports.decide_removed(reported, actor=operator.operator, assets=[output], answer="Gone.")
    assert [asset.pk for asset in Asset.objects.all()] == [portrait.pk]


def test_rejecting_leaves_everything_and_tells_why(client, reported, rendered, operator, mailoutbox):
    files = Asset.objects.count()
    operator.post(DECIDE.format(reported.pk), {"outcome": "rejected", "answer": "It is a drawing."})
    assert Asset.objects.count() == files
    page = client.get(f"/report/{reported.reference}/").content.decode()
    assert "We have not removed it" in page and "It is a drawing." in page
    deliver_due()
    assert "It is a drawing." in mailoutbox[-1].body


def test_a_report_is_decided_once(reported, operator):
    reports.decide_rejected(reported, actor=operator.operator, answer="No.")
    with pytest.raises(SiteFailure) as refused:
        reports.decide_removed(reported, actor=operator.operator, assets=[], answer="Yes.")
    assert refused.value.code == "report_decided"
    answer = operator.post(DECIDE.format(reported.pk), {"outcome": "rejected", "answer": "Again."}, follow=True)
    assert "decided already" in answer.content.decode()


@pytest.mark.parametrize("form", [{}, {"outcome": "removed", "answer": "x"}, {"outcome": "x", "answer": "x"},
                                  {"outcome": "removed", "answer": "x", "files": ["not one of them"]}])  # fmt: skip
def test_an_incomplete_decision_decides_nothing(reported, operator, form):
    assert operator.post(DECIDE.format(reported.pk), form).status_code == 200
    reported.refresh_from_db()
    assert reported.is_open


def test_overdue_reports_come_first_and_say_so(operator, reported):
    late = reports.submit_report(address=None, **{k: v for k, v in FORM.items() if k != "is_true"})
    Report.objects.filter(pk=late.pk).update(due_at=timezone.now() - datetime.timedelta(hours=3))
    done = reports.submit_report(address=None, **{k: v for k, v in FORM.items() if k != "is_true"})
    reports.decide_rejected(done, actor=operator.operator, answer="No.")
    page = operator.get("/admin/trust/report/").content.decode()
    assert page.index(late.reference) < page.index(reported.reference) < page.index(done.reference)
    assert "overdue by" in page and "left" in page


def test_only_operators_decide(client, reported, alice):
    client.force_login(alice)
    assert client.get(DECIDE.format(reported.pk)).status_code == 302
    staff = User.objects.create_user("staff@example.com", "a long enough secret", is_staff=True)
    client.force_login(staff)
    assert client.post(DECIDE.format(reported.pk), {"outcome": "rejected", "answer": "x"}).status_code in (403, 404)
    reported.refresh_from_db()
    assert reported.is_open


def test_the_trail_is_only_ever_added_to(reported):
    entry = AuditEntry.objects.first()
    for change in (entry.save, entry.delete, AuditEntry.objects.all().delete):
        with pytest.raises(AppendOnlyError):
            change()


def test_what_operators_do_to_files_is_written_down(operator, portrait):
    assert operator.get(f"/admin/uploads/asset/{portrait.pk}/change/").status_code == 200
    assert operator.post(f"/admin/uploads/asset/{portrait.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Asset.objects.filter(pk=portrait.pk).exists()
    actions = AuditEntry.objects.filter(subject=f"asset {portrait.pk}").values_list("action", "actor_name")
    assert set(actions) == {("looked at", "operator@example.com"), ("deleted", "operator@example.com")}


@pytest.mark.parametrize("model", ["report", "blockedmedia", "attestation", "auditentry", "acceptance", "legalpage"])
def test_every_list_of_the_operators_opens(operator, reported, model):
    assert operator.get(f"/admin/trust/{model}/", {"q": "x"}).status_code in (200, 302)


def test_lifting_a_block_is_written_down(operator, make_asset):
    blocked = BlockedMedia.objects.create(sha256="ab" * 32, kind="portrait")
    operator.post(f"/admin/trust/blockedmedia/{blocked.pk}/delete/", {"post": "yes"})
    assert not BlockedMedia.objects.exists()
    assert AuditEntry.objects.get(action="unblocked").subject.startswith("sha256 abab")
