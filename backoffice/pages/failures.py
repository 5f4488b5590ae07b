"""Error pages: a sentence that says what to do and an id to quote, never what went on inside."""

from __future__ import annotations

import logging

import sqlalchemy as sa
from flask import Flask, Response, current_app, g, jsonify, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError

from backoffice.access.guard import wants_json
from backoffice.database.faults import Fault, fault
from backoffice.errors import BackofficeError
from backoffice.extensions import db, security
from backoffice.i18n import gettext as _
from backoffice.logs import request_id
from backoffice.pages.readiness import NotReady

_logger = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Answer every error with a page of ours."""
    app.register_error_handler(BackofficeError, _answer_mendable)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(InternalServerError, _answer_unexpected)
    app.register_error_handler(sa.exc.SQLAlchemyError, _answer_database)


def _answer_mendable(error: BackofficeError) -> Response:
    if not isinstance(error, NotReady):
        return answer(error.status, error.message)
    # The page would ask the database who is signed in, and fail in its turn.
    g._login_user = security.login_manager.anonymous_user()
    response = answer(error.status, error.message)
    response.headers["Retry-After"] = "3"
    if request.method == "GET":
        response.headers["Refresh"] = "3"
    return response


def _answer_http(error: HTTPException) -> Response:
    if isinstance(error, SecurityError):
        return _answer_plainly()
    status = error.code or 500
    response = answer(status, _csrf_message() if isinstance(error, CSRFError) else message_of(status))
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response


def _answer_unexpected(error: InternalServerError) -> Response:
    if isinstance(error.original_exception, sa.exc.SQLAlchemyError):
        # Raised by an error page, which asks who is signed in.
        return _answer_database(error.original_exception)
    # Flask has logged the traceback by now.
    return answer(500, message_of(500))


def _answer_database(error: sa.exc.SQLAlchemyError) -> Response:
    kind = fault(error)
    if kind is None:
        if current_app.testing:
            raise error
        _logger.error("unexpected database error", exc_info=error)
        return answer(500, message_of(500))
    _logger.error("the database cannot serve: %s", kind.value, exc_info=error)
    # The page would ask the database who is signed in, and fail in its turn.
    g._login_user = security.login_manager.anonymous_user()
    response = answer(503, _database_message(kind))
    response.headers["Retry-After"] = "10"
    return response


def answer(status: int, message: str) -> Response:
    """The error as a page, or as JSON where a script of ours asked."""
    db.session.rollback()
    if wants_json():
        return make_response(jsonify(error=message, request_id=request_id()), status)
    page = render_template(
        "errors/error.html",
        status=status,
        title=title_of(status),
        message=message,
        request_id=request_id(),
        anew=_anew(status),
    )
    return make_response(page, status)


def _anew(status: int) -> str:
    """The list whose address held what nobody understands, without that."""
    is_list = (request.endpoint or "").endswith(".index_view")
    return request.script_root + request.path if status == 400 and is_list and request.query_string else ""


def title_of(status: int) -> str:
    """The heading of an error page."""
    titles = {
        400: _("That could not be understood"),
        401: _("Please sign in"),
        403: _("Not allowed"),
        404: _("Not found"),
        405: _("Not possible here"),
        409: _("In conflict with another change"),
        413: _("Too large"),
        503: _("Not available just now"),
    }
    return str(titles.get(status, _("Something went wrong")))


def message_of(status: int) -> str:
    """What to do about an error that brings no sentence of its own."""
    messages = {
        400: _("The address or the form holds something that cannot be understood. Go back and try again."),
        403: _("You may not open this page. Ask an administrator for access."),
        404: _("There is no such page. Check the address, or start from the menu."),
        405: _("This address does not take that kind of request. Start from the menu."),
        409: _("Somebody else has changed this meanwhile. Reload the page and try again."),
        413: _(
            "What was sent is larger than %(limit)s MB. Send less, or have an operator raise MAX_UPLOAD_MB.",
            limit=current_app.extensions["backoffice"].max_upload_mb,
        ),
    }
    unexpected = _("This has been noted and is not your fault. Try again; if it happens again, report the id below.")
    return str(messages.get(status, unexpected))


def _csrf_message() -> str:
    return str(_("This form belongs to another session or did not come from here. Reload the page and send it again."))


def _database_message(kind: Fault) -> str:
    if kind is Fault.SCHEMA:
        return str(_("The database is not up to date. An operator has to run: flask db upgrade"))
    if kind is Fault.NO_RIGHT:
        return str(_("The database account may not do this. Ask an operator to look at its rights."))
    if kind is Fault.BUSY:
        return str(_("The database is busy, and nothing was saved. Try again in a moment."))
    return str(_("The database does not answer, and nothing was saved. Try again in a moment."))


def _answer_plainly() -> Response:
    """A request for a foreign host name: no address of this site can be built for it, so no page either."""
    response = make_response(_("This host name is not served here. Add it to TRUSTED_HOSTS."), 400)
    response.mimetype = "text/plain"
    return response
