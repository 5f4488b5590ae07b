"""What is no longer kept is forgotten: by a command, and once a day by the workers."""

from __future__ import annotations

from datetime import timedelta
from threading import Event

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from backoffice.admin.working import worker
from backoffice.models import Draft, Job, JobKeys, utcnow
from backoffice.records import retention
from backoffice.records.jobs import ledger
from backoffice.records.units import once
from tests.factories import make_staff


def old_job(session: Session, days: int) -> int:
    """A job that ended so many days ago, with keys of its own."""
    number = once(session, lambda: ledger.create(session, Job(kind="bulk"), range(3)).id)
    ended = {"state": "done", "finished_at": utcnow() - timedelta(days=days)}
    session.execute(sa.update(Job).where(Job.id == number).values(ended))
    session.commit()
    return int(number)


def test_jobs_are_forgotten_with_all_that_is_theirs(session: Session) -> None:
    old, new = old_job(session, 31), old_job(session, 29)
    assert retention.prune(session, {"jobs": 30})["jobs"] == 1
    assert session.scalars(sa.select(Job.id)).all() == [new]
    assert session.scalars(sa.select(JobKeys.job_id)).all() == [new]
    assert old != new


def test_workers_forget_once_a_day(app: Flask, session: Session) -> None:
    old_job(session, 400)
    person = make_staff(session).id
    for copy in range(3):
        session.add(Draft(staff_id=person, endpoint="article", copy=str(copy), title="", record_key="", slot=str(copy),
                          fields={}, labels={}, saved_at=utcnow() - timedelta(days=400)))  # fmt: skip
    session.commit()
    working = worker(app, Event())
    for _day in range(2):
        working.chores(session)
    made = session.scalars(sa.select(Job).where(Job.kind == retention.KIND)).all()
    assert len(made) == 1
    assert working.work_once()
    session.expire_all()
    assert (made[0].state, made[0].changed) == ("done", 5)
    assert session.scalar(sa.select(sa.func.count()).select_from(Draft)) == 0
    assert not working.work_once()
