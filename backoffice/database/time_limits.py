"""A time limit on a statement: the database itself stops what is too broad, and its server stays free.

| Database | How | Cost |
|---|---|---|
| MariaDB | `SET STATEMENT max_statement_time=… FOR SELECT …` | none |
| MySQL | `SELECT /*+ MAX_EXECUTION_TIME(…) */ …` | none |
| PostgreSQL | `SET LOCAL statement_timeout` before it, where it differs from the transaction's | a short statement |
| SQLite | a progress handler that looks at the clock | a call every few thousand steps |
"""

from __future__ import annotations

from time import monotonic
from typing import Any, TypeVar

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import event
from sqlalchemy.orm import Session

from backoffice.database.limits import MYSQL
from backoffice.errors import BackofficeError

# How MariaDB, MySQL, PostgreSQL and SQLite tell that they stopped a statement.
# 188 is what MariaDB says when it was stopped inside a full-text index, or found more there than it will hold.
STOPPED = {188, 1969, 3024, "57014", "interrupted"}
KEY = "time_limit"
STEPS = 5_000
Limited = TypeVar("Limited", bound=sa.Executable)


class TooBroad(BackofficeError):
    """A statement ran into its time limit: the question has to be narrowed."""

    status = 422

    def __init__(self) -> None:
        super().__init__(
            _("This takes too long: the question is too broad. Narrow it by a search or a filter, or sort otherwise.")
        )


def limited(statement: Limited, seconds: float) -> Limited:
    """The same statement, stopped by the database after `seconds`; TooBroad is then raised."""
    return statement.execution_options(**{KEY: seconds})


def prepare_time_limits(engine: sa.Engine) -> None:
    """Make an engine heed `limited`."""
    name = engine.dialect.name
    if name in MYSQL:
        event.listen(engine, "before_cursor_execute", _limit_mysql, retval=True)
    else:
        event.listen(engine, "before_cursor_execute", _limit_postgresql if name == "postgresql" else _limit_sqlite)
        for ended in ("commit", "rollback", "rollback_savepoint"):
            event.listen(engine, ended, _forget)
    event.listen(engine, "handle_error", _name_the_limit)


def go_on_reading(session: Session) -> None:
    """After TooBroad, let the session's next statement run, without forgetting the records it has read.

    PostgreSQL refuses everything after an error until the transaction ends. Ending it through the session would
    empty every record at hand; where nothing was written, the driver's own rollback does.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.connection.driver_connection.rollback()  # type: ignore[union-attr]  # an open connection has one
        connection.info.pop(KEY, None)


def _seconds(context: Any) -> float | None:
    return context.execution_options.get(KEY) if context is not None else None


def _limit_mysql(
    connection: sa.Connection, _cursor: Any, statement: str, parameters: Any, context: Any, _many: bool
) -> tuple[str, Any]:
    seconds = _seconds(context)
    if seconds is None:
        return statement, parameters
    if getattr(connection.dialect, "is_mariadb", False):
        return f"SET STATEMENT max_statement_time={seconds:.3f} FOR {statement}", parameters
    hint = f"SELECT /*+ MAX_EXECUTION_TIME({int(seconds * 1000)}) */"
    return statement.replace("SELECT", hint, 1), parameters


def _limit_postgresql(
    connection: sa.Connection, cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool
) -> None:
    wanted = _seconds(context)
    if wanted != connection.info.get(KEY):
        # Without a limit of ours the operator's own holds.
        limit = "TO DEFAULT" if wanted is None else f"= {int(wanted * 1000)}"
        cursor.execute(f"SET LOCAL statement_timeout {limit}")
        connection.info[KEY] = wanted


def _limit_sqlite(
    connection: sa.Connection, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool
) -> None:
    seconds = _seconds(context)
    if seconds is None:
        _forget(connection)
        return
    end = monotonic() + seconds
    # It stays until the next statement: SQLite works on while rows are fetched.
    connection.connection.set_progress_handler(lambda: monotonic() > end, STEPS)
    connection.info[KEY] = seconds


def _forget(connection: sa.Connection, *_savepoint: Any) -> None:
    if connection.invalidated:
        return  # its limit has gone with it
    if connection.info.pop(KEY, None) is not None and connection.dialect.name == "sqlite":
        connection.connection.set_progress_handler(None, 0)


def _name_the_limit(failure: Any) -> None:
    """Raise TooBroad in place of the database's own error."""
    if _seconds(failure.execution_context) is None:
        return
    original = failure.original_exception
    told = {getattr(original, "sqlstate", None), *getattr(original, "args", ())}
    if any(isinstance(code, (int, str)) and code in STOPPED for code in told):
        if failure.dialect.name == "sqlite":
            _forget(failure.connection)
        raise TooBroad from None
