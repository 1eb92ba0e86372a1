"""How a movement is written: one wallet at a time, all or nothing, on SQLite as on PostgreSQL.

A movement begins with an UPDATE of the wallet's row, which makes every other writer of that wallet wait on both
databases (`select_for_update` would do nothing on SQLite), and ends with a conditional UPDATE of the same row. The
first one also brings the row along (`RETURNING`): orders come by the dozen, and each statement is a journey.
"""

import datetime
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from apps.accounts.models import User
from apps.core.failures import SiteFailure
from apps.credits.models import SPENDING_ORDER, Account, Book, Entry, Lot, Movement, Reason

AMOUNT_MAX_CREDITS = 1_000_000_000
_NO_EXPIRY = datetime.datetime.max.replace(tzinfo=datetime.UTC)


def checked_amount(amount_credits: int, *, minimum: int = 1) -> int:
    """The amount, if it is a whole number of credits within limits; anything else is a mistake of ours."""
    if not isinstance(amount_credits, int) or isinstance(amount_credits, bool):
        raise TypeError(f"credits are whole numbers, not {amount_credits!r}")
    if not minimum <= amount_credits <= AMOUNT_MAX_CREDITS:
        raise ValueError(f"{amount_credits} credits is outside {minimum} … {AMOUNT_MAX_CREDITS}")
    return amount_credits


def wallet_of(user: User) -> Account:
    """The user's wallet; made on first use."""
    return Account.objects.get_or_create(owner=user)[0]


def spending_key(lot: Lot) -> tuple[int, datetime.datetime, int]:
    """Monthly credits before gifts before packs, within each what lapses first."""
    return SPENDING_ORDER[lot.pool], lot.expires_at or _NO_EXPIRY, lot.pk


@dataclass
class Wallet:
    """A locked wallet with its live lots, changed in memory by `move` and written by `record`."""

    account: Account
    now: datetime.datetime
    lots: dict[int, Lot]
    _entries: list[Entry] = field(default_factory=list)
    _changed: dict[int, Lot] = field(default_factory=dict)
    _written: tuple[int, int] = field(init=False)  # what is available and held, as the row says

    def __post_init__(self) -> None:
        self._written = self.account.available_credits, self.account.held_credits

    @property
    def available_credits(self) -> int:
        return self.account.available_credits

    def lot(self, lot_id: int) -> Lot:
        """A lot of this wallet, also one that is empty."""
        if lot_id not in self.lots:
            self.lots[lot_id] = Lot.objects.get(pk=lot_id, account=self.account)
        return self.lots[lot_id]

    def spendable(self) -> list[Lot]:
        """Lots with something in them, in the order in which they are spent."""
        return sorted((lot for lot in self.lots.values() if lot.available_credits > 0), key=spending_key)

    def earlier(self, key: str) -> Movement | None:
        """The movement with that key, when it happened already. Sure: nobody else writes to this wallet meanwhile."""
        return Movement.objects.filter(account=self.account, key=key).first()

    def move(self, lot: Lot, from_book: Book, to_book: Book, amount_credits: int) -> None:
        checked_amount(amount_credits)
        self._entries.append(Entry(lot=lot, from_book=from_book, to_book=to_book, amount_credits=amount_credits))
        for book, change in ((from_book, -amount_credits), (to_book, amount_credits)):
            if book == Book.AVAILABLE:
                lot.available_credits += change
                self.account.available_credits += change
            elif book == Book.HELD:
                lot.held_credits += change
                self.account.held_credits += change
        self._changed[lot.pk] = lot

    def take(self, amount_credits: int, to_book: Book) -> int:
        """Move up to `amount_credits` out of the spendable lots, in order. Returns what could not be found."""
        missing = amount_credits
        for lot in self.spendable():
            if not missing:
                break
            part = min(lot.available_credits, missing)
            self.move(lot, Book.AVAILABLE, to_book, part)
            missing -= part
        return missing

    def cover_debts(self) -> None:
        """Credits that come in first make up for what was taken back after it had been spent."""
        for debt in [lot for lot in self.lots.values() if lot.available_credits < 0]:
            for lot in self.spendable():
                part = min(-debt.available_credits, lot.available_credits)
                if part:
                    self.move(lot, Book.AVAILABLE, Book.REVERSED, part)
                    self.move(debt, Book.REVERSED, Book.AVAILABLE, part)

    def record(self, reason: str, key: str, **facts: Any) -> Movement:
        """Write what was moved since the last record as one movement, with the balances after it."""
        available, held = self._written
        written = Account.objects.filter(pk=self.account.pk, available_credits=available, held_credits=held).update(
            available_credits=self.account.available_credits, held_credits=self.account.held_credits
        )
        if written != 1:
            raise RuntimeError("the wallet changed under its lock")
        for lot in self._changed.values():
            Lot.objects.filter(pk=lot.pk).update(available_credits=lot.available_credits, held_credits=lot.held_credits)
        movement = Movement.objects.create(
            account=self.account,
            reason=reason,
            key=key,
            change_credits=self.account.available_credits - available,
            available_after_credits=self.account.available_credits,
            held_after_credits=self.account.held_credits,
            created_at=self.now,
            **facts,
        )
        for entry in self._entries:
            entry.movement = movement
        Entry.objects.bulk_create(self._entries)
        self._entries, self._changed = [], {}
        self._written = self.account.available_credits, self.account.held_credits
        return movement


