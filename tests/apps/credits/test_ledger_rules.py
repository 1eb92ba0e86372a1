"""Any operations in any order: the rules of the ledger hold after each of them."""

import datetime

import pytest
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from apps.accounts.models import User
from apps.core.failures import SiteFailure
from apps.credits import services
from apps.credits.models import Account, Entry, Hold, Lot, Movement, Pool
from apps.credits.recount import differences

amounts = st.integers(1, 60)


class Ledger(RuleBasedStateMachine):
    """The ledger beside the simplest model of it: a few numbers."""

    def __init__(self):
        super().__init__()
        self.transaction = transaction.atomic()  # every example begins with an empty ledger
        self.transaction.__enter__()
        self.user, _ = User.objects.get_or_create(email="model@example.com")
        self.issued = self.spent = self.reversed = self.held = 0
        self.holds, self.settled, self.keys, self.number = [], [], [], 0

    def teardown(self):
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    def key(self, kind):
        self.number += 1
        return f"{kind}:{self.number}"

    @rule(amount=amounts, pool=st.sampled_from(list(Pool)), days=st.none() | st.integers(1, 60))
    def grant(self, amount, pool, days):
        key, expires = self.key("grant"), None
        if days is not None:
            expires = timezone.now() + datetime.timedelta(days=days)
        services.grant(self.user, amount, pool=pool, key=key, expires_at=expires)
        self.keys.append((key, amount))
        self.issued += amount

    @precondition(lambda self: self.keys)
    @rule(data=st.data())
    def grant_again(self, data):
        key, amount = data.draw(st.sampled_from(self.keys))
        services.grant(self.user, amount, pool=Pool.PACK, key=key)

    @rule(amount=amounts)
    def hold(self, amount):
        have = services.balance_of(self.user).available_credits
        try:
            held = services.hold(self.user, amount, key=self.key("job"))
        except SiteFailure as short:
            assert short.code == "credits_short"
            assert have < amount
            return
        assert have >= amount
        self.holds.append(held)
        self.held += amount

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def capture(self, data):
        held = self.holds.pop(data.draw(st.integers(0, len(self.holds) - 1)))
        amount = data.draw(st.integers(1, held.amount_credits))
        services.capture(held, amount)
        self.settled.append(("capture", held, amount))
        self.held -= held.amount_credits
        self.spent += amount

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def release(self, data):
        held = self.holds.pop(data.draw(st.integers(0, len(self.holds) - 1)))
        services.release(held)
        self.settled.append(("release", held, 0))
        self.held -= held.amount_credits

    @precondition(lambda self: self.settled)
    @rule(data=st.data(), other=st.booleans())
    def settle_again(self, data, other):
        kind, held, amount = data.draw(st.sampled_from(self.settled))
        is_capture = (kind == "capture") != other
        try:
            services.capture(held, amount or 1) if is_capture else services.release(held)
        except SiteFailure as refused:
            assert refused.code == "hold_settled"
            assert other
        else:
            assert not other

    @rule(amount=amounts, data=st.data())
    def take_back(self, amount, data):
        granted_by = data.draw(st.sampled_from([key for key, _ in self.keys])) if self.keys else None
        services.reverse(self.user, amount, key=self.key("refund"), granted_by=granted_by)
        self.reversed += amount

    @rule(days=st.integers(0, 70))
    def time_passes(self, days):
        """As if everything had been bought that much earlier."""
        for lot in Lot.objects.exclude(expires_at=None):
            Lot.objects.filter(pk=lot.pk).update(expires_at=lot.expires_at - datetime.timedelta(days=days))
        services.expire()

    @invariant()
    def balances_are_proven_by_the_entries(self):
        assert list(differences()) == []

    @invariant()
    def no_credit_is_lost_or_made(self):
        balance = services.balance_of(self.user)
        lapsed = Entry.objects.filter(to_book="lapsed").aggregate(sum=Sum("amount_credits"))["sum"] or 0
        assert balance.held_credits == self.held
        assert balance.available_credits == self.issued - self.spent - self.reversed - self.held - lapsed

    @invariant()
    def each_hold_is_settled_at_most_once(self):
        assert Movement.objects.exclude(settles=None).count() == len(self.settled)
        assert Hold.objects.filter(settlement=None).count() == len(self.holds)

    @invariant()
    def a_debt_stands_only_where_nothing_is_left(self):
        lots = list(Lot.objects.values_list("available_credits", flat=True))
        assert min(lots, default=0) >= 0 or max(lots) <= 0
        assert all(held >= 0 for held in Account.objects.values_list("held_credits", flat=True))

    @invariant()
    def the_running_balance_follows_the_changes(self):
        total = 0
        for change, after in Movement.objects.order_by("pk").values_list("change_credits", "available_after_credits"):
            total += change
            assert total == after


@pytest.mark.django_db
def test_any_operations_in_any_order_keep_the_rules():
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=20,
            stateful_step_count=22,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # shrinking a failure takes longer than a test may; add Phase.shrink to study one
        ),
    )
