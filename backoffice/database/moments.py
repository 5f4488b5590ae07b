"""Dates, times, moments and intervals as text. ISO 8601 throughout; intervals as `[-]D HH:MM:SS[.ffffff]`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask_babel import gettext as _

from backoffice.database import limits
from backoffice.database.reading import quoted
from backoffice.errors import BadInput
from backoffice.models import UTCDateTime

# Python's own readers take week dates, missing hyphens and hour 24; what is meant here has one shape.
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](?P<fraction>\.[0-9]{1,6})?)?"
_ZONE = r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?"
DATE = re.compile(_DATE)
TIME = re.compile(_TIME + _ZONE)
DATETIME = re.compile(f"{_DATE}([T ]{_TIME}{_ZONE})?")
INTERVAL = re.compile(
    r"(?P<sign>-)?((?P<days>[0-9]{1,9}) )?"
    r"(?P<hours>[0-9]{1,9}):(?P<minutes>[0-5][0-9])(:(?P<seconds>[0-5][0-9])(?P<fraction>\.[0-9]{1,6})?)?"
)


def print_moment(_type: Any, value: Any) -> str:
    """ISO 8601, aware datetimes in UTC without saying so; an interval in days, hours, minutes and seconds."""
    if isinstance(value, timedelta):
        return _print_interval(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    # MySQL's dates of noughts come as plain text.
    return value.isoformat() if isinstance(value, (date, time)) else str(value)


def is_aware(column_type: Any) -> bool:
    """Whether the values of a column know their time zone (which is then UTC)."""
    return isinstance(column_type, UTCDateTime) or bool(getattr(column_type, "timezone", False))


def parse_date(_type: Any, text: str, _dialect: str = limits.ANY) -> date:
    """A day from year 1 to year 9999."""
    try:
        if DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise BadInput(_("“%(text)s” is not a date. Write it like 2026-01-31.", text=quoted(text)))


def parse_time(column_type: Any, text: str, dialect: str = limits.ANY) -> time:
    """A time of the day."""
    shape = TIME.fullmatch(text)
    if not shape or (shape["zone"] and not is_aware(column_type)):
        raise BadInput(_("“%(text)s” is not a time of the day. Write it like 18:30:00.", text=quoted(text)))
    _check_fraction(column_type, shape["fraction"], dialect)
    return time.fromisoformat(text)


def parse_datetime(column_type: Any, text: str, dialect: str = limits.ANY) -> datetime:
    """A day and a time, midnight where only the day is given; aware and in UTC where the column is."""
    shape = DATETIME.fullmatch(text)
    if not shape:
        raise _not_a_moment(text)
    if shape["zone"] and not is_aware(column_type):
        raise BadInput(_("This column keeps no time zone. Write “%(text)s” without it.", text=quoted(text)))
    _check_fraction(column_type, shape["fraction"], dialect)
    try:
        value = datetime.fromisoformat(text)
        if is_aware(column_type):
            value = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise _not_a_moment(text) from None
    if not limits.holds_moment(column_type, value.replace(tzinfo=None), dialect):
        raise BadInput(_("“%(text)s” is out of range: this column keeps the years 1970 to 2037.", text=quoted(text)))
    return value


def parse_interval(column_type: Any, text: str, dialect: str = limits.ANY) -> timedelta:
    """A length of time, negative with a sign in front; the days may be left out."""
    shape = INTERVAL.fullmatch(text)
    if not shape:
        raise BadInput(
            _(
                "“%(text)s” is not a length of time. Write days, hours, minutes and seconds like 1 02:03:04.",
                text=quoted(text),
            )
        )
    _check_fraction(column_type, shape["fraction"], dialect)
    try:
        value = timedelta(
            days=int(shape["days"] or 0),
            hours=int(shape["hours"]),
            minutes=int(shape["minutes"]),
            seconds=int(shape["seconds"] or 0),
            microseconds=int((shape["fraction"] or ".")[1:].ljust(6, "0")),
        )
    except OverflowError:
        value = timedelta.max
    value = -value if shape["sign"] else value
    if not limits.holds_interval(value):
        raise BadInput(
            _(
                "“%(text)s” is out of range: write at most %(days)s days.",
                text=quoted(text), days=abs(limits.INTERVALS[value > timedelta()].days),
            )
        )  # fmt: skip
    return value


def _print_interval(value: timedelta) -> str:
    sign, value = ("-", -value) if value < timedelta() else ("", value)
    minutes, seconds = divmod(value.seconds, 60)
    fraction = f".{value.microseconds:06}" if value.microseconds else ""
    return f"{sign}{value.days} {minutes // 60:02}:{minutes % 60:02}:{seconds:02}{fraction}"


def _check_fraction(column_type: Any, fraction: str | None, dialect: str) -> None:
    if fraction and fraction.strip(".0") and not limits.keeps_fractions(column_type, dialect):
        raise BadInput(_("This column keeps no fractions of a second. Write whole seconds."))


def _not_a_moment(text: str) -> BadInput:
    return BadInput(_("“%(text)s” is not a date with a time. Write it like 2026-01-31T18:30.", text=quoted(text)))
