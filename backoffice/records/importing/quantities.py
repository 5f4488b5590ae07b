"""Numbers of a sheet, and the moments that some of them are: days since 1900 or 1904, as their format tells."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from math import isfinite

NUMBER = re.compile(r"\s*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?\s*", re.ASCII)
# More digits than a spreadsheet's own numbers can have: written by something that keeps them all.
DIGITS, LONGEST = 17, 400
EPOCH_1900, EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001 - a sheet knows no time zones
# Before it, Excel's calendar is a day off: it has a 29 February 1900.
FIRST_OF_MARCH = 61


class Style(Enum):
    """What the number format of a cell makes of its number."""

    NUMBER = 0
    DAY = 1
    MOMENT = 2
    TIME = 3
    DURATION = 4


# The formats that have no code in the file, by their numbers.
BUILT_IN = {
    **{str(number): Style.DAY for number in (14, 15, 16, 17, *range(27, 32), 36, *range(50, 59))},
    **{str(number): Style.TIME for number in (18, 19, 20, 21, 32, 33, 34, 35, 45, 47)},
    "22": Style.MOMENT,
    "46": Style.DURATION,
}
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
# Texts, single signs, widths and fillings, colours and conditions: none of their letters is a part of a date.
_NOT_A_CODE = re.compile(r'"[^"]*"?|\\.|_.|\*.|\[[^\]]*\]?', re.DOTALL)


def style_of(code: str) -> Style:
    """What a format's own code makes of a number, by its first section."""
    if _ELAPSED.search(code):
        return Style.DURATION
    section = _NOT_A_CODE.sub("", code).partition(";")[0].lower()
    if section.strip() == "general":
        return Style.NUMBER
    has_time = "h" in section or "s" in section
    # Between hours and seconds an m is a minute; alone it is a month. E+ is an exponent.
    has_day = "y" in section or "d" in section or ("m" in re.sub("am/pm|a/p", "", section) and not has_time)
    if has_day:
        return Style.MOMENT if has_time else Style.DAY
    return Style.TIME if has_time else Style.NUMBER


def number_of(text: str) -> int | float | Decimal | None:
    """The number that stands in a cell; None where it is none."""
    if len(text) <= DIGITS and text.isascii() and text.isdigit():
        return int(text)
    found = NUMBER.fullmatch(text) if len(text) <= LONGEST else None
    if found is None or not (found[2] or found[3]):
        return None
    if found[3] is None and found[4] is None:
        return int(text)
    near = float(text)
    digits = ((found[2] or "") + (found[3] or "")).strip("0")
    # Larger or smaller than any number that a spreadsheet has.
    if not isfinite(near) or (digits and not near):
        return None
    if len(digits) > DIGITS:
        return Decimal(text.strip())
    return int(near) if near.is_integer() and abs(near) < 10**15 else near


def moment_of(days: float | Decimal, style: Style, *, is_1904: bool) -> date | datetime | time | timedelta | None:
    """What a number of days is in a cell of this style; None where the calendar has no such day.

    To the thousandth of a second: what a spreadsheet keeps behind that is noise.
    """
    try:
        since = timedelta(milliseconds=round(float(days) * 86_400_000))
        if style is Style.DURATION:
            return since
        if since < timedelta(0):
            return None
        if since < timedelta(1) and style is Style.TIME:
            return (EPOCH_1900 + since).time()
        moment = EPOCH_1904 + since if is_1904 else _since_1900(since)
    except (OverflowError, ValueError):
        return None
    if moment is None:
        return None
    return moment.date() if style is Style.DAY and moment.time() == time() else moment


def _since_1900(since: timedelta) -> datetime | None:
    if since.days >= FIRST_OF_MARCH:
        return EPOCH_1900 + since
    # Day 0 and day 60 are none.
    return EPOCH_1900 + since + timedelta(1) if 0 < since.days < FIRST_OF_MARCH - 1 else None
