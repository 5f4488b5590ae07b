"""kill -9 of workers and of databases in the middle of jobs: each row is worked on exactly once, and all of it told."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import flask_migrate
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.extensions import db
from backoffice.models import JobChunk
from tests.databases import Databases
from tests.faults import counting, processes
from tests.faults.job_ledger import check_counted, check_job, job_of, wait_until_ended
from tests.faults.work import POINTS
from tests.faults.workers import Worker

# Rows of the job whose workers are killed: JOB_ROWS=200000 for the full size.
ROWS = int(os.environ.get("JOB_ROWS", "10000"))
CHUNKS = 150
ROWS_OF_CRASHES, CRASHES = 8_000, 3
# Rows where it is not their number that matters.
FEW = 3_000
# A lease that no test outlasts.
LONG = 600
# One chunk of so many is a worker's last.
DIES_OF = 25
# With this one the six first workers die at each of the six points before the job ends.
SEED = 137


def test_workers_killed_at_every_point_of_a_chunk_count_each_row_once(
    counted: Session, address: str, tmp_path: Path
) -> None:
    counting.fill(counted, ROWS)
    job = counting.ask(counted, 1, ROWS)
    with Worker(address, tmp_path, most=min(500, ROWS // CHUNKS), dies_of=DIES_OF, seed=SEED) as worker:
        wait_until_ended(counted, [job], seconds=600)
        deaths = worker.told("die")
        assert worker.end() == 0
    assert {line.split()[0] for line in deaths} == set(POINTS), deaths
    check_job(counted, job, changed=ROWS)
    check_counted(counted, ROWS)


@pytest.mark.parametrize("kind", ["mariadb", "postgresql"])
def test_a_worker_goes_on_by_itself_after_its_database_was_killed(
    kind: str, folder: Path, databases: Databases, tmp_path: Path
) -> None:
    found = getattr(processes, kind)(folder)
    if found is None:
        pytest.skip(f"{kind}: no server to start was found")
    server, address = found
    server.start()
    try:
        processes.create_database(address)
        app = databases.make_app(address)
        with app.app_context():
            flask_migrate.upgrade()
            with Session(db.engine) as session:
                counting.fill(session, ROWS_OF_CRASHES)
                count_through_crashes(session, server, address, tmp_path)
            db.engine.dispose()
    finally:
        server.kill()


def count_through_crashes(session: Session, server: processes.Process, address: str, folder: Path) -> None:
    """The database is killed when a quarter, a half and three quarters of the rows are done."""
    job = counting.ask(session, 1, ROWS_OF_CRASHES)
    with Worker(address, folder, most=50, pause=0.02) as worker:
        for part in range(1, CRASHES + 1):
            wanted = part * ROWS_OF_CRASHES // (CRASHES + 1)
            processes.wait_for(lambda wanted=wanted: stands_at(session, job) >= wanted, seconds=60)
            server.kill()
            server.start()
        processes.wait_for(lambda: stands_at(session, job) == ROWS_OF_CRASHES, seconds=60)
        assert worker.end() == 0, worker.log
    check_job(session, job, changed=ROWS_OF_CRASHES)
    check_counted(session, ROWS_OF_CRASHES)


def stands_at(session: Session, number: int) -> int:
    """How far a job is; -1 while the database does not answer."""
    try:
        return job_of(session, number).position
    except sa.exc.DBAPIError:
        return -1


def test_a_worker_that_slept_past_its_lease_writes_nothing_any_more(
    counted: Session, address: str, tmp_path: Path
) -> None:
    counting.fill(counted, FEW)
    job = counting.ask(counted, 1, FEW // 2)
    with Worker(address, tmp_path / "first", at=[3, "committed", "stop"]) as first:
        first.has("stop")
        with Worker(address, tmp_path / "second", lease=LONG, at=[3, "committed", "wait"]) as second:
            second.has("wait")
            before = as_it_stands(counted, job)
            assert before["epoch"] == 2
            # What else there is to do shows that the first worker is awake and has let go of the job.
            rest = counting.ask(counted, FEW // 2 + 1, FEW)
            first.send(signal.SIGCONT)
            wait_until_ended(counted, [rest])
            assert as_it_stands(counted, job) == before
            second.go()
            wait_until_ended(counted, [job])
            assert (first.end(), second.end()) == (0, 0)
    check_job(counted, job, changed=FEW // 2)
    check_job(counted, rest, changed=FEW // 2)
    check_counted(counted, FEW)


def as_it_stands(session: Session, number: int) -> dict[str, object]:
    """All that the ledger says of a job."""
    job = job_of(session, number)
    return {column.key: getattr(job, column.key) for column in sa.inspect(type(job)).column_attrs}


def test_a_worker_that_is_asked_to_end_finishes_its_chunk_and_gives_the_job_back(
    counted: Session, address: str, tmp_path: Path
) -> None:
    counting.fill(counted, FEW)
    job = counting.ask(counted, 1, FEW)
    with Worker(address, tmp_path / "first", lease=LONG, at=[3, "writing", "wait"]) as first:
        first.has("wait")
        first.send(signal.SIGTERM)
        first.go()
        assert first.end() == 0, first.log
    left = job_of(counted, job)
    assert (left.state, left.lease_until, left.epoch) == ("waiting", None, 1)
    chunks = counted.scalar(sa.select(sa.func.count()).where(JobChunk.job_id == job)) or 0
    assert chunks >= 3, "the chunk in hand was finished"
    assert left.position < FEW
    with Worker(address, tmp_path / "second", lease=LONG) as second:
        wait_until_ended(counted, [job])
        assert second.end() == 0
    assert job_of(counted, job).epoch >= 2
    check_job(counted, job, changed=FEW)
    check_counted(counted, FEW)
