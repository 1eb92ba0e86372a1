"""What can be done with an account, beyond what allauth does itself."""

from allauth.account.models import EmailAddress
from django.db import transaction

from apps.accounts.models import User
from apps.accounts.signals import account_deleting


def is_verified(user: User) -> bool:
    """Whether the account's address is confirmed."""
    return EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists()


def delete_account(user: User) -> None:
    """Delete the account with everything it owns; files go once the rows are gone for good."""
    with transaction.atomic():
        account_deleting.send(sender=User, user=user)
        user.delete()
