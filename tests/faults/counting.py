"""A job that does harm when it is done twice: each row is counted up by one, and the history tells of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from backoffice.access.acting import acting_as
from backoffice.admin.bulk.tasks import BulkTask
from backoffice.database.keys import has_key
from backoffice.extensions import db
from backoffice.models import Job, Model
from backoffice.records.auditing import NOTED, note_batch
from backoffice.records.batches import Rows
from backoffice.records.bulk.change import Change, Target
from backoffice.records.jobs import ledger, tasks
from backoffice.records.jobs.tasks import Tally, Task
from backoffice.records.units import once

KIND = "count"


class Base(DeclarativeBase):
    """A registry of its own: no migration knows this table."""

    __table_args__: Any = Model.__table_args__


class Counted(Base):
    """A row that knows how often it was worked on."""

    __tablename__ = "counted"
    __audited__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(default=0)


class CountUp(Change):
    """Adds one to each row's number, by one statement."""

    first = most = 100

    def run(self, target: Target, texts: Sequence[str]) -> Tally:
        """Lock and read the rows, count them up, and write down what they were."""
        tally, keys = Tally(), list(target.parsed(texts).values())
        read = target.these(keys).with_only_columns(Counted.id, Counted.number, maintain_column_froms=True)
        rows = target.session.execute(read).all()
        more = sa.update(Counted).where(has_key(Counted, [(row.id,) for row in rows])).values(number=Counted.number + 1)
        target.session.execute(more, execution_options={"synchronize_session": False, **NOTED})
        noted = Rows(
            keys=[row.id for row in rows],
            versions=[None] * len(rows),
            before={"number": [row.number for row in rows]},
            after={"number": [row.number + 1 for row in rows]},
            each=frozenset(["number"]),
        )
        note_batch(target.session, "update", Counted, noted)
        tally.changed = len(rows)
        found = {str(row.id) for row in rows}
        target.leave(tally, [text for text in texts if text not in found])
        return tally


@contextmanager
def open_counting(job: Job) -> Iterator[Task]:
    """As jobs of views are opened: as whoever asked."""
    with acting_as(job.staff_id, f"job {job.id}", job.locale):
        every = sa.select(Counted)
        yield BulkTask(db.session(), Target(db.session(), Counted, every, every), CountUp())


def handle() -> None:
    """Let this process work on such jobs."""
    tasks.handle(KIND, open_counting)


def fill(session: Session, number: int) -> None:
    """A table of so many rows, none of them counted yet."""
    session.commit()
    Base.metadata.drop_all(session.get_bind())
    Base.metadata.create_all(session.get_bind())
    session.execute(sa.insert(Counted), [{"id": n, "number": 0} for n in range(1, number + 1)])
    session.commit()


def empty(session: Session) -> None:
    """Take the table away."""
    session.rollback()
    Base.metadata.drop_all(session.get_bind())


def ask(session: Session, first: int, last: int) -> int:
    """A job that counts up the rows from `first` to `last`; its number."""
    return once(session, lambda: ledger.create(session, Job(kind=KIND), range(first, last + 1)).id)
