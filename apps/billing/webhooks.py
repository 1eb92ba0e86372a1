"""What Stripe tells us. Signed or refused; of our API version or refused; each event has its effect once.

The event's id goes into the database first, under a unique key, in the same transaction as the effect: a crash between
the two undoes both, and Stripe delivers again.
"""

import datetime
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.billing import payments, stripe_client, subscriptions
from apps.billing.calendar import moment
from apps.billing.models import Payment, StripeEvent
from apps.core.failures import SiteFailure

Facts = dict[str, Any]
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Handler:
    """`ask` talks to Stripe before the transaction, `apply` writes inside it with what `ask` gave."""

    apply: Callable[[Facts, Any], None]
    ask: Callable[[Facts], Any] = lambda _: None


def _session_expired(session: Facts, _: Any) -> None:
    payments.pack_not_paid(session, Payment.State.EXPIRED)


def _session_failed(session: Facts, _: Any) -> None:
    payments.pack_not_paid(session, Payment.State.FAILED)


def _subscription_of_invoice(invoice: Facts) -> tuple[Facts, datetime.datetime] | None:
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    return subscriptions.fetch(details["subscription"]) if details.get("subscription") else None


def _sync(_: Facts, fetched: tuple[Facts, datetime.datetime] | None) -> None:
    if fetched is not None:
        subscriptions.sync(*fetched)


_SESSION = Handler(apply=lambda session, _: payments.pack_paid(session))
_SUBSCRIPTION = Handler(apply=_sync, ask=lambda subscription: subscriptions.fetch(subscription["id"]))
_CHARGE = Handler(apply=lambda charge, _: payments.charge_changed(charge))
_DISPUTE = Handler(apply=lambda dispute, _: payments.dispute_changed(dispute))

HANDLERS: dict[str, Handler] = {
    "checkout.session.completed": _SESSION,
    "checkout.session.async_payment_succeeded": _SESSION,
    "checkout.session.async_payment_failed": Handler(apply=_session_failed),
    "checkout.session.expired": Handler(apply=_session_expired),
    "invoice.paid": Handler(
        apply=payments.invoice_paid, ask=lambda invoice: stripe_client.payment_intents_of_invoice(invoice["id"])
    ),
    "invoice.payment_failed": Handler(apply=_sync, ask=_subscription_of_invoice),
    "customer.subscription.created": _SUBSCRIPTION,
    "customer.subscription.updated": _SUBSCRIPTION,
    "customer.subscription.paused": _SUBSCRIPTION,
    "customer.subscription.resumed": _SUBSCRIPTION,
    "customer.subscription.deleted": _SUBSCRIPTION,
    "customer.deleted": Handler(apply=lambda customer, _: subscriptions.forget_deleted_customer(customer)),
    "charge.succeeded": _CHARGE,
    "charge.updated": _CHARGE,
    "charge.refunded": _CHARGE,
    "charge.dispute.created": _DISPUTE,
    "charge.dispute.updated": _DISPUTE,
    "charge.dispute.funds_withdrawn": _DISPUTE,
    "charge.dispute.funds_reinstated": _DISPUTE,
    "charge.dispute.closed": _DISPUTE,
}


class _AppliedAlready(Exception):
    """Raised when an event's id is in the database."""


@csrf_exempt
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """Where Stripe delivers. 2xx: done, or nothing for us. Anything else: Stripe tries again for three days."""
    if not stripe_client.is_configured():
        raise SiteFailure("payments_off")
    try:
        event = stripe_client.verified_event(request.body, request.headers.get("Stripe-Signature", ""))
    except stripe_client.SignatureError as error:
        _log.warning("A webhook was refused: %s", error)
        return _answer("bad signature", status=400)
    if event.get("api_version") != stripe_client.API_VERSION:
        _log.error("Webhooks come in API version %s; set %s", event.get("api_version"), stripe_client.API_VERSION)
        return _answer(f"this site reads API version {stripe_client.API_VERSION}", status=400)
    handler = HANDLERS.get(event["type"])
    if handler is None:
        return _answer("ignored")
    if StripeEvent.objects.filter(stripe_event_id=event["id"]).exists():  # spares asking Stripe; the key decides below
        return _answer("applied before")
    asked = handler.ask(event["data"]["object"])
    try:
        with transaction.atomic():
            _insert(event)
            handler.apply(event["data"]["object"], asked)
    except _AppliedAlready:
        return _answer("applied before")
    return _answer("applied")


def _insert(event: Facts) -> None:
    try:
        with transaction.atomic():
            StripeEvent.objects.create(
                stripe_event_id=event["id"], type=event["type"], happened_at=moment(event["created"])
            )
    except IntegrityError:
        raise _AppliedAlready from None


def _answer(words: str, *, status: int = 200) -> HttpResponse:
    return HttpResponse(words, status=status, content_type="text/plain")
