"""What jobs did, and whether it is exact: the check that every test of jobs under faults ends with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.models import AuditBatch, AuditEntry, Job, JobChunk
from backoffice.records import chain
from backoffice.records.batches import is_batch, records_in
from tests.faults.counting import Counted
from tests.faults.processes import wait_for

OPEN = ("waiting", "running")


def job_of(session: Session, number: int) -> Job:
    """A job as it stands now."""
    session.rollback()
    return session.get_one(Job, number, populate_existing=True)


def wait_until_ended(session: Session, numbers: Sequence[int], seconds: float = 60) -> None:
    """Wait until none of these jobs is open."""
    left = sa.select(sa.func.count()).where(Job.id.in_(numbers), Job.state.in_(OPEN))

    def ended() -> bool:
        session.rollback()
        return session.scalar(left) == 0

    wait_for(ended, seconds)


def check_job(session: Session, number: int, state: str = "done", **counts: int) -> None:
    """The job's numbers are these, the others nought; its chunks follow one another and make up where it stands."""
    job = job_of(session, number)
    expected = {"changed": 0, "unchanged": 0, "skipped": 0, "failed": 0} | counts
    found = {name: getattr(job, name) for name in expected}
    assert (job.state, found) == (state, expected), job.message
    assert job.position == sum(expected.values())
    position = 0
    for chunk in session.scalars(sa.select(JobChunk).where(JobChunk.job_id == number).order_by(JobChunk.start)):
        assert chunk.start == position
        position += chunk.count
    assert position == job.position
    if state == "done":
        assert job.position == job.length


def check_counted(session: Session, rows: int, times: int = 1) -> None:
    """Each row was counted up so often, the history tells of each time, once, in order, and its chain holds."""
    session.rollback()
    numbers: dict[str, int] = {
        str(key): number for key, number in session.execute(sa.select(Counted.id, Counted.number))
    }
    assert len(numbers) == rows
    wrong = {key: number for key, number in numbers.items() if number != times}
    assert not wrong, f"{len(wrong)} rows were not counted {times} times: {list(wrong.items())[:5]}"
    entries = session.scalars(
        sa.select(AuditEntry).where(AuditEntry.table_name == "counted").order_by(AuditEntry.id)
    ).all()
    single = sum(not is_batch(entry) for entry in entries)
    packed = session.scalar(sa.select(sa.func.sum(AuditBatch.count)).where(AuditBatch.table_name == "counted")) or 0
    assert single + int(packed) == rows * times
    told: dict[str, list[Any]] = defaultdict(list)
    for entry in records_in(session, entries):
        told[entry.record_key].append(entry.changes["number"])
    steps = [[step, step + 1] for step in range(times)]
    assert told.keys() == numbers.keys()
    assert all(found == steps for found in told.values())
    verified = chain.verify(session)
    assert verified.broken is None, verified.broken
