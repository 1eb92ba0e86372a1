import datetime

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.utils import timezone

from apps.accounts.letters import deliver_due
from apps.accounts.models import OutgoingLetter
from apps.jobs.letters import tell_owner
from apps.jobs.models import Job
from apps.projects.models import Project


@pytest.fixture
def confirmed(alice):
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)
    return alice


@pytest.fixture
def finished(confirmed, make_job):
    """A job that ended now, `waited_s` after it was ordered."""

    def make(waited_s=90.0, **fields):
        project = Project.objects.create(owner=confirmed, title="Spring offer")
        job = make_job(**{"state": "succeeded", "project": project, "finished_at": timezone.now(), **fields})
        Job.objects.filter(pk=job.pk).update(queued_at=job.finished_at - datetime.timedelta(seconds=waited_s))
        return Job.objects.get(pk=job.pk)

    return make


def test_a_video_that_took_long_is_announced_once_by_a_worker_and_not_before(finished, alice):
    job = finished()
    assert tell_owner(job) is not None
    assert tell_owner(job) is None
    assert mail.outbox == [], "nothing leaves while somebody waits"
    assert deliver_due() == 1
    assert deliver_due() == 0
    (letter,) = mail.outbox
    assert letter.subject == "“Spring offer” is ready"
    assert letter.to == [alice.email]
    assert f"/projects/{job.project_id}/" in letter.body
    assert "/accounts/data/" in letter.body
    assert bytes(OutgoingLetter.objects.get().message) == b""


def test_a_failure_is_told_with_its_reason(finished):
    tell_owner(finished(state="failed", failure_code="no_face"))
    deliver_due()
    assert "could not be made" in mail.outbox[0].subject
    assert "It cost nothing." in mail.outbox[0].body


@pytest.mark.parametrize(
    "fields",
    [{"waited_s": 20.0}, {"kind": "preflight"}, {"kind": "speech"}, {"state": "cancelled"}],
)
def test_nobody_is_written_to_about_what_they_saw_themselves(finished, fields):
    assert tell_owner(finished(**fields)) is None


def test_the_letter_can_be_switched_off(finished, alice):
    alice.wants_render_letters = False
    alice.save()
    assert tell_owner(finished()) is None


def test_strangers_whose_address_somebody_typed_are_not_written_to(finished):
    EmailAddress.objects.update(verified=False)
    assert tell_owner(finished()) is None


def test_a_title_cannot_add_headers(finished):
    job = finished()
    Project.objects.update(title="Hello\nBcc: everybody@example.com"[:120])
    job.refresh_from_db()
    assert tell_owner(job).subject == "“Hello Bcc: everybody@example.com” is ready"
