"""Forgetting what is no longer kept: a portion at a time, so that nobody waits for it.

The settings say for how long each kind is kept; `flask audit prune` and the daily job of the workers both come here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from backoffice.models import Draft, FormReceipt, ImportRow, Job, JobChunk, JobKeys, JobOutcome, utcnow
from backoffice.records import chain, restoring
from backoffice.records.jobs.ledger import OPEN
from backoffice.records.jobs.tasks import Tally

PORTION = 500
KIND = "retention"
# Of forms that were sent: longer than a session may last, and than a page stays open.
RECEIPTS_KEPT = timedelta(days=7)
# The places in a job by which what belongs to it is numbered.
PARTS: tuple[Any, ...] = (
    ImportRow.__table__.c.position, JobOutcome.__table__.c.position, JobChunk.__table__.c.start,
    JobKeys.__table__.c.number,
)  # fmt: skip


def _drafts(session: Session, before: datetime) -> int:
    return _remove(session, Draft, Draft.saved_at < before, PORTION)


def _receipts(session: Session, before: datetime) -> int:
    return _remove(session, FormReceipt, FormReceipt.created_at < before, PORTION)


def _jobs(session: Session, before: datetime) -> int:
    return _remove(session, Job, _old_jobs(before), PORTION)


def _job_parts(session: Session, before: datetime) -> int:
    """What belongs to such jobs, before they go themselves: a million rows may hang on one."""
    for place in PARTS:
        table, mine = place.table, place.table.c.job_id
        job = session.scalar(sa.select(mine).where(mine.in_(sa.select(Job.id).where(_old_jobs(before)))).limit(1))
        if job is not None:
            places = session.scalars(sa.select(place).where(mine == job).order_by(place).limit(PORTION)).all()
            session.execute(sa.delete(table).where(mine == job, place <= places[-1]))
            return len(places)
    return 0


def _old_jobs(before: datetime) -> sa.ColumnElement[bool]:
    """Jobs that ended before, unless a younger one works through their keys."""
    user: Any = aliased(Job)
    younger = sa.or_(user.finished_at.is_(None), user.finished_at >= before)
    needed = sa.exists().where(user.keys_of == Job.id, younger)
    return sa.and_(Job.finished_at < before, Job.state.not_in(OPEN), ~needed)


def _remove(session: Session, model: Any, old: sa.ColumnElement[bool], most: int) -> int:
    ids = session.scalars(sa.select(model.id).where(old).limit(most)).all()
    if ids:
        session.execute(sa.delete(model).where(model.id.in_(ids)), execution_options={"synchronize_session": False})
    return len(ids)


# What removes a portion of a kind, and tells how many went; the caller commits.
PORTIONS: dict[str, Callable[[Session, datetime], int]] = {
    "history": chain.prune_some,
    "deleted": restoring.prune_some,
    "drafts": _drafts,
    "receipts": _receipts,
    "job_parts": _job_parts,
    "jobs": _jobs,
}


def also(kind: str, prune_some: Callable[[Session, datetime], int]) -> None:
    """From now on this kind is forgotten as well: one that is not kept in the database alone."""
    PORTIONS[kind] = prune_some


def limits(days: Mapping[str, int], now: datetime | None = None) -> dict[str, datetime]:
    """Before which moment each kind is forgotten; a kind that is kept for good is left out."""
    now = now or utcnow()
    known = {kind: now - timedelta(days=number) for kind, number in days.items() if number}
    if "jobs" in known:
        known["job_parts"] = known["jobs"]
    return {kind: before for kind in PORTIONS if (before := {**known, "receipts": now - RECEIPTS_KEPT}.get(kind))}


def prune(session: Session, days: Mapping[str, int]) -> dict[str, int]:
    """Forget all that is old, now; how many of each kind went."""
    gone = {}
    for kind, before in limits(days).items():
        gone[kind] = 0
        while number := PORTIONS[kind](session, before):
            session.commit()
            gone[kind] += number
        session.rollback()
    return gone


class Retention:
    """The same as a job, whose keys are the kinds."""

    first = most = 1

    def __init__(self, session: Session, days: Mapping[str, int]) -> None:
        self.session, self.limits = session, limits(days)

    def run(self, keys: Sequence[str], _start: int) -> Tally:
        """Remove a portion; the same kind comes again until nothing of it is left."""
        before = self.limits.get(keys[0])
        gone = PORTIONS[keys[0]](self.session, before) if before is not None else 0
        return Tally(changed=gone, unfinished=gone > 0)
