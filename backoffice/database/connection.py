"""What every new connection is told before its first statement."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from backoffice.database.limits import MYSQL
from backoffice.database.time_limits import prepare_time_limits
from backoffice.database.timing import prepare_timing

# TIMESTAMP and DATETIME, as MySQL numbers them.
MOMENTS = (7, 12)


def prepare_connections(engine: sa.Engine, slow_ms: int = 0) -> None:
    """Make the three databases behave alike: UTC, strict, foreign keys enforced, lock waits that end.

    Statements are measured; those that take `slow_ms` or longer are logged.
    """
    # Before the time limits, which put another error in place of the database's: nobody is asked after that.
    prepare_timing(engine, slow_ms)
    prepare_time_limits(engine)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    elif engine.dialect.name in MYSQL:
        event.listen(engine, "connect", _prepare_mysql)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON", "busy_timeout = 15000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _prepare_mysql(connection: Any, _record: Any) -> None:
    for number in MOMENTS:
        connection.decoders[number] = _read_at_once(connection.decoders[number])
    with connection.cursor() as cursor:
        # Without a strict mode an over-long text is cut in silence.
        cursor.execute(
            "SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = 15, "
            "sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
            "NO_ENGINE_SUBSTITUTION'"
        )


def _read_at_once(usual: Callable[[str], Any]) -> Callable[[str], Any]:
    """PyMySQL matches a regular expression, which takes forty times as long; what is no moment is left to it."""

    def read(text: str) -> Any:
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return usual(text)

    return read
