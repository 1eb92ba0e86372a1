"""Proves the balances: what the caches say against what the entries add up to."""

from collections.abc import Iterator

from django.db import transaction
from django.db.models import Case, F, IntegerField, Sum, Value, When

from apps.credits.models import Account, Book, Entry, Hold, Lot, Movement


def differences() -> Iterator[str]:
    """A sentence for everything that does not add up; none when the ledger is right."""
    lots = _sums("lot_id")
    for lot in Lot.objects.iterator(chunk_size=2000):
        yield from _compare(f"lot {lot.pk} of wallet {lot.account_id}", lot, lots.get(lot.pk, (0, 0)))
    accounts = _sums("lot__account_id")
    for account in Account.objects.iterator(chunk_size=2000):
        yield from _compare(f"wallet {account.pk}", account, accounts.get(account.pk, (0, 0)))
        yield from _last_line(account)
        yield from _open_holds(account)
    yield from _settlements()


def repair() -> int:
    """Set every cache to what the entries add up to; returns how many were wrong. History itself is never touched."""
    count = 0
    with transaction.atomic():
        for model, column in ((Lot, "lot_id"), (Account, "lot__account_id")):
            sums = _sums(column)
            for row in model.objects.select_for_update():
                available, held = sums.get(row.pk, (0, 0))
                if (row.available_credits, row.held_credits) != (available, held):
                    model.objects.filter(pk=row.pk).update(available_credits=available, held_credits=held)
                    count += 1
    return count


def _into(book: Book) -> Sum:
    amount = F("amount_credits")
    return Sum(
        Case(
            When(to_book=book, then=amount),
            When(from_book=book, then=-amount),
            default=Value(0),
            output_field=IntegerField(),
        )
    )


def _sums(column: str) -> dict[object, tuple[int, int]]:
    rows = Entry.objects.order_by().values(column).annotate(available=_into(Book.AVAILABLE), held=_into(Book.HELD))
    return {row[column]: (row["available"], row["held"]) for row in rows}


def _compare(name: str, row: Lot | Account, true: tuple[int, int]) -> Iterator[str]:
    for words, says, is_ in (
        ("available", row.available_credits, true[0]),
        ("reserved", row.held_credits, true[1]),
    ):
        if says != is_:
            yield f"{name}: says {says} {words}, its entries add up to {is_}"


def _last_line(account: Account) -> Iterator[str]:
    last = Movement.objects.filter(account=account).order_by("-id").first()
    after = (last.available_after_credits, last.held_after_credits) if last is not None else (0, 0)
    if after != (account.available_credits, account.held_credits):
        yield f"wallet {account.pk}: its last line says {after[0]} available and {after[1]} reserved"


def _open_holds(account: Account) -> Iterator[str]:
    unsettled = Hold.objects.filter(account=account, settlement=None)
    total = unsettled.aggregate(total=Sum("amount_credits"))["total"] or 0
    if total != account.held_credits:
        yield f"wallet {account.pk}: {account.held_credits} are reserved, but its open holds add up to {total}"


def _settlements() -> Iterator[str]:
    """Every settled hold gave out exactly what it held: part spent, the rest returned."""
    settled = Movement.objects.exclude(settles=None).annotate(out=_out_of_hold()).select_related("settles")
    for movement in settled.exclude(out=F("settles__amount_credits")).iterator(chunk_size=2000):
        yield f"hold {movement.settles_id}: held {movement.settles.amount_credits}, settled {movement.out}"


def _out_of_hold() -> Sum:
    return Sum(
        Case(
            When(entries__from_book=Book.HELD, then=F("entries__amount_credits")),
            default=Value(0),
            output_field=IntegerField(),
        )
    )
