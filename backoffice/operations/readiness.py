"""Whether this process can serve: the database answers, and its schema is one that this version works with.

A version that is older than the schema goes on serving, so that code can be rolled back without the database: the
journal tells what came since, and whether that took anything away.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import sqlalchemy as sa

from backoffice.database.clock import moment
from backoffice.models import Job
from backoffice.operations import schema_journal
from backoffice.operations.revisions import CONTRACT, Line, line

JOB: Any = Job.__table__


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
