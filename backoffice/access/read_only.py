"""Read-only mode: while an operator holds it, whatever would change something is refused, here and nowhere else.

Signing in and out, one's own password, how pages look, and drafts go on: they lose nobody's work and change no record.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask import Flask, current_app, request
from werkzeug.wrappers import Response

from backoffice.access import carried, guard
from backoffice.errors import BackofficeError
from backoffice.i18n import gettext as _
from backoffice.operations import notices

RETRY_SECONDS = 60


class ReadOnly(BackofficeError):
    """Nothing can be changed just now; the operator's message says why."""

    status = 503


def init_app(app: Flask) -> None:
    """Leave open what people need to come in and out."""
    allow(app, ("security.change_password", "security.logout", "pages.preferences"))
    app.after_request(_say_when_to_come_again)


def allow(app: Flask, endpoints: Iterable[str]) -> None:
    """State that these are answered in read-only mode, whatever they are sent."""
    _allowed(app).update(endpoints)


def look() -> None:
    """Learn what stands, before anything else of the request asks the database; nothing that is public waits for it."""
    if guard.declared_routes(current_app).get(request.endpoint or "") not in (None, guard.PUBLIC):
        notices.look()


def check() -> Response | None:
    """Refuse what would change something; a form is answered with the way back to what was typed."""
    held = notices.told(notices.READ_ONLY)
    if held is None or request.method in guard.SAFE_METHODS or carried.is_shown_again():
        return None
    if guard.requirement() == guard.PUBLIC or request.endpoint in _allowed(current_app):
        return None
    typed = None if guard.wants_json() else carried.opened(carried.seal())
    if typed is None:
        raise ReadOnly(sentence(held.message))
    # Imported here: the pages that sign in are made of what this package decides.
    from backoffice.access.views import typed_page

    return typed_page(typed, ReadOnly.status, sentence(held.message))


def sentence(message: str) -> str:
    """The operator's message, after what it means."""
    return str(_("Nothing can be saved just now. %(message)s", message=message))


def _say_when_to_come_again(response: Response) -> Response:
    if response.status_code == ReadOnly.status and notices.told(notices.READ_ONLY) is not None:
        response.headers.setdefault("Retry-After", str(RETRY_SECONDS))
    return response


def _allowed(app: Flask) -> set[str]:
    allowed: set[str] = app.extensions.setdefault("backoffice.while_read_only", set())
    return allowed
