"""Look for rows that a unique constraint would refuse, before anything is changed for its sake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from backoffice.errors import Conflict

if TYPE_CHECKING:
    from alembic.operations import Operations


def refuse_duplicates(op: Operations | Any, table: str, columns: list[str]) -> None:
    """In a revision, before it makes these columns unique: stop with a sentence where rows share their values."""
    parts: list[sa.ColumnClause[Any]] = [sa.column(name) for name in columns]
    rows = sa.select(*parts).select_from(sa.table(table, *parts))
    same = rows.where(*(part.is_not(None) for part in parts)).group_by(*parts).having(sa.func.count() > 1).limit(1)
    if op.get_context().as_sql:
        op.execute(same)
    elif op.get_bind().execute(same).first() is not None:
        raise Conflict(
            f"Rows of {table} have the same {' and '.join(columns)}, which is to be unique. Nothing was changed: "
            "make them different, then upgrade again."
        )
