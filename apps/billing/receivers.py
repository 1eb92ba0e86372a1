"""What billing does when something happens to accounts."""

from typing import Any

from django.dispatch import receiver

from apps.accounts.models import User
from apps.accounts.signals import account_deleting
from apps.billing.services import forget_customer


@receiver(account_deleting)
def end_plans(*, user: User, **_: Any) -> None:
    """Nobody pays for an account that is gone. When Stripe cannot be told, the account stays for now."""
    forget_customer(user)
