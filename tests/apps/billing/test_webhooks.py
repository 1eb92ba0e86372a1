import itertools
import json
import time

import pytest
from django.db import connection
from django.test import Client

from apps.billing import payments
from apps.billing.models import Payment, StripeEvent
from apps.credits.models import Movement
from tests.apps.billing.conftest import WEBHOOK, credits_of, deliver, intent_of
from tests.stripe_double.world import sign


def test_a_paid_pack_brings_its_credits(buy, buyer, world):
    payment = buy("credits-500")
    assert credits_of(buyer) == 0  # paying alone, and coming back from the payment page, grant nothing
    assert set(deliver(*world.take_events())) == {200}
    assert credits_of(buyer) == 500
    payment.refresh_from_db()
    assert (payment.state, payment.paid_cents, payment.credits) == ("paid", 3900, 500)
    assert payment.receipt_url.startswith(world.base_url)


def test_every_event_delivered_twice_has_its_effect_once(buy, buyer, world, subscribe):
    payment = buy()
    subscribe()
    first = world.take_events()
    deliver(*first)
    world.refund(intent_of(payment), 1950)
    second = world.take_events()
    deliver(*second)
    before = credits_of(buyer), Movement.objects.count(), StripeEvent.objects.count()
    assert before[0] == 500 + 200 - 250
    assert set(deliver(*first, *second, *reversed(first + second))) == {200}
    assert (credits_of(buyer), Movement.objects.count(), StripeEvent.objects.count()) == before


def test_the_same_news_under_another_event_id_has_its_effect_once(buy, buyer, world):
    buy()
    events = world.take_events()
    replayed = [event | {"id": f"{event['id']}_replayed"} for event in events]
    deliver(*events, *replayed)
    assert credits_of(buyer) == 500


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_of_payment_refund_and_receipt_does_not_matter(order, buy, buyer, world):
    payment = buy()
    world.refund(world.rows("charge")[0]["payment_intent"], 3900)
    events = world.take_events("checkout.session.completed", "charge.succeeded", "charge.refunded")
    assert len(events) == 3
    deliver(*[events[number] for number in order])
    payment.refresh_from_db()
    assert (credits_of(buyer), payment.clawed_back_credits) == (0, 500)


def test_a_late_small_refund_message_does_not_undo_a_larger_one(buy, buyer, world):
    payment = buy()
    deliver(*world.take_events())
    world.refund(intent_of(payment), 780)
    world.refund(intent_of(payment), 780)
    small, large = world.take_events("charge.refunded")
    deliver(large, small)
    assert credits_of(buyer) == 300


@pytest.mark.parametrize(
    "forge",
    [
        lambda payload: {},
        lambda payload: {"Stripe-Signature": ""},
        lambda payload: {"Stripe-Signature": "nonsense"},
        lambda payload: {"Stripe-Signature": sign(payload, secret="whsec_of_somebody_else")},
        lambda payload: {"Stripe-Signature": sign(payload + b" ")},
        lambda payload: {"Stripe-Signature": sign(payload, at_s=int(time.time()) - 3600)},
    ],
    ids=["none", "empty", "nonsense", "wrong secret", "other bytes", "an hour old"],
)
def test_what_stripe_did_not_sign_just_now_is_refused(forge, buy, buyer, world):
    buy()
    for event in world.take_events():
        payload = json.dumps(event).encode()
        response = Client().post(WEBHOOK, payload, "application/json", headers=forge(payload))
        assert response.status_code == 400
    assert credits_of(buyer) == 0
    assert not StripeEvent.objects.exists()


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b"\xff\xfe", b'{"id": 7}', b"not json"])
def test_signed_rubbish_is_refused(payload, double):
    headers = {"Stripe-Signature": sign(payload)}
    assert Client().post(WEBHOOK, payload, "application/json", headers=headers).status_code == 400


@pytest.mark.parametrize("version", ["2025-03-31.basil", None, ""])
def test_another_api_version_is_refused_and_nothing_is_remembered(version, buy, buyer, world):
    buy()
    events = world.take_events()
    assert set(deliver(*[event | {"api_version": version} for event in events])) == {400}
    assert not StripeEvent.objects.exists()
    deliver(*events)  # once the endpoint is set right, Stripe delivers again
    assert credits_of(buyer) == 500


def test_unknown_types_are_accepted_and_ignored(double, world):
    event = world.emit("treasury.outbound_payment.created", {"id": "x"})
    assert deliver(event) == [200]
    assert not StripeEvent.objects.exists()


