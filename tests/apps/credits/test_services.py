import datetime

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.core.append_only import AppendOnlyError
from apps.core.failures import SiteFailure
from apps.credits import services
from apps.credits.ledger import wallet_of
from apps.credits.models import Entry, Hold, Lot, Movement, Pool, Reason

DAY = datetime.timedelta(days=1)


def in_days(days):
    return timezone.now() + days * DAY


def available(user):
    return services.balance_of(user).available_credits


def test_a_person_without_history_has_nothing(alice):
    balance = services.balance_of(alice)
    assert (balance.available_credits, balance.held_credits, balance.next_lapse) == (0, 0, None)


def test_a_grant_happens_once_under_its_key(alice, give):
    first = give(100, key="purchase:1")
    assert give(100, key="purchase:1") == first
    assert available(alice) == 100
    with pytest.raises(SiteFailure, match="already used") as refused:
        give(101, key="purchase:1")
    assert refused.value.code == "idempotency_conflict"


@pytest.mark.parametrize("amount", [0, -5, 10**12])
def test_amounts_outside_the_limits_are_refused(alice, give, amount):
    with pytest.raises(ValueError):
        give(amount)
    assert not Movement.objects.exists()


@pytest.mark.parametrize("amount", [1.0, "7", True, None])
def test_only_whole_numbers_are_credits(give, amount):
    with pytest.raises(TypeError):
        give(amount)


def test_a_hold_reserves_and_a_capture_spends(alice, give):
    give(50)
    held = services.hold(alice, 30, key="job:1", note="Export of “Hello”")
    balance = services.balance_of(alice)
    assert (balance.available_credits, balance.held_credits) == (20, 30)
    movement = services.capture(held)
    assert (movement.spent_credits, movement.change_credits) == (30, 0)
    balance = services.balance_of(alice)
    assert (balance.available_credits, balance.held_credits) == (20, 0)


def test_what_is_not_captured_goes_back(alice, give):
    give(50)
    held = services.hold(alice, 30, key="job:1")
    assert services.capture(held, 28).change_credits == 2
    assert available(alice) == 22


def test_a_release_gives_everything_back(alice, give):
    give(50)
    services.release(services.hold(alice, 30, key="job:1"))
    assert available(alice) == 50


def test_more_than_the_hold_can_never_be_captured(alice, give):
    give(50)
    held = services.hold(alice, 30, key="job:1")
    with pytest.raises(ValueError):
        services.capture(held, 31)
    assert services.balance_of(alice).held_credits == 30


def test_a_hold_beyond_the_balance_says_what_is_missing(alice, give):
    give(5)
    with pytest.raises(SiteFailure) as refused:
        services.hold(alice, 30, key="job:1")
    assert refused.value.http_status == 402
    assert refused.value.detail == {"needed": 30, "have": 5, "missing": 25, "top_up_url": "/credits/buy/"}
    assert refused.value.sentence == "This needs 30 credits, and you have 5."
    assert not Hold.objects.exists()


def test_the_same_order_holds_once(alice, give):
    give(50)
    first = services.hold(alice, 30, key="job:1")
    assert services.hold(alice, 30, key="job:1") == first
    assert available(alice) == 20
    with pytest.raises(SiteFailure):
        services.hold(alice, 31, key="job:1")


def test_a_hold_is_settled_once_and_the_same_settlement_again_is_no_news(alice, give):
    give(50)
    held = services.hold(alice, 30, key="job:1")
    first = services.capture(held, 20)
    assert services.capture(held, 20) == first
    for other in (lambda: services.release(held), lambda: services.capture(held, 21)):
        with pytest.raises(SiteFailure) as refused:
            other()
        assert refused.value.code == "hold_settled"
    assert available(alice) == 30


def test_the_database_itself_refuses_a_second_settlement(alice, give):
    give(50)
    held = services.hold(alice, 30, key="job:1")
    services.capture(held)
    with pytest.raises(IntegrityError), transaction.atomic():
        Movement.objects.create(
            account=held.account,
            reason=Reason.RELEASE,
            key="another key",
            settles=held,
            change_credits=30,
            available_after_credits=50,
            held_after_credits=0,
            created_at=timezone.now(),
        )


def test_monthly_credits_go_before_gifts_before_packs_and_what_lapses_first_goes_first(alice, give):
    give(10, Pool.PACK, key="pack")
    give(10, Pool.GRANT, key="gift")
    give(10, Pool.MONTHLY, key="later", expires_at=in_days(40))
    give(10, Pool.MONTHLY, key="sooner", expires_at=in_days(10))
    services.capture(services.hold(alice, 35, key="job:1"))
    left = dict(Lot.objects.values_list("key", "available_credits"))
    assert left == {"sooner": 0, "later": 0, "gift": 0, "pack": 5}
    taken = Entry.objects.filter(to_book="held").order_by("pk").values_list("lot__key", flat=True)
    assert list(taken) == ["sooner", "later", "gift", "pack"]


def test_credits_lapse_at_their_time_even_before_the_clock_comes_by(alice, give):
    give(10, Pool.MONTHLY, expires_at=timezone.now() - DAY / 24)
    give(5)
    assert available(alice) == 5
    with pytest.raises(SiteFailure):
        services.hold(alice, 6, key="job:1")


