"""Conditions that keep a database at work for long, to be stopped by it."""

from __future__ import annotations

import sqlalchemy as sa

# SQLite has no way to sleep.
COUNTING = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT max(i) FROM n"
SLOW = {
    "sqlite": f"({COUNTING.format(10**9)})",
    "mysql": "SLEEP(60) = 0",
    "postgresql": "(SELECT 1 FROM pg_sleep(60)) = 1",
}


def slow_condition(dialect: str) -> sa.ColumnElement[bool]:
    """Holds for every row, after a minute."""
    return sa.literal_column(SLOW[dialect], sa.Boolean)
