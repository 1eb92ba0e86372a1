import datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from apps.billing import services, stripe_client
from apps.billing.calendar import moment, one_month_after
from apps.billing.models import Customer, Payment, Plan, PlanPrice, Subscription
from apps.billing.subscriptions import running_subscription
from apps.core.failures import SiteFailure
from apps.credits import services as credits
from apps.credits.models import Lot
from tests.apps.billing.conftest import credits_of, deliver, the_customer, the_subscription

UTC = datetime.UTC


def settle(world):
    return deliver(*world.take_events())


def test_a_plan_brings_its_credits_with_its_paid_invoice(subscribe, buyer, world):
    subscription = subscribe("starter")
    settle(world)
    assert credits_of(buyer) == 200
    payment = Payment.objects.get()
    assert (payment.kind, payment.title, payment.price_cents, payment.paid_cents) == (
        "plan",
        "Starter plan",
        1500,
        1500,
    )
    assert payment.receipt_url.startswith(world.base_url)
    assert the_subscription().status == "active"
    end = world.get("subscription", subscription)["items"]["data"][0]["current_period_end"]
    assert Lot.objects.get().expires_at == one_month_after(moment(end))


def test_every_paid_month_brings_credits_and_a_refused_card_brings_none(subscribe, buyer, world):
    subscription = subscribe()
    world.renew(subscription)
    settle(world)
    assert credits_of(buyer) == 400
    world.renew(subscription, paid=False)
    settle(world)
    assert credits_of(buyer) == 400
    running = running_subscription(buyer)
    assert (running.status, running.is_troubled) == ("past_due", True)


def test_monthly_credits_lapse_one_month_after_their_period(subscribe, buyer, world):
    subscribe()
    settle(world)
    lapse = Lot.objects.get().expires_at
    assert credits.expire(lapse - datetime.timedelta(seconds=1)) == 0
    assert credits.expire(lapse) == 1
    assert credits_of(buyer) == 0


def test_subscription_messages_in_the_wrong_order_end_in_the_true_state(subscribe, buyer, world):
    subscribe()
    events = world.take_events()
    assert any(event["data"]["object"].get("status") == "incomplete" for event in events)
    deliver(*reversed(events))
    assert the_subscription().status == "active"
    assert credits_of(buyer) == 200


def test_an_answer_of_stripe_that_is_older_than_what_we_know_is_not_stored(subscribe, buyer, world):
    from apps.billing import subscriptions

    subscription = subscribe()
    settle(world)
    old = world.get("subscription", subscription) | {"status": "incomplete"}
    subscriptions.sync(old, timezone.now() - datetime.timedelta(minutes=1))
    assert the_subscription().status == "active"


def test_a_cancelled_plan_runs_out_and_its_credits_stay_until_they_lapse(subscribe, buyer, world):
    subscription = subscribe()
    settle(world)
    world.cancel_at_period_end(subscription)
    settle(world)
    assert the_subscription().is_ending
    world.end(subscription)
    settle(world)
    assert running_subscription(buyer) is None
    assert credits_of(buyer) == 200


def test_a_larger_plan_brings_the_difference_for_the_rest_of_the_month(subscribe, buyer, world):
    subscribe("starter")
    settle(world)
    services.change_plan(buyer, "studio", order_key="change-1")
    settle(world)
    assert 798 <= credits_of(buyer) <= 800  # the whole month is left
    assert running_subscription(buyer).price.plan.slug == "studio"


def test_a_smaller_plan_takes_back_what_its_refund_paid_for(subscribe, buyer, world):
    subscribe("studio")
    settle(world)
    credits.capture(credits.hold(buyer, 700, key="job:1"))
    services.change_plan(buyer, "starter", order_key="change-1")
    settle(world)
    assert -502 <= credits_of(buyer) <= -500  # 100 left, 600 fewer: spent credits are not given away


def test_half_a_month_is_half_the_credits(subscribe, buyer, world):
    subscription = world.get("subscription", subscribe("starter"))
    settle(world)
    studio = services.current_price(Plan.objects.get(slug="studio"))
    item = subscription["items"]["data"][0]
    lines = [(item["price"]["id"], -750), (studio.stripe_price_id, 2450)]
    period = (item["current_period_start"], item["current_period_end"])
    world.invoice(subscription, lines, period, reason="subscription_update")
    settle(world)
    assert credits_of(buyer) == 200 + 400 - 100


