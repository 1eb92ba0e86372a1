import pytest

from apps.billing import services
from apps.billing.models import Dispute, Payment
from apps.credits import services as credits
from apps.credits.models import Movement
from tests.apps.billing.conftest import credits_of, deliver, intent_of


@pytest.fixture
def paid(buy, world):
    payment = buy("credits-500")
    deliver(*world.take_events())
    payment.refresh_from_db()
    return payment


def back(world):
    return deliver(*world.take_events())


@pytest.mark.parametrize(
    ("cents", "left"), [(3900, 0), (1950, 250), (1, 500), (8, 499), (39, 495), (3899, 1), (1300, 334)]
)
def test_credits_go_back_in_proportion_and_never_more_than_the_money(cents, left, paid, buyer, world):
    world.refund(intent_of(paid), cents)
    back(world)
    assert credits_of(buyer) == left


def test_partial_refunds_add_up_to_a_whole_one(paid, buyer, world):
    for cents in (1, 999, 1000, 1900):
        world.refund(intent_of(paid), cents)
        back(world)
    paid.refresh_from_db()
    assert (credits_of(buyer), paid.clawed_back_credits) == (0, 500)


def test_tax_is_part_of_what_goes_back(buy, buyer, world, settings):
    settings.STRIPE_AUTOMATIC_TAX = True
    payment = buy("credits-500")
    back(world)
    assert Payment.objects.get(pk=payment.pk).paid_cents == 4680
    world.refund(intent_of(payment), 2340)
    back(world)
    assert credits_of(buyer) == 250


def test_a_refund_after_the_credits_were_spent_is_owed_and_paid_by_the_next_ones(paid, buy, buyer, world):
    credits.capture(credits.hold(buyer, 480, key="job:1"))
    world.refund(intent_of(paid), 3900)
    back(world)
    assert credits_of(buyer) == -480
    buy("credits-2000")
    back(world)
    assert credits_of(buyer) == 1520


def test_a_refund_takes_from_what_it_paid_for_first(buy, buyer, world):
    first, second = buy("credits-100"), buy("credits-500")
    back(world)
    credits.capture(credits.hold(buyer, 60, key="job:1"))  # of the older pack
    world.refund(intent_of(second), 3900)
    back(world)
    assert credits_of(buyer) == 40
    world.refund(intent_of(first), 900)
    back(world)
    assert credits_of(buyer) == -60


def test_a_dispute_takes_the_credits_and_winning_it_gives_them_back(paid, buyer, world):
    dispute = world.dispute(intent_of(paid))
    back(world)
    assert credits_of(buyer) == 0
    world.close_dispute(dispute["id"], "won")
    back(world)
    assert credits_of(buyer) == 500
    assert list(Movement.objects.order_by("pk").values_list("reason", flat=True)) == [
        "purchase",
        "claw_back",
        "restore",
    ]


def test_a_lost_dispute_stays_lost(paid, buyer, world):
    dispute = world.dispute(intent_of(paid))
    world.close_dispute(dispute["id"], "lost")
    back(world)
    assert credits_of(buyer) == 0


def test_an_inquiry_of_a_bank_takes_nothing(paid, buyer, world):
    dispute = world.dispute(intent_of(paid), status="warning_needs_response")
    world.close_dispute(dispute["id"], "warning_closed")
    back(world)
    assert credits_of(buyer) == 500


def test_an_older_message_does_not_reopen_a_dispute_that_was_won(paid, buyer, world):
    dispute = world.dispute(intent_of(paid))
    world.close_dispute(dispute["id"], "won")
    opened, closed = world.take_events()
    deliver(closed, opened)
    assert credits_of(buyer) == 500
    assert Dispute.objects.get().status == "won"


def test_a_refund_that_is_disputed_as_well_is_not_taken_twice(paid, buyer, world):
    world.refund(intent_of(paid), 3900)
    world.dispute(intent_of(paid))
    back(world)
    assert credits_of(buyer) == 0


def test_operators_refund_through_stripe_and_the_credits_follow(paid, buyer, world, double):
    services.refund(paid, 1950, key="op-1", note="The voice was wrong")
    services.refund(paid, 1950, key="op-1", note="The voice was wrong")  # a second click
    back(world)
    assert credits_of(buyer) == 250
    assert [path for _, path, _ in double.requests].count("refunds") == 1


def test_a_refund_after_the_account_is_gone_changes_nobodys_credits(paid, buyer, bob, world, double):
    from apps.accounts.services import delete_account

    intent = intent_of(paid)
    delete_account(buyer)
    world.refund(intent, 3900)
    assert set(back(world)) == {200}
    paid.refresh_from_db()
    assert paid.clawed_back_credits == 500
    assert not Movement.objects.filter(reason="claw_back").exists()
