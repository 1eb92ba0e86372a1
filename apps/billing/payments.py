"""What payments do to credits. Called for webhooks and by reconciliation: every function may be called again.

The order in which Stripe tells things does not matter: a refund that arrives before its payment waits in `Charge`.
"""

import datetime
import logging
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.billing.calendar import moment, one_month_after
from apps.billing.models import Charge, Customer, Dispute, Payment, PlanPrice
from apps.credits import services as credits
from apps.credits.models import Pool, Reason

_log = logging.getLogger(__name__)
_RESTORED_LAST = datetime.timedelta(days=30)


def pack_paid(session: dict[str, Any]) -> None:
    """A checkout of a pack is over; credits follow if it is paid for."""
    payment = _payment_of_session(session)
    if payment is None or session.get("payment_status") == "unpaid":  # a bank transfer is still on its way
        return
    if (session["amount_subtotal"], session["currency"]) != (payment.price_cents, payment.currency):
        _log.error("Payment %s was paid with %s %s", payment.pk, session["amount_subtotal"], session["currency"])
        return
    intent = session.get("payment_intent") or ""
    with transaction.atomic():
        _lock_charge(intent)
        fresh = Payment.objects.filter(pk=payment.pk).exclude(state=Payment.State.PAID)
        changed = fresh.update(
            state=Payment.State.PAID,
            paid_cents=session["amount_total"],
            stripe_session_id=session["id"],
            stripe_payment_intent_id=intent,
            paid_at=timezone.now(),
        )
        if changed != 1:
            return
        payment.refresh_from_db()
        _grant(payment, Pool.PACK, Reason.PURCHASE)
        settle_claw_back(payment)


def pack_not_paid(session: dict[str, Any], state: str) -> None:
    """A checkout failed or was abandoned; one that was paid stays paid, whatever arrives late."""
    payment = _payment_of_session(session)
    if payment is not None:
        Payment.objects.filter(pk=payment.pk, state=Payment.State.OPEN).update(state=state)


def _payment_of_session(session: dict[str, Any]) -> Payment | None:
    """Ours by the id we gave it; other things may be sold on the same account at Stripe."""
    wanted = (session.get("metadata") or {}).get("payment")
    if session.get("mode") != "payment" or not wanted:
        return None
    try:
        return Payment.objects.filter(pk=UUID(wanted), kind=Payment.Kind.PACK).first()
    except ValueError:
        return None


def invoice_paid(invoice: dict[str, Any], payment_intents: list[str]) -> None:
    """A month of a plan is paid (or a change of plan settled): credits in proportion to what its lines cost.

    A full line of a plan's price gives the month's credits; the lines of a change are shares of a month, the old plan's
    below zero, and the sum may be negative: then that many credits go back.
    """
    customer = Customer.objects.filter(stripe_customer_id=invoice.get("customer") or "").first()
    shares = _plan_shares(invoice)
    if customer is None or not shares:
        return
    total = sum(share for share, _, _ in shares)
    intent = payment_intents[0] if payment_intents else ""
    latest = max(shares, key=lambda share: share[1])
    with transaction.atomic():
        _lock_charge(intent)
        payment, is_new = Payment.objects.get_or_create(
            stripe_invoice_id=invoice["id"],
            defaults={
                "user": customer.user,
                "kind": Payment.Kind.PLAN,
                "state": Payment.State.PAID,
                "title": f"{latest[2].plan.name} plan",
                "credits": max(total, 0),
                "price_cents": invoice.get("subtotal") or 0,
                "paid_cents": max(invoice.get("amount_paid") or 0, 0),
                "currency": invoice["currency"],
                "credits_expire_at": one_month_after(latest[1]),
                "stripe_payment_intent_id": intent,
                "receipt_url": invoice.get("hosted_invoice_url") or "",
                "paid_at": timezone.now(),
            },
        )
        if not is_new:
            return
        if total > 0:
            _grant(payment, Pool.MONTHLY, Reason.PLAN)
            settle_claw_back(payment)
        elif total < 0 and customer.user is not None:
            credits.reverse(customer.user, -total, key=payment.credits_key, note="Changed to a smaller plan")


def _plan_shares(invoice: dict[str, Any]) -> list[tuple[int, datetime.datetime, PlanPrice]]:
    """(credits, end of the period, price) for each line that is one of our plans."""
    shares = []
    for line in invoice["lines"]["data"]:
        details = (line.get("pricing") or {}).get("price_details") or {}
        price = PlanPrice.objects.select_related("plan").filter(stripe_price_id=details.get("price") or "").first()
        if price is None:
            continue
        # Towards zero: neither side gains a credit by rounding.
        share = abs(line["amount"]) * price.credits_per_month // price.price_cents
        shares.append((share if line["amount"] >= 0 else -share, moment(line["period"]["end"]), price))
    return shares


