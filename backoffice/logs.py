"""One line a record on standard error: time, level, request, person, what. No secrets and no email addresses.

A refused sign-in names the network address it came from, so that guessing can be seen and blocked there.
"""

from __future__ import annotations

import logging
import re
import secrets
import traceback
from time import perf_counter
from types import TracebackType

import sqlalchemy as sa
from flask import Flask, g, has_app_context, has_request_context, request
from flask.logging import wsgi_errors_stream
from werkzeug.wrappers import Response

from backoffice.config import Settings
from backoffice.database.faults import code

LINE = "%(asctime)s %(levelname)s request=%(request_id)s person=%(person)s %(name)s: %(message)s"
SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
QUIET_ENDPOINTS = ("health.healthz", "health.readyz", "static")
_CONTROL_CHARACTERS = {code: f"\\x{code:02x}" for code in (*range(32), 127)}
_ID, _START = "backoffice.request_id", "backoffice.started"
_logger = logging.getLogger("backoffice.request")


def init_app(app: Flask, settings: Settings) -> None:
    """Write this product's records at the level of the settings, everybody else's from WARNING on."""
    handler = _Handler(wsgi_errors_stream)  # a proxy for the stream of the moment
    handler.setFormatter(_OneLine(LINE))
    handler.addFilter(_add_request)
    root = logging.getLogger()
    for former in [former for former in root.handlers if isinstance(former, _Handler)]:
        root.removeHandler(former)
    root.addHandler(handler)
    logging.getLogger("backoffice").setLevel(settings.log_level)
    # The runner of upgrades tells what Alembic would.
    logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)
    app.before_request(_begin)
    app.after_request(_end)


def request_id() -> str:
    """The id of the present request: a sane X-Request-Id as it came, else our own; "-" outside of requests."""
    if not has_request_context():
        return "-"
    if _ID not in request.environ:
        given = request.headers.get("X-Request-Id", "")
        request.environ[_ID] = given if SANE_REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
    return str(request.environ[_ID])


class _Handler(logging.StreamHandler):  # type: ignore[type-arg]  # the stream is chosen record by record
    """Told apart from other handlers, so that a second application in the process adds no second line."""


class _OneLine(logging.Formatter):
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
        """The traceback, indented, without what a database said: that holds statements and values."""
        lines = [line for error in _chain(ei[1]) for line in _describe(error)]
        return "\n".join(f"    {line}" for line in lines)


def _chain(error: BaseException | None) -> list[BaseException]:
    """An error after the ones that led to it, as Python prints them."""
    errors: list[BaseException] = []
    while error is not None and error not in errors:
        errors.insert(0, error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return errors


def _describe(error: BaseException) -> list[str]:
    frames = "".join(traceback.format_tb(error.__traceback__)).splitlines()
    module = type(error).__module__.split(".")[0]
    if isinstance(error, sa.exc.StatementError) or module in ("sqlite3", "pymysql", "psycopg"):
        return [*frames, f"{type(error).__qualname__} ({code(error)}; its text is withheld)"]
    return [*frames, *f"{type(error).__qualname__}: {error}".splitlines()]


def _add_request(record: logging.LogRecord) -> bool:
    record.request_id, record.person = request_id(), _person_id()
    return True


def _person_id() -> str:
    """Who is signed in, if that is known by now: writing a record must never ask the database."""
    person = g.get("_login_user") if has_app_context() else None
    state = sa.inspect(person, raiseerr=False)
    identity = getattr(state, "identity", None)
    return str(identity[0]) if identity else "-"


def _begin() -> None:
    request.environ[_START] = perf_counter()


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = request_id()
    quiet = request.endpoint in QUIET_ENDPOINTS or (request.endpoint or "").endswith(".static")
    took = (perf_counter() - request.environ.get(_START, perf_counter())) * 1000
    # Without the query: what people search for is theirs.
    _logger.log(
        logging.DEBUG if quiet else logging.INFO,
        "%s %s %s %.0f ms",
        request.method,
        request.path,
        response.status_code,
        took,
    )
    return response
