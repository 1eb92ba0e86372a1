"""What every page may show about the account."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.accounts.mailbox import mailbox_available
from apps.accounts.services import is_verified


def account_state(request: HttpRequest) -> dict[str, object]:
    """`needs_verification`: whether to show the reminder to confirm the address; asked for only where it is used."""
    user = getattr(request, "user", None)
    signed_in = user is not None and user.is_authenticated
    return {
        "needs_verification": SimpleLazyObject(lambda: signed_in and not is_verified(user)),
        "mailbox_available": SimpleLazyObject(lambda: mailbox_available(request)),
        "site_debug": settings.DEBUG,
    }
