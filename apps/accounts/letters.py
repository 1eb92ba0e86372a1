"""Letters that leave by themselves: kept as rows, delivered by a worker or the clock, never inside a request.

A row goes in together with what it is about, in one transaction; so a letter is neither lost nor sent for something
that did not happen. `key` names what a letter is about: the same key is one letter, however often it is asked for.
"""

import datetime
import email
import logging
import smtplib
from email.policy import default as modern

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from apps.accounts.models import OutgoingLetter
from apps.core import errands

logger = logging.getLogger(__name__)

BATCH = 100
CLAIM_FOR = datetime.timedelta(minutes=5)  # longer than a delivery takes; a worker that dies leaves it to the next
ATTEMPTS_MAX = 12
STUCK_AFTER = datetime.timedelta(minutes=15)
KEEP_SENT_FOR = datetime.timedelta(days=30)


def send_later(message: EmailMessage, *, key: str | None = None) -> OutgoingLetter | None:
    """Keep a letter for delivery soon after this transaction; None when `key` was used before."""
    message.from_email = message.from_email or settings.DEFAULT_FROM_EMAIL
    try:
        with transaction.atomic():
            letter = OutgoingLetter.objects.create(
                key=key,
                to=", ".join(message.recipients())[:320],
                subject=str(message.subject)[:200],
                message=message.message().as_bytes(),
            )
    except IntegrityError:
        return None
    transaction.on_commit(lambda: errands.wake(errands.LETTERS))
    return letter


def address_of(path: str) -> str:
    """The whole address of a page, for letters; this machine's own when the site has no name yet."""
    return f"{settings.SITE_URL or f'http://127.0.0.1:{settings.PORT}'}{path}"


class OutboxBackend(BaseEmailBackend):
    """Django's door to `send_later`, for the letters that allauth writes while somebody waits for a page."""

    def send_messages(self, email_messages: list[EmailMessage]) -> int:
        for message in email_messages:
            send_later(message)
        return len(email_messages)


def deliver_due() -> int:
    """Deliver what waits; returns how many letters left. Safe to run in several places at once."""
    due = OutgoingLetter.objects.filter(sent_at=None, due_at__lte=timezone.now(), attempts__lt=ATTEMPTS_MAX)
    return sum(_deliver(pk) for pk in list(due.order_by("created_at").values_list("pk", flat=True)[:BATCH]))


def _deliver(pk: int) -> bool:
    now = timezone.now()
    claimed = OutgoingLetter.objects.filter(pk=pk, sent_at=None, due_at__lte=now, attempts__lt=ATTEMPTS_MAX).update(
        due_at=now + CLAIM_FOR, attempts=F("attempts") + 1
    )
    if claimed != 1:
        return False
    letter = OutgoingLetter.objects.get(pk=pk)
    try:
        get_connection(settings.DELIVERY_BACKEND).send_messages([_message_of(letter)])
    except (smtplib.SMTPException, OSError) as error:
        wait = datetime.timedelta(seconds=min(15 * 2**letter.attempts, 6 * 3600))
        OutgoingLetter.objects.filter(pk=pk).update(due_at=timezone.now() + wait)
        logger.warning("letter %s could not be delivered (attempt %d): %s", pk, letter.attempts, error)
        return False
    # Links to reset a password have no business in the database once they are on their way.
    OutgoingLetter.objects.filter(pk=pk).update(sent_at=timezone.now(), message=b"")
    return True


def _message_of(letter: OutgoingLetter) -> EmailMessage:
    kept = email.message_from_bytes(bytes(letter.message), policy=modern)
    plain, rich = kept.get_body(("plain",)), kept.get_body(("html",))
    body = plain.get_content() if plain is not None else ""
    recipients = [address.strip() for address in letter.to.split(",")]
    message = EmailMultiAlternatives(str(kept["Subject"]), body, str(kept["From"]), recipients)
    if rich is not None:
        message.attach_alternative(rich.get_content(), "text/html")
    return message


def stuck_letters() -> int:
    """How many letters have not left though they should have."""
    return OutgoingLetter.objects.filter(sent_at=None, created_at__lt=timezone.now() - STUCK_AFTER).count()


def forget_sent() -> None:
    """Letters that left long ago."""
    OutgoingLetter.objects.filter(sent_at__lt=timezone.now() - KEEP_SENT_FOR).delete()
