"""How records are written: a line of text or an object of JSON each, with nothing a database said of its rows."""

from __future__ import annotations

import json
import logging
import re
import traceback
from datetime import UTC, datetime
from types import TracebackType

import sqlalchemy as sa

from backoffice.database.faults import code

LINE = "%(asctime)s %(levelname)s request=%(request_id)s person=%(person)s%(in_job)s %(name)s: %(message)s"
DRIVERS = ("sqlite3", "pymysql", "psycopg")
EMAIL = re.compile(r"[^\s@'\"<>(),;:]+@[^\s@'\"<>(),;:]+")
_CONTROL_CHARACTERS = {number: f"\\x{number:02x}" for number in (*range(32), 127)}


def formatter(name: str) -> logging.Formatter:
    """The one for a value of LOG_FORMAT."""
    return Json() if name == "json" else OneLine(LINE)


class _Withholding(logging.Formatter):
    """Tells a traceback without what a database said: that holds statements and values."""

    def formatException(  # noqa: N802  # the name logging calls
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        """The errors that led to one another, as Python prints them."""
        return "\n".join(line for error in _chain(ei[1]) for line in _describe(error))


class OneLine(_Withholding):
    """Keeps a message on its line; a traceback follows, indented, so that no text can pose as a record."""

    def format(self, record: logging.LogRecord) -> str:
        """The record; another handler may have kept a traceback with it that withholds nothing."""
        record.exc_text = None
        line = super().format(record)
        record.exc_text = None
        return line

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the name logging calls
        """The line with control characters made visible."""
        record.message = record.message.translate(_CONTROL_CHARACTERS)
        return super().formatMessage(record)

    def formatException(  # noqa: N802  # the name logging calls
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        """The traceback, indented."""
        return "\n".join(f"    {line}" for line in super().formatException(ei).splitlines())


class Json(_Withholding):
    """An object a line. A library's own extras stay out: nobody has looked at what they hold."""

    def format(self, record: logging.LogRecord) -> str:
        """The record, its ids null where there are none, with the fields that whoever wrote it named."""
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request": _known(record, "request_id"),
            "person": _known(record, "person"),
            "job": _known(record, "job"),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told, default=str)


def _known(record: logging.LogRecord, name: str) -> object:
    value = getattr(record, name, None)
    return None if value == "-" else value


def _chain(error: BaseException | None) -> list[BaseException]:
    """An error after the ones that led to it, as Python prints them."""
    errors: list[BaseException] = []
    while error is not None and error not in errors:
        errors.insert(0, error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return errors


def _describe(error: BaseException) -> list[str]:
    frames = "".join(traceback.format_tb(error.__traceback__)).splitlines()
    return [*frames, *f"{type(error).__qualname__}{_told(error)}".splitlines()]


def _told(error: BaseException) -> str:
    """An error's text behind a colon; in place of what a database said only its code."""
    if isinstance(error, sa.exc.StatementError) or type(error).__module__.split(".")[0] in DRIVERS:
        return f" ({code(error)}; its text is withheld)"
    return f": {scrubbed(str(error))}"


def scrubbed(text: str) -> str:
    """A text that others have made, without the email addresses in it."""
    return EMAIL.sub("[email]", text)
