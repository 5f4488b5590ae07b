"""Which versions are at work: each process says so now and then, so that nothing is taken away that one still uses."""

from __future__ import annotations

import logging
import os
import secrets
import socket
from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Any

import sqlalchemy as sa

from backoffice.database.clock import moment
from backoffice.models import RunningProcess
from backoffice.operations.revisions import Line, line

PROCESS: Any = RunningProcess.__table__
# How often a process says that it is there, and for how long it is believed.
EVERY, BELIEVED, REMEMBERED = 20.0, 90, 86_400
_logger = logging.getLogger(__name__)


class Pulse:
    """Says that this process is there. A web process does after an answer, a worker between two looks for work."""

    def __init__(self, engine: Callable[[], sa.Engine]) -> None:
        self.engine = engine
        self.id, self.process = "", 0
        self.next = 0.0
        self.lock = Lock()

    @property
    def is_due(self) -> bool:
        """Whether it has not been said for a while."""
        return monotonic() >= self.next

    def beat(self) -> None:
        """Say it, on a connection of its own. A database that is away or behind is nobody's concern here."""
        if not self.lock.acquire(blocking=False):
            return
        try:
            self.next = monotonic() + EVERY
            if self.process != os.getpid():
                # A server that forks does so after the application is made.
                self.process, self.id = os.getpid(), secrets.token_hex(16)
            with self.engine().begin() as connection:
                _note(connection, self.id)
        except sa.exc.SQLAlchemyError as error:
            _logger.debug("not noted as running: %s", type(error).__name__)
        finally:
            self.lock.release()


def _note(connection: sa.Connection, number: str) -> None:
    seen = {"seen_at": moment()}
    if connection.execute(sa.update(PROCESS).where(PROCESS.c.id == number).values(seen)).rowcount:
        return
    machine = f"{socket.gethostname()}:{os.getpid()}"[:255]
    connection.execute(sa.delete(PROCESS).where(PROCESS.c.seen_at < moment(-REMEMBERED)))
    connection.execute(sa.insert(PROCESS).values(id=number, machine=machine, head=line().head, **seen))


def older(connection: sa.Connection, needs: str, known: Line) -> list[str]:
    """The processes at work that were written for a schema before revision `needs`, as machine and number."""
    if not sa.inspect(connection).has_table(RunningProcess.__tablename__):
        return []
    fresh = {revision.number for revision in known.after(needs)} | {needs}
    rows = connection.execute(
        sa.select(PROCESS).where(PROCESS.c.seen_at > moment(-BELIEVED)).order_by(PROCESS.c.machine)
    )
    # What is unknown here is newer.
    return [f"{row.machine} (at {row.head})" for row in rows if row.head in known.revisions and row.head not in fresh]
