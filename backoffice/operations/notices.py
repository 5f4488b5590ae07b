"""What operators tell staff and hold back for a while: a notice, read-only mode, a pause of all jobs.

Every page and every chunk of a job asks. So each process reads the table every two seconds and answers from memory
meanwhile; where the table cannot be read, what was read last stands, and nothing fails on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from time import monotonic
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from backoffice.database.clock import moment
from backoffice.errors import BadInput
from backoffice.extensions import db
from backoffice.i18n import gettext as _
from backoffice.models import Notice, utcnow
from backoffice.records.transactions import committing

NOTICE, READ_ONLY, JOBS = "notice", "read-only", "jobs"
LEVELS = ("info", "warning")
LONGEST = 500
# For so long a process goes by what it has read.
SECONDS = 2.0
TABLE: Any = Notice.__table__


@dataclass(frozen=True)
class Told:
    """One of them, as it stands."""

    message: str
    level: str
    until: datetime | None
    at: datetime

    @property
    def id(self) -> str:
        """What tells it from an earlier one, for a browser that has put it away."""
        return f"{int(self.at.timestamp() * 1000):x}"


class Board:
    """What this process has read last."""

    def __init__(self) -> None:
        self.told: dict[str, Told] = {}
        self.next_look = 0.0
        self.lock = Lock()

    def look(self) -> None:
        """Read the table again where that is due; whoever comes meanwhile goes by what was read before."""
        if monotonic() < self.next_look or not self.lock.acquire(blocking=False):
            return
        # Before it reads: what is put up or taken down meanwhile is looked at once more.
        self.next_look = monotonic() + SECONDS
        try:
            self.told = _read()
        except sa.exc.SQLAlchemyError:
            # The schema is behind, or the database away: the page itself says so where that matters to it.
            pass
        finally:
            self.lock.release()


def look() -> None:
    """Read what stands, where it was read too long ago. Best before anything else takes a connection."""
    _board().look()


def told(kind: str) -> Told | None:
    """What stands of this kind, as this process knows it."""
    found = _board().told.get(kind)
    return None if found is None or (found.until is not None and found.until <= utcnow()) else found


def are_jobs_held() -> bool:
    """Whether workers take up nothing just now."""
    look()
    return told(JOBS) is not None or told(READ_ONLY) is not None


def why_jobs_wait() -> str:
    """Why no job goes on just now, in an operator's words; nothing where they do."""
    held = told(JOBS) or told(READ_ONLY)
    return str(_("All jobs are paused. %(message)s", message=held.message)) if held else ""


def for_scripts() -> dict[str, Any]:
    """What an open page has to know: the notice, and why nothing can be saved."""
    notice, held = told(NOTICE), told(READ_ONLY)
    return {
        "notice": {"id": notice.id, "level": notice.level, "message": notice.message} if notice else None,
        "read_only": held.message if held else None,
    }


def put(session: Session, kind: str, message: str, *, level: str = "info", until: datetime | None = None) -> None:
    """Let it stand from now on, in place of what stood."""
    message = message.strip()
    if not message or len(message) > LONGEST:
        raise BadInput(_("Say it in 1 to %(longest)s characters.", longest=LONGEST))
    # Bytes that are no UTF-8 come from a command line as halves of surrogate pairs, which no database takes.
    if message != message.encode(errors="replace").decode():
        raise BadInput("The message is not UTF-8. Write it in a terminal that is, as most are.")
    if until is not None and until <= utcnow():
        raise BadInput(_("That moment has passed. Give one that is still to come."))
    with committing(session):
        session.execute(sa.delete(TABLE).where(TABLE.c.kind == kind))
        session.add(Notice(kind=kind, message=message, level=level, until=until))
    _board().next_look = 0.0


def clear(session: Session, kind: str) -> bool:
    """Take it down; whether it stood."""
    with committing(session):
        found: Any = session.execute(sa.delete(TABLE).where(TABLE.c.kind == kind))
    _board().next_look = 0.0
    return bool(found.rowcount)


def standing(session: Session) -> dict[str, Told]:
    """All that stands in the database at this moment."""
    return _by_kind(session.execute(_wanted()))


def _read() -> dict[str, Told]:
    # On a connection of its own: a page's transaction must not end with it where it fails.
    with db.engine.connect() as connection:
        return _by_kind(connection.execute(_wanted()))


def _wanted() -> sa.Select[Any]:
    still = sa.or_(TABLE.c.until.is_(None), TABLE.c.until > moment())
    return sa.select(TABLE.c.kind, TABLE.c.message, TABLE.c.level, TABLE.c.until, TABLE.c.created_at).where(still)


def _by_kind(rows: Any) -> dict[str, Told]:
    return {row.kind: Told(row.message, row.level, row.until, row.created_at) for row in rows}


def _board() -> Board:
    board: Board = current_app.extensions.setdefault("backoffice.notices", Board())
    return board
