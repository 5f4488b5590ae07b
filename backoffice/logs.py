"""One line a record on standard error: time, level, request, person, job, what. No secrets and no email addresses.

A refused sign-in names the network address it came from, so that guessing can be seen and blocked there.
"""

from __future__ import annotations

import logging
import re
import secrets
from time import perf_counter

import sqlalchemy as sa
from flask import Flask, g, has_app_context, has_request_context, request
from flask.logging import wsgi_errors_stream
from werkzeug.wrappers import Response

from backoffice.config import Settings
from backoffice.log_formats import formatter
from backoffice.records.jobs.current import job_id

SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
QUIET_ENDPOINTS = ("health.healthz", "health.readyz", "static", "metrics")
# In a request's environ.
REQUEST_ID, _START = "backoffice.request_id", "backoffice.started"
_logger = logging.getLogger("backoffice.request")


def init_app(app: Flask, settings: Settings) -> None:
    """Write this product's records at the level of the settings, everybody else's from WARNING on."""
    handler = _Handler(wsgi_errors_stream)  # a proxy for the stream of the moment
    handler.setFormatter(formatter(settings.log_format))
    handler.addFilter(_add_ids)
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
    if REQUEST_ID not in request.environ:
        given = request.headers.get("X-Request-Id", "")
        request.environ[REQUEST_ID] = given if SANE_REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
    return str(request.environ[REQUEST_ID])


class _Handler(logging.StreamHandler):  # type: ignore[type-arg]  # the stream is chosen record by record
    """Told apart from other handlers, so that a second application in the process adds no second line."""


def _add_ids(record: logging.LogRecord) -> bool:
    job = job_id()
    record.request_id, record.person, record.job = request_id(), _person_id(), job
    record.in_job = "" if job is None else f" job={job}"
    return True


def _person_id() -> int | str:
    """Who is signed in, if that is known by now: writing a record must never ask the database."""
    person = g.get("_login_user") if has_app_context() else None
    state = sa.inspect(person, raiseerr=False)
    identity = getattr(state, "identity", None)
    return identity[0] if identity else "-"


def _begin() -> None:
    request.environ[_START] = perf_counter()


def elapsed() -> float:
    """For how many seconds the present request has been worked on."""
    now = perf_counter()
    return float(now - request.environ.get(_START, now))


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = request_id()
    quiet = request.endpoint in QUIET_ENDPOINTS or (request.endpoint or "").endswith(".static")
    # Without the query: what people search for is theirs.
    fields = {
        "method": request.method,
        "path": request.path,
        "status": response.status_code,
        "ms": round(elapsed() * 1000),
    }
    level = logging.DEBUG if quiet else logging.INFO
    _logger.log(level, "%s %s %s %d ms", *fields.values(), extra={"fields": fields})
    return response
