"""What credits does when something happens to accounts."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from django.dispatch import receiver

from apps.credits.services import grant_welcome


@receiver(email_confirmed)
def welcome(*, email_address: EmailAddress, **_: Any) -> None:
    """A confirmed address is worth a gift."""
    grant_welcome(email_address.user)
