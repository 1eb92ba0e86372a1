"""Compares Stripe with what is stored here and with the ledger, and sets right what was missed.

What is missing is applied by the same functions as the webhooks, so doing it twice, or while webhooks arrive, is safe.
"""

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from apps.billing import payments, stripe_client, subscriptions
from apps.billing.models import Charge, Customer, Payment, Subscription
from apps.credits.models import Movement


@dataclass(frozen=True)
class Difference:
    """Something Stripe and we see differently; `repair` sets it right here, when that is possible."""

    sentence: str
    repair: Callable[[], None] | None = None


def differences(since: datetime.datetime) -> Iterator[Difference]:
    """Everything since then that does not agree. Raises SiteFailure when Stripe cannot be asked."""
    since_s = int(since.timestamp())
    sessions = {row["id"]: row for row in stripe_client.paid_sessions_since(since_s)}
    invoices = {row["id"]: row for row in stripe_client.paid_invoices_since(since_s)}
    yield from _missed_packs(sessions)
    yield from _missed_months(invoices)
    for charge in stripe_client.charges_since(since_s):
        yield from _missed_refund(charge)
    yield from _stale_subscriptions()
    yield from _unknown_to_stripe(since, sessions.keys() | invoices.keys())
    yield from _not_in_ledger(since)


def _missed_packs(sessions: dict[str, dict[str, Any]]) -> Iterator[Difference]:
    for row in sessions.values():
        wanted = (row.get("metadata") or {}).get("payment")
        if row["mode"] != "payment" or row["payment_status"] == "unpaid" or not wanted:
            continue
        if not Payment.objects.filter(stripe_session_id=row["id"], state=Payment.State.PAID).exists():
            sentence = f"checkout {row['id']} is paid at Stripe, but not here"
            yield Difference(sentence, lambda row=row: payments.pack_paid(row))


def _missed_months(invoices: dict[str, dict[str, Any]]) -> Iterator[Difference]:
    ours = set(Customer.objects.values_list("stripe_customer_id", flat=True))
    known = set(Payment.objects.filter(stripe_invoice_id__in=invoices).values_list("stripe_invoice_id", flat=True))
    for row in invoices.values():
        if row["customer"] in ours and row["id"] not in known:
            yield Difference(
                f"invoice {row['id']} is paid at Stripe, but not here",
                lambda row=row: payments.invoice_paid(row, stripe_client.payment_intents_of_invoice(row["id"])),
            )


def _missed_refund(charge: dict[str, Any]) -> Iterator[Difference]:
    intent = charge.get("payment_intent")
    if not intent or not Payment.objects.filter(stripe_payment_intent_id=intent).exists():
        return
    here = Charge.objects.filter(stripe_payment_intent_id=intent).values_list("refunded_cents", flat=True).first() or 0
    if here < charge["amount_refunded"]:
        sentence = f"charge {charge['id']}: {charge['amount_refunded']} cents went back at Stripe, {here} here"
        yield Difference(sentence, lambda: payments.charge_changed(charge))
    elif here > charge["amount_refunded"]:
        yield Difference(
            f"charge {charge['id']}: a refund of {here} cents failed at Stripe; give the credits back by hand"
        )


def _stale_subscriptions() -> Iterator[Difference]:
    for row in Subscription.objects.filter(status__in=Subscription.RUNNING).iterator():
        remote, asked_at = subscriptions.fetch(row.stripe_subscription_id)
        if remote["status"] != row.status:
            yield Difference(
                f"subscription {row.stripe_subscription_id} is {remote['status']} at Stripe, {row.status} here",
                lambda remote=remote, asked_at=asked_at: subscriptions.sync(remote, asked_at),
            )


def _unknown_to_stripe(since: datetime.datetime, known: set[str]) -> Iterator[Difference]:
    # An order is a little older than its payment, and Stripe counts from the order.
    inside = since + datetime.timedelta(days=1)
    for payment in Payment.objects.filter(state=Payment.State.PAID, created_at__gte=inside).iterator():
        if (payment.stripe_session_id or payment.stripe_invoice_id) not in known:
            yield Difference(f"payment {payment.pk} ({payment.title}) is paid here, but not at Stripe")


def _not_in_ledger(since: datetime.datetime) -> Iterator[Difference]:
    paid = Payment.objects.filter(state=Payment.State.PAID, created_at__gte=since, user__isnull=False, credits__gt=0)
    for payment in paid.iterator():
        granted = Movement.objects.filter(account__owner=payment.user, key=payment.credits_key).first()
        if granted is None or granted.change_credits != payment.credits:
            found = "nothing" if granted is None else granted.change_credits
            yield Difference(f"payment {payment.pk} is for {payment.credits} credits, the ledger has {found}")


def default_since(days: int) -> datetime.datetime:
    return timezone.now() - datetime.timedelta(days=days)
