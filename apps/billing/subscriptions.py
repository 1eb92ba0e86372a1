"""Monthly plans as they stand. The state is always asked from Stripe, never pieced together from events."""

import datetime
import logging
from typing import Any

from django.utils import timezone

from apps.accounts.models import User
from apps.billing import stripe_client
from apps.billing.calendar import moment
from apps.billing.models import Customer, PlanPrice, Subscription

_log = logging.getLogger(__name__)


def running_subscription(user: User) -> Subscription | None:
    """The user's plan, also one whose last payment failed."""
    running = Subscription.objects.filter(user=user, status__in=Subscription.RUNNING)
    return running.select_related("price__plan").order_by("-pk").first()


def fetch(subscription_id: str) -> tuple[dict[str, Any], datetime.datetime]:
    """A subscription at Stripe, and when we asked."""
    asked_at = timezone.now()
    return stripe_client.fetch_subscription(subscription_id), asked_at


def sync(remote: dict[str, Any], asked_at: datetime.datetime) -> None:
    """Store what Stripe said at `asked_at`, unless something newer is stored already."""
    item = remote["items"]["data"][0]
    period_end = item.get("current_period_end") or remote.get("current_period_end")
    facts = {
        "price": PlanPrice.objects.filter(stripe_price_id=item["price"]["id"]).first(),
        "status": remote["status"],
        "current_period_end": moment(period_end) if period_end else None,
        "is_ending": bool(remote.get("cancel_at_period_end") or remote.get("cancel_at")),
        "synced_at": asked_at,
    }
    known = Subscription.objects.filter(stripe_subscription_id=remote["id"])
    if not known.exists():
        customer = Customer.objects.filter(stripe_customer_id=remote["customer"]).first()
        if customer is None:  # something else that is sold on the same account at Stripe
            return
        _, is_new = Subscription.objects.get_or_create(
            stripe_subscription_id=remote["id"], defaults={"user": customer.user, **facts}
        )
        if is_new:
            return
    known.filter(synced_at__lte=asked_at).update(**facts)


def forget_deleted_customer(remote: dict[str, Any]) -> None:
    """A customer deleted at Stripe cannot pay any more; the next purchase makes a new one."""
    Customer.objects.filter(stripe_customer_id=remote["id"]).delete()
