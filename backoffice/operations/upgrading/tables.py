"""Rows that a change of the schema must not lose: on SQLite an altered table is made anew and the old one dropped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from backoffice.errors import BackofficeError
from backoffice.operations import schema_journal

LISTED = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
# An upgrade's own.
OURS = (schema_journal.TABLE, schema_journal.VERSION.name)


class LostRows(BackofficeError):
    """A revision would have lost rows; it was rolled back."""


@dataclass(frozen=True)
class Rows:
    """How many rows each table has, and those that point to nothing."""

    counts: dict[str, int]
    strays: set[tuple[Any, ...]]


def look(connection: sa.Connection) -> Rows:
    """Count the rows of a SQLite database; what belongs to a search index is left out."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    listed = connection.exec_driver_sql(LISTED).all()
    indexes = tuple(f"{name}_" for name, sql in listed if str(sql).upper().startswith("CREATE VIRTUAL"))
    names = [name for name, _sql in listed if name not in OURS and not f"{name}_".startswith(indexes or "\0")]
    counts = {name: connection.scalar(sa.text(f"SELECT count(*) FROM {quote(name)}")) or 0 for name in names}  # noqa: S608 - quoted
    strays = {tuple(row) for row in connection.exec_driver_sql("PRAGMA foreign_key_check")}
    return Rows(counts, strays)


def check(before: Rows, after: Rows, number: str, *, may_change_rows: bool) -> None:
    """Refuse a revision after which rows are gone that it had no business with, or point to nothing."""
    for name, count in before.counts.items():
        left = after.counts.get(name, count)
        if left != count and not may_change_rows:
            raise LostRows(
                f"Revision {number} changes the schema, and would have left {left:,} of {count:,} rows in {name}. "
                "It was rolled back: nothing is lost. Mend the revision."
            )
    for table, _row, parent, _key in after.strays - before.strays:
        raise LostRows(
            f"After revision {number} rows of {table} would point to rows of {parent} that are not there. "
            "It was rolled back: nothing is lost. Mend the revision."
        )
