"""How long each statement takes: told to whoever counts, and to the log where it took too long.

What is measured is the driver's execution. That is all of it but for rows which are read piece by piece afterwards,
as an export's are; and a COMMIT is no statement.
"""

from __future__ import annotations

import logging
import re
from time import perf_counter
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from backoffice.database.limits import MYSQL
from backoffice.signals import statement_done

# So much of a statement is read, and so much of that is logged: one that inserts a thousand rows is as long as they.
LONGEST_READ, LONGEST_TOLD = 8_000, 1_000
# Placeholders stand for most values; these are what a statement may hold itself. An end that was cut off counts too.
_NUMBER = r"(?<![\w$])\d[\w.]*"
_STRING = r"'(?:[^']|'')*(?:'|$)"
_ESCAPED = r"'(?:[^'\\]|\\.|'')*(?:'|\\?$)"
LITERALS = {
    "mysql": re.compile(rf"{_ESCAPED}|{_ESCAPED.replace(chr(39), chr(34))}|{_NUMBER}", re.S),
    "postgresql": re.compile(rf"\$(\w*)\$.*?(?:\$\1\$|$)|\b[eE]{_ESCAPED}|{_STRING}|{_NUMBER}", re.S),
    "sqlite": re.compile(rf"{_STRING}|{_NUMBER}", re.S),
}
_logger = logging.getLogger(__name__)


def prepare_timing(engine: sa.Engine, slow_ms: int) -> None:
    """Measure an engine's statements; those of `slow_ms` or more are logged, none where it is 0."""
    timing = _Timing(slow_ms)
    event.listen(engine, "before_cursor_execute", timing.begin)
    event.listen(engine, "after_cursor_execute", timing.end)
    event.listen(engine, "handle_error", timing.fail)


def withheld(statement: str, dialect: str) -> str:
    """A statement on one line with `?` in place of what may be somebody's: its texts and numbers."""
    literals = LITERALS["mysql" if dialect in MYSQL else dialect]
    line = " ".join(literals.sub("?", statement[:LONGEST_READ]).split())
    return line if len(line) <= LONGEST_TOLD else f"{line[:LONGEST_TOLD]} …"


class _Timing:
    """The three moments of a statement that an engine tells."""

    def __init__(self, slow_ms: int) -> None:
        self.slow_ms = slow_ms

    def begin(
        self, _connection: sa.Connection, _cursor: Any, _statement: str, _values: Any, context: Any, _many: bool
    ) -> None:
        context.began = perf_counter()

    def end(
        self, connection: sa.Connection, cursor: Any, statement: str, _values: Any, context: Any, _many: bool
    ) -> None:
        self._tell(connection.dialect.name, cursor, statement, context)

    def fail(self, failure: sa.engine.ExceptionContext) -> None:
        if failure.execution_context is not None and failure.statement is not None:
            cursor = getattr(failure.execution_context, "cursor", None)
            self._tell(failure.dialect.name, cursor, failure.statement, failure.execution_context)

    def _tell(self, dialect: str, cursor: Any, statement: str, context: Any) -> None:
        began = getattr(context, "began", None)
        if began is None:
            return
        seconds = perf_counter() - began
        statement_done.send(seconds=seconds)
        if self.slow_ms and seconds * 1000 >= self.slow_ms:
            _log(round(seconds * 1000), getattr(cursor, "rowcount", -1), withheld(statement, dialect))


def _log(ms: int, rows: int, statement: str) -> None:
    fields = {"ms": ms, "statement": statement} | ({"rows": rows} if rows >= 0 else {})
    told = f" ({rows} rows)" if rows >= 0 else ""
    _logger.warning("a statement took %d ms%s: %s", ms, told, statement, extra={"fields": fields})
