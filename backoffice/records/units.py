"""A unit of work: all of it is committed once or not at all, and done again as a whole where that may help.

A unit may run more than once, so it has to look at its records anew each time. Its receipt is inserted first, in the
same transaction: whoever sends the same form twice, or does not know what became of a COMMIT, meets it there.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from backoffice.database.faults import is_passing
from backoffice.database.retrying import SECONDS, pause
from backoffice.models import FormReceipt
from backoffice.records.transactions import IN_UNIT, StaleRecord
from backoffice.signals import unit_retried

Answer = TypeVar("Answer")
RECEIPT: Any = FormReceipt.__table__
# Each try sees what the others have committed meanwhile; a person waits for all of them. Where the database itself sent
# everybody back, or restarts, time alone counts: on two nodes of a cluster it lets one of them through at a time.
TRIES = 8
# SQLite has one writer at a time, and lets those who wait look again now and then: with many, some never find it free.
# In one process they wait in line instead.
TURNS: WeakKeyDictionary[sa.Engine, Lock] = WeakKeyDictionary()


class Again(Exception):
    """What a unit of work raises that may succeed when all of it is done again; the last time it is raised on."""


class _AnsweredBefore(Exception):
    """The unit has been done; `answer` is what was said then."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer


def once(session: Session, work: Callable[[], Answer], receipt: str = "") -> Answer:
    """Do the work and commit it. The same `receipt` again does nothing and gives the answer of the first time.

    Inside another unit of the session it is a part of that. What `work` returns has to be something JSON can keep.
    What it raises is raised, with everything rolled back; a StaleRecord only where trying again meets the same.
    """
    if session.info.get(IN_UNIT):
        return work()
    receipt, started, tries = receipt or secrets.token_hex(32), monotonic(), 0
    while True:
        tries += 1
        try:
            with turn(session):
                return _try(session, work, receipt)
        except _AnsweredBefore as before:
            session.rollback()
            return before.answer  # type: ignore[no-any-return]  # what `work` returned the first time
        except BaseException as error:
            session.rollback()
            spent = monotonic() - started > SECONDS or (tries >= TRIES and isinstance(error, (StaleDataError, Again)))
            if spent or not (is_passing(error) or isinstance(error, Again)):
                if isinstance(error, StaleDataError):
                    raise StaleRecord from None
                raise
            unit_retried.send(error=error)
        pause(tries)


def answer_of(session: Session, receipt: str) -> Any:
    """What was answered to a receipt; None where it has not been carried out."""
    kept = session.scalar(sa.select(RECEIPT.c.answer).where(RECEIPT.c.id == receipt)) if receipt else None
    return kept.get("answer") if kept else None


@contextmanager
def turn(session: Session) -> Iterator[None]:
    """Wait in line, on SQLite, for those of this process who are writing."""
    engine = session.get_bind().engine
    if engine.dialect.name != "sqlite":
        yield
        return
    line = TURNS.setdefault(engine, Lock())
    # Who has waited too long tries all the same, and is told by the database that it is busy.
    has_turn = line.acquire(timeout=SECONDS)
    try:
        yield
    finally:
        if has_turn:
            line.release()


def _try(session: Session, work: Callable[[], Answer], receipt: str) -> Answer:
    with in_unit(session):
        _claim(session, receipt)
        answer = work()
        session.flush()
        session.execute(sa.update(RECEIPT).where(RECEIPT.c.id == receipt).values(answer={"answer": answer}))
        session.commit()
    return answer


@contextmanager
def in_unit(session: Session) -> Iterator[None]:
    """Whatever works on the session meanwhile leaves committing to whoever began."""
    session.info[IN_UNIT] = True
    try:
        with session.no_autoflush:
            yield
    finally:
        del session.info[IN_UNIT]


def _claim(session: Session, receipt: str) -> None:
    """Insert the receipt; a second one waits here until the first has been committed or rolled back."""
    try:
        session.execute(sa.insert(RECEIPT), {"id": receipt, "answer": {}})
    except sa.exc.IntegrityError:
        session.rollback()
        kept = session.scalar(sa.select(RECEIPT.c.answer).where(RECEIPT.c.id == receipt))
        if kept is None:
            raise Again from None
        raise _AnsweredBefore(kept.get("answer")) from None
