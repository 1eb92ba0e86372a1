"""System checks of payments. Ids never change meaning."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from apps.core.checks import is_loopback_host


@register(Tags.security)
def check_stripe_is_set_up_whole(**_: Any) -> Iterable[CheckMessage]:
    """billing.W001: with one key alone nothing is sold; billing.W002: links back from Stripe need the site's name."""
    keys = {"STRIPE_SECRET_KEY": settings.STRIPE_SECRET_KEY, "STRIPE_WEBHOOK_SECRET": settings.STRIPE_WEBHOOK_SECRET}
    missing = [name for name, value in keys.items() if not value]
    if len(missing) == 1:
        yield Warning(
            f"Nothing can be bought: {missing[0]} is not set.",
            hint="Set both keys to sell credits, or neither.",
            id="billing.W001",
        )
    if not missing and not settings.SITE_URL and not settings.DEBUG:
        yield Warning(
            "Credits are sold, but SITE_URL is not set.",
            hint="Set SITE_URL: Stripe sends people back to it.",
            id="billing.W002",
        )


@register(Tags.security)
def check_the_key_goes_to_stripe_alone(**_: Any) -> Iterable[CheckMessage]:
    """billing.E001: the secret key must not travel unencrypted, and a live one goes to Stripe only."""
    base = urlsplit(settings.STRIPE_API_BASE)
    host = base.hostname or ""
    is_stripe = base.scheme == "https" and host == "api.stripe.com"
    is_live = settings.STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_"))
    if settings.STRIPE_SECRET_KEY and not is_stripe and (is_live or not is_loopback_host(host)):
        yield Error(
            f"The secret key of Stripe would be sent to {base.scheme}://{host}.",
            hint="Leave STRIPE_API_BASE alone, except for a double on this machine with a test key.",
            id="billing.E001",
        )