@contextmanager
def locked(
    whose: User | Account, now: datetime.datetime | None = None, *, is_savepoint: bool = True
) -> Iterator[Wallet]:
    """The wallet, for this transaction alone. What has lapsed by now is gone before anything else happens.

    `is_savepoint`: whether only this is undone should it fail within a longer transaction, or all of that.
    """
    with transaction.atomic(savepoint=is_savepoint):
        fresh = _lock("owner_id", whose.pk) if isinstance(whose, User) else _lock("id", whose.pk)
        if fresh is None:  # everybody has one from the start; should it be missing, it is made now
            account = wallet_of(whose) if isinstance(whose, User) else whose
            fresh = _lock("id", account.pk)
        if fresh is None:
            raise Account.DoesNotExist(f"wallet {whose.pk} is gone")
        live = Lot.objects.filter(~Q(available_credits=0), account=fresh)
        wallet = Wallet(fresh, now or timezone.now(), {lot.pk: lot for lot in live})
        lapse(wallet, f"{fresh.version}")
        yield wallet


def _lock(column: str, value: uuid.UUID) -> Account | None:
    """The row, after nobody else can write to it; None when there is none. `column`: "id" or "owner_id"."""
    key = Account._meta.pk.get_db_prep_value(value, connection)
    rows = Account.objects.raw(
        f"UPDATE credits_account SET version = version + 1 WHERE {column} = %s RETURNING *", [key]
    )
    return next(iter(list(rows)), None)  # all of it is fetched, for until then SQLite has not written


def lapse(wallet: Wallet, cause: str) -> None:
    """Write down what has lapsed. Held credits are in another book: they stay until they are settled."""
    for lot in wallet.spendable():
        if lot.expires_at is not None and lot.expires_at <= wallet.now:
            wallet.move(lot, Book.AVAILABLE, Book.LAPSED, lot.available_credits)
            # Some of a lot can come back later, from a hold that outlived it, and lapse then.
            wallet.record(Reason.LAPSE, f"lapse:{lot.pk}:{cause}", note=lot.get_pool_display())


def same_movement(earlier: Movement, *, change_credits: int) -> Movement:
    """An earlier movement under the same key is the answer, if it was the same; else the key was used for another."""
    if earlier.change_credits != change_credits:
        raise SiteFailure("idempotency_conflict")
    return earlier
