"""The ledger of jobs: how one comes to be, who works on it, and how it ends or goes on.

States: `waiting` and `running`, `paused` (it waits until somebody resumes it), and then `done`, `cancelled`, `stopped`
(whoever asked may not any more, or the rows asked for mean something else) or `failed` (an error of ours, which the log
tells).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from backoffice.database.clock import moment
from backoffice.errors import Conflict, NotFound
from backoffice.models import Job, JobGate, JobOutcome
from backoffice.records.auditing import note_rows
from backoffice.records.jobs.freezing import freeze
from backoffice.records.jobs.tasks import FAILED, known_kinds
from backoffice.records.units import once

JOB: Any = Job.__table__
GATE: Any = JobGate.__table__
OPEN = ("waiting", "running", "paused")
# States from which a job can go on where it stood.
RESUMABLE = ("paused", "cancelled", "stopped", "failed")
# Kinds of jobs whose changes the history tells record by record.
UNDOABLE = ("bulk", "import")
# For so long a job is held without a sign of its worker, unless the worker is told otherwise.
LEASE_SECONDS = 30


@dataclass(frozen=True)
class Claim:
    """A job that one worker holds: by the epoch in which it took it up, and after each chunk for `lease` seconds."""

    id: int
    epoch: int
    lease: int = LEASE_SECONDS


def create(session: Session, job: Job, keys: Iterable[str | int]) -> Job:
    """Put a job and its keys into the ledger, inside a unit of work: it runs once that is committed."""
    job.length, job.turn_at = job.length or 0, moment()
    session.add(job)
    session.flush()
    freeze(session, job, keys)
    session.flush()
    return job


def reserve(job: Job) -> None:
    """Let nobody but whoever puts it into the ledger take it up, for as long as a lease."""
    job.state, job.lease_until = "running", moment(LEASE_SECONDS)


def find(session: Session, job_id: int) -> Job:
    """The job as it stands now."""
    job = session.get(Job, job_id, populate_existing=True)
    if job is None:
        raise NotFound(_("There is no job %(id)s, or it was too old to be kept.", id=job_id))
    return job


def claim(
    session: Session, worker: str, *, at_once: int, only: int | None = None, lease: int = LEASE_SECONDS
) -> Claim | None:
    """Take up the job that has waited longest, or whose worker has died; None where there is none to be had.

    No more than `at_once` are worked on together. `only` takes up that one, whatever else runs.
    """

    def work() -> list[int]:
        if only is None:
            session.execute(sa.select(GATE.c.id).with_for_update()).all()
            held = sa.select(sa.func.count()).where(JOB.c.state == "running", JOB.c.lease_until > moment())
            if (session.scalar(held) or 0) >= at_once:
                return []
        free = _free()
        found = sa.select(JOB.c.id, JOB.c.epoch).where(free).order_by(JOB.c.turn_at, JOB.c.id).limit(1)
        if only is not None:
            found = sa.select(JOB.c.id, JOB.c.epoch).where(JOB.c.id == only, sa.or_(free, JOB.c.epoch == 0))
        row = session.execute(found.with_for_update(skip_locked=True)).first()
        if row is None:
            return []
        taken = {
            "state": "running", "epoch": row.epoch + 1, "worker": worker[:120], "lease_until": moment(lease),
            "turn_at": moment(), "started_at": sa.func.coalesce(JOB.c.started_at, moment()),
        }  # fmt: skip
        session.execute(sa.update(JOB).where(JOB.c.id == row.id).values(taken))
        return [row.id, row.epoch + 1]

    # Nothing to take up is the usual answer of a worker that looks every now and then: it costs no receipt.
    if only is None and not _is_any_free(session):
        return None
    taken = once(session, work)
    return Claim(taken[0], taken[1], lease) if taken else None


def _free() -> sa.ColumnElement[bool]:
    """Jobs that nobody works on, of the kinds that this version of the product knows: others wait for a newer one."""
    left = sa.and_(JOB.c.state == "running", sa.or_(JOB.c.lease_until.is_(None), JOB.c.lease_until <= moment()))
    return sa.and_(sa.or_(JOB.c.state == "waiting", left), JOB.c.kind.in_(known_kinds()))


def _is_any_free(session: Session) -> bool:
    found = session.execute(sa.select(JOB.c.id).where(_free()).limit(1)).first() is not None
    session.rollback()
    return found


def begin_due(session: Session, kind: str, keys: list[str], every: timedelta) -> None:
    """Put a job of the product itself into the ledger where the last of its kind is older than `every`."""

    def work() -> None:
        session.execute(sa.select(GATE.c.id).with_for_update()).all()
        if _last_is_older(session, kind, every):
            create(session, Job(kind=kind), keys)

    if _last_is_older(session, kind, every):
        session.rollback()
        once(session, work)
    session.rollback()


def _last_is_older(session: Session, kind: str, every: timedelta) -> bool:
    seconds = -int(every.total_seconds())
    recent = sa.select(JOB.c.id).where(JOB.c.kind == kind, JOB.c.turn_at > moment(seconds)).limit(1)
    return session.execute(recent).first() is None


def give_back(session: Session, claim: Claim) -> None:
    """Let another worker, or another job, have its turn."""

    def work() -> None:
        values = {"state": "waiting", "lease_until": None, "turn_at": moment()}
        session.execute(sa.update(JOB).where(_held(claim), JOB.c.state == "running").values(values))

    once(session, work)


def end(session: Session, claim: Claim, state: str, message: str = "") -> None:
    """End the job, where it is still held."""

    def work() -> None:
        job = session.scalars(sa.select(Job).where(_held(claim)).with_for_update()).first()
        if job is not None:
            close(session, job, state, message)

    once(session, work)


def close(session: Session, job: Job, state: str, message: str = "") -> None:
    """The same inside a transaction that holds the job. A job that was stopped is told of in the history."""
    job.state, job.message, job.lease_until = state, message, None
    session.flush()
    session.execute(sa.update(JOB).where(JOB.c.id == job.id).values(finished_at=moment()))
    if state == "stopped":
        note_rows(session, "stop", Job.__tablename__, [{"key": str(job.id), "label": message}])


def _held(claim: Claim) -> sa.ColumnElement[bool]:
    return sa.and_(JOB.c.id == claim.id, JOB.c.epoch == claim.epoch)


def cancel(session: Session, job_id: int) -> Job:
    """Let a job end where it stands: at once where nobody works on it, else after the present chunk."""

    def work() -> None:
        job = locked(session, job_id)
        if job.state not in OPEN:
            raise Conflict(_("This job has ended already."))
        job.cancel_asked = True
        if job.state != "running":
            close(session, job, "cancelled")

    once(session, work)
    return find(session, job_id)


def pause(session: Session, job_id: int) -> Job:
    """Let a job wait where it stands until somebody resumes it. Whoever works on it ends with the present chunk."""

    def work() -> None:
        job = locked(session, job_id)
        if job.state not in OPEN or job.cancel_asked:
            raise Conflict(_("This job has ended already."))
        if job.state != "paused":
            # Another epoch: its worker finds that it holds the job no longer.
            job.state, job.epoch, job.lease_until = "paused", job.epoch + 1, None

    once(session, work)
    return find(session, job_id)


def resume(session: Session, job_id: int) -> Job:
    """Let a job that was paused, cancelled, stopped or failed go on where it stood."""

    def work() -> None:
        job = locked(session, job_id)
        if job.state not in RESUMABLE:
            raise Conflict(_("This job cannot go on: it is at work, or it has done all it had to."))
        if session.scalar(_undoing(job).limit(1)) is not None:
            raise Conflict(_("This job has been undone. Start a new one instead."))
        job.state, job.message, job.cancel_asked, job.finished_at = "waiting", "", False, None

    once(session, work)
    return find(session, job_id)


def retry(session: Session, job_id: int, **asked_by: Any) -> Job:
    """A new job that does the same to those keys that failed."""

    def work() -> int:
        job = locked(session, job_id)
        if job.kind not in UNDOABLE:
            raise Conflict(_("This job cannot be tried again in part: it takes back what another did."))
        if session.scalar(sa.select(JOB.c.id).where(JOB.c.parent_id == job.id, JOB.c.kind == job.kind).limit(1)):
            raise Conflict(_("The failed rows of this job have been tried again already. Try again those of that job."))
        failed = sa.select(JobOutcome.key).where(JobOutcome.job_id == job.id, JobOutcome.outcome == FAILED)
        keys = list(session.scalars(failed.order_by(JobOutcome.position)))
        if job.state in OPEN or not keys:
            raise Conflict(_("Nothing of this job can be tried again: it is still at work, or no row failed."))
        again = Job(
            kind=job.kind, endpoint=job.endpoint, action=job.action, arguments=job.arguments, selection=job.selection,
            words=job.words, staff_id=job.staff_id, person=job.person, locale=job.locale, parent_id=job.id,
        )  # fmt: skip
        for name, value in asked_by.items():
            setattr(again, name, value)
        return create(session, again, keys).id

    return find(session, once(session, work))


def locked(session: Session, job_id: int) -> Job:
    """The job, locked until the end of the transaction; NotFound where there is none."""
    statement = sa.select(Job).where(Job.id == job_id).with_for_update().execution_options(populate_existing=True)
    job = session.scalars(statement).first()
    if job is None:
        raise NotFound(_("There is no job %(id)s, or it was too old to be kept.", id=job_id))
    return job


def undo(session: Session, job_id: int, *, held: bool = False, **asked_by: Any) -> Job:
    """A new job that takes back what a job did; it works through the same keys. `held` is reserved for the caller."""

    def work() -> int:
        job = locked(session, job_id)
        if job.state in OPEN:
            raise Conflict(_("This job is still at work. Cancel it first, then undo what it did."))
        if job.kind not in UNDOABLE or not job.changed:
            raise Conflict(_("This job changed nothing that could be undone."))
        if session.scalar(_undoing(job).limit(1)) is not None:
            raise Conflict(_("This job has been undone already, or is just being undone."))
        undone = Job(
            kind="undo", endpoint=job.endpoint, action=job.action, arguments=job.arguments, selection={}, words="",
            parent_id=job.id, keys_of=job.keys_of or job.id, length=job.position,
        )  # fmt: skip
        for name, value in asked_by.items():
            setattr(undone, name, value)
        if held:
            reserve(undone)
        return create(session, undone, ()).id

    return find(session, once(session, work))


def _undoing(job: Job) -> sa.Select[Any]:
    return sa.select(JOB.c.id).where(JOB.c.parent_id == job.id, JOB.c.kind == "undo")
