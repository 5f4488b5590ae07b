"""Days and relative dates: which stretch of time “on 31 January” or “last 7 days” means to whoever asks.

| Words | The days they mean |
|---|---|
| `today`, `yesterday`, `tomorrow` | that day |
| `this week`, `last month`, `next quarter`, `last year` … | that whole week (from Monday), month, quarter or year |
| `last 7 days`, `last 3 months` … | so many up to and with today |
| `next 7 days`, `next 2 weeks` … | so many from today on |
| `last 24 hours`, `next 2 hours` | by the clock, from or to this moment |

A day lasts from midnight to midnight in the time zone of the person who asks, however long it is there.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from flask_babel import gettext as _

from backoffice.database.asking import Asker
from backoffice.database.attributes import Attribute, Kind
from backoffice.database.moments import is_aware
from backoffice.database.reading import quoted
from backoffice.errors import BadInput

DAYS = {"yesterday": ("last", "day"), "today": ("this", "day"), "tomorrow": ("next", "day")}
CALENDAR_UNITS = ("week", "month", "quarter", "year")
COUNTED_UNITS = ("hour", "day", "week", "month", "year")
MONTHS = {"month": 1, "quarter": 3, "year": 12}
STEPS = {"last": -1, "this": 0, "next": 1}
CALENDAR = re.compile(f"(last|this|next) ({'|'.join(CALENDAR_UNITS)})")
COUNTED = re.compile(f"(last|next) ([1-9][0-9]{{0,3}}) ({'|'.join(COUNTED_UNITS)})s?")


@dataclass(frozen=True)
class Period:
    """A calendar day, week, month, quarter or year; with a `number`, so many of the unit, the nearest being today."""

    which: str
    unit: str
    number: int = 0


@dataclass(frozen=True)
class Span:
    """From `start` on and before `end`, in the column's own type; None where time itself ends."""

    start: Any
    end: Any


def parse_period(raw: Any, kind: Kind) -> Period:
    """Read the words of a relative date; BadInput names some that would do."""
    text = raw if isinstance(raw, str) else ""
    if text in DAYS:
        return Period(*DAYS[text])
    if shape := CALENDAR.fullmatch(text):
        return Period(shape[1], shape[2])
    if (shape := COUNTED.fullmatch(text)) and (shape[3] != "hour" or kind is Kind.DATETIME):
        return Period(shape[1], shape[3], int(shape[2]))
    raise BadInput(
        _("“%(value)s” is not a relative date. Write it like: %(known)s.",
          value=quoted(str(raw)), known="today, this week, last month, last 7 days, next 2 weeks")
    )  # fmt: skip


def span_of(meant: date | Period, attribute: Attribute, asker: Asker) -> Span:
    """The stretch of time that a day or a period is to this person, as values of the column."""
    if isinstance(meant, Period) and meant.unit == "hour":
        return _hours(meant, attribute, asker)
    if isinstance(meant, Period):
        start, end = _days(meant, asker.now.astimezone(asker.zone).date())
    else:
        start, end = meant, _later(meant, 1)
    if attribute.kind is Kind.DATE:
        return Span(start, end)
    zone = asker.zone if is_aware(attribute.type) else None
    return Span(_midnight(start, zone), _midnight(end, zone))


def _days(period: Period, today: date) -> tuple[date | None, date | None]:
    """The first day of a period, and the first one after it."""
    step = STEPS[period.which]
    if not period.number:
        first = _first_day(period.unit, today)
        return _add(first, step, period.unit), _add(first, step + 1, period.unit)
    other = _add(today, step * period.number, period.unit)
    if step > 0:
        return today, other
    return None if other is None else _later(other, 1), _later(today, 1)


def _first_day(unit: str, day: date) -> date:
    if unit == "week":
        return _later(day, -day.weekday()) or date.min
    if unit == "day":
        return day
    months = MONTHS[unit]
    return day.replace(month=(day.month - 1) // months * months + 1, day=1)


def _add(day: date, number: int, unit: str) -> date | None:
    if unit not in MONTHS:
        return _later(day, number * (7 if unit == "week" else 1))
    year, month = divmod(day.year * 12 + day.month - 1 + number * MONTHS[unit], 12)
    if not date.min.year <= year <= date.max.year:
        return None
    # The 31st of a shorter month is its last day.
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _later(day: date, days: int) -> date | None:
    ordinal = day.toordinal() + days
    return date.fromordinal(ordinal) if 1 <= ordinal <= date.max.toordinal() else None


def _midnight(day: date | None, zone: tzinfo | None) -> datetime | None:
    """When a day begins; where the clocks leave midnight out, the moment they do so."""
    if day is None or zone is None:
        return None if day is None else datetime.combine(day, time())
    try:
        return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
    except OverflowError:
        return None


def _hours(period: Period, attribute: Attribute, asker: Asker) -> Span:
    now = asker.now.astimezone(UTC)
    try:
        other = now + STEPS[period.which] * timedelta(hours=period.number)
    except OverflowError:
        other = datetime.max.replace(tzinfo=UTC)
    if not is_aware(attribute.type):
        now, other = (moment.astimezone(asker.zone).replace(tzinfo=None) for moment in (now, other))
    return Span(min(now, other), max(now, other))
