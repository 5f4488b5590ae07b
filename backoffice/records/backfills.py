"""Backfills: what a new column means for the rows that were there before it, as a job of the ledger.

Declared beside the model, begun by the first worker that knows it, done in portions that nobody waits for. A revision
that relies on it says `after_backfill`, and is refused while a row is left.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, object_session

from backoffice.models import Job
from backoffice.records.auditing import NOTED
from backoffice.records.jobs import ledger, tasks
from backoffice.records.jobs.tasks import Tally

PREFIX = "fill:"
# Rows at a time: nobody who saves one of them waits for longer than that takes.
PORTION = 1_000
# What an older version adds meanwhile is met by walking again; rows that are never done are a mistake in the backfill.
WALKS = 10


@dataclass(frozen=True)
class Backfill:
    """Sets `values` in the rows of `table` that are `left`, both made of the table's columns; what is set is not left.

    The history does not tell of it, as no person changed anything.
    """

    name: str
    # `Model.__table__`, which is typed as less than the table that it is.
    table: Any
    left: Callable[[Any], sa.ColumnElement[bool]]
    values: Callable[[Any], Mapping[str, Any]]

    @property
    def kind(self) -> str:
        """The kind of its jobs."""
        return f"{PREFIX}{self.name}"

    @property
    def key(self) -> sa.Column[Any]:
        """The column it walks along."""
        found: sa.Column[Any] = next(iter(self.table.primary_key.columns))
        return found

    def is_open(self, connection: sa.Connection | Session) -> bool:
        """Whether a row is left."""
        return connection.execute(sa.select(self.key).where(self.left(self.table.c)).limit(1)).first() is not None


_declared: dict[str, Backfill] = {}


def declare(backfill: Backfill) -> Backfill:
    """From now on workers of this version begin it where rows are left."""
    if len(backfill.kind) > Job.kind.type.length:
        raise ValueError(f"{backfill.name!r} is too long: {Job.kind.type.length - len(PREFIX)} characters at most")
    if len(backfill.table.primary_key.columns) != 1:
        raise ValueError(f"{backfill.table.name} has a key of several columns, which no backfill can walk along")
    _declared[backfill.name] = backfill
    tasks.handle(backfill.kind, _open)
    return backfill


def find(name: str) -> Backfill | None:
    """The backfill of this name, where this version still has it."""
    return _declared.get(name)


def name_of(job: Job) -> str:
    """The backfill that a job carries out; "" where it does something else."""
    return job.kind.removeprefix(PREFIX) if job.kind.startswith(PREFIX) else ""


def newest_job(connection: sa.Connection | Session, backfill: Backfill) -> tuple[int | None, str]:
    """Number and state of the job that carries it out, or did so last; none and "" where nothing has begun it."""
    jobs = sa.select(Job.id, Job.state).where(Job.kind == backfill.kind).order_by(Job.id.desc()).limit(1)
    found = connection.execute(jobs).first()
    return (found.id, found.state) if found else (None, "")


def begin_due(session: Session, over: Collection[str] = ()) -> None:
    """Put into the ledger what is open and not at work already, but for what is `over`; what failed waits for an
    operator."""
    for backfill in [declared for declared in _declared.values() if declared.name not in over]:
        is_due = newest_job(session, backfill)[1] in ("", "done") and backfill.is_open(session)
        session.rollback()
        if is_due:
            # Of several workers that look at the same moment one begins it.
            ledger.begin_due(session, backfill.kind, [backfill.name], timedelta(seconds=5))


@contextmanager
def _open(job: Job) -> Iterator[tasks.Task]:
    session = object_session(job)
    if session is None:
        raise TypeError("the job belongs to no session")
    yield _Filling(session, job, _declared[name_of(job)])


class _Filling:
    """The task: its only key comes again until a walk along the table has found nothing left."""

    first = most = 1

    def __init__(self, session: Session, job: Job, backfill: Backfill) -> None:
        self.session, self.job, self.backfill = session, job, backfill

    def run(self, _keys: Sequence[str], _start: int) -> Tally:
        """Fill the next portion; how far this has come stands in the job, and is committed with the rows."""
        key, table = self.backfill.key, self.backfill.table
        after = self.job.arguments.get("after")
        window = sa.select(key).order_by(key).limit(PORTION)
        keys = self.session.scalars(window.where(key > after) if after is not None else window).all()
        if not keys:
            return self._begin_again()
        values = dict(self.backfill.values(table.c))
        if "version" in table.c:
            values["version"] = table.c.version + 1
        within = sa.and_(key >= keys[0], key <= keys[-1], self.backfill.left(table.c))
        fill = sa.update(table).where(within).values(values)
        # NOTED: what nobody did, the history does not tell.
        changed = self.session.execute(fill, execution_options=NOTED).rowcount  # type: ignore[attr-defined]  # a CursorResult
        self.job.arguments = self.job.arguments | {"after": keys[-1]}
        return Tally(changed=changed, unfinished=True)

    def _begin_again(self) -> Tally:
        """At the end of the table: an older version may have added rows behind."""
        if not self.backfill.is_open(self.session):
            return Tally()
        walks = self.job.arguments.get("walks", 1)
        if walks >= WALKS:
            raise ValueError(f"after {walks} walks the backfill {self.backfill.name} still finds rows that are left")
        self.job.arguments = {"walks": walks + 1}
        return Tally(unfinished=True)
