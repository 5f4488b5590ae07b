"""What became of the rows of a job that were not done: grouped by reason for its page, and one by one for a file."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.models import JobOutcome
from backoffice.records.exporting.csv_file import BYTE_ORDER_MARK, END, quoted
from backoffice.records.exporting.values import escape_formula

OUTCOME: Any = JobOutcome.__table__
MOST_GROUPS = 20
BATCH = 1000


@dataclass(frozen=True)
class Group:
    """Rows that were left for one reason; `first` is the key of one of them."""

    outcome: str
    reason: str
    count: int
    first: str


def groups(session: Session, job_id: int) -> list[Group]:
    """The reasons, the most frequent first."""
    count = sa.func.count().label("number")
    found = (
        sa.select(OUTCOME.c.outcome, OUTCOME.c.reason, count, sa.func.min(OUTCOME.c.position).label("first"))
        .where(OUTCOME.c.job_id == job_id)
        .group_by(OUTCOME.c.outcome, OUTCOME.c.reason)
        .order_by(count.desc())
        .limit(MOST_GROUPS)
    )
    rows = session.execute(found).all()
    first = sa.select(OUTCOME.c.position, OUTCOME.c.key).where(
        OUTCOME.c.job_id == job_id, OUTCOME.c.position.in_([row.first for row in rows])
    )
    keys = {row.position: row.key for row in session.execute(first)}
    return [Group(row.outcome, row.reason, row.number, keys.get(row.first, "")) for row in rows]


def as_csv(session: Session, job_id: int) -> Generator[bytes]:
    """All of them as a file: key, what became of it, why."""
    yield (BYTE_ORDER_MARK + "key,outcome,reason" + END).encode()
    after = -1
    while True:
        some = (
            sa.select(OUTCOME)
            .where(OUTCOME.c.job_id == job_id, OUTCOME.c.position > after)
            .order_by(OUTCOME.c.position)
            .limit(BATCH)
        )
        rows = session.execute(some).all()
        session.rollback()
        cells = ((row.key, row.outcome, row.reason) for row in rows)
        yield "".join(",".join(quoted(escape_formula(text)) for text in row) + END for row in cells).encode()
        if len(rows) < BATCH:
            return
        after = rows[-1].position
