"""Dates of monthly plans. Always UTC: Stripe counts so, and a month must not depend on where the server stands."""

import calendar
import datetime


def moment(timestamp_s: int) -> datetime.datetime:
    """Stripe's seconds since 1970 as a time."""
    return datetime.datetime.fromtimestamp(timestamp_s, datetime.UTC)


def one_month_after(start: datetime.datetime) -> datetime.datetime:
    """The same day of the next month, or that month's last day when it has no such day (31 January → 28 February)."""
    utc = start.astimezone(datetime.UTC)
    year, month = (utc.year + 1, 1) if utc.month == 12 else (utc.year, utc.month + 1)
    return utc.replace(year=year, month=month, day=min(utc.day, calendar.monthrange(year, month)[1]))
