"""The one door to Stripe: the only file that imports its library. Plain dictionaries come out.

Every POST carries an idempotency key, the API version is pinned, and whatever goes wrong on the way becomes a
SiteFailure `payments_unavailable`.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import stripe
from django.conf import settings

from apps.core.failures import SiteFailure

API_VERSION = "2026-10-28.endive"  # webhooks of another version are refused: the endpoint's version must be this one
TIMEOUT_S = 15
SIGNATURE_TOLERANCE_S = 300
_log = logging.getLogger(__name__)


class SignatureError(ValueError):
    """Raised when a webhook is not from Stripe, or too old to be believed."""


def is_configured() -> bool:
    """Whether this site sells anything."""
    return bool(settings.STRIPE_SECRET_KEY and settings.STRIPE_WEBHOOK_SECRET)


def _client() -> stripe.StripeClient:
    if not is_configured():
        raise SiteFailure("payments_off")
    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY,
        stripe_version=API_VERSION,
        base_addresses={"api": settings.STRIPE_API_BASE},
        max_network_retries=2,
        http_client=stripe.RequestsClient(timeout=TIMEOUT_S),
    )


def _ask(call: Callable[[], Any]) -> dict[str, Any]:
    try:
        return call().to_dict()
    except stripe.CardError as error:
        raise SiteFailure("card_declined") from error
    except stripe.StripeError as error:
        _log.error("Stripe: %s %s (request %s)", type(error).__name__, error.code, error.request_id)
        raise SiteFailure("payments_unavailable") from error


def _keyed(name: str, params: dict[str, Any]) -> str:
    """A key for work that is the same whenever its parameters are the same."""
    return f"{name}-{hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()[:32]}"


def create_customer(user_id: str, email: str) -> dict[str, Any]:
    params = {"email": email, "metadata": {"user": user_id}}
    options = {"idempotency_key": _keyed("customer", params)}
    return _ask(lambda: _client().v1.customers.create(params=params, options=options))


def delete_customer(customer_id: str) -> None:
    """Forget a customer; Stripe ends their subscriptions at once. One that is gone already is no error."""
    client = _client()

    def delete() -> Any:
        try:
            return client.v1.customers.delete(customer_id)
        except stripe.InvalidRequestError as error:
            if error.code != "resource_missing":
                raise
            return stripe.Customer.construct_from({"id": customer_id, "deleted": True}, None)

    _ask(delete)


def create_price(product_name: str, price_cents: int, currency: str, metadata: dict[str, str]) -> dict[str, Any]:
    """A monthly price. The same product at the same price is created once."""
    params: dict[str, Any] = {
        "currency": currency,
        "unit_amount": price_cents,
        "recurring": {"interval": "month"},
        "product_data": {"name": product_name},
        "tax_behavior": "exclusive",
        "metadata": metadata,
    }
    options = {"idempotency_key": _keyed("price", params)}
    return _ask(lambda: _client().v1.prices.create(params=params, options=options))


def create_checkout(order_id: str, params: dict[str, Any]) -> dict[str, Any]:
    """A page of Stripe's on which an order is paid; the same order gives the same page again."""
    if settings.STRIPE_AUTOMATIC_TAX:
        params = params | {"automatic_tax": {"enabled": True}, "customer_update": {"address": "auto"}}
    options = {"idempotency_key": f"checkout-{order_id}"}
    return _ask(lambda: _client().v1.checkout.sessions.create(params=params, options=options))


def create_portal_session(customer_id: str, return_url: str) -> dict[str, Any]:
    """Where customers change cards, see invoices, and end their plan."""
    params = {"customer": customer_id, "return_url": return_url}
    options = {"idempotency_key": f"portal-{uuid4()}"}
    return _ask(lambda: _client().v1.billing_portal.sessions.create(params=params, options=options))


def change_price(subscription_id: str, item_id: str, price_id: str, *, order_key: str) -> dict[str, Any]:
    """Move a subscription to another price now; the difference for the rest of the month is invoiced at once."""
    params: dict[str, Any] = {
        "items": [{"id": item_id, "price": price_id}],
        "proration_behavior": "always_invoice",
        "payment_behavior": "error_if_incomplete",
    }
    options = {"idempotency_key": f"change-{order_key}"}
    return _ask(lambda: _client().v1.subscriptions.update(subscription_id, params=params, options=options))


def create_refund(payment_intent_id: str, amount_cents: int, *, key: str, note: str) -> dict[str, Any]:
    params = {"payment_intent": payment_intent_id, "amount": amount_cents, "metadata": {"note": note}}
    options = {"idempotency_key": f"refund-{key}"}
    return _ask(lambda: _client().v1.refunds.create(params=params, options=options))


def fetch_subscription(subscription_id: str) -> dict[str, Any]:
    return _ask(lambda: _client().v1.subscriptions.retrieve(subscription_id))


def payment_intents_of_invoice(invoice_id: str) -> list[str]:
    """The payments an invoice was paid with (usually one; none when nothing was due)."""
    params = {"invoice": invoice_id, "status": "paid", "limit": 100}
    listed = _ask(lambda: _client().v1.invoice_payments.list(params=params))
    intents = [row["payment"].get("payment_intent") for row in listed["data"]]
    return [intent for intent in intents if intent]


def paid_sessions_since(since_s: int) -> Iterator[dict[str, Any]]:
    """Completed checkouts, newest first."""
    params = {"created": {"gte": since_s}, "status": "complete", "limit": 100}
    return _pages(lambda after: _client().v1.checkout.sessions.list(params=params | after))


def paid_invoices_since(since_s: int) -> Iterator[dict[str, Any]]:
    params = {"created": {"gte": since_s}, "status": "paid", "limit": 100}
    return _pages(lambda after: _client().v1.invoices.list(params=params | after))


def charges_since(since_s: int) -> Iterator[dict[str, Any]]:
    params = {"created": {"gte": since_s}, "limit": 100}
    return _pages(lambda after: _client().v1.charges.list(params=params | after))


def _pages(ask: Callable[[dict[str, Any]], Any]) -> Iterator[dict[str, Any]]:
    after: dict[str, Any] = {}
    while True:
        page = _ask(lambda after=after: ask(after))
        yield from page["data"]
        if not page["has_more"]:
            return
        after = {"starting_after": page["data"][-1]["id"]}


def verified_event(payload: bytes, signature: str) -> dict[str, Any]:
    """The event in a webhook's body. Raises SignatureError unless Stripe signed exactly these bytes just now."""
    try:
        stripe.WebhookSignature.verify_header(
            payload.decode("utf-8"), signature, settings.STRIPE_WEBHOOK_SECRET, SIGNATURE_TOLERANCE_S
        )
        event = json.loads(payload)
    except (stripe.SignatureVerificationError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SignatureError(str(error)) from error
    if not isinstance(event, dict) or not {"id", "type", "created", "data"} <= event.keys():
        raise SignatureError("not an event")
    return event
