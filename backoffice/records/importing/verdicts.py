"""What a dry run found of the rows of its file: how many of each kind, which, and those to be put right."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.models import ImportRow, Job, JobOutcome
from backoffice.records.importing.failed import failed_head, failed_line
from backoffice.records.importing.layouts import Row

ROW: Any = ImportRow.__table__
OUTCOME: Any = JobOutcome.__table__
NEW, CHANGED, UNCHANGED, WRONG = "new", "changed", "unchanged", "wrong"
VERDICTS = (NEW, CHANGED, UNCHANGED, WRONG)
# Rows that one page shows, and that one statement reads for a file.
SHOWN, BATCH = 25, 500


@dataclass(frozen=True)
class Page:
    """Some rows of a dry run in their order, and where those before and after them begin; None for none."""

    rows: Sequence[ImportRow]
    previous: int | None
    next: int | None


def counts(job: Job) -> dict[str, int]:
    """How many rows have been found to be what, from the job's own numbers."""
    new = job.position - job.changed - job.unchanged - job.failed
    return {NEW: new, CHANGED: job.changed, UNCHANGED: job.unchanged, WRONG: job.failed}


def page(session: Session, job_id: int, verdict: str, start: int) -> Page:
    """A page of the rows with this verdict (all, where it is none) from a place in the file on."""
    chosen = sa.select(ImportRow).where(ROW.c.job_id == job_id)
    if verdict:
        chosen = chosen.where(ROW.c.verdict == verdict)
    ahead = chosen.where(ROW.c.position >= start).order_by(ROW.c.position).limit(SHOWN + 1)
    rows = list(session.scalars(ahead))
    places = chosen.with_only_columns(ROW.c.position).where(ROW.c.position < start)
    behind = list(session.scalars(places.order_by(ROW.c.position.desc()).limit(SHOWN)))
    return Page(rows[:SHOWN], behind[-1] if behind else None, rows[SHOWN].position if len(rows) > SHOWN else None)


def to_apply(session: Session, job_id: int) -> Sequence[int]:
    """The places of the rows that an import works through."""
    places = sa.select(ROW.c.position).where(ROW.c.job_id == job_id, ROW.c.verdict.in_((NEW, CHANGED)))
    return session.scalars(places.order_by(ROW.c.position)).all()


def wrong_rows(session: Session, job: Job) -> Generator[bytes]:
    """The wrong rows of a dry run as a file, each with the reason."""
    columns = list(job.arguments["layout"]["columns"])
    yield failed_head(columns)
    wrong = sa.select(ROW).where(ROW.c.job_id == job.id, ROW.c.verdict == WRONG)
    for rows in _portions(session, wrong, ROW.c.position):
        for row in rows:
            yield _line(columns, row, row.reason)


def left_rows(session: Session, job: Job) -> Generator[bytes]:
    """The rows that an import did not carry out as a file, each with the reason."""
    columns = list(job.arguments["layout"]["columns"])
    yield failed_head(columns)
    left = sa.select(OUTCOME.c.position, OUTCOME.c.key, OUTCOME.c.reason).where(OUTCOME.c.job_id == job.id)
    for outcomes in _portions(session, left, OUTCOME.c.position):
        places = [int(outcome.key) for outcome in outcomes]
        asked = sa.select(ROW).where(ROW.c.job_id == job.arguments["check"], ROW.c.position.in_(places))
        rows = {row.position: row for row in session.execute(asked)}
        session.rollback()
        for outcome in outcomes:
            if (row := rows.get(int(outcome.key))) is not None:
                yield _line(columns, row, outcome.reason)


def _line(columns: Sequence[str], row: Any, reason: str) -> bytes:
    return failed_line(list(columns), Row(row.line, dict(row.cells), beyond=tuple(row.beyond)), reason)


def _portions(session: Session, chosen: sa.Select[Any], place: Any) -> Generator[Sequence[Any]]:
    """What is chosen in the order of a place, some at a time."""
    after = -1
    while True:
        rows = session.execute(chosen.where(place > after).order_by(place).limit(BATCH)).all()
        session.rollback()
        yield rows
        if len(rows) < BATCH:
            return
        after = rows[-1].position
