"""A wallet's history, newest first, in pages that cost the same however long it is."""

import csv
import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from apps.accounts.models import User
from apps.credits.models import Movement, Reason

PAGE_ROWS = 40
_ICONS = {
    Reason.WELCOME: "sparkle",
    Reason.GRANT: "sparkle",
    Reason.PURCHASE: "plus",
    Reason.PLAN: "refresh",
    Reason.HOLD: "clock",
    Reason.CAPTURE: "check",
    Reason.RELEASE: "chevron-left",
    Reason.LAPSE: "clock",
    Reason.CLAW_BACK: "chevron-left",
    Reason.RESTORE: "plus",
    Reason.CORRECTION: "edit",
}


@dataclass(frozen=True)
class HistoryPage:
    """Some rows, and where the next older ones begin (None: these were the last)."""

    rows: list[Movement]
    older_before: int | None


def history_page(user: User, *, before: int | None) -> HistoryPage:
    """The newest movements, or those older than the movement `before`."""
    movements = Movement.objects.filter(account__owner=user).order_by("-id")
    if before is not None:
        movements = movements.filter(id__lt=before)
    rows = list(movements[: PAGE_ROWS + 1])
    has_more = len(rows) > PAGE_ROWS
    return HistoryPage(rows[:PAGE_ROWS], rows[PAGE_ROWS - 1].pk if has_more else None)


def icon_of(movement: Movement) -> str:
    return _ICONS[Reason(movement.reason)]


class _Line:
    """What csv writes is handed on instead of kept."""

    def write(self, text: str) -> str:
        return text


def history_csv(user: User) -> Iterator[str]:
    """The whole history as CSV, oldest first, with the balance after each line. Times are UTC."""
    writer = csv.writer(_Line())
    yield writer.writerow(["time_utc", "what", "note", "change_credits", "spent_credits", "balance", "reserved"])
    for movement in Movement.objects.filter(account__owner=user).order_by("id").iterator(chunk_size=2000):
        when = movement.created_at.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")
        yield writer.writerow(
            [
                when,
                movement.get_reason_display(),
                _as_text(movement.note),
                movement.change_credits,
                movement.spent_credits,
                movement.available_after_credits,
                movement.held_after_credits,
            ]
        )


def _as_text(note: str) -> str:
    """A note may hold a title somebody typed; spreadsheets would run one that looks like a formula."""
    return f"'{note}" if note.startswith(("=", "+", "-", "@", "\t", "\r")) else note
