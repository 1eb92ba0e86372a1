import datetime
import smtplib

import pytest
from django.core import mail
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.utils import timezone

from apps.accounts import letters
from apps.accounts.letters import OutboxBackend, deliver_due, forget_sent, send_later
from apps.accounts.models import OutgoingLetter


def a_letter(subject="Hello", **more):
    return EmailMessage(subject, "Grüße,\nOpen https://site.example/x?y=1 now", to=["me@example.com"], **more)


def test_what_allauth_writes_waits_for_a_worker_and_arrives_as_it_was(db):
    message = EmailMultiAlternatives("Grüße", "plain", to=["a@example.com", "b@example.com"])
    message.attach_alternative("<p>rich</p>", "text/html")
    assert OutboxBackend().send_messages([message]) == 1
    assert mail.outbox == []
    assert deliver_due() == 1
    (arrived,) = mail.outbox
    assert (arrived.subject, arrived.body.strip()) == ("Grüße", "plain")
    assert arrived.to == ["a@example.com", "b@example.com"]
    assert arrived.alternatives[0][0].strip() == "<p>rich</p>"


def test_one_key_is_one_letter(db):
    assert send_later(a_letter(), key="render:1") is not None
    assert send_later(a_letter(), key="render:1") is None
    assert send_later(a_letter()) is not None
    assert send_later(a_letter()) is not None
    assert deliver_due() == 3


def test_a_letter_leaves_once_however_many_workers_deliver(db, monkeypatch):
    send_later(a_letter())
    pk = OutgoingLetter.objects.get().pk
    assert letters._deliver(pk)
    assert not letters._deliver(pk)
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("error", [smtplib.SMTPServerDisconnected("gone"), OSError("no route")])
def test_a_mail_server_that_is_away_is_tried_again_later_and_not_for_ever(db, monkeypatch, error):
    def refuse(*_, **__):
        raise error

    send_later(a_letter())
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    for attempt in range(1, letters.ATTEMPTS_MAX + 1):
        assert deliver_due() == 0
        letter = OutgoingLetter.objects.get()
        assert (letter.attempts, letter.sent_at) == (attempt, None)
        assert letter.due_at > timezone.now()
        OutgoingLetter.objects.update(due_at=timezone.now())
    monkeypatch.undo()
    assert deliver_due() == 0, "given up"


def test_a_worker_that_dies_while_delivering_leaves_the_letter_to_the_next(db):
    send_later(a_letter())
    later = timezone.now() + letters.CLAIM_FOR
    OutgoingLetter.objects.update(due_at=later, attempts=1)
    assert deliver_due() == 0
    OutgoingLetter.objects.update(due_at=timezone.now() - datetime.timedelta(seconds=1))
    assert deliver_due() == 1


def test_links_do_not_stay_in_the_database_once_they_left(db):
    send_later(a_letter())
    assert b"site.example" in bytes(OutgoingLetter.objects.get().message)
    deliver_due()
    assert bytes(OutgoingLetter.objects.get().message) == b""
    OutgoingLetter.objects.update(sent_at=timezone.now() - letters.KEEP_SENT_FOR * 2)
    forget_sent()
    assert not OutgoingLetter.objects.exists()


def test_letters_that_do_not_leave_are_counted_for_the_doctor(db):
    send_later(a_letter())
    assert letters.stuck_letters() == 0
    OutgoingLetter.objects.update(created_at=timezone.now() - letters.STUCK_AFTER * 2)
    assert letters.stuck_letters() == 1
    deliver_due()
    assert letters.stuck_letters() == 0
