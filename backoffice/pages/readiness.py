"""Health for those who restart processes, readiness for those who send requests to them, and the wait for an upgrade.

A process that starts before `flask db upgrade` answers every page with a 503 that reloads itself, and goes on alone.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Flask, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from backoffice.access import guard
from backoffice.access.headers import is_static_file
from backoffice.errors import BackofficeError
from backoffice.extensions import db
from backoffice.i18n import gettext as _
from backoffice.operations import draining
from backoffice.operations.alive import Pulse
from backoffice.operations.readiness import Gate, State, jobs_wait, schema
from backoffice.pages import warming

health = Blueprint("health", __name__)


class NotReady(BackofficeError):
    """The schema is not one that this version works with; the page comes again by itself."""

    status = 503


def init_app(app: Flask) -> None:
    """Register the two addresses, and let no page be asked before the schema is there."""
    app.register_blueprint(health)
    with app.app_context():
        engine = db.engine
    app.extensions["backoffice.gate"] = Gate(lambda: engine)
    app.extensions["backoffice.pulse"] = Pulse(lambda: engine)
    for endpoint in ("health.healthz", "health.readyz"):
        guard.declare(app, endpoint, guard.PUBLIC)
    app.before_request(_wait_for_the_schema)
    app.after_request(_tell_who_runs)


@health.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Whether the process answers; it asks no database, so a slow one does not get workers killed."""
    return "ok", {"Content-Type": "text/plain; charset=utf-8"}


@health.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Whether requests may be sent here: 200, or 503 with the reason. It takes no lock and waits for no upgrade."""
    if draining.is_draining():
        return _told(False, draining=True)
    if warming.is_warming(current_app):
        return _told(False, warming=True)
    try:
        with db.engine.connect() as connection:
            found = schema(connection)
            waiting = jobs_wait(connection) if found.serves else 0
    except sa.exc.SQLAlchemyError:
        return _told(False, database="does not answer")
    return _told(
        found.serves, database="answers", jobs_wait_seconds=waiting,
        schema={"state": found.state.value, "at": found.database, "needs": found.needs, "told": found.sentence},
    )  # fmt: skip


def _told(ready: bool, **more: Any) -> ResponseReturnValue:
    response = jsonify(ready=ready, **more)
    response.status_code = 200 if ready else 503
    response.headers["Cache-Control"] = "no-store"
    return response


def _tell_who_runs(response: Response) -> Response:
    """After the answer has been sent, so that nobody waits for it."""
    pulse: Pulse = current_app.extensions["backoffice.pulse"]
    if pulse.is_due:
        response.call_on_close(pulse.beat)
    return response


def _wait_for_the_schema() -> None:
    gate: Gate = current_app.extensions["backoffice.gate"]
    # The page that tells of the wait wants its style and icons.
    if gate.is_open or request.blueprint == "health" or request.endpoint == "metrics" or is_static_file():
        return
    found = gate.look()
    if found is None or found.serves:
        return
    if found.state is State.BEHIND and request.method != "GET":
        raise NotReady(
            _(
                "The database is being brought up to date, or waits for an operator to run: flask db upgrade. "
                "Nothing was saved: go back, and send it again once that is done."
            )
        )
    if found.state is State.BEHIND:
        raise NotReady(
            _(
                "The database is being brought up to date, or waits for an operator to run: flask db upgrade. "
                "This page opens by itself once that is done."
            )
        )
    raise NotReady(_("The database belongs to another version of this product. An operator has to start that one."))