def test_a_second_plan_beside_the_first_is_refused(subscribe, buyer, world):
    subscribe()
    settle(world)
    with pytest.raises(SiteFailure) as refused:
        services.start_plan_checkout(buyer, "studio", order_key="x", thanks_url="http://a/", back_url="http://a/")
    assert refused.value.code == "plan_running"


def test_subscribers_keep_what_they_subscribed_to_when_the_price_list_changes(subscribe, buyer, world):
    subscription = subscribe("starter")
    settle(world)
    Plan.objects.filter(slug="starter").update(credits_per_month=150, price_cents=2000)
    world.renew(subscription)
    settle(world)
    assert credits_of(buyer) == 400
    assert services.current_price(Plan.objects.get(slug="starter")).credits_per_month == 150
    assert PlanPrice.objects.count() == 2


def test_a_price_is_made_at_stripe_once(double, world):
    plan = Plan.objects.get(slug="starter")
    assert services.current_price(plan) == services.current_price(plan)
    PlanPrice.objects.all().delete()  # as if the answer had been lost
    services.current_price(plan)
    assert len(world.rows("price")) == 1


def test_deleting_the_account_ends_the_plan_at_stripe(subscribe, buyer, world):
    from apps.accounts.services import delete_account

    subscription = subscribe()
    settle(world)
    delete_account(buyer)
    assert world.get("subscription", subscription)["status"] == "canceled"
    assert set(settle(world)) == {200}
    assert Subscription.objects.get().status == "canceled"


def test_a_customer_who_is_gone_at_stripe_can_still_delete_the_account(subscribe, buyer, world, double):
    from apps.accounts.models import User
    from apps.accounts.services import delete_account

    subscribe()
    settle(world)
    world.objects["customer"].clear()
    delete_account(buyer)
    assert not User.objects.filter(pk=buyer.pk).exists()


def test_a_customer_deleted_at_stripe_is_forgotten_here_with_the_plan_ended(subscribe, buyer, world):
    subscribe()
    settle(world)
    stripe_client.delete_customer(the_customer(buyer).stripe_customer_id)
    deliver(*reversed(world.take_events()))
    assert running_subscription(buyer) is None
    assert not Customer.objects.exists()
    assert credits_of(buyer) == 200


def test_a_declined_card_changes_nothing_and_is_said(subscribe, buyer, world):
    subscribe("starter")
    settle(world)
    world.card_is_declined = True
    with pytest.raises(SiteFailure) as refused:
        services.change_plan(buyer, "studio", order_key="change-1")
    assert refused.value.code == "card_declined"
    assert running_subscription(buyer).price.plan.slug == "starter"


def test_an_account_whose_plan_cannot_be_ended_is_not_deleted(subscribe, buyer, world, double, monkeypatch):
    from apps.accounts.models import User
    from apps.accounts.services import delete_account

    subscribe()
    settle(world)
    monkeypatch.setattr("stripe._http_client.HTTPClient._sleep_time_seconds", lambda *_, **__: 0)
    double.fail_next = 3
    with pytest.raises(SiteFailure) as refused:
        delete_account(buyer)
    assert refused.value.code == "payments_unavailable"
    assert User.objects.filter(pk=buyer.pk).exists()


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ((2027, 1, 31, 23, 59), (2027, 2, 28, 23, 59)),
        ((2028, 1, 31, 0, 0), (2028, 2, 29, 0, 0)),
        ((2027, 2, 28, 12, 0), (2027, 3, 28, 12, 0)),
        ((2026, 12, 31, 12, 0), (2027, 1, 31, 12, 0)),
        ((2027, 10, 31, 0, 30), (2027, 11, 30, 0, 30)),
    ],
)
def test_one_month_later_is_the_same_day_or_the_months_last(start, expected):
    assert one_month_after(datetime.datetime(*start, tzinfo=UTC)) == datetime.datetime(*expected, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York", "Europe/Berlin"])
def test_a_month_is_counted_in_utc_wherever_the_server_stands(zone):
    here = datetime.datetime(2027, 1, 31, 23, 30, tzinfo=UTC).astimezone(ZoneInfo(zone))
    assert one_month_after(here) == datetime.datetime(2027, 2, 28, 23, 30, tzinfo=UTC)
