"""Which parameters each address knows. Anything else is refused, as Stripe refuses it."""

import re
from typing import Any
from urllib.parse import parse_qsl

_LIST = {"limit", "starting_after", "created.gte"}
_PRICE_DATA = {f"line_items.*.price_data.{name}" for name in ("currency", "unit_amount", "tax_behavior")}
KNOWN: dict[tuple[str, str], set[str]] = {
    ("POST", "customers"): {"email", "metadata.*"},
    ("DELETE", "customers/*"): set(),
    ("POST", "prices"): {
        "currency",
        "unit_amount",
        "recurring.interval",
        "product_data.name",
        "tax_behavior",
        "metadata.*",
    },
    ("POST", "checkout/sessions"): {
        "mode",
        "customer",
        "client_reference_id",
        "metadata.*",
        "line_items.*.quantity",
        "line_items.*.price",
        *_PRICE_DATA,
        "line_items.*.price_data.product_data.name",
        "payment_intent_data.metadata.*",
        "payment_intent_data.receipt_email",
        "subscription_data.metadata.*",
        "success_url",
        "cancel_url",
        "automatic_tax.enabled",
        "customer_update.address",
    },
    ("GET", "checkout/sessions"): _LIST | {"status"},
    ("POST", "billing_portal/sessions"): {"customer", "return_url"},
    ("GET", "subscriptions/*"): set(),
    ("POST", "subscriptions/*"): {"items.*.id", "items.*.price", "proration_behavior", "payment_behavior"},
    ("GET", "invoices"): _LIST | {"status"},
    ("GET", "invoice_payments"): {"invoice", "status", "limit"},
    ("GET", "charges"): _LIST,
    ("POST", "refunds"): {"payment_intent", "amount", "metadata.*"},
}


class Refused(Exception):
    """Raised for a request that Stripe would answer with an error."""

    def __init__(
        self, message: str, *, kind: str = "invalid_request_error", status: int = 400, code: str | None = None
    ) -> None:
        super().__init__(message)
        self.body = {"error": {"type": kind, "message": message, "code": code}}
        self.status = status


def parsed(method: str, path: str, encoded: str) -> tuple[str, dict[str, Any]]:
    """The pattern of the address and its parameters as nested dictionaries; Refused for an unknown one of either."""
    pattern = next((known for verb, known in KNOWN if verb == method and _matches(known, path)), None)
    if pattern is None:
        raise Refused(f"Unrecognized request URL ({method}: /v1/{path}).", status=404)
    nested: dict[str, Any] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        parts = re.findall(r"[^\[\]]+", name)
        if not any(_matches(known, ".".join(parts), separator=".") for known in KNOWN[method, pattern]):
            raise Refused(f"Received unknown parameter: {name}")
        target = nested
        for part in parts[:-1]:
            target = target.setdefault(part, {})
        target[parts[-1]] = value
    return pattern, nested


def _matches(pattern: str, text: str, *, separator: str = "/") -> bool:
    wanted, given = pattern.split(separator), text.split(separator)
    return len(wanted) == len(given) and all(w in ("*", g) for w, g in zip(wanted, given, strict=True))
