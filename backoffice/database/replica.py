"""A read replica: lists and exports are read from it once it holds all that was committed before they were asked for.

So whoever has saved sees it, and what a colleague or a job has done as well; nobody's session has to remember anything.
MariaDB and PostgreSQL tell how far they have written and how far a replica has come. A replica that lags is left alone
for a while, and lists are read from the primary meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.database.limits import MYSQL
from backoffice.database.servers import is_cluster

# The name of its engine.
REPLICA = "replica"
# In a session's `info`: the engine that it reads from meanwhile.
READS_FROM = "backoffice.reads_from"
# So long a list waits for the replica; so long a replica that was behind or away is not asked again.
PATIENCE, REST_SECONDS = 0.3, 10.0
LOOKS_EVERY = 0.01
_logger = logging.getLogger(__name__)


class Replica:
    """The replica of a database; `engine` leads to it, `primary` to where is written."""

    def __init__(self, primary: sa.Engine, engine: sa.Engine) -> None:
        self.primary, self.engine = primary, engine
        self.rests_until = 0.0

    @contextmanager
    def reading(self, session: Session) -> Iterator[None]:
        """Meanwhile the session reads from it; what it writes goes to the primary all the same."""
        before = session.info.get(READS_FROM)
        session.info[READS_FROM] = self.engine
        try:
            yield
        finally:
            session.info[READS_FROM] = before

    def has_caught_up(self) -> bool:
        """Whether it holds all that has been committed by now; it is waited for a moment."""
        if monotonic() < self.rests_until:
            return False
        reason = self.why_not()
        if reason:
            self.rests_until = monotonic() + REST_SECONDS
            told = "lists are read from the primary for %.0f s, and not from the replica: %s"
            _logger.warning(told, REST_SECONDS, reason)
        return not reason

    def why_not(self) -> str:
        """Why it cannot be read from; "" where it can."""
        try:
            return self._lags()
        except sa.exc.SQLAlchemyError as error:
            return f"it does not answer ({type(error).__name__})"

    def _lags(self) -> str:
        with self.primary.connect() as primary, self.engine.connect() as replica:
            if primary.dialect.name not in MYSQL:
                return "" if _has_replayed(primary, replica) else "it is behind"
            if is_cluster(primary.connection) and is_cluster(replica.connection):
                # Each transaction begins there with what any node has committed.
                return ""
            if not getattr(primary.dialect, "is_mariadb", False):
                return "MySQL's are not served, only MariaDB's and PostgreSQL's"
            position = primary.scalar(sa.text("SELECT @@GLOBAL.gtid_binlog_pos"))
            if not position:
                return "the primary has no binary log"
            waited = replica.scalar(sa.text("SELECT MASTER_GTID_WAIT(:position, :seconds)"),
                                    {"position": position, "seconds": PATIENCE})  # fmt: skip
            return "" if waited == 0 else "it is behind"


def _has_replayed(primary: sa.Connection, replica: sa.Connection) -> bool:
    position = primary.scalar(sa.text("SELECT pg_current_wal_lsn()::text"))
    has = sa.text("SELECT pg_last_wal_replay_lsn() >= CAST(:position AS pg_lsn)").bindparams(position=position)
    until = monotonic() + PATIENCE
    while not replica.scalar(has):
        if monotonic() > until:
            return False
        sleep(LOOKS_EVERY)
    return True