def test_the_clock_writes_down_what_lapsed_once(alice, bob, give):
    give(10, Pool.MONTHLY, expires_at=in_days(1))
    services.grant(bob, 7, pool=Pool.MONTHLY, key="b", expires_at=in_days(9))
    assert services.expire(in_days(2)) == 1
    assert services.expire(in_days(2)) == 0
    assert Movement.objects.filter(reason=Reason.LAPSE).get().change_credits == -10
    assert (available(alice), available(bob)) == (0, 7)


def test_what_is_held_does_not_lapse_and_can_be_captured_long_after(alice, give):
    give(10, Pool.MONTHLY, expires_at=in_days(1))
    held = services.hold(alice, 8, key="job:1")
    assert services.expire(in_days(30)) == 1  # only the other two
    assert services.balance_of(alice).held_credits == 8
    assert services.capture(held).spent_credits == 8


def test_a_failed_job_does_not_cost_credits_that_ran_out_meanwhile(alice, give):
    give(10, Pool.MONTHLY, expires_at=in_days(1))
    held = services.hold(alice, 8, key="job:1")
    Lot.objects.update(expires_at=in_days(-1))
    services.release(held)
    balance = services.balance_of(alice)
    assert balance.available_credits == 8  # for one more day …
    assert balance.next_lapse.at - timezone.now() < DAY
    again = services.hold(alice, 8, key="job:2")
    Lot.objects.update(expires_at=in_days(-1))
    services.release(again)
    assert available(alice) == 0  # … once
    assert services.expire() == 0  # written down at once


def test_taking_back_starts_with_what_is_left_of_that_grant(alice, give):
    give(100, key="first")
    give(100, key="second")
    services.reverse(alice, 60, key="refund:1", granted_by="second")
    assert dict(Lot.objects.values_list("key", "available_credits")) == {"first": 100, "second": 40}


def test_taking_back_what_was_spent_leaves_a_debt_that_the_next_credits_pay(alice, give):
    give(100, key="pack")
    services.capture(services.hold(alice, 90, key="job:1"))
    services.reverse(alice, 100, key="refund:1", granted_by="pack")
    assert available(alice) == -90
    with pytest.raises(SiteFailure) as refused:
        services.hold(alice, 10, key="job:2")
    assert refused.value.detail["have"] == 0
    give(120, Pool.MONTHLY, key="month", expires_at=in_days(30))
    assert available(alice) == 30
    services.hold(alice, 30, key="job:3")
    assert sorted(Lot.objects.values_list("available_credits", flat=True)) == [0, 0]


def test_a_refund_leaves_running_work_alone(alice, give):
    give(100, key="pack")
    held = services.hold(alice, 40, key="job:1")
    services.reverse(alice, 100, key="refund:1", granted_by="pack")
    assert services.balance_of(alice).available_credits == -40
    services.release(held)
    balance = services.balance_of(alice)
    assert (balance.available_credits, balance.held_credits) == (0, 0)


def test_operators_give_and_take_with_a_reason(alice, bob):
    services.correct(alice, 40, key="admin:1", note="Sorry for the outage", actor=bob)
    services.correct(alice, -15, key="admin:2", note="Typed one digit too many", actor=bob)
    assert available(alice) == 25
    assert list(Movement.objects.order_by("pk").values_list("reason", "note", "actor__email")) == [
        ("grant", "Sorry for the outage", bob.email),
        ("correction", "Typed one digit too many", bob.email),
    ]


def test_history_is_never_changed(alice, give):
    movement = give(10)
    hold = services.hold(alice, 5, key="job:1")
    entry = Entry.objects.first()
    for row in (movement, hold, entry):
        with pytest.raises(AppendOnlyError):
            row.save()
        with pytest.raises(AppendOnlyError):
            row.delete()
        with pytest.raises(AppendOnlyError):
            type(row).objects.all().delete()
        with pytest.raises(AppendOnlyError):
            type(row).objects.update(key="x")


def test_a_crash_between_the_steps_of_a_movement_leaves_nothing(alice, give, monkeypatch):
    give(50)

    def crash(*_, **__):
        raise RuntimeError("power cut")

    monkeypatch.setattr(type(Entry.objects), "bulk_create", crash, raising=False)
    with pytest.raises(RuntimeError, match="power cut"):
        services.hold(alice, 30, key="job:1")
    monkeypatch.undo()
    assert not Hold.objects.exists()
    account = wallet_of(alice)
    assert (account.available_credits, account.held_credits) == (50, 0)
    assert available(alice) == 50


def test_the_ledger_outlives_the_account_without_the_person(alice, give):
    from apps.accounts.services import delete_account

    give(50)
    services.hold(alice, 30, key="job:1")
    delete_account(alice)
    assert Movement.objects.count() == 2
    assert Movement.objects.first().account.owner is None


def test_an_operator_who_leaves_leaves_the_corrections(alice, bob):
    from apps.accounts.services import delete_account

    services.correct(alice, 40, key="admin:1", note="Sorry for the outage", actor=bob)
    delete_account(bob)
    movement = Movement.objects.get()
    assert (movement.actor, movement.note) == (None, "Sorry for the outage")


def test_people_do_not_share_wallets(alice, bob, give):
    give(50)
    assert available(bob) == 0
    with pytest.raises(SiteFailure):
        services.hold(bob, 1, key="job:1")
