"""How large tables are, as the database itself keeps it: no row is read but on SQLite."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from backoffice.database.limits import MYSQL


@dataclass(frozen=True)
class Size:
    """About so many rows and bytes."""

    table: str
    rows: int
    bytes: int

    @property
    def told(self) -> str:
        """For a person."""
        about = "" if self.rows < 1000 else "about "
        return f"{about}{self.rows:,} rows of {self.table}, {_bytes(self.bytes)}"


def size_of(connection: sa.Connection, table: str) -> Size | None:
    """The size of a table; None where there is no such one."""
    if not sa.inspect(connection).has_table(table):
        return None
    dialect = connection.dialect.name
    if dialect == "sqlite":
        quoted = connection.dialect.identifier_preparer.quote_identifier(table)
        rows = connection.scalar(sa.text(f"SELECT count(*) FROM {quoted}")) or 0  # noqa: S608 - quoted
        pages = (
            connection.scalar(sa.text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")) or 0
        )
        return Size(table, rows, pages)
    row = connection.execute(sa.text(_MYSQL if dialect in MYSQL else _POSTGRESQL), {"table": table}).one()
    # PostgreSQL has never looked at a new table, and says -1.
    return Size(table, max(0, int(row[0] or 0)), int(row[1] or 0))


_MYSQL = """
SELECT table_rows, data_length + index_length FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_name = :table
"""
_POSTGRESQL = """
SELECT reltuples::bigint, pg_total_relation_size(c.oid) FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = :table
"""


def _bytes(number: int) -> str:
    megabytes = number / 1024**2
    return (
        f"{megabytes / 1024:,.1f} GB"
        if megabytes >= 1024
        else f"{megabytes:,.0f} MB"
        if megabytes >= 1
        else "under 1 MB"
    )
