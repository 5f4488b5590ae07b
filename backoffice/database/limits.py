"""What a column can hold, by its type: a value is refused in words before a database refuses it.

Where the databases differ, `dialect` (SQLAlchemy's name of one) decides; left empty, the narrowest one does.
"""

from __future__ import annotations

import struct
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

MYSQL = ("mysql", "mariadb")
ANY = ""
_dialect = mysql.dialect()

# By class, narrower ones first: BigInteger and SmallInteger are Integers too.
BITS: tuple[tuple[type[Any], int], ...] = (
    (mysql.TINYINT, 8),
    (mysql.MEDIUMINT, 24),
    (sa.SmallInteger, 16),
    (sa.BigInteger, 64),
    (sa.Integer, 32),
)
TEXT_BYTES: tuple[tuple[type[Any], int], ...] = (
    (mysql.TINYTEXT, 2**8 - 1),
    (mysql.MEDIUMTEXT, 2**24 - 1),
    (mysql.LONGTEXT, 2**32 - 1),
    (sa.Text, 2**16 - 1),
)
BINARY_BYTES: tuple[tuple[type[Any], int], ...] = (
    (mysql.TINYBLOB, 2**8 - 1),
    (mysql.MEDIUMBLOB, 2**24 - 1),
    (mysql.LONGBLOB, 2**32 - 1),
    (sa.LargeBinary, 2**16 - 1),
)
# MySQL's widest DECIMAL; nobody means more, and a bare Numeric has to end somewhere.
DIGITS, PLACES = 65, 30
# SQLite keeps a Numeric as a double.
SQLITE_DIGITS = 15
# MariaDB's json_valid() goes no deeper.
JSON_DEPTH = 31
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - columns without a time zone are meant
# Kept as a date counted from 1970 wherever the database has no intervals of its own.
INTERVALS = (
    timedelta(days=1 - EPOCH.toordinal()),
    timedelta(days=date.max.toordinal() + 1 - EPOCH.toordinal()) - timedelta.resolution,
)
# MySQL's TIMESTAMP counts seconds in 32 bits.
TIMESTAMPS = (EPOCH + timedelta(seconds=1), EPOCH + timedelta(seconds=2**31 - 1))


def integer_bounds(column_type: Any) -> tuple[int, int]:
    """The smallest and the largest whole number of an integer column."""
    bits = _first(BITS, undecorated(column_type), 64)
    if getattr(undecorated(column_type), "unsigned", False):
        return 0, 2**bits - 1
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


def digits_and_places(column_type: Any, dialect: str = ANY) -> tuple[int, int]:
    """How many digits a decimal number may have in all, and how many of them after the point."""
    if column_type.precision is None:
        return (10, 0) if dialect in MYSQL else (DIGITS, PLACES)
    return column_type.precision, column_type.scale or 0


def keeps_decimal(value: Decimal, dialect: str) -> bool:
    """Whether the database gives back this very number: SQLite rounds beyond fifteen digits."""
    return dialect != "sqlite" or len("".join(map(str, value.as_tuple().digits)).strip("0")) <= SQLITE_DIGITS


def holds_float(column_type: Any, value: float, dialect: str = ANY) -> bool:
    """Whether a floating-point column neither overflows nor makes a nought of the value."""
    if not _is_single(column_type, dialect):
        return True
    try:
        (kept,) = struct.unpack("<f", struct.pack("<f", value))
    except OverflowError:
        return False
    return bool(kept) or not value


def characters(column_type: Any) -> int | None:
    """The most characters of a text column, where its type names a length."""
    length: int | None = getattr(undecorated(column_type), "length", None)
    return length


def text_bytes(column_type: Any, dialect: str = ANY) -> int | None:
    """The most bytes (in UTF-8) of a text column, where that is limited: MySQL's TEXT ends at 64 KiB."""
    kept = _on_mysql(column_type)
    if dialect not in (ANY, *MYSQL) or getattr(kept, "length", None):
        return None
    most: int | None = _first(TEXT_BYTES, kept, None)
    return most


def binary_bytes(column_type: Any, dialect: str = ANY) -> int | None:
    """The most bytes of a binary column, where that is limited."""
    length: int | None = getattr(undecorated(column_type), "length", None)
    if length is not None or dialect not in (ANY, *MYSQL):
        return length
    most: int | None = _first(BINARY_BYTES, _on_mysql(column_type), None)
    return most


def keeps_fractions(column_type: Any, dialect: str) -> bool:
    """Whether fractions of a second survive: MySQL drops them unless the column asks for six digits."""
    return dialect not in MYSQL or getattr(_on_mysql(column_type), "fsp", None) == 6


def holds_moment(column_type: Any, value: datetime, dialect: str = ANY) -> bool:
    """Whether a date with time fits; every datetime of Python does, except into a TIMESTAMP of MySQL."""
    if dialect not in (ANY, *MYSQL) or not isinstance(_on_mysql(column_type), sa.TIMESTAMP):
        return True
    return TIMESTAMPS[0] <= value <= TIMESTAMPS[1]


def holds_interval(value: timedelta) -> bool:
    """Whether an interval fits on all three databases: from year 1 to year 9999, counted from 1970."""
    return INTERVALS[0] <= value <= INTERVALS[1]


def _is_single(column_type: Any, dialect: str) -> bool:
    plain = undecorated(column_type)
    if isinstance(plain, sa.REAL):
        return dialect in (ANY, "postgresql")
    if not isinstance(plain, sa.Float) or isinstance(plain, sa.Double) or dialect == "sqlite":
        return False
    if plain.precision is None:
        return dialect in (ANY, *MYSQL)
    return plain.precision <= 24


def undecorated(column_type: Any) -> Any:
    """The type itself, out of any TypeDecorator around it."""
    while isinstance(column_type, sa.types.TypeDecorator):
        column_type = column_type.impl_instance
    return column_type


def _on_mysql(column_type: Any) -> Any:
    return undecorated(column_type.dialect_impl(_dialect))


def _first(table: tuple[tuple[type[Any], int], ...], column_type: Any, otherwise: Any) -> Any:
    return next((found for known, found in table if isinstance(column_type, known)), otherwise)
