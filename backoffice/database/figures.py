"""The numbers of the first page."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.models import utcnow


def count(session: Session, rows: sa.Select[Any]) -> int:
    """How many rows a statement has."""
    return session.scalar(rows.order_by(None).with_only_columns(sa.func.count(), maintain_column_froms=True)) or 0


def per_day(session: Session, rows: sa.Select[Any], moment: Any, days: int) -> list[tuple[date, int]]:
    """How many rows fall on each of the last `days` days in UTC, today included, days without any as 0."""
    first = utcnow().date() - timedelta(days=days - 1)
    day = sa.func.date(moment, type_=sa.String)
    statement = (
        rows.order_by(None)
        .where(moment >= datetime.combine(first, time(), tzinfo=UTC))
        .with_only_columns(day, sa.func.count(), maintain_column_froms=True)
        .group_by(day)
    )
    found = {str(d): n for d, n in session.execute(statement)}
    return [(d, found.get(d.isoformat(), 0)) for d in (first + timedelta(days=i) for i in range(days))]
