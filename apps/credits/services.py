"""What can be done with credits. Every function may be called again with the same key: it happens once.

A job's life: `hold` when it is ordered → `capture` (all or part of the hold) when it succeeded, or `release`.
"""

import datetime
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from apps.accounts.models import User
from apps.core.failures import SiteFailure
from apps.credits.ledger import AMOUNT_MAX_CREDITS, Wallet, checked_amount, lapse, locked, same_movement
from apps.credits.models import Account, Book, Entry, Hold, Lot, Movement, Pool, Reason

TOP_UP_URL = "/credits/buy/"
LATE_RELEASE_GRACE = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Lapse:
    """Credits that will be gone at `at` unless they are spent."""

    amount_credits: int
    at: datetime.datetime


@dataclass(frozen=True)
class Balance:
    """What a wallet holds now."""

    available_credits: int
    held_credits: int
    monthly_credits: int
    grant_credits: int
    pack_credits: int
    next_lapse: Lapse | None


def balance_of(user: User) -> Balance:
    """What is there to spend. Reads only lots with something in them: the length of the history does not matter.

    What has lapsed is not counted, even when the clock has not yet written it down.
    """
    now = timezone.now()
    account = Account.objects.filter(owner=user).only("held_credits").first()
    live = Lot.objects.filter(~Q(available_credits=0), account=account) if account is not None else []
    pools = dict.fromkeys(Pool, 0)
    lapsing: dict[datetime.datetime, int] = {}
    for lot in live:
        if lot.expires_at is not None and lot.available_credits > 0:
            if lot.expires_at <= now:
                continue
            lapsing[lot.expires_at] = lapsing.get(lot.expires_at, 0) + lot.available_credits
        pools[Pool(lot.pool)] += lot.available_credits
    first = min(lapsing, default=None)
    return Balance(
        available_credits=sum(pools.values()),
        held_credits=account.held_credits if account is not None else 0,
        monthly_credits=pools[Pool.MONTHLY],
        grant_credits=pools[Pool.GRANT],
        pack_credits=pools[Pool.PACK],
        next_lapse=Lapse(lapsing[first], first) if first is not None else None,
    )


def has_ever_bought(user: User) -> bool:
    """Whether credits ever came in for money: a pack, or a month of a plan."""
    bought = [Pool.PACK, Pool.MONTHLY]
    return Lot.objects.filter(account__owner=user, pool__in=bought, granted_credits__gt=0).exists()


def grant(
    user: User,
    amount_credits: int,
    *,
    pool: str,
    key: str,
    reason: str = Reason.GRANT,
    note: str = "",
    expires_at: datetime.datetime | None = None,
    actor: User | None = None,
) -> Movement:
    """Put credits into the wallet. Raises SiteFailure idempotency_conflict when `key` stood for something else."""
    checked_amount(amount_credits)
    with locked(user) as wallet:
        earlier = wallet.earlier(key)
        if earlier is not None:
            return same_movement(earlier, change_credits=amount_credits)
        lot = Lot.objects.create(
            account=wallet.account, pool=pool, key=key, granted_credits=amount_credits, expires_at=expires_at
        )
        wallet.lots[lot.pk] = lot
        wallet.move(lot, Book.ISSUED, Book.AVAILABLE, amount_credits)
        wallet.cover_debts()
        return wallet.record(reason, key, note=note, actor=actor)


def grant_welcome(user: User) -> Movement | None:
    """The gift of a new account, once in its life, however often its address is confirmed."""
    if settings.SIGNUP_CREDITS == 0:
        return None
    earlier = Movement.objects.filter(account__owner=user, key="welcome").first()
    if earlier is not None:  # also when the gift was of another size then
        return earlier
    return grant(
        user,
        settings.SIGNUP_CREDITS,
        pool=Pool.GRANT,
        key="welcome",
        reason=Reason.WELCOME,
        note="Your address is confirmed",
    )


def hold(user: User, amount_credits: int, *, key: str, note: str = "") -> Hold:
    """Reserve credits for a piece of work; `key` names the work, e.g. f"job:{job.pk}".

    The same key with the same amount gives the same hold again.
    Raises SiteFailure: credits_short (with `needed`, `have`, `missing`), idempotency_conflict.
    """
    checked_amount(amount_credits)
    with locked(user) as wallet:
        earlier = Hold.objects.filter(account=wallet.account, key=key).first()
        if earlier is not None:
            if earlier.amount_credits != amount_credits:
                raise SiteFailure("idempotency_conflict")
            return earlier
        return hold_in(wallet, amount_credits, key=key, note=note)


def hold_in(wallet: Wallet, amount_credits: int, *, key: str, note: str = "") -> Hold:
    """As `hold`, in a wallet that is locked already, under a key that is new: the database refuses one that is not."""
    have = wallet.available_credits
    if have < amount_credits or wallet.take(checked_amount(amount_credits), Book.HELD):
        raise SiteFailure(
            "credits_short",
            needed=amount_credits,
            have=max(have, 0),
            missing=amount_credits - have,
            top_up_url=TOP_UP_URL,
        )
    held = Hold(account=wallet.account, amount_credits=amount_credits, key=key, note=note)
    held.save(force_insert=True)
    wallet.record(Reason.HOLD, f"hold:{held.pk}", hold=held, note=note)
    return held


