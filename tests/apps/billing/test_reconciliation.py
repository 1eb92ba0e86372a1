import pytest
from django.core.management import CommandError, call_command

from apps.billing.models import Payment, Subscription
from apps.credits.models import Movement
from tests.apps.billing.conftest import credits_of, deliver


def reconcile(*arguments):
    call_command("reconcile_stripe", *arguments)


def test_when_all_webhooks_arrived_there_is_nothing_to_say(buy, subscribe, world, capsys):
    payment = buy()
    subscribe()
    deliver(*world.take_events())
    payment.refresh_from_db()
    world.refund(payment.stripe_payment_intent_id, 100)
    deliver(*world.take_events())
    reconcile()
    assert "agree" in capsys.readouterr().out


def test_what_never_arrived_is_found_and_set_right_once(buy, subscribe, buyer, world, capsys):
    buy()
    subscribe()
    lost = world.take_events()
    with pytest.raises(CommandError, match="2 differences"):
        reconcile()
    reconcile("--fix")
    assert credits_of(buyer) == 700
    reconcile()
    deliver(*lost)  # they arrive after all
    assert credits_of(buyer) == 700
    assert Movement.objects.count() == 2


def test_a_missed_refund_is_found_and_set_right(buy, buyer, world):
    buy()
    deliver(*world.take_events())
    world.refund(world.rows("charge")[0]["payment_intent"], 3900)
    world.take_events()
    with pytest.raises(CommandError):
        reconcile()
    reconcile("--fix")
    assert credits_of(buyer) == 0


def test_a_missed_end_of_a_plan_is_found_and_set_right(subscribe, world):
    subscription = subscribe()
    deliver(*world.take_events())
    world.end(subscription)
    world.take_events()
    with pytest.raises(CommandError):
        reconcile()
    reconcile("--fix")
    assert Subscription.objects.get().status == "canceled"


def test_a_ledger_without_what_was_paid_is_found(buy, buyer, world, capsys):
    payment = buy()
    deliver(*world.take_events())
    Payment.objects.filter(pk=payment.pk).update(credits=600)
    with pytest.raises(CommandError):
        reconcile("--fix")  # nothing that could be applied again: a person has to look
    assert "is for 600 credits, the ledger has 500" in capsys.readouterr().err


def test_what_stripe_does_not_know_is_found(buy, world, capsys):
    payment = buy()
    deliver(*world.take_events())
    del world.objects["checkout.session"][Payment.objects.get(pk=payment.pk).stripe_session_id]
    with pytest.raises(CommandError):
        reconcile()
    assert "paid here, but not at Stripe" in capsys.readouterr().err


def test_long_lists_are_read_to_the_end(buy, world, buyer):
    payment = buy(slug="credits-100")
    for _ in range(110):
        world.make("checkout.session", "cs", status="complete", mode="payment", payment_status="paid", metadata={})
    world.take_events()
    reconcile("--fix")
    payment.refresh_from_db()
    assert (payment.state, credits_of(buyer)) == ("paid", 100)


def test_without_keys_it_says_so(db):
    with pytest.raises(CommandError, match="not set up"):
        reconcile()
