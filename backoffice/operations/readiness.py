"""Whether this process can serve: the database answers, and its schema is one that this version works with.

A version that is older than the schema goes on serving, so that code can be rolled back without the database: the
journal tells what came since, and whether that took anything away. What starts too early waits at a gate.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from threading import Event, Lock
from time import monotonic
from typing import Any

import sqlalchemy as sa

from backoffice.database.clock import moment
from backoffice.models import Job
from backoffice.operations import schema_journal
from backoffice.operations.revisions import CONTRACT, Line, line

JOB: Any = Job.__table__
# Looking again while the schema is not there, in seconds.
PAUSE = 0.5
_logger = logging.getLogger(__name__)


class State(Enum):
    """How the schema of the database stands to this version."""

    READY = "ready"
    AHEAD = "ahead"
    BEHIND = "behind"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Schema:
    """Where the database is, what this version needs, and what that means."""

    state: State
    database: str
    needs: str
    sentence: str

    @property
    def serves(self) -> bool:
        """Whether pages may be answered."""
        return self.state in (State.READY, State.AHEAD)


def schema(connection: sa.Connection, known: Line | None = None) -> Schema:
    """How the schema stands: two short statements, and no lock."""
    known = known or line()
    at = schema_journal.version(connection)
    if at == known.head:
        return Schema(State.READY, at, known.head, f"The schema is at {at}.")
    if at in known.revisions or not at:
        return _behind(known, at)
    return _ahead(connection, known, at)


def jobs_wait(connection: sa.Connection) -> int:
    """For how many seconds the job that has waited longest has been waiting for a worker; 0 where none does."""
    waits = sa.select(moment(), sa.func.min(JOB.c.turn_at)).where(JOB.c.state == "waiting")
    now, oldest = connection.execute(waits).one()
    return max(0, int((now - oldest).total_seconds())) if oldest is not None else 0


def _behind(known: Line, at: str) -> Schema:
    missing = known.after(at)
    needed = [revision for revision in missing if revision.phase != CONTRACT]
    if not needed:
        # What is to go is still there, which disturbs nobody.
        return Schema(State.READY, at, known.head, f"The schema is at {at}; {missing[0].number} may follow.")
    return Schema(
        State.BEHIND, at, needed[-1].number,
        f"The schema is at {at or 'its beginning'}, and this version needs {needed[-1].number}. "
        "Run: flask db upgrade",
    )  # fmt: skip


def _ahead(connection: sa.Connection, known: Line, at: str) -> Schema:
    passed = schema_journal.between(connection, known.head, at)
    if passed is None:
        sentence = f"The schema is at {at}, which this version knows nothing of. Start the version that upgraded it."
        return Schema(State.UNKNOWN, at, known.head, sentence)
    taken = [number for number, phase in passed if phase == CONTRACT]
    if taken:
        sentence = f"Revision {taken[0]} took away what this version may still use. Start a newer version."
        return Schema(State.UNKNOWN, at, known.head, sentence)
    sentence = f"The schema is at {at}; this version knows it up to {known.head}, and nothing it uses is gone."
    return Schema(State.AHEAD, at, known.head, sentence)


class Gate:
    """Opens once the schema has been found right, and then costs nothing. Pages and workers of a process share one."""

    def __init__(self, engine: Callable[[], sa.Engine]) -> None:
        self.engine = engine
        self.is_open = False
        self.found: Schema | None = None
        self.next_look = 0.0
        self.lock = Lock()

    @property
    def is_shut(self) -> bool:
        """Whether the schema is not there; False also while the database itself does not answer: whatever is asked
        will fail in its turn, and say why."""
        return not self.is_open and (found := self.look()) is not None and not found.serves

    def wait(self, stop: Event) -> bool:
        """Wait until it opens; False where `stop` is set before."""
        self.look()
        while not self.is_open and not stop.wait(PAUSE):
            self.look()
        return self.is_open

    def look(self) -> Schema | None:
        """Look again, unless that was done a moment ago; None while the database itself does not answer."""
        with self.lock:
            if not self.is_open and monotonic() >= self.next_look:
                self.next_look = monotonic() + PAUSE
                self._look()
            return self.found

    def _look(self) -> None:
        before = self.found
        try:
            with self.engine().connect() as connection:
                self.found = schema(connection)
        except sa.exc.SQLAlchemyError:
            self.found = None
            return
        self.is_open = self.found.serves
        if not self.is_open and (before is None or before.sentence != self.found.sentence):
            _logger.warning("waiting for the schema, and looking again by itself: %s", self.found.sentence)
        elif self.is_open and before is not None:
            _logger.info("going on: %s", self.found.sentence)
