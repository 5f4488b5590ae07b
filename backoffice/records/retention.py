"""Forgetting what is no longer kept: a portion at a time, so that nobody waits for it.

The settings say for how long each kind is kept; `flask audit prune` and the daily job of the workers both come here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.models import Draft, FormReceipt, Job, utcnow
from backoffice.records import chain, restoring
from backoffice.records.jobs.ledger import OPEN
from backoffice.records.jobs.tasks import Tally

PORTION = 500
KIND = "retention"
# Of forms that were sent: longer than a session may last, and than a page stays open.
RECEIPTS_KEPT = timedelta(days=7)


def _drafts(session: Session, before: datetime) -> int:
    return _remove(session, Draft, Draft.saved_at < before, PORTION)


def _receipts(session: Session, before: datetime) -> int:
    return _remove(session, FormReceipt, FormReceipt.created_at < before, PORTION)


def _jobs(session: Session, before: datetime) -> int:
    # What belongs to a job goes with it, which may be a million keys.
    return _remove(session, Job, sa.and_(Job.finished_at < before, Job.state.not_in(OPEN)), 1)


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
    "jobs": _jobs,
}


def also(kind: str, prune_some: Callable[[Session, datetime], int]) -> None:
    """From now on this kind is forgotten as well: one that is not kept in the database alone."""
    PORTIONS[kind] = prune_some


def limits(days: Mapping[str, int], now: datetime | None = None) -> dict[str, datetime]:
    """Before which moment each kind is forgotten; a kind that is kept for good is left out."""
    now = now or utcnow()
    known = {kind: now - timedelta(days=number) for kind, number in days.items() if number}
    return {**known, "receipts": now - RECEIPTS_KEPT}


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
