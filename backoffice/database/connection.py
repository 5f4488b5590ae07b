"""What every new connection is told before its first statement."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.pool import PoolResetState

from backoffice.database.faults import REPLICA, told
from backoffice.database.limits import MYSQL
from backoffice.database.pinging import ping_but_for_what_is_asked_first
from backoffice.database.servers import NOT_READY, ask_servers_in_turn, end_silence, is_cluster, servers_of
from backoffice.database.time_limits import prepare_time_limits
from backoffice.database.timing import prepare_timing

# A bit of what the server says of a connection with every answer.
IN_TRANSACTION = 1
# TIMESTAMP and DATETIME, as MySQL numbers them.
MOMENTS = (7, 12)
# Without a strict mode an over-long text is cut in silence.
MYSQL_SETTINGS = (
    "time_zone = '+00:00', innodb_lock_wait_timeout = 15, "
    "sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"
)


def prepare_connections(engine: sa.Engine, slow_ms: int = 0, *, writes: bool = True) -> None:
    """Make the three databases behave alike: UTC, strict, foreign keys enforced, lock waits that end.

    Statements are measured; those that take `slow_ms` or longer are logged. An engine that `writes` is led to no
    server that takes no writes.
    """
    # Before the time limits, which put another error in place of the database's: nobody is asked after that.
    prepare_timing(engine, slow_ms)
    prepare_time_limits(engine)
    ping_but_for_what_is_asked_first(engine)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    elif engine.dialect.name in MYSQL:
        event.listen(engine, "connect", _Preparing().mysql)
        event.listen(engine, "reset", _roll_back_what_is_open)
        event.listen(engine, "handle_error", _leave_a_server_that_takes_no_writes)
        if len(servers := servers_of(engine.url)) > 1 or "host" in engine.url.query:
            ask_servers_in_turn(engine, servers, writes=writes)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON", "busy_timeout = 15000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


class _Preparing:
    """Prepares connections of one engine, and knows whether they lead into a Galera cluster once one has."""

    def __init__(self) -> None:
        self.is_cluster: bool | None = None

    def mysql(self, connection: Any, _record: Any) -> None:
        """Tell a connection of PyMySQL."""
        end_silence(connection)
        for number in MOMENTS:
            connection.decoders[number] = _read_at_once(connection.decoders[number])
        if self.is_cluster is None:
            self.is_cluster = is_cluster(connection)
        settings = MYSQL_SETTINGS
        if self.is_cluster:
            # A transaction begins with what was committed on any node before: who saved by another one sees it.
            settings += ", wsrep_sync_wait = 7"
        with connection.cursor() as cursor:
            cursor.execute(f"SET SESSION {settings}")


def _roll_back_what_is_open(connection: Any, _record: Any, state: PoolResetState) -> None:
    """When a connection goes back into the pool. A session has rolled back by then, and would do it twice."""
    if not state.transaction_was_reset and connection.server_status & IN_TRANSACTION:
        connection.rollback()


def _leave_a_server_that_takes_no_writes(failure: sa.engine.ExceptionContext) -> None:
    """A node without its cluster, or one that became a replica: new connections may lead to another one."""
    if isinstance(failure.sqlalchemy_exception, sa.exc.DBAPIError):
        failure.is_disconnect |= bool(told(failure.sqlalchemy_exception).intersection((NOT_READY, *REPLICA)))


def _read_at_once(usual: Callable[[str], Any]) -> Callable[[str], Any]:
    """PyMySQL matches a regular expression, which takes forty times as long; what is no moment is left to it."""

    def read(text: str) -> Any:
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return usual(text)

    return read
