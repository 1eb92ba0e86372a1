"""What customers can do: buy a pack, take a plan, change it, look after their payments. Nothing here grants credits."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.http import Http404

from apps.accounts.models import User
from apps.billing import stripe_client
from apps.billing.models import Customer, Pack, Payment, Plan, PlanPrice
from apps.billing.subscriptions import fetch, running_subscription, sync
from apps.core.failures import SiteFailure


def active_packs() -> list[Pack]:
    return list(Pack.objects.filter(is_active=True))


def active_plans() -> list[Plan]:
    return list(Plan.objects.filter(is_active=True))


def payments_of(user: User) -> list[Payment]:
    """What was really paid, newest first."""
    return list(Payment.objects.filter(user=user, state=Payment.State.PAID).order_by("-paid_at")[:50])


def get_payment_for(user: User, payment_id: UUID) -> Payment:
    payment = Payment.objects.filter(pk=payment_id, user=user).first()
    if payment is None:
        raise Http404("no such payment")
    return payment


def start_pack_checkout(
    user: User, slug: str, *, order_key: str, thanks_url: Callable[[UUID], str], back_url: str
) -> str:
    """Where the user pays for a pack. The same `order_key` gives the same order again, so a double click is one order.

    `thanks_url` makes the address to come back to from the payment's id.
    Raises SiteFailure: offer_gone, payments_off, payments_unavailable, idempotency_conflict.
    """
    pack = Pack.objects.filter(slug=slug, is_active=True).first()
    if pack is None:
        raise SiteFailure("offer_gone")
    customer = _customer_of(user)
    payment = _order(user, pack, order_key)
    session = stripe_client.create_checkout(
        str(payment.pk),
        {
            "mode": "payment",
            "customer": customer.stripe_customer_id,
            "client_reference_id": str(payment.pk),
            "metadata": {"payment": str(payment.pk)},
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": payment.currency,
                        "unit_amount": payment.price_cents,
                        "tax_behavior": "exclusive",
                        "product_data": {"name": payment.title},
                    },
                }
            ],
            "payment_intent_data": {"metadata": {"payment": str(payment.pk)}, "receipt_email": user.email},
            "success_url": thanks_url(payment.pk),
            "cancel_url": back_url,
        },
    )
    Payment.objects.filter(pk=payment.pk, stripe_session_id=None).update(stripe_session_id=session["id"])
    return str(session["url"])


def _order(user: User, pack: Pack, order_key: str) -> Payment:
    facts: dict[str, Any] = {
        "kind": Payment.Kind.PACK,
        "title": str(pack),
        "credits": pack.credits,
        "price_cents": pack.price_cents,
        "currency": pack.currency,
    }
    try:
        with transaction.atomic():
            return Payment.objects.create(user=user, order_key=order_key, **facts)
    except IntegrityError:
        payment = Payment.objects.get(user=user, order_key=order_key)
        if any(getattr(payment, name) != value for name, value in facts.items()):
            raise SiteFailure("idempotency_conflict") from None
        return payment


def start_plan_checkout(user: User, slug: str, *, order_key: str, thanks_url: str, back_url: str) -> str:
    """Where the user subscribes to a plan. Raises SiteFailure: plan_running, and what buying a pack raises."""
    plan = _plan(slug)
    if running_subscription(user) is not None:
        raise SiteFailure("plan_running")
    customer, price = _customer_of(user), current_price(plan)
    session = stripe_client.create_checkout(
        f"{user.pk}-{order_key}",
        {
            "mode": "subscription",
            "customer": customer.stripe_customer_id,
            "line_items": [{"quantity": 1, "price": price.stripe_price_id}],
            "subscription_data": {"metadata": {"user": str(user.pk)}},
            "success_url": thanks_url,
            "cancel_url": back_url,
        },
    )
    return str(session["url"])


def change_plan(user: User, slug: str, *, order_key: str) -> None:
    """Move to another plan now. Money and credits of what is left of the month are settled by the invoice that follows.

    Raises SiteFailure: offer_gone (no such plan, or none is running), payments_unavailable.
    """
    plan, running = _plan(slug), running_subscription(user)
    if running is None:
        raise SiteFailure("offer_gone")
    price = current_price(plan)
    if running.price_id == price.pk:
        return
    remote = stripe_client.fetch_subscription(running.stripe_subscription_id)
    item_id = remote["items"]["data"][0]["id"]
    stripe_client.change_price(
        running.stripe_subscription_id, item_id, price.stripe_price_id, order_key=f"{user.pk}-{order_key}"
    )
    sync_now(running.stripe_subscription_id)


def sync_now(subscription_id: str) -> None:
    """Ask Stripe how a plan stands, and store it."""
    sync(*fetch(subscription_id))


def portal_url(user: User, return_url: str) -> str:
    """Where the user looks after cards, invoices and the plan. Raises SiteFailure payments_unavailable."""
    return str(stripe_client.create_portal_session(_customer_of(user).stripe_customer_id, return_url)["url"])


def refund(payment: Payment, amount_cents: int, *, key: str, note: str) -> None:
    """An operator's refund. The credits follow when Stripe confirms it."""
    stripe_client.create_refund(payment.stripe_payment_intent_id, amount_cents, key=f"{payment.pk}-{key}", note=note)


def forget_customer(user: User) -> None:
    """End the user's plans at once and forget them at Stripe. Raises SiteFailure when Stripe cannot be reached."""
    customer = Customer.objects.filter(user=user).first()
    if customer is not None and stripe_client.is_configured():
        stripe_client.delete_customer(customer.stripe_customer_id)


def current_price(plan: Plan) -> PlanPrice:
    """The price at Stripe that stands for the plan as the operator sells it now; made there on first use."""
    now = {"credits_per_month": plan.credits_per_month, "price_cents": plan.price_cents, "currency": plan.currency}
    price = PlanPrice.objects.filter(plan=plan, **now).order_by("pk").first()
    if price is not None:
        return price
    metadata = {"plan": plan.slug, "credits": str(plan.credits_per_month)}
    remote = stripe_client.create_price(f"{plan.name} plan", plan.price_cents, plan.currency, metadata)
    return PlanPrice.objects.get_or_create(stripe_price_id=remote["id"], defaults={"plan": plan, **now})[0]


def _plan(slug: str) -> Plan:
    plan = Plan.objects.filter(slug=slug, is_active=True).first()
    if plan is None:
        raise SiteFailure("offer_gone")
    return plan


def _customer_of(user: User) -> Customer:
    customer = Customer.objects.filter(user=user).first()
    if customer is None:
        remote = stripe_client.create_customer(str(user.pk), user.email)
        customer, _ = Customer.objects.get_or_create(user=user, defaults={"stripe_customer_id": remote["id"]})
    return customer
