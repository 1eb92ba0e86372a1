"""What credits does when something happens to accounts."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from django.db.models.signals import post_save
from django.dispatch import receiver

from apps.accounts.models import User
from apps.accounts.services import remember_gift
from apps.credits.ledger import wallet_of
from apps.credits.services import grant_welcome


@receiver(email_confirmed)
def welcome(*, email_address: EmailAddress, **_: Any) -> None:
    """A confirmed address is worth a gift, once: a new account with an address that had it gets none."""
    if remember_gift(email_address.email):
        grant_welcome(email_address.user)


@receiver(post_save, sender=User)
def open_wallet(*, instance: User, created: bool, raw: bool = False, **_: Any) -> None:
    """Everybody has a wallet from the start, so that operators find it."""
    if created and not raw:
        wallet_of(instance)