def charge_changed(charge: dict[str, Any]) -> None:
    """A payment succeeded or went back, wholly or in part. Stripe counts refunds up, so the largest number is the last
    one, in whatever order they arrive."""
    intent = charge.get("payment_intent")
    if not intent:
        return
    with transaction.atomic():
        row = _lock_charge(intent)
        row.amount_cents = charge["amount"]
        row.refunded_cents = max(row.refunded_cents, charge["amount_refunded"])
        row.receipt_url = charge.get("receipt_url") or row.receipt_url
        row.save(update_fields=["amount_cents", "refunded_cents", "receipt_url"])
        _settle_payments_of(intent)


def dispute_changed(dispute: dict[str, Any]) -> None:
    """A bank takes a payment back, or gave it back; what was decided is not undecided by an older message."""
    intent = dispute.get("payment_intent")
    if not intent:
        return
    with transaction.atomic():
        _lock_charge(intent)
        row, is_new = Dispute.objects.get_or_create(
            stripe_dispute_id=dispute["id"],
            defaults={
                "stripe_payment_intent_id": intent,
                "amount_cents": dispute["amount"],
                "status": dispute["status"],
            },
        )
        if not is_new and row.status not in Dispute.FINAL:
            row.amount_cents, row.status = dispute["amount"], dispute["status"]
            row.save(update_fields=["amount_cents", "status"])
        _settle_payments_of(intent)


def _lock_charge(intent: str) -> Charge:
    """The row both a payment and its refund go through: whoever comes second sees what the first one did."""
    row, _ = Charge.objects.get_or_create(stripe_payment_intent_id=intent)
    Charge.objects.filter(pk=row.pk).update(version=F("version") + 1)
    row.refresh_from_db()
    return row


def _settle_payments_of(intent: str) -> None:
    for payment in Payment.objects.filter(stripe_payment_intent_id=intent, state=Payment.State.PAID):
        settle_claw_back(payment)


def settle_claw_back(payment: Payment) -> None:
    """Take back credits in the proportion in which the money went back; give them back when it returned."""
    intent = payment.stripe_payment_intent_id
    charge = Charge.objects.filter(stripe_payment_intent_id=intent).first() if intent else None
    if charge is None:
        return
    if charge.receipt_url and not payment.receipt_url:
        Payment.objects.filter(pk=payment.pk).update(receipt_url=charge.receipt_url)
    disputed = [row for row in Dispute.objects.filter(stripe_payment_intent_id=intent) if row.takes_money]
    back_cents = charge.refunded_cents + sum(row.amount_cents for row in disputed)
    paid_cents = charge.amount_cents or payment.paid_cents
    if back_cents == 0:
        target = 0
    else:
        target = payment.credits if back_cents >= paid_cents else payment.credits * back_cents // paid_cents
    change = target - payment.clawed_back_credits
    if change == 0:
        return
    key = f"{payment.credits_key}:back:{payment.claw_backs + 1}"
    updated = Payment.objects.filter(pk=payment.pk, claw_backs=payment.claw_backs).update(
        clawed_back_credits=target, claw_backs=payment.claw_backs + 1
    )
    if updated != 1:
        raise RuntimeError("two refunds of one payment were settled at the same time")
    if payment.user is None:  # the account is deleted; its wallet spends nothing any more
        return
    if change > 0:
        note = f"{payment.title}: payment disputed" if disputed else f"{payment.title}: refunded"
        credits.reverse(payment.user, change, key=key, granted_by=payment.credits_key, note=note)
    else:
        credits.grant(
            payment.user,
            -change,
            pool=Pool.PACK if payment.credits_expire_at is None else Pool.MONTHLY,
            key=key,
            reason=Reason.RESTORE,
            note=f"{payment.title}: dispute decided for you",
            expires_at=_restored_until(payment),
        )


def _restored_until(payment: Payment) -> datetime.datetime | None:
    """Disputes take months; credits that come back then must be of some use."""
    if payment.credits_expire_at is None:
        return None
    return max(payment.credits_expire_at, timezone.now() + _RESTORED_LAST)


def _grant(payment: Payment, pool: str, reason: str) -> None:
    if payment.user is None:
        _log.error("Payment %s was paid after its account was deleted: refund it at Stripe", payment.pk)
        return
    credits.grant(
        payment.user,
        payment.credits,
        pool=pool,
        key=payment.credits_key,
        reason=reason,
        note=payment.title,
        expires_at=payment.credits_expire_at,
    )
