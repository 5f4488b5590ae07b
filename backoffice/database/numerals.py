"""Numbers as text: exact both ways, checked against what the column can hold."""

from __future__ import annotations

import math
import re
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from backoffice.database import limits
from backoffice.database.reading import quoted
from backoffice.errors import BadInput

INTEGER = re.compile(r"[+-]?[0-9]{1,40}")
NUMBER = re.compile(r"[+-]?([0-9]{1,400}(\.[0-9]{0,400})?|\.[0-9]{1,400})([eE][+-]?[0-9]{1,4})?")
# The default context rounds to 28 digits.
EXACT = Context(prec=2000, Emax=MAX_EMAX, Emin=MIN_EMIN)


def print_number(_type: Any, value: Any) -> str:
    """A number so that it reads back the same: decimals plain with their scale, floats at their shortest."""
    return format(value, "f") if isinstance(value, Decimal) else repr(value)


def parse_integer(column_type: Any, text: str, _dialect: str = limits.ANY) -> int:
    """A whole number within the column's bounds."""
    if not INTEGER.fullmatch(text):
        raise BadInput(_("“%(text)s” is not a whole number.", text=quoted(text)))
    low, high = limits.integer_bounds(column_type)
    value = int(text)
    if not low <= value <= high:
        raise BadInput(
            _(
                "%(text)s is out of range: write a whole number from %(low)s to %(high)s.",
                text=quoted(text), low=low, high=high,
            )
        )  # fmt: skip
    return value


def parse_number(column_type: Any, text: str, dialect: str = limits.ANY) -> Decimal | float:
    """A decimal number with no more digits than the column keeps, or a finite floating-point number."""
    if not NUMBER.fullmatch(text):
        raise BadInput(_("“%(text)s” is not a number. Write it like 1234.5.", text=quoted(text)))
    column_type = limits.undecorated(column_type)
    if isinstance(column_type, sa.Float):
        value = float(text)
        if not math.isfinite(value) or not limits.holds_float(column_type, value, dialect):
            raise BadInput(_("%(text)s is larger or smaller than this column can hold.", text=quoted(text)))
        return Decimal(repr(value)) if column_type.asdecimal else value
    value_of_decimal = _decimal(column_type, text, dialect)
    return value_of_decimal if getattr(column_type, "asdecimal", True) else float(value_of_decimal)


def _decimal(column_type: Any, text: str, dialect: str) -> Decimal:
    value = Decimal(text)
    digits, places = limits.digits_and_places(column_type, dialect)
    whole = digits - places
    if value and value.adjusted() >= whole:
        raise BadInput(
            _(
                "%(text)s is out of range: at most %(whole)s digits stand before the point.",
                text=quoted(text), whole=whole,
            )
        )  # fmt: skip
    if value and -_exponent(EXACT.normalize(value)) > places:
        raise BadInput(_("%(text)s has more than %(places)s decimal places.", text=quoted(text), places=places))
    if not limits.keeps_decimal(value, dialect):
        raise BadInput(
            _(
                "%(text)s has more digits than this database keeps: at most %(most)s.",
                text=quoted(text), most=limits.SQLITE_DIGITS,
            )
        )  # fmt: skip
    # Written with an exponent or with more noughts than the column keeps, it is still the same number.
    return value if -places <= _exponent(value) <= 0 else EXACT.quantize(value, Decimal(1).scaleb(-places))


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)  # noqa: S101 - NaN and infinities have none, and were refused by their shape
    return exponent
