"""One chunk of a job in one transaction: records, history, position, outcome and lease are committed together.

So each record is worked on exactly once: a chunk whose worker died was rolled back with its position, and one whose
COMMIT got through has moved on.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from time import monotonic
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from backoffice.database.clock import moment
from backoffice.database.faults import is_passing
from backoffice.errors import BackofficeError, NotAllowed
from backoffice.models import Job, JobChunk, JobOutcome
from backoffice.records.auditing import change_of
from backoffice.records.jobs import ledger
from backoffice.records.jobs.freezing import frozen
from backoffice.records.jobs.ledger import JOB, Claim
from backoffice.records.jobs.tasks import FAILED, SKIPPED, Tally, Task, opener_of
from backoffice.records.units import Again, in_unit, turn
from backoffice.signals import chunk_done

CHUNK: Any = JobChunk.__table__
OUTCOME: Any = JobOutcome.__table__
# A colleague's save waits for a chunk at most: so it takes about this long.
SECONDS = 0.05


class Lost(Exception):
    """Somebody else has taken the job up: whatever was in hand is rolled back."""


class Stopped(Exception):
    """The job ends before its end, with the sentence that says why."""


@dataclass
class Pace:
    """How many keys a chunk takes: so many that it takes about SECONDS; one by one while a refusal is looked for."""

    size: int = 0
    fewest: int = 1

    def begin(self, task: Task) -> int:
        """The size of the next chunk."""
        # Each chunk costs something by itself: smaller ones than to begin with would only add to that.
        self.fewest = task.first
        self.size = min(self.size or task.first, task.most)
        return self.size

    def went(self, seconds: float, count: int) -> None:
        """Learn from a chunk that was done."""
        fits = count * SECONDS / max(seconds, 0.001)
        fewest = min(self.size, self.fewest)
        self.size = max(fewest, int(min(self.size * 2, max(self.size / 2, fits))))

    def failed(self) -> None:
        """Learn from one that was refused."""
        self.size = max(1, self.size // 8)


def run_chunk(session: Session, claim: Claim, pace: Pace) -> bool:
    """Work on the next keys of a claimed job and commit; False where the job has ended.

    Lost where it belongs to another worker now. A passing fault is raised: the same chunk may be tried again.
    """
    started = monotonic()
    try:
        with turn(session):
            goes_on, count = _run(session, claim, pace)
        if count:
            pace.went(monotonic() - started, count)
        return goes_on
    except Lost:
        raise
    except (NotAllowed, Stopped) as refusal:
        session.rollback()
        ledger.end(session, claim, "stopped", getattr(refusal, "message", str(refusal)))
        return False
    except BaseException as error:
        session.rollback()
        if is_passing(error) or isinstance(error, Again):
            raise
        if not isinstance(error, (BackofficeError, sa.exc.IntegrityError, sa.exc.DataError)):
            raise
        if pace.size > 1:
            pace.failed()
            return True
        with turn(session):
            return _leave_one(session, claim, _reason(error), started)


def _reason(error: BaseException) -> str:
    if isinstance(error, BackofficeError):
        return error.message
    words: str = _("The database refused this: a value is missing, already taken, or belongs to a record that is gone.")
    return words


def _run(session: Session, claim: Claim, pace: Pace) -> tuple[bool, int]:
    started = monotonic()
    with in_unit(session), ExitStack() as stack:
        job = _held(session, claim)
        if job.cancel_asked:
            ledger.close(session, job, "cancelled")
            session.commit()
            return False, 0
        task = stack.enter_context(opener_of(job)(job))
        keys = frozen(session, job, job.position, pace.begin(task))
        if not keys and job.position < job.length:
            raise Stopped(_("Which rows this job was about is no longer kept."))
        tally = task.run(keys, job.position) if keys else Tally()
        if tally.length is not None:
            job.length, keys = tally.length, keys[: tally.length - job.position]
        session.flush()
        goes_on = _move(session, job, claim, keys, tally, started)
        session.commit()
    _tell(tally)
    return goes_on, len(keys)


def _held(session: Session, claim: Claim) -> Job:
    """The job, locked; Lost where the claim is a former one."""
    # By an UPDATE, as the very first: a SELECT locks nothing on SQLite, where another process could then change the
    # records between the chunk's reading and writing them.
    mine = sa.and_(JOB.c.id == claim.id, JOB.c.epoch == claim.epoch, JOB.c.state == "running")
    session.execute(sa.update(JOB).where(mine).values(lease_until=moment(claim.lease)))
    job = session.scalars(sa.select(Job).where(mine).execution_options(populate_existing=True)).first()
    if job is None:
        session.rollback()
        raise Lost
    return job


def _move(session: Session, job: Job, claim: Claim, keys: list[str], tally: Tally, started: float) -> bool:
    """Write down what became of the keys; whether there are more."""
    keys = [] if tally.unfinished else keys
    places = {key: job.position + place for place, key in enumerate(keys)}
    if tally.left:
        session.execute(sa.insert(OUTCOME), [
            {"job_id": job.id, "position": places[key], "key": key[:255], "outcome": outcome, "reason": reason}
            for key, (outcome, reason) in tally.left.items()
        ])  # fmt: skip
    if keys:
        session.execute(sa.insert(CHUNK), {
            "job_id": job.id, "start": job.position, "count": len(keys), "change_id": change_of(session).id,
        })  # fmt: skip
    position = job.position + len(keys)
    session.execute(sa.update(JOB).where(JOB.c.id == job.id).values(
        position=position,
        changed=JOB.c.changed + tally.changed,
        unchanged=JOB.c.unchanged + tally.unchanged,
        skipped=JOB.c.skipped + tally.count(SKIPPED),
        failed=JOB.c.failed + tally.count(FAILED),
        worked=JOB.c.worked + int((monotonic() - started) * 1000),
        lease_until=moment(claim.lease),
    ))  # fmt: skip
    if position < job.length:
        return True
    ledger.close(session, job, "done")
    return False


def _leave_one(session: Session, claim: Claim, reason: str, started: float) -> bool:
    """Pass over the one record that was refused, with the reason; whether there are more."""
    with in_unit(session):
        job = _held(session, claim)
        keys = frozen(session, job, job.position, 1)
        tally = Tally()
        tally.leave(keys[0], FAILED, reason)
        goes_on = _move(session, job, claim, keys, tally, started)
        session.commit()
    _tell(tally)
    return goes_on


def _tell(tally: Tally) -> None:
    skipped, failed = tally.count(SKIPPED), tally.count(FAILED)
    chunk_done.send(changed=tally.changed, unchanged=tally.unchanged, skipped=skipped, failed=failed)
