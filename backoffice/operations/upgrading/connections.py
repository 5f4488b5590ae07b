"""The runner's own connection: it waits for seconds only, so that nobody queues behind it; and who is in its way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from backoffice.database.limits import MYSQL
from backoffice.database.servers import is_cluster

# A statement that waits for a table makes everybody wait who comes after it. So it waits for a moment and tries again.
LOCK_SECONDS = 1
ROW_LOCK_SECONDS = 5
# A statement that takes longer was begun by mistake: on a table so large, rows are a job's work.
STATEMENT_HOURS = 4
# How long others' transactions may be open before they are worth telling of.
LONG_SECONDS = 5


@contextmanager
def connected(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection that waits briefly. It is not given back to the pool, where others would inherit that."""
    with engine.connect() as connection:
        try:
            _prepare(connection)
            yield connection
        finally:
            if not connection.invalidated:
                connection.rollback()
                if connection.dialect.name != "sqlite":
                    connection.invalidate()


def _prepare(connection: sa.Connection) -> None:
    """Set the waits of this connection."""
    dialect = connection.dialect.name
    if dialect in MYSQL:
        waits = (
            f"lock_wait_timeout = {LOCK_SECONDS}, innodb_lock_wait_timeout = {ROW_LOCK_SECONDS}, wait_timeout = 86400"
        )
        if getattr(connection.dialect, "is_mariadb", False):
            waits += f", max_statement_time = {STATEMENT_HOURS * 3600}"
        if is_cluster(connection.connection):
            # Whatever the server's default is: on all nodes, in the order of everything else.
            waits += ", wsrep_OSU_method = 'TOI'"
        connection.exec_driver_sql(f"SET SESSION {waits}")
    elif dialect == "postgresql":
        connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_SECONDS}s'")
        connection.exec_driver_sql(f"SET statement_timeout = '{STATEMENT_HOURS}h'")
        connection.exec_driver_sql("SET idle_in_transaction_session_timeout = 0")
    connection.commit()


@contextmanager
def whole(connection: sa.Connection) -> Iterator[bool]:
    """On SQLite the whole revision in one transaction, which takes the turn to write at once; its driver would not.

    Foreign keys rest meanwhile: they would delete the children of a table that is made anew.
    """
    if connection.dialect.name != "sqlite":
        yield False
        return
    connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
    connection.commit()
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield True
        connection.commit()
    finally:
        connection.rollback()
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        connection.commit()


@dataclass(frozen=True)
class Blocker:
    """A transaction of somebody else that has been open for a while."""

    connection: str
    account: str
    seconds: int

    def __str__(self) -> str:
        return f"connection {self.connection} of {self.account}, open for {self.seconds} s"


def blockers(connection: sa.Connection, seconds: int = LONG_SECONDS) -> list[Blocker]:
    """Transactions open for longer than that, the oldest first; none where this account may not look."""
    dialect = connection.dialect.name
    if dialect == "sqlite":
        return []
    try:
        rows = connection.execute(sa.text(_MYSQL if dialect in MYSQL else _POSTGRESQL), {"seconds": seconds}).all()
    except sa.exc.DBAPIError:
        return []
    finally:
        connection.rollback()
    return [Blocker(str(row.connection), str(row.account), int(row.seconds)) for row in rows]


# InnoDB tells moments in the time zone of the machine, whatever the connection's is.
_MYSQL = """
SELECT * FROM (
  SELECT trx_mysql_thread_id AS connection, COALESCE(p.user, '?') AS account,
         TIMESTAMPDIFF(SECOND, CONVERT_TZ(trx_started, 'SYSTEM', '+00:00'), UTC_TIMESTAMP()) AS seconds
  FROM information_schema.innodb_trx LEFT JOIN information_schema.processlist p ON p.id = trx_mysql_thread_id
  WHERE trx_mysql_thread_id <> CONNECTION_ID() AND (p.db IS NULL OR p.db = DATABASE())) AS opened
WHERE seconds > :seconds
ORDER BY seconds DESC
"""
_POSTGRESQL = """
SELECT pid AS connection, usename AS account, EXTRACT(epoch FROM clock_timestamp() - xact_start) AS seconds
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
  AND xact_start < clock_timestamp() - make_interval(secs => :seconds)
ORDER BY xact_start
"""
