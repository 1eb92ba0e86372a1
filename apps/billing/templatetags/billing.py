"""Money in templates."""

from django import template

from apps.billing.models import Offer

register = template.Library()
_SIGNS = {"usd": "$", "eur": "€", "gbp": "£"}


@register.simple_tag
def money(amount_cents: int, currency: str) -> str:
    """Whole cents as people write them: $9, $9.50, CHF 9.50."""
    sign = _SIGNS.get(currency, f"{currency.upper()} ")
    whole, cents = divmod(abs(amount_cents), 100)
    return f"{'−' if amount_cents < 0 else ''}{sign}{whole:,}" + (f".{cents:02d}" if cents else "")


@register.simple_tag
def price_per_credit(offer: Offer, credits: int) -> str:
    """What one credit of an offer costs: 9 ¢, 6.5 ¢."""
    tenths = round(offer.price_cents * 10 / credits)
    whole, rest = divmod(tenths, 10)
    unit = "¢" if offer.currency in ("usd", "eur") else f"hundredths of {offer.currency.upper()}"
    return f"{whole}{f'.{rest}' if rest else ''} {unit}"
