"""What SQL says of a job: how it ended, whether its rows alone were changed, and whether the history tells of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from backoffice.models import Article, AuditBatch, AuditEntry, Job, JobChunk
from backoffice.records.batches import digest, unpack
from tests.bench.client import WrongAnswer

ARTICLE: Any = Article.__table__
JOB: Any = Job.__table__
CHUNK: Any = JobChunk.__table__
ENTRY: Any = AuditEntry.__table__
BATCH: Any = AuditBatch.__table__


@dataclass(frozen=True)
class Told:
    """A job as the ledger tells of it: seconds by its own moments until it was taken up, and from then to its end."""

    id: int
    waited: float
    seconds: float
    chunks: int
    created_at: datetime


def told(connection: sa.Connection, job: int, changed: int | None) -> Told:
    """The job, which has to be done, and to have changed so many rows (where that is known) and left none."""
    row = connection.execute(sa.select(JOB).where(JOB.c.id == job)).one()
    found = (row.state, row.changed, row.unchanged, row.skipped, row.failed)
    if found != ("done", row.changed if changed is None else changed, 0, 0, 0):
        raise WrongAnswer(f"job {job} is {found} and not done with {changed} changed: {row.message}")
    chunks = connection.scalar(sa.select(sa.func.count()).select_from(CHUNK).where(CHUNK.c.job_id == job))
    waited = (row.started_at - row.created_at).total_seconds()
    return Told(job, waited, (row.finished_at - row.started_at).total_seconds(), chunks or 0, row.created_at)


@dataclass(frozen=True)
class Range:
    """Articles by their keys, from the first to the last."""

    first: int
    last: int

    @property
    def count(self) -> int:
        return self.last - self.first + 1

    @property
    def here(self) -> sa.ColumnElement[bool]:
        return ARTICLE.c.id.between(self.first, self.last)

    def versions(self, connection: sa.Connection) -> int:
        """The sum of their versions."""
        return int(connection.scalar(sa.select(sa.func.sum(ARTICLE.c.version)).where(self.here)) or 0)

    def others(self, connection: sa.Connection) -> tuple[Any, ...]:
        """What would be different if any other article had been changed."""
        counted = (sa.func.count(), sa.func.count(ARTICLE.c.published_at), sa.func.sum(ARTICLE.c.version))
        return tuple(connection.execute(sa.select(*counted).select_from(ARTICLE).where(sa.not_(self.here))).one())

    def published(self, connection: sa.Connection, at: datetime | None) -> int:
        """How many of them are published since this moment; with None, how many are not published."""
        same = ARTICLE.c.published_at.is_(None) if at is None else ARTICLE.c.published_at == at
        return int(connection.scalar(sa.select(sa.func.count()).select_from(ARTICLE).where(self.here, same)) or 0)

    def must_be(self, connection: sa.Connection, at: datetime | None) -> None:
        """All of them published since this moment, or none; a WrongAnswer where that is not so."""
        if (found := self.published(connection, at)) != self.count:
            raise WrongAnswer(f"{found} of {self.count} articles are published since {at}")


def history_tells(connection: sa.Connection, job: int, rows: Range, at: datetime | None) -> None:
    """The history has an entry of each row of the job, with the version that the row has now; else a WrongAnswer."""
    found = (
        sa.select(ENTRY.c.record_key, BATCH.c.rows, BATCH.c.first_key, BATCH.c.last_key)
        .join(BATCH, BATCH.c.id == ENTRY.c.id)
        .where(ENTRY.c.change_id.in_(sa.select(CHUNK.c.change_id).where(CHUNK.c.job_id == job)))
        .order_by(BATCH.c.first_key)
    )
    keys: list[int] = []
    for entry in connection.execute(found).all():
        batch = unpack(entry.rows)
        now = dict(connection.execute(
            sa.select(ARTICLE.c.id, ARTICLE.c.version).where(ARTICLE.c.id.between(entry.first_key, entry.last_key))
        ).all())  # fmt: skip
        if digest(entry.rows) != entry.record_key or [now.get(key) for key in batch.keys] != list(batch.versions):
            raise WrongAnswer(f"the history of job {job} tells of other versions from {entry.first_key} on")
        if "published_at" not in batch.before or (at is None) != (batch.after["published_at"] is None):
            raise WrongAnswer(f"the history of job {job} does not tell what became of {entry.first_key}")
        keys += batch.keys
    if keys != list(range(rows.first, rows.last + 1)):
        raise WrongAnswer(f"the history of job {job} tells of {len(keys)} rows and not of each of {rows.count}")


def entries_of(connection: sa.Connection, job: int) -> int:
    """Of how many records the history tells under a job, each by itself or in a batch."""
    changes = sa.select(CHUNK.c.change_id).where(CHUNK.c.job_id == job)
    told_of = sa.func.sum(sa.func.coalesce(BATCH.c.count, 1))
    both = ENTRY.outerjoin(BATCH, BATCH.c.id == ENTRY.c.id)
    found = sa.select(told_of).select_from(both).where(ENTRY.c.change_id.in_(changes), ENTRY.c.table_name == "article")
    return int(connection.scalar(found) or 0)
