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
    wrong = sa.select(ROW, ROW.c.reason.label("why")).where(ROW.c.job_id == job.id, ROW.c.verdict == WRONG)
    yield from _file(session, job, wrong, ROW.c.position)


def left_rows(session: Session, job: Job) -> Generator[bytes]:
    """The rows that an import did not carry out as a file, each with the reason."""
    left = (
        sa.select(ROW, OUTCOME.c.reason.label("why"))
        .join_from(OUTCOME, ROW, ROW.c.position == sa.cast(OUTCOME.c.key, sa.Integer))
        .where(OUTCOME.c.job_id == job.id, ROW.c.job_id == job.arguments["check"])
    )
    yield from _file(session, job, left, ROW.c.position)


def _file(session: Session, job: Job, chosen: sa.Select[Any], place: Any) -> Generator[bytes]:
    columns = list(job.arguments["layout"]["columns"])
    yield failed_head(columns)
    after = -1
    while True:
        rows = session.execute(chosen.where(place > after).order_by(place).limit(BATCH)).all()
        session.rollback()
        for row in rows:
            yield failed_line(columns, Row(row.line, dict(row.cells), beyond=tuple(row.beyond)), row.why)
        if len(rows) < BATCH:
            return
        after = rows[-1].position