def capture(held: Hold, amount_credits: int | None = None) -> Movement:
    """Spend a hold, or `amount_credits` of it: the rest goes back. Never more than the hold.

    Settling the same way again gives the earlier movement. Raises SiteFailure hold_settled after another settlement.
    """
    amount = held.amount_credits if amount_credits is None else checked_amount(amount_credits)
    if amount > held.amount_credits:
        raise ValueError(f"{amount} credits cannot be captured from a hold of {held.amount_credits}")
    return _settle(held, amount, Reason.CAPTURE, held.note)


def release(held: Hold, *, note: str = "") -> Movement:
    """Give a hold back whole, because the work failed or was cancelled. Again: the earlier movement.

    Raises SiteFailure hold_settled when it was captured already.
    """
    return _settle(held, 0, Reason.RELEASE, note or held.note)


def _settle(held: Hold, amount_credits: int, reason: Reason, note: str) -> Movement:
    with locked(held.account) as wallet:
        earlier = Movement.objects.filter(settles=held).first()
        if earlier is not None:
            if (earlier.reason, earlier.spent_credits) != (reason, amount_credits):
                raise SiteFailure("hold_settled")
            return earlier
        spend = amount_credits
        for lot, part in _parts(held, wallet):
            spent = min(part, spend)
            if spent:
                wallet.move(lot, Book.HELD, Book.SPENT, spent)
                spend -= spent
            if part > spent:
                _give_back(wallet, lot, part - spent)
        wallet.cover_debts()
        movement = wallet.record(
            reason, f"settle:{held.pk}", hold=held, settles=held, spent_credits=amount_credits, note=note
        )
        lapse(wallet, f"settle:{held.pk}")  # what came back after its last day
        return movement


def _parts(held: Hold, wallet: Wallet) -> list[tuple[Lot, int]]:
    """Which lots a hold was taken from, in the order of spending."""
    entries = Entry.objects.filter(movement__hold=held, to_book=Book.HELD).order_by("pk")
    return [(wallet.lot(entry.lot_id), entry.amount_credits) for entry in entries]


def _give_back(wallet: Wallet, lot: Lot, amount_credits: int) -> None:
    """Credits whose time ran out while they were held stay for one more day, once: a failed job costs nothing."""
    wallet.move(lot, Book.HELD, Book.AVAILABLE, amount_credits)
    if lot.expires_at is not None and lot.expires_at <= wallet.now and not lot.is_extended:
        lot.expires_at, lot.is_extended = wallet.now + LATE_RELEASE_GRACE, True
        Lot.objects.filter(pk=lot.pk).update(expires_at=lot.expires_at, is_extended=True)


def expire(now: datetime.datetime | None = None) -> int:
    """Write down everything that has lapsed by now; returns how many wallets it touched. The clock calls this."""
    moment = now or timezone.now()
    due = Account.objects.filter(lots__available_credits__gt=0, lots__expires_at__lte=moment).distinct()
    count = 0
    for account in due.iterator():
        with locked(account, moment):
            count += 1
    return count


def reverse(
    user: User,
    amount_credits: int,
    *,
    key: str,
    granted_by: str | None = None,
    reason: str = Reason.CLAW_BACK,
    note: str = "",
    actor: User | None = None,
) -> Movement:
    """Take credits back: first what is left of the grant `granted_by`, then others, in the order of spending.

    What was spent already becomes a debt (a balance below zero) that the next credits make up for. Held credits are
    left alone: work that was promised is finished.
    """
    checked_amount(amount_credits)
    with locked(user) as wallet:
        earlier = wallet.earlier(key)
        if earlier is not None:
            return same_movement(earlier, change_credits=-amount_credits)
        own = Lot.objects.filter(account=wallet.account, key=granted_by).first() if granted_by else None
        if own is not None:
            own = wallet.lot(own.pk)
        missing = amount_credits
        if own is not None and own.available_credits > 0:
            part = min(own.available_credits, missing)
            wallet.move(own, Book.AVAILABLE, Book.REVERSED, part)
            missing -= part
        missing = wallet.take(missing, Book.REVERSED) if missing else 0
        if missing:
            debtor = own or _any_lot(wallet, key)
            wallet.move(debtor, Book.AVAILABLE, Book.REVERSED, missing)
        return wallet.record(reason, key, note=note, actor=actor)


def _any_lot(wallet: Wallet, key: str) -> Lot:
    """A lot that can carry a debt which belongs to no grant in particular."""
    lot = Lot.objects.create(account=wallet.account, pool=Pool.PACK, key=key, granted_credits=0)
    wallet.lots[lot.pk] = lot
    return lot


def correct(user: User, change_credits: int, *, key: str, note: str, actor: User) -> Movement:
    """An operator's grant (above zero) or correction (below zero), with the reason in `note`."""
    if change_credits > 0:
        return grant(user, change_credits, pool=Pool.GRANT, key=key, note=note, actor=actor)
    return reverse(user, -change_credits, key=key, reason=Reason.CORRECTION, note=note, actor=actor)


__all__ = [
    "AMOUNT_MAX_CREDITS",
    "TOP_UP_URL",
    "Balance",
    "Lapse",
    "balance_of",
    "capture",
    "correct",
    "expire",
    "grant",
    "grant_welcome",
    "has_ever_bought",
    "hold",
    "hold_in",
    "locked",
    "release",
    "reverse",
]
