"""What a change of a column's type means: whether all that was in it still fits, and whether rows are written anew."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from backoffice.database.limits import BINARY_BYTES, MYSQL, TEXT_BYTES, digits_and_places, integer_bounds
from backoffice.operations.lint.recording import offline_dialect

# MySQL and MariaDB keep a string's length in one byte up to here, beyond it in two; a character of utf8mb4 has four.
SHORT, CHARACTER = 255, 4


def widens(old: Any, new: Any, dialect: str) -> bool:
    """Whether the new type holds all that the old one could, so that nobody who knows only the old one is refused."""
    old, new = concrete(old, dialect), concrete(new, dialect)
    if isinstance(old, sa.Enum) or isinstance(new, sa.Enum):
        return isinstance(old, sa.Enum) and isinstance(new, sa.Enum) and set(old.enums) <= set(new.enums)
    if isinstance(old, sa.String) and isinstance(new, sa.String):
        return _room(old, TEXT_BYTES) <= _room(new, TEXT_BYTES)
    if isinstance(old, sa.LargeBinary) and isinstance(new, sa.LargeBinary):
        return _room(old, BINARY_BYTES) <= _room(new, BINARY_BYTES)
    if isinstance(old, sa.Integer) and isinstance(new, sa.Integer):
        (low, high), (lowest, highest) = integer_bounds(old), integer_bounds(new)
        return lowest <= low and high <= highest
    if _is_decimal(old) and _is_decimal(new):
        (digits, places), (more, finer) = digits_and_places(old, dialect), digits_and_places(new, dialect)
        return places <= finer and digits - places <= more - finer
    if isinstance(old, sa.DateTime) and isinstance(new, sa.DateTime):
        return old.timezone == new.timezone and (getattr(old, "fsp", 0) or 0) <= (getattr(new, "fsp", 0) or 0)
    return written(old, dialect) == written(new, dialect)


def copies(old: Any, new: Any, dialect: str) -> bool:
    """Whether the database writes every row anew for it, and lets nobody write meanwhile."""
    old, new = concrete(old, dialect), concrete(new, dialect)
    if written(old, dialect) == written(new, dialect):
        return False
    if not widens(old, new, dialect):
        return True
    if dialect == "postgresql":
        is_decimal = _is_decimal(old) and digits_and_places(old)[1] == digits_and_places(new)[1]
        return not (is_decimal or isinstance(old, sa.String))
    if isinstance(old, sa.Enum):
        return bool(new.enums[: len(old.enums)] != old.enums)
    if isinstance(old, sa.Text) or isinstance(new, sa.Text) or not isinstance(old, sa.String):
        return True
    before, after = (_room(held, TEXT_BYTES) * CHARACTER <= SHORT for held in (old, new))
    return before != after


def concrete(column_type: Any, dialect: str) -> Any:
    """The type that this database gets, of those a column may be given for several."""
    return sa.types.to_instance(column_type).dialect_impl(offline_dialect(dialect))


def written(column_type: Any, dialect: str) -> str:
    """The type as it stands in SQL."""
    return str(sa.types.to_instance(column_type).compile(dialect=offline_dialect(dialect)))


def key_bytes(column_type: Any, dialect: str) -> int:
    """How many bytes of an index's key a column takes at most, on MySQL and MariaDB; 0 where it does not matter."""
    held = concrete(column_type, dialect)
    return (held.length or 0) * CHARACTER if dialect in MYSQL and isinstance(held, sa.String) else 0


def _room(held: Any, sizes: tuple[tuple[type[Any], int], ...]) -> float:
    if held.length is not None:
        return float(held.length)
    return next((float(size) for kind, size in sizes if isinstance(held, kind)), float("inf"))


def _is_decimal(held: Any) -> bool:
    return isinstance(held, sa.Numeric) and not isinstance(held, sa.Float)
