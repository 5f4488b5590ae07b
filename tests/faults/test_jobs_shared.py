"""Several workers on several jobs: every row once, never more jobs at a time than allowed, and each has its turns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from backoffice.admin import working
from backoffice.database.clock import moment
from backoffice.models import AuditEntry, Job, JobChunk
from backoffice.records.jobs import ledger, tasks
from backoffice.records.jobs import worker as worker_module
from backoffice.records.jobs.tasks import Tally, Task
from backoffice.records.units import once
from tests.faults import counting
from tests.faults.job_ledger import OPEN, check_counted, check_job, job_of
from tests.faults.processes import wait_for
from tests.faults.workers import Worker

JOBS, ROWS_OF_EACH, AT_ONCE = 4, 500, 2
# As MariaDB numbers it.
DEADLOCK = 1213


@pytest.mark.parametrize("number", [4])
def test_workers_share_jobs_and_never_hold_more_than_allowed(
    number: int, counted: Session, address: str, tmp_path: Path
) -> None:
    counting.fill(counted, JOBS * ROWS_OF_EACH)
    firsts = range(1, JOBS * ROWS_OF_EACH, ROWS_OF_EACH)
    jobs = [counting.ask(counted, first, first + ROWS_OF_EACH - 1) for first in firsts]
    with ExitStack() as stack:
        workers = [
            # Together the pauses of a job are longer than a turn.
            stack.enter_context(Worker(address, tmp_path / str(n), at_once=AT_ONCE, most=20, pause=0.1))
            for n in range(number)
        ]
        held = watch(counted, jobs)
        assert [worker.end() for worker in workers] == [0] * number
    assert max(held) == AT_ONCE
    for job in jobs:
        check_job(counted, job, changed=ROWS_OF_EACH)
    check_counted(counted, JOBS * ROWS_OF_EACH)
    check_turns(counted, jobs)


def watch(session: Session, jobs: Sequence[int]) -> list[int]:
    """How many jobs were held, looked at again and again until all of them have ended."""
    held: list[int] = []
    holding = sa.select(sa.func.count()).where(Job.state == "running", Job.lease_until > moment())
    left = sa.select(sa.func.count()).where(Job.id.in_(jobs), Job.state.in_(OPEN))

    def ended() -> bool:
        session.rollback()
        held.append(session.scalar(holding) or 0)
        return session.scalar(left) == 0

    wait_for(ended, seconds=120)
    return held


def check_turns(session: Session, jobs: Sequence[int]) -> None:
    """Each job was given back while others waited, and all had begun before the first had ended."""
    assert all(job_of(session, job).epoch > 1 for job in jobs)
    places = (
        sa.select(JobChunk.job_id, sa.func.min(AuditEntry.id), sa.func.max(AuditEntry.id))
        .join(AuditEntry, AuditEntry.change_id == JobChunk.change_id)
        .group_by(JobChunk.job_id)
    )
    found = session.execute(places).all()
    assert len(found) == len(jobs)
    assert max(first for _job, first, _last in found) < min(last for _job, _first, last in found)
    starts = [job_of(session, job).started_at for job in jobs]
    assert all(one <= other for one, other in pairwise(starts) if one and other), "first come, first served"


def test_a_fault_that_lasts_leaves_the_job_for_later(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "PATIENCE", 0.2)
    lasts = True

    @contextmanager
    def open_stuck(_job: Job) -> Iterator[Task]:
        if lasts:
            raise sa.exc.OperationalError("UPDATE", {}, Exception(DEADLOCK))
        yield Idle()

    monkeypatch.setitem(tasks._openers, "stuck", open_stuck)
    number = once(session, lambda: ledger.create(session, Job(kind="stuck"), [1, 2, 3]).id)
    worker = working.worker(app)
    worker.lease = 1
    assert worker.work_once()
    assert job_of(session, number).state == "running"
    lasts = False
    wait_for(worker.work_once)
    check_job(session, number, unchanged=3)


def test_a_job_of_a_kind_that_only_a_newer_version_knows_is_left_to_that(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = once(session, lambda: ledger.create(session, Job(kind="newer"), [1, 2]).id)
    worker = working.worker(app)
    assert not worker.work_once()
    assert job_of(session, number).state == "waiting"

    @contextmanager
    def open_newer(_job: Job) -> Iterator[Task]:
        yield Idle()

    monkeypatch.setitem(tasks._openers, "newer", open_newer)
    assert worker.work_once()
    check_job(session, number, unchanged=2)


class Idle:
    """A task that finds nothing to do."""

    first = most = 10

    def run(self, keys: Sequence[str], _start: int) -> Tally:
        """Nothing."""
        return Tally(unchanged=len(keys))
