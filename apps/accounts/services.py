"""What can be done with an account, beyond what allauth does itself."""

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac

from apps.accounts.models import GiftedAddress, User
from apps.accounts.signals import account_deleting


def is_verified(user: User) -> bool:
    """Whether the account's address is confirmed."""
    return EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists()


def remember_gift(address: str) -> bool:
    """Note that an address has had the welcome gift; False when it had it before, under whichever account.

    Only a keyed hash is kept, of what stays the same in different spellings of one mailbox.
    """
    known = [_gift_digest(address, key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    if GiftedAddress.objects.filter(digest__in=known).exists():
        return False
    _, is_new = GiftedAddress.objects.get_or_create(digest=known[0])
    return is_new


def _gift_digest(address: str, key: str) -> str:
    return salted_hmac("apps.accounts.gift", same_mailbox(address), secret=key, algorithm="sha256").hexdigest()


def same_mailbox(address: str) -> str:
    """One spelling for the spellings of a mailbox: no capitals, no "+tag", and for Gmail no dots."""
    name, _, domain = address.strip().lower().rpartition("@")
    name = name.partition("+")[0] or name
    if domain in ("gmail.com", "googlemail.com"):
        name, domain = name.replace(".", ""), "gmail.com"
    return f"{name}@{domain}"


def delete_account(user: User) -> None:
    """Delete the account with everything it owns; files go once the rows are gone for good."""
    with transaction.atomic():
        account_deleting.send(sender=User, user=user)
        user.delete()
