"""What is done to many records: a ledger that every worker, page and command reads, and that outlives all of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Model, UTCDateTime, utcnow

# Keys that a portion of JobKeys holds, but for the last one.
PORTION = 1000


class Job(Model):
    """One task on a frozen list of keys.

    `position` counts how many of the `length` keys are behind it. It moves in the transaction that changes their
    records, so each is worked on exactly once, whoever dies. Who works holds the job by `epoch` until `lease_until` by
    the database's clock; whoever takes it over raises `epoch`, and the former worker can write nothing any more.
    """

    __tablename__ = "job"
    __audited__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    # What handles it (records.jobs.tasks), and for a view's records which view and which of its actions.
    kind: Mapped[str] = mapped_column(sa.String(20))
    endpoint: Mapped[str] = mapped_column(sa.String(80), default="")
    action: Mapped[str] = mapped_column(sa.String(40), default="")
    arguments: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    # Which rows were asked for, as a list's address says it, and the same in words; empty for ticked rows.
    selection: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    words: Mapped[str] = mapped_column(sa.Text, default="")
    # Who asked, as known then, and in which language.
    staff_id: Mapped[int | None]
    person: Mapped[str] = mapped_column(sa.String(255), default="")
    locale: Mapped[str] = mapped_column(sa.String(20), default="en")
    # The job that this one undoes or repeats in part, and the job whose keys it works through where not its own.
    parent_id: Mapped[int | None] = mapped_column(index=True)
    keys_of: Mapped[int | None]

    state: Mapped[str] = mapped_column(sa.String(12), default="waiting")
    length: Mapped[int] = mapped_column(default=0)
    position: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    # Why it ended before its end.
    message: Mapped[str] = mapped_column(sa.Text, default="")
    cancel_asked: Mapped[bool] = mapped_column(default=False, server_default=sa.false())

    epoch: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    worker: Mapped[str] = mapped_column(sa.String(120), default="")
    # When it was last worked on: who has waited longest comes next.
    turn_at: Mapped[datetime] = mapped_column(UTCDateTime(), default=utcnow)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime(), default=utcnow)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None] = mapped_column(index=True)
    # Milliseconds that workers have spent on it.
    worked: Mapped[int] = mapped_column(default=0)

    def __str__(self) -> str:
        return f"#{self.id}"


sa.Index("ix_job_state_turn_at", Job.__table__.c.state, Job.__table__.c.turn_at)
sa.Index("ix_job_staff_id_id", Job.__table__.c.staff_id, Job.__table__.c.id)


class JobKeys(Model):
    """A portion of a job's keys, in their order: PORTION of them but for the last portion."""

    __tablename__ = "job_keys"
    __audited__ = False

    job_id: Mapped[int] = mapped_column(sa.ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    keys: Mapped[list[Any]] = mapped_column(sa.JSON)


class JobChunk(Model):
    """One transaction of a job: the keys from `start` on, and the change under which the history tells of it."""

    __tablename__ = "job_chunk"
    __audited__ = False

    job_id: Mapped[int] = mapped_column(sa.ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    start: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int]
    change_id: Mapped[str] = mapped_column(sa.String(32))


class JobOutcome(Model):
    """A key that was not done, and why: `skipped` where it did not concern the job any more, `failed` where refused."""

    __tablename__ = "job_outcome"
    __audited__ = False

    job_id: Mapped[int] = mapped_column(sa.ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(sa.String(255))
    outcome: Mapped[str] = mapped_column(sa.String(12))
    reason: Mapped[str] = mapped_column(sa.String(300))


class JobGate(Model):
    """One row, which whoever takes a job up holds meanwhile: so that no more run at once than are allowed."""

    __tablename__ = "job_gate"
    __audited__ = False

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
