"""What operators can do with jobs: find them, see what became of their credits, run them again."""

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.credits import services as credits
from apps.credits.services import balance_of
from apps.jobs.models import Job, Quote
from apps.jobs.services import renders_today

pytestmark = pytest.mark.django_db
JOBS = "/admin/jobs/job/"


@pytest.fixture(autouse=True)
def _nobody_is_woken(monkeypatch):
    monkeypatch.setattr("apps.jobs.queue.enqueue", lambda *_: None)


@pytest.fixture
def operator(db):
    client = Client()
    client.force_login(User.objects.create_superuser("operator@example.com", "x"))
    return client


@pytest.fixture
def exported(alice, make_job):
    """An export that failed after its credits had been reserved."""
    credits.grant(alice, 20, pool="pack", key="pack")
    facts = {"credits": 12, "seconds": 12, "credits_per_s": 1, "duration_s": 12, "width_px": 9, "height_px": 9}
    facts |= {"request": {}, "work": "talking_photo", "content_key": "k", "size_bytes": 1}
    quote = Quote.objects.create(owner=alice, valid_until="2030-01-01T00:00Z", **facts)
    job = Job.claim(make_job(kind="export", quote=quote, hold=credits.hold(alice, 12, key="job:1")).pk)
    assert job.fail("engine_crashed")
    job.refresh_from_db()
    return job


def run_again(client, *jobs):
    data = {"action": "run_again_free", "_selected_action": [str(job.pk) for job in jobs]}
    return client.post(JOBS, data, follow=True)


def test_jobs_are_found_by_account_with_their_reason_and_their_credits(operator, exported, alice):
    page = operator.get(f"{JOBS}?owner__id__exact={alice.pk}").content.decode()
    assert "alice@example.com" in page and "engine_crashed" in page and "0 of 12 taken" in page
    assert "Lipsmith" in page and "Django administration" not in page
    page = operator.get(f"{JOBS}{exported.pk}/change/").content.decode()
    assert "Wallet" in page and "0 of 12 taken" in page
    wallet = alice.credit_account if hasattr(alice, "credit_account") else credits.wallet_of(alice)
    page = operator.get(f"/admin/credits/account/{wallet.pk}/change/").content.decode()
    assert f"{JOBS}?owner__id__exact={alice.pk}" in page
    assert "12" in operator.get("/admin/jobs/quote/").content.decode()


def test_an_export_is_run_again_free_of_charge(operator, exported, alice):
    assert "is ordered again" in run_again(operator, exported).content.decode()
    again = Job.objects.exclude(pk=exported.pk).get()
    assert (again.kind, again.state, again.hold, again.quote.credits) == ("export", "queued", None, 0)
    assert again.request == exported.request
    assert balance_of(alice).available_credits == 20


def test_a_job_that_is_not_over_is_left_alone(operator, make_job):
    job = make_job()
    assert "cannot be run again" in run_again(operator, job).content.decode()
    assert Job.objects.get() == job


def test_running_again_needs_the_right_to_it(make_job):
    staff = User.objects.create_user("staff@example.com", "x")
    staff.is_staff = True
    staff.save()
    from django.contrib.auth.models import Permission

    staff.user_permissions.add(Permission.objects.get(codename="view_job"))
    client = Client()
    client.force_login(staff)
    job = make_job(state="failed")
    assert client.get(JOBS).status_code == 200
    run_again(client, job)
    assert Job.objects.get() == job
    assert renders_today(job.owner) == 0


def test_nothing_is_edited_or_deleted_by_hand(operator, exported):
    assert operator.post(f"{JOBS}{exported.pk}/change/", {"state": "succeeded"}).status_code in (403, 404)
    assert operator.post(f"{JOBS}{exported.pk}/delete/", {"post": "yes"}).status_code in (403, 404)
    exported.refresh_from_db()
    assert exported.state == "failed"