def test_other_things_sold_on_the_same_stripe_account_are_left_alone(world, buyer):
    session = world.make("checkout.session", "cs", mode="payment", payment_status="paid", metadata={"shop": "mugs"})
    strange = session | {"metadata": {"payment": "not-an-id"}}
    invoice = world.make("invoice", "in", customer="cus_of_somebody_else")
    charge = world.make("charge", "ch", payment_intent="pi_other", amount_refunded=100)
    subscription = world.make("subscription", "sub", customer="cus_of_somebody_else")
    for kind, row in [
        ("checkout.session.completed", session),
        ("checkout.session.completed", strange),
        ("invoice.paid", invoice),
        ("charge.refunded", charge),
        ("charge.refunded", charge | {"payment_intent": None}),
        ("customer.subscription.updated", subscription),
    ]:
        world.emit(kind, row)
    assert set(deliver(*world.take_events())) == {200}
    assert not Payment.objects.exists()
    assert credits_of(buyer) == 0


def test_a_payment_of_another_amount_grants_nothing(buy, buyer, world):
    buy()
    (event,) = world.take_events("checkout.session.completed")
    event["data"]["object"]["amount_subtotal"] = 1
    assert deliver(event) == [200]
    assert credits_of(buyer) == 0


@pytest.mark.parametrize("point", ["_grant", "settle_claw_back", "_lock_charge"])
def test_a_crash_between_the_steps_leaves_nothing_and_the_next_delivery_does_it_all(
    point, buy, buyer, world, monkeypatch
):
    payment = buy()
    (event,) = world.take_events("checkout.session.completed")
    real = getattr(payments, point)

    def crash(*arguments, **options):
        real(*arguments, **options)
        raise RuntimeError("power cut")

    monkeypatch.setattr(payments, point, crash)
    with pytest.raises(RuntimeError, match="power cut"):
        deliver(event)
    monkeypatch.undo()
    payment.refresh_from_db()
    assert (payment.state, credits_of(buyer), StripeEvent.objects.count()) == ("open", 0, 0)
    assert deliver(event) == [200]
    assert credits_of(buyer) == 500


def test_when_stripe_cannot_be_asked_the_event_is_left_for_later(double, world, subscribe, buyer, monkeypatch):
    subscribe()
    events = world.take_events("invoice.paid")
    monkeypatch.setattr("stripe._http_client.HTTPClient._sleep_time_seconds", lambda *_, **__: 0)
    double.fail_next = 3  # the first try and both retries
    assert deliver(*events) == [503]
    assert not StripeEvent.objects.exists()
    assert deliver(*events) == [200]
    assert credits_of(buyer) == 200


def test_bank_transfers_count_when_they_arrive(buy, buyer, world):
    payment = buy(later=True)
    deliver(*world.take_events())
    assert credits_of(buyer) == 0
    world.transfer_arrives(payment.stripe_session_id)
    deliver(*world.take_events())
    assert credits_of(buyer) == 500


def test_failed_and_abandoned_orders_say_so_and_cost_nothing(buy, buyer, world):
    failed, abandoned = buy(later=True), buy(pay=False)
    world.transfer_fails(failed.stripe_session_id)
    world.abandon(abandoned.stripe_session_id)
    deliver(*world.take_events())
    failed.refresh_from_db(), abandoned.refresh_from_db()
    assert (failed.state, abandoned.state, credits_of(buyer)) == ("failed", "expired", 0)


def test_a_late_message_of_failure_does_not_undo_a_payment(buy, buyer, world):
    payment = buy(later=True)
    world.transfer_fails(payment.stripe_session_id)
    world.transfer_arrives(payment.stripe_session_id)
    failed = world.take_events()
    deliver(*reversed(failed))
    payment.refresh_from_db()
    assert (payment.state, credits_of(buyer)) == ("paid", 500)


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_other_methods_are_refused(method, client, double, db):
    assert getattr(client, method)(WEBHOOK).status_code == 405


def test_without_keys_there_is_no_webhook(client, db):
    assert client.post(WEBHOOK, b"{}", "application/json").status_code == 503


def test_the_effect_and_the_event_are_one_transaction(buy, world):
    buy()
    statements = []

    def note(execute, sql, params, many, context):
        statements.append(sql.split()[0])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        deliver(*world.take_events("checkout.session.completed"))
    assert statements.count("INSERT") >= 4  # event, charge, lot, movement, entry
    assert statements.index("SAVEPOINT") < statements.index("INSERT")
